"""What the benchmarks of decoding share: weights of MarianMT's form, and the programs that decode with them.

The weights are made here, without the network. Those of "toy" are a translator that is trained; the others
are random, and only what the output layer knows of `</s>` is fitted, so that translations end where natural
ones do. All begin with `<pad>`, whose vector is zero, as published translators do.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from seqcourse.attention import causal_mask
from seqcourse.batching import encode_pairs, pad
from seqcourse.corpora import load_corpus
from seqcourse.decoding import beam_search, greedy_search, without_eos
from seqcourse.files import write_atomically
from seqcourse.fitting import fit
from seqcourse.making import learn_tokenizers
from seqcourse.marian_config import our_config, their_config
from seqcourse.marian_weights import BIAS, NEVER, load_published, published_weights
from seqcourse.recipe import Recipe
from seqcourse.torch_twin import torch_twin
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, write_json

TRAINED_STEPS = 600
FIRST = len(SPECIALS)  # the first id that is a word


class Pieces:
    """The numbers of a vocabulary without its words; the published ones begin with </s>, end with <pad>."""

    start = SPECIALS[PAD]

    def __init__(self, size):
        self.rows = [size - 1, 1, size - 1, 0, *range(2, size - 1)]  # <pad>, <unk>, what begins, </s>, words
        self.words = {here: f"w{here}" for here in range(FIRST, len(self.rows))}
        self.words |= {PAD: SPECIALS[PAD], UNK: SPECIALS[UNK], EOS: SPECIALS[EOS]}
        self.vocab = {word: self.rows[here] for here, word in self.words.items()}
        self.ids = {word: here for here, word in self.words.items()}

    def __len__(self):
        return len(self.rows)

    # what the converter of CTranslate2 asks of a tokenizer
    eos_token, unk_token = SPECIALS[EOS], SPECIALS[UNK]

    def get_vocab(self):
        return self.vocab


@dataclass(frozen=True)
class Shape:
    """The size of a translator, by the names of TransformerConfig; `vocabulary` is that of both sides."""

    d_model: int
    nhead: int
    layers: int
    dim_feedforward: int
    vocabulary: int
    activation: str = "silu"
    max_length: int = 128

    def config(self, **changes):
        fields = {"src_vocab_size": self.vocabulary + 1, "tgt_vocab_size": self.vocabulary + 1}
        fields |= {"num_encoder_layers": self.layers, "num_decoder_layers": self.layers}
        fields |= {
            n: getattr(self, n) for n in ("d_model", "nhead", "dim_feedforward", "activation", "max_length")
        }
        return TransformerConfig(**fields | changes)


def random_model(shape, seed=0, **changes):
    """Our Transformer with random weights, and with a beginning whose vector is zero."""
    torch.manual_seed(seed)
    model = Transformer(shape.config(share_embeddings=True, **changes)).eval()
    model.decoder.embedding.words.weight.data[[PAD, BOS]] = 0.0
    model.decoder.output.bias.data[[PAD, BOS]] = -1e4
    for name, weight in model.named_parameters():
        if name.endswith(("output.weight", "feed_forward.2.weight")) and "decoder.output" not in name:
            weight.data *= 0.5  # what a word is and where it stands is not lost on the way up
    return model


def natural_sources(shape, count, seed=0):
    """Sentences of random words; their lengths spread as those of Multi30k do in subwords, 14 on average."""
    generator = torch.Generator().manual_seed(seed)
    lengths = (14 + 4.5 * torch.randn(count, generator=generator)).round().clamp(4, 32).long().tolist()
    return [torch.randint(FIRST, shape.vocabulary, (n,), generator=generator).tolist() for n in lengths]


def let_it_end(model, sources):
    """Fit what the output layer knows of </s>, so that a translation is about as long as its source.

    The model writes without an end. From each step's last vector, logistic regression learns whether the
    translation is as long as its source by now, as the margin of </s> over the best word.
    """
    table, bias = model.decoder.output.weight.data, model.decoder.output.bias.data
    bias[EOS] = -1e4
    vectors, best, longer = write_without_end(model, sources)
    row = torch.zeros(table.size(1) + 1, requires_grad=True)
    search = torch.optim.LBFGS([row], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        search.zero_grad()
        margin = vectors @ row[:-1] + row[-1] - best
        wrong = torch.nn.functional.softplus(torch.where(longer, -margin, margin)).mean()
        wrong = wrong + 1e-4 * row.square().sum()
        wrong.backward()
        return wrong

    search.step(loss)
    table[EOS], bias[EOS] = row.detach()[:-1], row.detach()[-1] + 1


@torch.no_grad()
def write_without_end(model, sources):
    """Each step's last vector (N, D), the score of its best word (N,), and whether the end is due (N,)."""
    wanted = torch.tensor([len(source) for source in sources])
    state, token = model.begin(pad(sources)), torch.full_like(wanted, BOS)
    vectors, best, longer = [], [], []
    catch = model.decoder.output.register_forward_pre_hook(lambda layer, x: vectors.append(x[0][:, 0]))
    for length in range(int(wanted.max()) + 3):
        logits, state = model.step(token, state)
        score, token = logits.max(dim=-1)
        due = length >= wanted
        best.append(score)
        longer.append(due)
        kept = length < wanted + 3
        vectors[-1], best[-1], longer[-1] = vectors[-1][kept], score[kept], due[kept]
    catch.remove()
    return torch.cat(vectors), torch.cat(best), torch.cat(longer)


