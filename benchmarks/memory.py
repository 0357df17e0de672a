"""Who remembers how far: RNN, GRU, LSTM and causal convolution, at equal parameters.

    python benchmarks/memory.py [--steps 500] [--seeds 3] [--out data/results/memory.json]

A row is a name, some noise, and a question: what was the name? A fresh model is trained for each distance
between name and question, with every seed; and one more at all distances mixed, tested at each. Noted are the
share of names recalled in new rows, and the norm of the gradient at the name, before and after training.
The file is written after every run, and a run that stands in it is not made again.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs

from seqcourse.recall import MEMORIES, gradient_at_the_name, learn_to_recall, of_size, recalled

DISTANCES = [2, 4, 8, 12, 15, 16, 24, 32, 48, 64]
PARAMETERS = 10_000


def open_forget_gates(model):
    """Let every forget gate of an LSTM begin near 1: a bias of 3, sigmoid(3) = 0.95."""
    width = model.layer.cell.hidden_size
    with torch.no_grad():
        model.layer.cell.from_input.bias[width : 2 * width] = 3.0
        model.layer.cell.from_hidden.bias[width : 2 * width] = 0.0


VARIANTS = {kind: (kind, lambda model: None) for kind in MEMORIES}
VARIANTS["LSTM, forget bias 3"] = ("LSTM", open_forget_gates)


def run(variant, distance, seed, steps):
    """Train one model; `distance` is a number, or "mixed"."""
    kind, prepare = VARIANTS[variant]
    torch.manual_seed(seed)
    start, model = time.perf_counter(), of_size(kind, PARAMETERS)
    prepare(model)
    tested = DISTANCES if distance == "mixed" else [distance]
    before = [gradient_at_the_name(model, n) for n in tested]
    learn_to_recall(model, list(range(1, max(DISTANCES) + 1)) if distance == "mixed" else tested, steps)
    return {
        "variant": variant,
        "distance": distance,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tested": tested,
        "recalled": [round(recalled(model, n), 4) for n in tested],
        "gradient_before": [float(f"{norm:.4g}") for norm in before],
        "gradient_after": [float(f"{gradient_at_the_name(model, n):.4g}") for n in tested],
        "seconds": round(time.perf_counter() - start, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=500, help="default: 500")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("data/results/memory.json"), help="JSON file")
    options = parser.parse_args()
    settings = {"steps": options.steps, "distances": DISTANCES, "parameters": PARAMETERS}
    runs = read_runs(options.out, settings)
    todo = [(v, n, seed) for seed in range(options.seeds) for n in (*DISTANCES, "mixed") for v in VARIANTS]
    done = {(r["variant"], r["distance"], r["seed"]) for r in runs}
    for number, (variant, distance, seed) in enumerate(todo, 1):
        if (variant, distance, seed) in done:
            continue
        print(f"{number}/{len(todo)}  {variant}, distance {distance}, seed {seed}", end="", flush=True)
        runs.append(run(variant, distance, seed, options.steps))
        print(f"   recalled {runs[-1]['recalled'][-1]:.0%}   {runs[-1]['seconds']} s", flush=True)
        write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
