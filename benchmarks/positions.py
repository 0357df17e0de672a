"""What each kind of positions is worth, and what is left of it at lengths never seen.

    python benchmarks/positions.py [--seeds 3] [--out data/results/positions.json]

It has three parts, all with sinusoidal, learned, rotary and no positions.

- "reversal": one layer with one head says eight symbols backwards.
- "shift": it says the symbol three places before, learns at lengths from 4 to 16, and is tried at up to 128.
- "translation": a small Transformer on the toy corpus; "long" are sentences longer than any in training.

The file is written after every run, and a run that stands in it is not made again. One thread is enough:
OMP_NUM_THREADS=1.
"""

import argparse
import time
from pathlib import Path

import torch
from ladder import Data, count, learn, scores
from stored import read_runs, write_runs

from seqcourse.one_head import SYMBOLS, OneHead, draw_reversal, draw_shift, learn_places, said_right
from seqcourse.positions import POSITIONS
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator

D, STEPS, LENGTHS, TRIED = 64, 500, list(range(4, 17)), (8, 16, 20, 24, 32, 48, 64, 96, 128)
REVERSED = 8
CORPUS, RATE, TRANSLATOR_STEPS = "toy-en-zh", 8e-3, 600
SIZES = {"d_model": 64, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 256}


def by_length(model, draw, lengths):
    return [[n, said_right(model, draw, n).nanmean().item()] for n in lengths]


def run_task(part, positions, seed):
    """Train one head on a task of symbols; return what it gets right at each length."""
    draw, lengths, tried = {
        "reversal": (draw_reversal, [REVERSED], [REVERSED]),
        "shift": (draw_shift, LENGTHS, TRIED),
    }[part]
    torch.manual_seed(seed)
    model = OneHead(SYMBOLS, D, positions)
    losses = learn_places(model, draw, lengths, STEPS)
    return {"loss": sum(losses[-20:]) / 20, "right": by_length(model, draw, tried)}


def run_translation(positions, seed, data):
    """Train a small Transformer; return its scores, also by length and for longer sentences."""
    torch.manual_seed(seed)
    config = TransformerConfig(*data.sizes, norm_first=True, max_length=128, positions=positions, **SIZES)
    model = Transformer(config)
    curve = learn(model, data, RATE, seed, lambda steps, seconds: steps / TRANSLATOR_STEPS)
    found = scores(Translator(model, data.source, data.target), data)
    kept = ("BLEU", "chrF", "long", "by length", "sample")
    return {"parameters": count(model), "curve": curve} | {name: found[name] for name in kept}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("data/results/positions.json"), help="JSON file")
    options = parser.parse_args()
    settings = {"d_model": D, "steps": STEPS, "lengths": LENGTHS, "tried": list(TRIED), "sizes": SIZES}
    settings |= {"corpus": CORPUS, "rate": RATE, "translator_steps": TRANSLATOR_STEPS}
    runs, data = read_runs(options.out, settings), Data(CORPUS)
    parts = ("reversal", "shift", "translation")
    todo = [(part, kind, seed) for part in parts for seed in range(options.seeds) for kind in POSITIONS]
    done = {(r["part"], r["positions"], r["seed"]) for r in runs}
    for number, (part, positions, seed) in enumerate(todo, 1):
        if (part, positions, seed) in done:
            continue
        print(f"{number}/{len(todo)}  {part}, {positions}, seed {seed}", end="", flush=True)
        began = time.process_time()
        if part == "translation":
            result = run_translation(positions, seed, data)
        else:
            result = run_task(part, positions, seed)
        key = {"part": part, "positions": positions, "seed": seed}
        runs.append(key | result | {"seconds": time.process_time() - began})
        write_runs(options.out, settings, runs)
        told = result.get("BLEU") or result["right"][-1][1]
        print(f"   {told:.3g}   {runs[-1]['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
