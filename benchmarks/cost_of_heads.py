"""What more heads cost at the same width: parameters, operations, time, memory.

    python benchmarks/cost_of_heads.py [--rounds 9] [--out data/results/cost_of_heads.json]

One attention layer of 256 features reads eight sentences of 256 words. Its heads are 1, 2, 4, … 64, in turns,
round by round, so that other work on the machine hits all alike. Two ways: with the explicit `attention`,
which keeps its weights, and with the fused kernel, which never holds them all. Time is the processor's, for
one pass forwards in the shortest round; memory is what a pass keeps for the way back, in bytes.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch.utils.flop_counter import FlopCounterMode

from seqcourse.attention import MultiHeadAttention
from seqcourse.footprint import kept_bytes

D_MODEL, ROWS, LENGTH = 256, 8, 256
HEADS, WAYS = [1, 2, 4, 8, 16, 32, 64], ["explicit", "fused"]


def layer_and_input(nhead):
    torch.manual_seed(0)
    return MultiHeadAttention(D_MODEL, nhead).eval(), torch.randn(ROWS, LENGTH, D_MODEL)


def look(layer, x, way):
    return layer(x, x, record=[] if way == "explicit" else None)


def memory(layer, x, way):
    """The bytes that one pass keeps for the way back, without the layer's own parameters and x."""
    return kept_bytes(lambda: look(layer, x, way), (x, *layer.parameters()))


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
            start = time.process_time()
            with torch.no_grad():
                look(*layers[nhead], way)
            seconds[nhead, way].append(time.process_time() - start)
    return [
        {
            "nhead": nhead,
            "way": way,
            "parameters": sum(p.numel() for p in layers[nhead][0].parameters()),
            "operations": operations(nhead),
            "weights": ROWS * nhead * LENGTH * LENGTH,
            "seconds": min(times),
            "memory": memory(*layers[nhead], way),
        }
        for (nhead, way), times in seconds.items()
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="default: 9")
    parser.add_argument("--out", type=Path, default=Path("data/results/cost_of_heads.json"), help="JSON file")
    options = parser.parse_args()
    settings = {"d_model": D_MODEL, "rows": ROWS, "length": LENGTH, "rounds": options.rounds}
    if not read_runs(options.out, settings):
        write_runs(options.out, settings, measure(options.rounds))


if __name__ == "__main__":
    main()
