"""Which head does what in a reader of one layer, and what is lost without it.

    python benchmarks/roles.py [--steps 1500] [--seeds 5] [--out data/results/roles.json]

A fresh `Reader` (seqcourse/reader.py) learns the Chinese sentences of `toy-en-zh` with every seed. Noted are,
for each head and each role, the share of its attention that goes where the role looks, the highest share of
any head in a hundred shuffles of those places, and the share of right answers, with all heads and without
each. The file is written after every run, and a run that stands in it is not made again.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs

from seqcourse.ablation import silenced
from seqcourse.corpora import load_corpus
from seqcourse.reader import Reader, learn_to_read, look_in, questions, read_right
from seqcourse.roles import chance_level, role_scores
from seqcourse.vocabulary import Vocabulary

D_MODEL, NHEAD, TESTED = 64, 4, 300


def run(seed, steps, corpus):
    """Train and measure one reader."""
    train, test = corpus.pairs("train"), corpus.pairs("test")[:TESTED]
    vocabulary = Vocabulary.learn([pair.target_tokens for pair in train], language="zh")
    learning, (ids, answers) = questions(train, vocabulary), questions(test, vocabulary)
    torch.manual_seed(seed)
    start, reader = time.perf_counter(), Reader(len(vocabulary), D_MODEL, NHEAD)
    *_, loss = learn_to_read(reader, *learning, steps)
    seen = look_in(reader, test, ids)
    without = []
    for head in range(NHEAD):
        with silenced(reader.attention, [head]):
            without.append(read_right(reader, ids, answers))
    return {
        "seed": seed,
        "loss": loss,
        "right": read_right(reader, ids, answers),
        "without": without,  # head by head
        "shares": {role: shares.tolist() for role, shares in role_scores(seen).items()},
        "chance": chance_level(seen),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=1500, help="default: 1500")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 (default: 5)")
    parser.add_argument("--out", type=Path, default=Path("data/results/roles.json"), help="JSON file")
    options = parser.parse_args()
    corpus = load_corpus("toy-en-zh")
    settings = {"steps": options.steps, "d_model": D_MODEL, "nhead": NHEAD, "tested": TESTED}
    runs = read_runs(options.out, settings)
    for seed in range(options.seeds):
        if seed in {r["seed"] for r in runs}:
            continue
        print(f"{seed + 1}/{options.seeds}  seed {seed}", end="", flush=True)
        runs.append(run(seed, options.steps, corpus))
        shown = ", ".join(f"{role} {right:.0%}" for role, right in runs[-1]["right"].items())
        print(f"   {shown}   {runs[-1]['seconds']} s", flush=True)
        write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
