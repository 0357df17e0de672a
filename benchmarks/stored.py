"""What benchmarks share: results are written after every run, and a run that stands there is not repeated."""

import json
import platform
import sys
from datetime import date
from pathlib import Path

import torch

from seqcourse.files import write_atomically


def read_runs(path, settings):
    """The runs that a file holds already; none where it was made with other settings."""
    if not path.exists():
        return []
    result = json.loads(path.read_text(encoding="utf-8"))
    if result["settings"] != settings:
        print(f"{path} was made with other settings, or another corpus: all runs are made again")
        return []
    return result["runs"]


def write_runs(path, settings, runs):
    """Write all runs so far, with the command, the day and the machine; whole or not at all."""
    result = {
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "date": str(date.today()),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        "settings": settings,
        "runs": rounded(runs),
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    write_atomically(path, (text + "\n").encode("utf-8"))


def rounded(value):
    """Six digits are enough, of large numbers and of very small ones."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value
