"""How cost grows with the length of sentences, the size of the batch and the width of the model; and memory.

    python benchmarks/cost_growth.py [--rounds 5] [--out data/results/cost_growth.json]

Training is one step (forwards, backwards, AdamW) beside torch.nn.Transformer and MarianMT. Decoding is
greedy, by a model that never writes </s>, so that all programs write the same number of tokens, beside
`generate` of transformers and CTranslate2. One of length, batch and width changes, the others stay as in
`USUAL`. Seconds are those of the processor, one thread, so that other work on the machine takes little away;
the programs take turns, and each figure is the median of the rounds. Beside it stands the share of the rate
at which the machine multiplies two large matrices, measured in the same minute; the operations of the model
are counted by formula: those of matrix products alone.

Memory is the most that a process of its own needs, less what it needs before the work begins, with the
weights loaded (Linux): 64 sentences with a beam of 4, d_model 256; the first step of training, d_model 512.

The JSON file is written after every case, and a case that stands in it is not measured again.
"""

import argparse
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from peers import PROGRAMS, Shape, publish, random_model, sentences, weights_of
from stored import read_runs, write_runs
from training_speed import PEERS

from seqcourse.batching import Batch
from seqcourse.training import train_model
from seqcourse.vocabulary import EOS

SHAPE = Shape(128, 4, 3, 512, 4000, activation="gelu")
USUAL = {"length": 16, "batch": 32, "d_model": 128}
CASES = {"length": (8, 16, 32, 64, 128), "batch": (1, 4, 16, 64), "d_model": (64, 128, 256, 512)}
DECODERS = ("ours", "transformers", "CTranslate2")


def forward_operations(config, rows, source, target):
    """Operations of the matrix products in one pass over `rows` pairs of `source` and `target` words."""
    d, wide = config.d_model, config.dim_feedforward
    encoder = rows * source * (4 * d * d + 2 * d * wide + 2 * source * d)
    decoder = rows * target * (6 * d * d + 2 * d * wide + 2 * target * d + 2 * source * d)
    over_memory = rows * source * 2 * d * d
    layers = config.num_encoder_layers * encoder + config.num_decoder_layers * (decoder + over_memory)
    return 2 * (layers + rows * target * d * config.tgt_vocab_size)


