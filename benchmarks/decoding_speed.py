"""Decoding, sentences per second: ours beside `generate`, CTranslate2 and torch.nn.Transformer.

    python benchmarks/decoding_speed.py [--rounds 7] [--threads 2] [--out data/results/decoding_speed.json]

All programs hold the same weights (see peers.py) and get the same tokens in the same batches: greedy and with
a beam of 4, one sentence at a time and 64 together, in the order in which they come. They take turns batch by
batch, each turn beginning with another, so that a slow second of the machine falls on all alike; the ratio is
taken round by round. `generate` is that of transformers. `torch.nn.Transformer` has no cache and no search of
its own: it writes greedily, and each step computes all words so far again. Noted too: how many translations
are those that ours writes. In a beam the three do not score alike: ours divides by ((5 + length) / 6), the
others by the length, and each has its own rule of when to stop.

The weights are made on the first call, into the folder `--weights`; the trained ones take a few minutes. The
JSON file is written after every case, and a case that stands in it is not measured again.
"""

import argparse
import statistics
import time
from collections import deque
from pathlib import Path

import torch
from peers import PROGRAMS, SHAPES, sentences, weights_of
from stored import read_runs, write_runs

CASES = [(name, beam, batch) for name in SHAPES for beam in (1, 4) for batch in (1, 64)]


def measure(programs, sources, beam, batch, rounds):
    """Let the programs take turns; return for each its seconds in each round, and what it wrote."""
    groups = [sources[i : i + batch] for i in range(0, len(sources), batch)]
    turns, seconds, written = deque(programs.items()), {name: [] for name in programs}, {}
    for name, program in turns:
        written[name] = [tokens for group in groups for tokens in program.decode(group, beam)]
    for _ in range(rounds):
        spent = dict.fromkeys(programs, 0.0)
        for group in groups:
            for name, program in turns:
                start = time.perf_counter()
                program.decode(group, beam)
                spent[name] += time.perf_counter() - start
            turns.rotate()
        for name in programs:
            seconds[name].append(spent[name])
    return seconds, written


def summary(seconds, written):
    """The medians of what `measure` returns, and the ratios to ours, round by round, with their range."""
    result = {}
    for name, spent in seconds.items():
        ratios = [theirs / ours for ours, theirs in zip(seconds["ours"], spent, strict=True)]
        pairs = zip(written["ours"], written[name], strict=True)
        result[name] = {
            "sentences_per_second": len(written[name]) / statistics.median(spent),
            "ours_is_times_as_fast": statistics.median(ratios),
            "range": [min(ratios), max(ratios)],
            "same_translations": sum(ours == theirs for ours, theirs in pairs) / len(written[name]),
        }
    return result


def lengths(written):
    numbers = [len(tokens) for tokens in written]
    return {"mean": statistics.mean(numbers), "spread": statistics.pstdev(numbers), "longest": max(numbers)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: torch's")
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--weights", type=Path, default=Path("build/peers"), help="folder of the weights")
    parser.add_argument(
        "--out", type=Path, default=Path("data/results/decoding_speed.json"), help="JSON file"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    settings = {"rounds": options.rounds, "shapes": {name: str(shape) for name, shape in SHAPES.items()}}
    runs = read_runs(options.out, settings)
    done = {(run["shape"], run["beam"], run["batch"], run["threads"]) for run in runs}
    todo = [case for case in CASES if case[0] in options.shapes and (*case, options.threads) not in done]
    for number, (shape, beam, batch) in enumerate(todo, 1):
        folder = weights_of(shape, options.weights)
        programs = {
            name: make(folder)
            for name, make in PROGRAMS.items()
            if beam == 1 or name != "torch.nn.Transformer"
        }
        sources = sentences(shape, folder)[: 64 if batch > 1 else 12]
        seconds, written = measure(programs, sources, beam, batch, options.rounds)
        run = {"shape": shape, "beam": beam, "batch": batch, "threads": options.threads}
        run |= {"lengths": lengths(written["ours"]), "programs": summary(seconds, written)}
        runs.append(run)
        write_runs(options.out, settings, runs)
        print(
            f"{number}/{len(todo)}  {shape}, beam {beam}, {batch} at once: " + told(run["programs"]),
            flush=True,
        )


def told(programs):
    """One line: sentences per second, and beside the others how many times as fast ours is."""
    return "   ".join(
        f"{name} {found['sentences_per_second']:.1f}/s"
        + (f" (x {found['ours_is_times_as_fast']:.2f})" if name != "ours" else "")
        for name, found in programs.items()
    )


if __name__ == "__main__":
    main()
