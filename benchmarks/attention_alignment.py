"""Attention scored against the truth: does the decoder look where the word comes from, and does it need to?

    python benchmarks/attention_alignment.py [--seeds 3] [--only additive] [--out FILE]

The LSTM of lesson 04, with each of its scores, learns on toy-en-zh for as many steps as the LSTM of lesson 03
in the part "patience" of ladder.json, with fewer parameters. Of each run:

- BLEU and chrF of the test part, by length, and of longer sentences than any in training, as in the ladder;
- the alignment error rate (AER) of its attention on test sentences and on the longer ones, and, for each
  Chinese word, how many of its links are wrong and how many there are;
- BLEU of the same weights with the attention at wrong places (each step's shares dealt out by chance), and
  with the same share for every word.

Besides, once each: the AER of IBM Model 1, of the diagonal and of links at random on the same sentences.
The file is written after every run, and a run that stands in it is not made again. Set OMP_NUM_THREADS=1.
"""

import argparse
import random
from collections import Counter
from pathlib import Path

import torch
from ladder import CORPORA, LONGEST, Data, count, learn, scores, translations
from stored import read_runs, write_runs

from seqcourse.alignment import record_pair
from seqcourse.attentive import SCORES, AttentiveConfig, AttentiveSeq2Seq
from seqcourse.changed_scores import even, misplaced, with_scores
from seqcourse.dictionary import DictionaryTranslator
from seqcourse.scores import alignment_error_rate, bleu, links
from seqcourse.translator import Translator

CORPUS = "toy-en-zh"
STEPS, RATE, WIDTH = 1800, 8e-3, 64
ALIGNED = 300  # test sentences whose links are scored, and longer ones
CHANGES = {"misplaced": misplaced, "even": even}


def linked(translator, pairs):
    """The links of a translator's attention for each pair: each target word with what it looks at most."""
    records = [record_pair(translator, pair) for pair in pairs]
    return [links(record.cross[0, 0], record.source, record.target) for record in records]


def wrong_by_word(predicted, pairs):
    """{Chinese word: [links that are wrong, links]}, the most mistaken first."""
    wrong, all_links = Counter(), Counter()
    for found, pair in zip(predicted, pairs, strict=True):
        all_links.update(pair.target_tokens[t] for _, t in found)
        wrong.update(pair.target_tokens[t] for _, t in found - pair.alignment)
    return {word: [number, all_links[word]] for word, number in wrong.most_common(20)}


def blind(pairs, place):
    """Links by a rule that sees only places: (t, T, S) -> s."""
    for pair in pairs:
        T, S = len(pair.target_tokens), len(pair.source_tokens)
        yield {(place(t, T, S), t) for t in range(T)}


def baselines(data, pairs):
    """The AER of three who have no attention."""
    rng, gold = random.Random(0), [pair.alignment for pair in pairs]
    dictionary = DictionaryTranslator.learn(data.corpus.pairs("train"), data.source, data.target)
    predicted = {
        "random": list(blind(pairs, lambda t, T, S: rng.randrange(S))),
        "diagonal": list(blind(pairs, lambda t, T, S: t * S // T)),
        "IBM Model 1": linked(dictionary, pairs),
    }
    return {name: alignment_error_rate(found, gold) for name, found in predicted.items()}


def run(score, seed, data, tested, long):
    """Train one model, and put its attention on trial."""
    torch.manual_seed(seed)
    config = AttentiveConfig(*data.sizes, score, hidden_size=WIDTH, max_length=LONGEST)
    model = AttentiveSeq2Seq(config)
    curve = learn(model, data, RATE, seed, lambda steps, seconds: steps / STEPS)
    translator = Translator(model, data.source, data.target)
    result = {"parameters": count(model), "steps": STEPS, "rate": RATE} | {
        name: curve[-1][name] for name in ("seconds", "valid_loss")
    }
    result |= scores(translator, data)
    predicted, predicted_long = linked(translator, tested), linked(translator, long)
    result["AER"] = alignment_error_rate(predicted, [pair.alignment for pair in tested])
    result["AER long"] = alignment_error_rate(predicted_long, [pair.alignment for pair in long])
    result["wrong by word"] = wrong_by_word(predicted, tested)
    references = [pair.target for pair in data.tested]
    for name, change in CHANGES.items():
        torch.manual_seed(seed)
        changed = Translator(with_scores(model, change), data.source, data.target)
        result[name] = bleu(translations(changed, data.tested), references, "zh").value
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--only", choices=list(SCORES), help="one score (default: all)")
    parser.add_argument("--out", type=Path, default=Path("data/results/attention_alignment.json"))
    options = parser.parse_args()
    settings = {"corpus": CORPUS, "steps": STEPS, "rate": RATE, "hidden_size": WIDTH, "aligned": ALIGNED}
    settings |= {"max_tokens": CORPORA[CORPUS]["max_tokens"]}
    runs, data = read_runs(options.out, settings), Data(CORPUS)
    tested, long = data.corpus.pairs("test")[:ALIGNED], data.corpus.pairs("length")[:ALIGNED]
    if not any(run["score"] == "none" for run in runs):
        runs.append({"score": "none", "seed": 0, "AER": baselines(data, tested)})
        write_runs(options.out, settings, runs)
    for seed in range(options.seeds):
        for score in [options.only] if options.only else SCORES:
            key = {"score": score, "seed": seed}
            if any(key.items() <= run.items() for run in runs):
                continue
            print(f"{score}, seed {seed}", flush=True)
            runs.append(key | run(score, seed, data, tested, long))
            told = ("BLEU", "AER", "AER long", "misplaced", "even", "seconds")
            print("  " + "  ".join(f"{name} {runs[-1][name]:.3g}" for name in told), flush=True)
            write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