def trained_model(shape, steps):
    """A translator of toy sentences in MarianMT's form, trained for some steps, and the test sources' ids."""
    corpus = load_corpus("toy-en-zh")
    source, target = learn_tokenizers(corpus, shape.vocabulary)
    torch.manual_seed(0)
    model = Transformer(shape.config())
    table = model.decoder.embedding.words.weight
    table.data[[PAD, BOS]] = 0.0
    table.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor([PAD, BOS]), 0.0))
    parts = (encode_pairs(corpus.pairs(part), source, target, 99) for part in ("train", "valid", "test"))
    train, valid, test = parts
    fit(model, train, valid[:100], Recipe(learning_rate=2e-3, warmup=0.2), steps=steps)
    return model.eval(), [ids for ids, _ in test]


def publish(model, folder):
    """Write a model as published: config.json and model.safetensors, which MarianMT and our loader read."""
    from safetensors.torch import save

    pieces = Pieces(model.config.tgt_vocab_size - 1)
    weights = published_weights(model, pieces, pieces)
    weights[BIAS][0, pieces.rows[PAD]] = NEVER  # so that no program has to forbid it
    write_atomically(Path(folder) / "model.safetensors", save(weights, metadata={"format": "pt"}))
    ids = {"pad_token_id": pieces.rows[PAD], "eos_token_id": pieces.rows[EOS]}
    ids["decoder_start_token_id"] = pieces.rows[BOS]
    saved = their_config(model.config, len(pieces.vocab), len(pieces.vocab)) | ids
    write_atomically(Path(folder) / "config.json", json.dumps(saved).encode("utf-8"))


def read_published(folder):
    """The folder's config.json, and its vocabulary, which is the same for both sides."""
    saved = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return saved, Pieces(saved["vocab_size"])


class Ours:
    """Our Transformer and our search, with the weights read by our loader."""

    def __init__(self, folder):
        saved, pieces = read_published(folder)
        self.model = Transformer(our_config(saved, pieces, pieces)).eval()
        load_published(self.model, pieces, pieces, Path(folder))

    def decode(self, sources, beam):
        src = pad(sources)
        if beam == 1:
            return [hypothesis.tokens for hypothesis in greedy_search(self.model, src)]
        return [hypotheses[0].tokens for hypotheses in beam_search(self.model, src, beam)]


class Generate:
    """MarianMT of transformers: `generate` with its cache and an attention mask, as its page says."""

    def __init__(self, folder):
        from transformers import MarianMTModel, logging

        logging.disable_progress_bar()
        saved, self.pieces = read_published(folder)
        self.model, self.pad_id = MarianMTModel.from_pretrained(folder).eval(), saved["pad_token_id"]
        self.rows = torch.tensor(self.pieces.rows)
        self.numbers = {there: here for here, there in enumerate(self.pieces.rows)}

    def decode(self, sources, beam):
        src = pad(sources)
        with torch.inference_mode():
            found = self.model.generate(
                self.rows[src],
                attention_mask=(src != PAD).long(),
                num_beams=beam,
                do_sample=False,
                max_new_tokens=2 * src.size(1) + 10,
            )
        rows = [[self.numbers[i] for i in row if i != self.pad_id] for row in found.tolist()]
        return [without_eos(row, EOS) for row in rows]