def decoding_operations(config, rows, source, target):
    """The same where words are written one after another with a cache: each looks at those before only."""
    d = config.d_model
    spared = config.num_decoder_layers * rows * 2 * d * (target * target - target * (target + 1) // 2)
    return forward_operations(config, rows, source, target) - 2 * spared


def matrix_rate(size=1024, rounds=5):
    """Operations a second of one large matrix product; the best of the rounds."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(rounds + 1):
        start = time.process_time()
        a @ b
        seconds.append(time.process_time() - start)
    return 2 * size**3 / min(seconds)


def shape_of(case):
    d_model = case["d_model"]
    return replace(
        SHAPE, d_model=d_model, nhead=max(2, d_model // 64), dim_feedforward=4 * d_model, max_length=512
    )


def trainers(case, names=tuple(PEERS)):
    """For each model a step of training on one batch, the tokens in it, and the operations it takes."""
    config = shape_of(case).config(share_embeddings=True, norm_first=True)
    size = (case["batch"], case["length"])
    src, tgt = (torch.randint(4, SHAPE.vocabulary, size) for _ in "st")
    batch = Batch(src, tgt.roll(1, dims=1), tgt)
    steps = {}
    for name in names:
        torch.manual_seed(0)
        model = PEERS[name](config)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        steps[name] = lambda model=model, optimizer=optimizer: train_model(model, [batch], optimizer)
    operations = 3 * forward_operations(config, *size, size[1])  # backwards takes twice as many
    return steps, tgt.numel(), operations


def decoders(case, folder):
    """For each program the writing of a batch, the tokens it writes, and the operations that takes."""
    shape = shape_of(case)
    folder = folder / f"endless_{case['d_model']}"
    if not (folder / "config.json").exists():
        model = random_model(shape)
        model.decoder.output.bias.data[EOS] = -1e4
        publish(model, folder)
    sources = torch.randint(4, SHAPE.vocabulary, (case["batch"], case["length"])).tolist()
    written = 2 * case["length"] + 10
    steps = {}
    for name in DECODERS:
        program = PROGRAMS[name](folder)
        steps[name] = lambda program=program: program.decode(sources, 1)
    operations = decoding_operations(shape.config(), case["batch"], case["length"], written)
    return steps, case["batch"] * written, operations


def measure(steps, tokens, operations, rounds):
    for step in steps.values():
        step()  # the first one prepares what later ones use
    seconds, rate = {name: [] for name in steps}, matrix_rate()
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            seconds[name].append(time.process_time() - start)
    rate = max(rate, matrix_rate())
    found = {"gigaflops_of_the_machine": rate / 1e9}
    for name, spent in seconds.items():
        usual = statistics.median(spent)
        found[name] = {
            "seconds": usual,
            "range": [min(spent), max(spent)],
            "tokens_per_second": tokens / usual,
            "share_of_the_machine": operations / usual / rate,
        }
    return found


def megabytes(name):
    """What Linux says this process needs now, VmRSS, or has needed at most, VmHWM."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name + ":"))


def needed(step):
    """How many MB more than before a step needs at its worst moment."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the most is counted from here on
    before = megabytes("VmRSS")
    step()
    return megabytes("VmHWM") - before


def memory_alone(work, name, weights):
    """What this process, which does nothing else, needs for one work of one program, in MB."""
    if work == "training":
        case = USUAL | {"d_model": 512}
        step = trainers(case, [name])[0][name]
    else:
        folder = weights_of("d_model 256", weights)
        program, sources = PROGRAMS[name](folder), sentences("d_model 256", folder)[:64]
        program.decode(sources[:1], 4)

        def step():
            program.decode(sources, 4)

    print(needed(step))


def memory(work, name, options):
    command = [sys.executable, __file__, "--alone", work, name, "--weights", str(options.weights)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def cases():
    """Every case once: (work, what changes, lengths and sizes)."""
    return [
        (work, changing, USUAL | {changing: value})
        for work in ("training", "decoding")
        for changing, values in CASES.items()
        for value in values
    ]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--weights", type=Path, default=Path("build/peers"), help="folder of the weights")
    parser.add_argument("--out", type=Path, default=Path("data/results/cost_growth.json"), help="JSON file")
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.alone:
        return memory_alone(*options.alone, options.weights)
    settings = {"rounds": options.rounds, "usual": USUAL, "shape": str(SHAPE)}
    runs = read_runs(options.out, settings)

    def keep(run, told):
        runs.append(run)
        write_runs(options.out, settings, runs)
        print(f"{len(runs)}/{len(cases()) + 2}  {told}", flush=True)

    for work, changing, case in cases():
        key = {"work": work, "changing": changing, **case}
        if any(key.items() <= run.items() for run in runs):
            continue
        torch.manual_seed(0)
        prepared = trainers(case) if work == "training" else decoders(case, options.weights)
        found = measure(*prepared, options.rounds)
        speeds = {name: round(f["tokens_per_second"]) for name, f in found.items() if isinstance(f, dict)}
        keep(key | {"found": found}, f"{work}, {changing} {case[changing]}: tokens a second {speeds}")
    if not Path("/proc/self/clear_refs").exists():
        return print("memory is left out: it is read from what Linux says of a process")
    for work, names in (("training", PEERS), ("decoding", DECODERS)):
        if not any(run["work"] == f"memory of {work}" for run in runs):
            found = {name: memory(work, name, options) for name in names}
            keep({"work": f"memory of {work}", "megabytes": found}, f"memory of {work}, MB: {found}")


if __name__ == "__main__":
    main()
