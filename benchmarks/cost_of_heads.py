"""What more heads cost at the same width: parameters, operations, time, memory.

    python benchmarks/cost_of_heads.py [--rounds 9] [--out data/results/cost_of_heads.json]

One attention layer of 256 features reads eight sentences of 256 words, forwards only. Its heads are 1, 2, 4,
… 64, in turns, round by round, so that other work on the machine hits all alike. Two ways: with the explicit
`attention`, which keeps its weights, and with the fused kernel, which never holds them all. Time is the
shortest round; memory is what a process of its own needs at most, above what it needs before.
"""

import argparse
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch.utils.flop_counter import FlopCounterMode

from seqcourse.attention import MultiHeadAttention

D_MODEL, ROWS, LENGTH = 256, 8, 256
HEADS, WAYS = [1, 2, 4, 8, 16, 32, 64], ["explicit", "fused"]


def layer_and_input(nhead):
    torch.manual_seed(0)
    return MultiHeadAttention(D_MODEL, nhead).eval(), torch.randn(ROWS, LENGTH, D_MODEL)


@torch.no_grad()
def look(layer, x, way):
    return layer(x, x, record=[] if way == "explicit" else None)


def highest_memory():
    """The most memory that this process has held so far, in bytes."""
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)


def memory_of(nhead, way):
    """The same for one look, in a process of its own: bytes above those before it."""
    command = [sys.executable, __file__, "--memory", str(nhead), way]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def operations(nhead):
    """Floating-point operations of all matrix products, as torch counts them."""
    layer, x = layer_and_input(nhead)
    with FlopCounterMode(display=False) as counter:
        look(layer, x, "explicit")
    return counter.get_total_flops()


def measure(rounds):
    layers = {nhead: layer_and_input(nhead) for nhead in HEADS}
    seconds = {(nhead, way): [] for nhead in HEADS for way in WAYS}
    for number in range(rounds):
        print(f"round {number + 1}/{rounds}", flush=True)
        for nhead, way in seconds:
            start = time.perf_counter()
            look(*layers[nhead], way)
            seconds[nhead, way].append(time.perf_counter() - start)
    return [
        {
            "nhead": nhead,
            "way": way,
            "parameters": sum(p.numel() for p in layers[nhead][0].parameters()),
            "operations": operations(nhead),
            "weights": ROWS * nhead * LENGTH * LENGTH,
            "seconds": min(times),
            "memory": memory_of(nhead, way),
        }
        for (nhead, way), times in seconds.items()
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="default: 9")
    parser.add_argument("--out", type=Path, default=Path("data/results/cost_of_heads.json"), help="JSON file")
    parser.add_argument("--memory", nargs=2, metavar=("HEADS", "WAY"), help="measure only this, and print it")
    options = parser.parse_args()
    if options.memory:
        layer, x = layer_and_input(int(options.memory[0]))
        before = highest_memory()
        look(layer, x, options.memory[1])
        print(highest_memory() - before)
        return
    settings = {"d_model": D_MODEL, "rows": ROWS, "length": LENGTH, "rounds": options.rounds}
    if not read_runs(options.out, settings):
        write_runs(options.out, settings, measure(options.rounds))


if __name__ == "__main__":
    main()
