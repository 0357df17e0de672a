"""MarianMT models with random weights, in folders as they are published."""

import io
import json
import random
from functools import cache

import torch
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from small_course import small_corpus

WORDS = "naïve café Wörter 12 305 (so) ½ ﬁne — ok"  # characters that normalization changes, and rare ones


@cache
def trained(side, size=61):
    """A model of SentencePiece, as bytes, learnt from one side of the small corpus."""
    texts = [getattr(pair, side) for part in ("train", "valid") for pair in small_corpus().pairs(part)]
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter([*texts, WORDS] * 3), model_writer=model, vocab_size=size, minloglevel=9,
        character_coverage=0.999, model_type="unigram", hard_vocab_limit=False,
    )  # fmt: skip
    return model.getvalue()


def pieces(side):
    found = SentencePieceProcessor(model_proto=trained(side))
    return [found.id_to_piece(i) for i in range(3, len(found))]


def published_vocab(rng, shuffled=False):
    """Piece -> id as in opus-mt: </s>, <unk>, …, <pad>; a few pieces are left out, two languages are in."""
    every = sorted({*pieces("source"), *pieces("target"), ">>cmn<<", ">>fra<<"})
    kept = sorted(rng.sample(every, len(every) - rng.choice([2, 3, 5, 7])) + [">>cmn<<"])
    names = ["</s>", "<unk>", *dict.fromkeys(kept), "<pad>"]
    if shuffled:
        rng.shuffle(names)
    return {name: i for i, name in enumerate(names)}


def sizes(rng):
    nhead, width = rng.choice([1, 2, 3, 5, 7]), rng.choice([2, 3, 5, 7, 11])
    feed_forward = rng.choice([13, 17, 19, 29])
    return {
        "d_model": nhead * width,
        "encoder_attention_heads": nhead,
        "decoder_attention_heads": nhead,
        "encoder_layers": rng.choice([1, 2, 3]),
        "decoder_layers": rng.choice([1, 2, 3]),
        "encoder_ffn_dim": feed_forward,
        "decoder_ffn_dim": feed_forward,
        "activation_function": rng.choice(["swish", "swish", "relu", "gelu"]),
    }


def random_weights(model, generator):
    """Weights so large that attention picks and every norm and bias counts; <pad> keeps its bias of 0."""
    for name, weight in model.state_dict().items():
        if name.endswith("embed_positions.weight"):
            continue
        noise = torch.randn(weight.shape, generator=generator)
        if "layer_norm.weight" in name:
            weight.copy_(noise)
        elif weight.dim() == 1 or name == "final_logits_bias":
            weight.copy_(0.3 * noise)
        elif name.endswith(("embed_tokens.weight", "shared.weight", "lm_head.weight")):
            weight.copy_(0.25 * noise)
        else:
            weight.copy_(1.2 * noise / weight.size(1) ** 0.5)
    model.final_logits_bias[0, model.config.pad_token_id] = 0


def let_it_end(model, share=0.12):
    """Raise the bias of </s> so that it wins at about this share of random places."""
    tokens = torch.randint(2, model.config.vocab_size, (41, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = model(input_ids=tokens, decoder_input_ids=tokens.flip(0)).logits
    gaps = logits.max(dim=-1).values - logits[..., model.config.eos_token_id]
    model.final_logits_bias[0, model.config.eos_token_id] += gaps.quantile(share)


def publish(folder, seed, shuffled=False, **changes):
    """Write a folder as published, with random shape and weights; return its MarianMT model."""
    from transformers import MarianConfig, MarianMTModel

    rng = random.Random(seed)
    vocab = published_vocab(rng, shuffled)
    pad, eos = vocab["<pad>"], vocab["</s>"]
    ids = {"pad_token_id": pad, "decoder_start_token_id": pad, "eos_token_id": eos}
    fixed = {"vocab_size": len(vocab), "scale_embedding": True, "max_position_embeddings": 23}
    config = MarianConfig(**{**fixed, **ids, "forced_eos_token_id": eos, **sizes(rng), **changes})
    model = MarianMTModel(config).eval()
    random_weights(model, torch.Generator().manual_seed(seed))
    let_it_end(model)
    model.save_pretrained(folder)
    for side in ("source", "target"):
        (folder / f"{side}.spm").write_bytes(trained(side))
    (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
    languages = {"source_lang": "eng", "target_lang": "zho"}
    (folder / "tokenizer_config.json").write_text(json.dumps(languages), encoding="utf-8")
    return model
