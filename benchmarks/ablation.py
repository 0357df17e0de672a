"""What each part of the Transformer is for: take one out, train, and see what breaks.

    python benchmarks/ablation.py [--steps 500] [--seeds 3] [--out data/results/ablation.json]

Every variant is trained with every seed on the toy corpus, all by the same recipe, and scored by BLEU on 200
test sentences, greedily translated. A part is taken out of a model that is built and initialized like all
others. The file is written after every run, and a run that stands in it is not made again.
"""

import argparse
import math
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch import nn

from seqcourse.attention import MultiHeadAttention
from seqcourse.batching import batch_by_tokens, encode_pairs
from seqcourse.corpora import load_corpus
from seqcourse.fitting import describe, fit
from seqcourse.layers import Sublayer
from seqcourse.making import learn_tokenizers
from seqcourse.recipe import Recipe
from seqcourse.scores import bleu
from seqcourse.toy import corpus_hash
from seqcourse.training import evaluate_model
from seqcourse.transformer import Embedding, Transformer, TransformerConfig
from seqcourse.translator import Translator

CORPUS = "toy-en-zh"
SIZES = {"d_model": 64, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 256}
RECIPE = {"learning_rate": 3e-3, "schedule": "one-cycle", "warmup": 0.1, "label_smoothing": 0.0}
TESTED, VALIDATED = 200, 300


def parts(model, kind):
    return [part for part in model.modules() if isinstance(part, kind)]


def without_residual(model):
    for sublayer in parts(model, Sublayer):
        sublayer.residual = False


def without_norm(model):
    for part in [*parts(model, Sublayer), model.encoder, model.decoder]:
        part.norm = nn.Identity()


class Skip(nn.Module):
    """A sublayer that does nothing: x passes by."""

    def forward(self, x, f):
        return x


def without_feed_forward(model):
    for layer in [*model.encoder.layers, *model.decoder.layers]:
        layer.thinking, layer.feed_forward = Skip(), None


def without_positions(model):
    for embedding in parts(model, Embedding):
        embedding.positions.zero_()


def without_embedding_scale(model):
    for embedding in parts(model, Embedding):
        embedding.words.embedding_dim = 1  # whose root is the factor


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def without_score_scale(model):
    for layer in parts(model, MultiHeadAttention):
        width = layer.query.out_features // layer.nhead  # K
        layer.query = nn.Sequential(layer.query, Times(math.sqrt(width)))  # undoes the division by √K


class Seeing(MultiHeadAttention):
    """Attention that heeds no mask."""

    def forward(self, x, memory, mask=None, record=None):
        return super().forward(x, memory, None, record)


def without_causal_mask(model):
    for layer in model.decoder.layers:
        blind = layer.self_attention
        layer.self_attention = Seeing(blind.query.in_features, blind.nhead)
        layer.self_attention.load_state_dict(blind.state_dict())


def without_cross_attention(model):
    for layer in model.decoder.layers:
        layer.looking_over = Skip()


def nothing(model):
    pass


DEEP = {"num_encoder_layers": 6, "num_decoder_layers": 6}
VARIANTS = {  # name: surgery on a built model, other fields of the config, other numbers of the recipe
    "full": (nothing, {}, {}),
    "no residual": (without_residual, {}, {}),
    "no LayerNorm": (without_norm, {}, {}),
    "no feed-forward": (without_feed_forward, {}, {}),
    "no cross-attention": (without_cross_attention, {}, {}),
    "no positions": (without_positions, {}, {}),
    "no factor √D": (without_embedding_scale, {}, {}),
    "no division by √K": (without_score_scale, {}, {}),
    "no causal mask": (without_causal_mask, {}, {}),
    "one head": (nothing, {"nhead": 1}, {}),
    "no warm-up": (nothing, {}, {"warmup": 0.0}),
    "post-norm": (nothing, {"norm_first": False}, {}),
    "post-norm, no warm-up": (nothing, {"norm_first": False}, {"warmup": 0.0}),
    "6 + 6 layers": (nothing, DEEP, {}),
    "6 + 6, no LayerNorm": (without_norm, DEEP, {}),
}


def run(name, seed, steps, data):
    """Train one variant with one seed; return its curve and its score."""
    surgery, sizes, recipe = VARIANTS[name]
    source, target, train, valid, tested = data
    torch.manual_seed(seed)
    model = Transformer(TransformerConfig(len(source), len(target), **{"norm_first": True} | SIZES | sizes))
    surgery(model)
    recipe = Recipe(seed=seed, **RECIPE | recipe)
    first = {"step": 0, "valid_loss": evaluate_model(model, batch_by_tokens(valid, recipe.max_tokens))}
    result = {"variant": name, "seed": seed, "parameters": sum(p.numel() for p in model.parameters())}
    try:
        entries = fit(model, train, valid, recipe, steps=steps, report=lambda e: print(" ", describe(e)))
    except FloatingPointError as error:
        return result | {"curve": [first], "BLEU": 0.0, "failed": str(error)}
    kept = ("step", "train_loss", "valid_loss")
    curve = [first, *({key: entry[key] for key in kept} for entry in entries)]
    translator = Translator(model, source, target)
    texts = [found.text for found in translator.translate([pair.source for pair in tested], beam=1)]
    score = bleu(texts, [pair.target for pair in tested], "zh")
    sample = {"source": tested[0].source, "target": tested[0].target, "translation": texts[0]}
    seconds = entries[-1]["seconds"]
    return result | {"curve": curve, "BLEU": score.value, "seconds": round(seconds, 1), "sample": sample}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=500, help="default: 500")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("data/results/ablation.json"), help="JSON file")
    options = parser.parse_args()
    corpus = load_corpus(CORPUS)
    source, target = learn_tokenizers(corpus, vocab_size=0)
    train, valid = (
        encode_pairs(part, source, target, 128)
        for part in (corpus.pairs("train"), corpus.pairs("valid")[:VALIDATED])
    )
    tested = corpus.pairs("test")[:TESTED]
    settings = {"corpus": corpus_hash(corpus.pairs("train")), "steps": options.steps, "sizes": SIZES}
    settings |= {"recipe": RECIPE, "test_sentences": TESTED}
    runs = read_runs(options.out, settings)
    todo = [(name, seed) for seed in range(options.seeds) for name in VARIANTS]
    todo.sort(key=lambda run: VARIANTS[run[0]][1] == DEEP)  # the deep models, which are slow, come last
    done = {(r["variant"], r["seed"]) for r in runs}
    for number, (name, seed) in enumerate(todo, 1):
        if (name, seed) in done:
            continue
        print(f"{number}/{len(todo)}  {name}, seed {seed}", flush=True)
        runs.append(run(name, seed, options.steps, (source, target, train, valid, tested)))
        write_runs(options.out, settings, runs)
        print(f"  BLEU {runs[-1]['BLEU']:.1f}", flush=True)


if __name__ == "__main__":
    main()