class CTranslate2:
    """CTranslate2 in float32, its model converted by its own converter."""

    def __init__(self, folder):
        from ctranslate2 import Translator

        self.pieces = read_published(folder)[1]
        if not (Path(folder) / "ct2").exists():
            convert(folder)
        self.translator = Translator(
            str(Path(folder) / "ct2"),
            device="cpu",
            compute_type="float32",
            inter_threads=1,
            intra_threads=torch.get_num_threads(),
        )

    def decode(self, sources, beam):
        found = self.translator.translate_batch(
            [[self.pieces.words[i] for i in ids] for ids in sources],
            beam_size=beam,
            max_decoding_length=2 * max(map(len, sources)) + 10,
        )
        return [[self.pieces.ids[word] for word in result.hypotheses[0]] for result in found]


def convert(folder):
    """Write a published folder once more, in the form of CTranslate2, by what its converter is made of."""
    from ctranslate2.converters.transformers import MarianMTLoader
    from transformers import MarianMTModel

    with torch.no_grad():
        spec = MarianMTLoader()(MarianMTModel.from_pretrained(folder).eval(), read_published(folder)[1])
    spec.validate()
    spec.optimize(quantization="float32")
    (Path(folder) / "ct2").mkdir()
    spec.save(str(Path(folder) / "ct2"))


class TorchTransformer:
    """torch.nn.Transformer, which has no cache: each step computes all words so far again."""

    def __init__(self, folder):
        self.model = Ours(folder).model
        self.twin = torch_twin(self.model).eval()

    def decode(self, sources, beam):
        src, words = pad(sources), torch.full((len(sources), 1), BOS)
        with torch.inference_mode():
            memory = self.twin.encoder(self.model.encoder.embedding(src), src_key_padding_mask=src == PAD)
            for _ in range(2 * src.size(1) + 10):
                hidden = self.twin.decoder(
                    self.model.decoder.embedding(words),
                    memory,
                    tgt_mask=~causal_mask(words.size(1)),
                    memory_key_padding_mask=src == PAD,
                    tgt_is_causal=True,
                )
                word = self.model.decoder.output(hidden[:, -1]).argmax(dim=-1, keepdim=True)
                words = torch.cat([words, word], dim=1)
                if (words == EOS).any(dim=1).all():
                    break
        return [row[: row.index(EOS)] if EOS in row else row for row in words[:, 1:].tolist()]


SHAPES = {  # the first one is trained
    "toy": Shape(128, 4, 2, 512, 600),
    "d_model 256": Shape(256, 4, 3, 1024, 8000),
    "d_model 512": Shape(512, 8, 3, 2048, 8000),
}
TRAINED = "toy"


def weights_of(name, folder):
    """The folder of the weights of a shape; where it is missing, it is made."""
    shape, folder = SHAPES[name], Path(folder) / name.replace(" ", "_")
    if not (folder / "config.json").exists():
        print(f"making the weights of {name} in {folder}", flush=True)
        if name == TRAINED:
            model, sources = trained_model(shape, TRAINED_STEPS)
            write_json(sources, folder / "sources.json")
        else:
            model = random_model(shape)
            let_it_end(model, natural_sources(shape, 192, seed=1))
        publish(model, folder)
    return folder


def sentences(name, folder):
    """The token ids of 256 sources for the weights of a shape."""
    if name == TRAINED:
        return json.loads((folder / "sources.json").read_text(encoding="utf-8"))[:256]
    return natural_sources(SHAPES[name], 256)


PROGRAMS = {
    "ours": Ours,
    "transformers": Generate,
    "CTranslate2": CTranslate2,
    "torch.nn.Transformer": TorchTransformer,
}
