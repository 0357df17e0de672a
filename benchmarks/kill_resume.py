"""Kill training at random moments, resume, and compare the ending with that of a run nobody disturbed.

    python benchmarks/kill_resume.py [--runs 20] [--steps 120]

Every run is killed once with SIGKILL, at a moment drawn evenly from its whole length, and then resumed. All
files of the folder must be byte for byte those of the undisturbed run (in training.json all but the seconds),
and each checkpoint that lies there after a kill must be readable.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from seqcourse.checkpoint import load_checkpoint

NAMES = ["config.json", "model.safetensors", "source.json", "target.json"]


def start(folder, steps):
    command = [sys.executable, "-m", "seqcourse", "train", "toy-en-zh", "--out", str(folder)]
    command += ["--resume"] if steps is None else ["--steps", str(steps), "--d-model", "64", "--layers", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, **quiet)


def ending(folder):
    history = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    for entry in history:
        del entry["seconds"]
    return [(folder / name).read_bytes() for name in NAMES] + [history]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="default: 20")
    parser.add_argument("--steps", type=int, default=120, help="default: 120")
    options = parser.parse_args()
    rng, same = random.Random(0), 0
    with TemporaryDirectory() as base:
        whole, began = Path(base, "whole"), time.monotonic()
        assert start(whole, options.steps).wait() == 0
        length = time.monotonic() - began
        for number in range(options.runs):
            folder, moment = Path(base, str(number)), rng.uniform(0, length)
            process = start(folder, options.steps)
            time.sleep(moment)
            process.kill()
            process.wait()
            checkpoint, at = folder / "checkpoint.pt", "without a checkpoint"
            if checkpoint.exists():
                at = f"{len(load_checkpoint(checkpoint)['facts']['history'])} looks behind it"
            resumed = start(folder, None if (folder / "config.json").exists() else options.steps)
            assert resumed.wait() == 0
            same += ending(folder) == ending(whole)
            print(
                f"{number + 1}: killed after {moment:.2f} of {length:.2f} s, {at}; {same} identical",
                flush=True,
            )
    print(f"{same} of {options.runs} endings are identical")
    sys.exit(same != options.runs)


if __name__ == "__main__":
    main()
