"""Who finds the word links of natural sentences? Attention, a dictionary, and guesses, against links by hand.

    python benchmarks/natural_alignment.py [--resamples 1000] [--out data/results/natural_alignment.json]

Scored are the fifty pairs of data/aligned: every cross-attention head of the Tatoeba translator that comes
with the course, means of heads, and the head that was best on one half of the pairs, on the other half, both
ways; beside them IBM Model 1 between words and characters, learnt from Tatoeba, the diagonal, and random
links. Each aligner links every Chinese character to one English token. "low" and "high" hold 95 % of the
rates of resampled sentences (bootstrap). A part that stands in the file is not made again. IBM Model 1
fetches Tatoeba, unless it is in the folder that SEQCOURSE_DATA names; without it its rows are left out.
"""

import argparse
import random
from hashlib import sha256
from pathlib import Path

from stored import read_runs, write_runs

from seqcourse.aligned import english_tokens, load_aligned
from seqcourse.alignment import best_head, links_of_heads, rates_of_heads
from seqcourse.corpora import load_corpus
from seqcourse.ibm_model import alignment_map, ibm_model_1
from seqcourse.regrouping import record_aligned
from seqcourse.scores import alignment_error_rate, links
from seqcourse.shipped import shipped
from seqcourse.translator import Translator
from seqcourse.vocabulary import EOS, UNK, Vocabulary, clean

TRANSLATOR = "tatoeba-en-zh"
RANDOM_SEEDS = 20
ITERATIONS = 10


def guesses(pairs):
    """Aligners that look at no word: {name: [links of each pair]}, as in all parts."""
    rows = {}
    for seed in range(RANDOM_SEEDS):
        rng = random.Random(seed)
        drawn = [
            {(rng.randrange(len(p.source_tokens)), t) for t in range(len(p.target_tokens))} for p in pairs
        ]
        rows[f"random, seed {seed}"] = drawn
    rows["diagonal"] = [
        {(t * len(p.source_tokens) // len(p.target_tokens), t) for t in range(len(p.target_tokens))}
        for p in pairs
    ]
    return rows


def one_right_link(pairs):
    """The best that one link a character can be: a sure one where there is one, else a possible one."""
    best = []
    for pair in pairs:
        found = {}
        for kind in (pair.possible, pair.sure):
            found |= {t: (s, t) for s, t in sorted(kind)}
        best.append({found.get(t, (0, t)) for t in range(len(pair.target_tokens))})
    return {"one right link for each character": best}


def dictionary(pairs):
    """IBM Model 1 between lower-cased words and characters; in a second row NULL may win a character."""
    corpus = load_corpus(TRANSLATOR)
    sides = [split(pair.source, pair.target) for pair in corpus.pairs("train")]
    words = Vocabulary.learn([source for source, _ in sides], "en").ids
    signs = Vocabulary.learn([target for _, target in sides], "zh").ids
    examples = [([*(words[w] for w in source), EOS], [signs[c] for c in target]) for source, target in sides]
    table, _ = ibm_model_1(examples, len(words), len(signs), ITERATIONS)
    rows = {"IBM Model 1": [], "IBM Model 1, NULL may win": []}
    for pair in pairs:
        source = [*(words.get(word.lower(), UNK) for word in pair.source_tokens), EOS]
        weights = alignment_map(table, source, [signs.get(c, UNK) for c in pair.target_tokens])  # (T, S)
        drawn = links(weights, [*pair.source_tokens, "</s>"], pair.target_tokens)
        null = weights.argmax(dim=1) == len(source) - 1  # (T,)
        rows["IBM Model 1"].append(drawn)
        rows["IBM Model 1, NULL may win"].append({(s, t) for s, t in drawn if not null[t]})
    return rows


def split(source, target):
    return english_tokens(clean(source, "en").lower()), clean(target, "zh").replace(" ", "")


def attention(pairs):
    """Every head, means of heads, and the best head of the other half of the pairs."""
    translator = Translator.load(TRANSLATOR, device="cpu")
    records = [record_aligned(translator, pair) for pair in pairs]
    found = [links_of_heads(record) for record in records]  # [pair][layer][head]
    layers, heads = len(found[0]), len(found[0][0])
    rows = {
        f"layer {layer}, head {head}": [f[layer][head] for f in found]
        for layer in range(layers)
        for head in range(heads)
    }
    for layer in range(layers):
        rows[f"layer {layer}, mean of heads"] = [
            links(r.cross[layer].mean(0), r.source, r.target) for r in records
        ]
    rows["mean of all heads"] = [links(r.cross.mean((0, 1)), r.source, r.target) for r in records]
    best, chosen = list(found), []
    for half in (0, 1):
        others = range(1 - half, len(pairs), 2)
        gold = ([getattr(pairs[i], kind) for i in others] for kind in ("sure", "possible"))
        layer, head = best_head(rates_of_heads([found[i] for i in others], *gold))
        chosen.append(f"layer {layer}, head {head}")
        for i in range(half, len(pairs), 2):
            best[i] = found[i][layer][head]
    rows[f"best head of the other half ({chosen[1]}; {chosen[0]})"] = best
    return rows


def scored(name, drawn, pairs, resamples):
    """The row of an aligner: its rate, and the range of 95 % of the rates of resampled sentences."""
    rng, count = random.Random(0), len(pairs)
    samples = [range(count)] + [rng.choices(range(count), k=count) for _ in range(resamples)]
    rate, *others = [
        alignment_error_rate(
            [drawn[i] for i in s], [pairs[i].sure for i in s], [pairs[i].possible for i in s]
        )
        for s in samples
    ]
    others.sort()
    low, high = others[round(0.025 * (resamples - 1))], others[round(0.975 * (resamples - 1))]
    return {"aligner": name, "AER": rate, "low": low, "high": high}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--resamples", type=int, default=1000, help="default: 1000")
    parser.add_argument(
        "--out", type=Path, default=Path("data/results/natural_alignment.json"), help="JSON file"
    )
    options = parser.parse_args()
    pairs = load_aligned()
    files = b"".join(shipped(f"aligned/{name}.tsv").read_bytes() for name in ("sentences", "gold"))
    weights = shipped(f"weights/{TRANSLATOR}/model.safetensors").read_bytes()
    settings = {
        "pairs": len(pairs),
        "sha256 of sentences and gold links": sha256(files).hexdigest(),
        "translator": TRANSLATOR,
        "sha256 of its weights": sha256(weights).hexdigest(),
        "iterations of IBM Model 1": ITERATIONS,
        "resamples": options.resamples,
        "seed of resampling": 0,
    }
    runs = read_runs(options.out, settings)
    for part in (guesses, one_right_link, dictionary, attention):
        print(f"{part.__name__} …", flush=True)
        if any(run["part"] == part.__name__ for run in runs):
            continue
        try:
            rows = part(pairs)
        except ConnectionError as error:
            print(f"  left out: {error}")
            continue
        new = [{"part": part.__name__, **scored(*row, pairs, options.resamples)} for row in rows.items()]
        for run in new:
            print(
                f"  {run['AER']:.3f}  ({run['low']:.3f} to {run['high']:.3f})  {run['aligner']}", flush=True
            )
        runs += new
        write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
