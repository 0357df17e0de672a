"""What each number of the recipe of lesson 08 is worth: change one, train, and see what it brings or costs.

    python benchmarks/recipe.py [--corpus toy-en-zh] [--steps 400] [--seeds 3] [--only NAME ...]
                                [--out data/results/recipe.json]

Every variant is trained with every seed, and scored by BLEU, greedy and with a beam of 4, on 200 test
sentences of a toy corpus, on 500 of a real one. The file is written after every run, and a run that stands in
it is not made again.
"""

import argparse
from pathlib import Path

import torch
from stored import read_runs, write_runs

from seqcourse.batching import encode_pairs
from seqcourse.corpora import load_corpus
from seqcourse.fitting import describe, fit
from seqcourse.making import learn_tokenizers
from seqcourse.recipe import Recipe
from seqcourse.scores import bleu
from seqcourse.toy import corpus_hash
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator

SIZES = {"d_model": 128, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 512}
RECIPE = {"max_tokens": 600, "learning_rate": 3e-3, "warmup": 0.1, "label_smoothing": 0.1, "clip": 1.0}
VALIDATED, MAX_LENGTH, VOCAB_SIZE = 300, 128, 4000
VARIANTS = {  # name: other numbers of the recipe, other sizes of the model, how much longer a step is
    "the recipe": ({}, {}, 1),
    "no warm-up": ({"warmup": 0.0}, {}, 1),
    "no clipping": ({"clip": 1e9}, {}, 1),
    "no label smoothing": ({"label_smoothing": 0.0}, {}, 1),
    "no dropout": ({}, {"dropout": 0.0}, 1),
    "inverse square root": ({"schedule": "inverse-square-root"}, {}, 1),
    "peak 0.001": ({"learning_rate": 1e-3}, {}, 1),
    "peak 0.01": ({"learning_rate": 1e-2}, {}, 1),
    "batches four times as large": ({"max_tokens": 2400}, {}, 4),
}


def run(name, seed, steps, corpus, data):
    """Train one variant with one seed; return its curve and its scores."""
    changes, sizes, larger = VARIANTS[name]
    source, target, train, valid, tested = data
    torch.manual_seed(seed)
    config = TransformerConfig(
        len(source), len(target), **SIZES | sizes, norm_first=True, max_length=MAX_LENGTH
    )
    model, recipe = Transformer(config), Recipe(seed=seed, **RECIPE | changes)
    entries = fit(
        model, train, valid, recipe, steps=steps // larger, report=lambda e: print(" ", describe(e))
    )
    result = {"variant": name, "seed": seed}
    result["curve"] = [{key: entry[key] for key in ("step", "train_loss", "valid_loss")} for entry in entries]
    translator = Translator(model, source, target)
    for key, beam in (("greedy", 1), ("beam 4", 4)):
        texts = [found.text for found in translator.translate([pair.source for pair in tested], beam)]
        result[key] = bleu(texts, [pair.target for pair in tested], corpus.target_language).value
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", default="toy-en-zh", help="default: toy-en-zh")
    parser.add_argument("--steps", type=int, default=400, help="default: 400")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("data/results/recipe.json"), help="JSON file")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    source, target = learn_tokenizers(corpus, VOCAB_SIZE)
    train, valid = (
        encode_pairs(part, source, target, MAX_LENGTH)
        for part in (corpus.pairs("train"), corpus.pairs("valid")[:VALIDATED])
    )
    tested = corpus.pairs("test")[: 200 if options.corpus.startswith("toy") else 500]
    settings = {"corpus": options.corpus, "hash": corpus_hash(corpus.pairs("train")), "steps": options.steps}
    settings |= {"sizes": SIZES, "recipe": RECIPE, "test_sentences": len(tested)}
    runs = read_runs(options.out, settings)
    todo = [(name, seed) for seed in range(options.seeds) for name in options.only]
    done = {(made["variant"], made["seed"]) for made in runs}
    for number, (name, seed) in enumerate(todo, 1):
        if (name, seed) in done:
            continue
        print(f"{number}/{len(todo)}  {name}, seed {seed}", flush=True)
        data = source, target, train, valid, tested
        runs.append(run(name, seed, options.steps, corpus, data))
        write_runs(options.out, settings, runs)
        print(f"  BLEU {runs[-1]['greedy']:.1f}, with a beam {runs[-1]['beam 4']:.1f}", flush=True)


if __name__ == "__main__":
    main()
