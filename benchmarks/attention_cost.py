"""Time and memory of one layer against the length of its sentence: self-attention beside an LSTM.

    python benchmarks/attention_cost.py [--rounds 9] [--out data/results/attention_cost.json]

One sentence, forwards and backwards, width 128, one head. The layers are `torch.nn.LSTM`, and self-attention
with its three linear maps around `attention`, which makes the table of all weights, or around
`fused_attention`, which does not. Seconds are those of the processor (time.process_time, one thread): the
least of the rounds; in every round the layers take turns, so that other work on the machine takes little
away. Memory is counted, not sampled: the bytes of all tensors, but for the layer's weights, that the forward
pass keeps for the backward pass.

The file is written after every length, and a length that stands in it is not measured again.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch import nn

from seqcourse.attention import attention, fused_attention
from seqcourse.footprint import kept_bytes

D, LENGTHS = 128, (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


class SelfAttention(nn.Module):
    """x (1, S, D) -> (1, S, D), by one of the two functions."""

    def __init__(self, attend):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(D, D) for _ in range(3))
        self.attend = attend

    def forward(self, x):
        return self.attend(self.query(x), self.key(x), self.value(x))


LAYERS = {
    "LSTM": lambda: nn.LSTM(D, D, batch_first=True),
    "attention": lambda: SelfAttention(lambda q, k, v: attention(q, k, v)[0]),
    "fused attention": lambda: SelfAttention(
        lambda q, k, v: fused_attention(q[:, None], k[:, None], v[:, None])
    ),
}


def result_of(layer, x):
    result = layer(x)
    return result[0] if isinstance(result, tuple) else result


def seconds(layer, x):
    """Seconds of the processor for one pass forwards and backwards."""
    began = time.process_time()
    result_of(layer, x).sum().backward()
    return time.process_time() - began


def measure(length, rounds):
    torch.manual_seed(length)
    x = torch.randn(1, length, D, requires_grad=True)  # as within a network
    layers = {name: make() for name, make in LAYERS.items()}
    for layer in layers.values():
        seconds(layer, x)  # the first pass prepares what later ones use
    times = {name: [] for name in layers}
    for _ in range(rounds):
        for name, layer in layers.items():
            times[name].append(seconds(layer, x))
    return [
        {
            "layer": name,
            "length": length,
            "seconds": min(times[name]),
            "slowest": max(times[name]),
            "bytes": kept_bytes(lambda layer=layer: result_of(layer, x), [*layer.parameters()]),
        }
        for name, layer in layers.items()
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="how many, for each length (default: 9)")
    parser.add_argument(
        "--out", type=Path, default=Path("data/results/attention_cost.json"), help="JSON file"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"d_model": D, "rounds": options.rounds, "lengths": list(LENGTHS)}
    runs = read_runs(options.out, settings)
    for length in LENGTHS:
        if any(run["length"] == length for run in runs):
            continue
        found = measure(length, options.rounds)
        runs += found
        write_runs(options.out, settings, runs)
        told = (f"{r['layer']} {1000 * r['seconds']:.2f} ms, {r['bytes'] / 1e6:.2f} MB" for r in found)
        print(f"{length:5}  " + "   ".join(told), flush=True)


if __name__ == "__main__":
    main()
