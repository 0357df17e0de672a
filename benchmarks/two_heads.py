"""Does a verb agree with its noun? How many heads it takes, and which assumptions of the proof matter.

    python benchmarks/two_heads.py [--steps 1500] [--seeds 5] [--out data/results/two_heads.json]

Every variant learns the task of seqcourse/agreement.py with every seed and is scored on all its sentences.
One head with a linear read-out can be right on three quarters of them at most, however wide it is; each of
the last three variants drops one assumption of that proof. The file is written after every run, and a run
that stands in it is not made again.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch import nn

from seqcourse.agreement import OneLook, every_sentence, judged_right, learn_agreement
from seqcourse.attention import MultiHeadAttention


class TwoLooks(nn.Module):
    """Two attention layers, one after the other: in the first, every token looks at all."""

    def __init__(self, d_model, nhead):
        super().__init__()
        self.first, self.last = MultiHeadAttention(d_model, nhead), OneLook(d_model, nhead)

    def forward(self, tokens):
        x = self.last.vectors(tokens)
        x = x + self.first(x, x)
        return self.last.output(self.last.attention(x[:, -1:], x))[:, 0, 0]


def bent(d_model, nhead):
    """A read-out that is not linear: a hidden layer of `d_model` features with a ReLU."""
    model = OneLook(d_model, nhead)
    model.output = nn.Sequential(nn.Linear(d_model, d_model), nn.ReLU(), nn.Linear(d_model, 1))
    return model


VARIANTS = {  # how it is made, width, heads, tokens at the end that are cut off
    "1 head": (OneLook, 32, 1, 0),
    "2 heads": (OneLook, 32, 2, 0),
    "4 heads": (OneLook, 32, 4, 0),
    "1 head, 4 times as wide": (OneLook, 128, 1, 0),
    "1 head, read-out not linear": (bent, 32, 1, 0),
    "1 head, the verb asks": (OneLook, 32, 1, 1),
    "1 head, 2 layers": (TwoLooks, 32, 1, 0),
}


def run(variant, seed, steps):
    make, d_model, nhead, cut = VARIANTS[variant]
    tokens, disagree = every_sentence()
    tokens = tokens[:, : tokens.size(1) - cut]
    torch.manual_seed(seed)
    start, model = time.perf_counter(), make(d_model, nhead)
    losses = learn_agreement(model, tokens, disagree, steps)
    return {
        "variant": variant,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "right": judged_right(model, tokens, disagree),
        "loss": sum(losses[-20:]) / len(losses[-20:]),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=1500, help="default: 1500")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 (default: 5)")
    parser.add_argument("--out", type=Path, default=Path("data/results/two_heads.json"), help="JSON file")
    options = parser.parse_args()
    settings = {"steps": options.steps}
    runs = read_runs(options.out, settings)
    done = {(r["variant"], r["seed"]) for r in runs}
    todo = [(variant, seed) for seed in range(options.seeds) for variant in VARIANTS]
    for number, (variant, seed) in enumerate(todo, 1):
        if (variant, seed) in done:
            continue
        print(f"{number}/{len(todo)}  {variant}, seed {seed}", end="", flush=True)
        runs.append(run(variant, seed, options.steps))
        print(f"   right {runs[-1]['right']:.1%}   {runs[-1]['seconds']} s", flush=True)
        write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
