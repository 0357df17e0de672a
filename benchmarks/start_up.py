"""How long a person waits: for the import, for the first translation, and for each one after it.

    python benchmarks/start_up.py [--rounds 7] [--out data/results/start_up.json]

The imports run in processes of their own, in turns; what ours costs is
the difference from torch, round by round.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

MODULES = "seqcourse, seqcourse.transformer, seqcourse.translator, seqcourse.corpora, seqcourse.figures"


def seconds(statement):
    """Wall-clock time of a statement in a fresh process, start-up of Python not counted."""
    code = f"import time; start = time.perf_counter()\n{statement}\nprint(time.perf_counter() - start)"
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def translations(model, rounds):
    """Seconds for loading, and milliseconds for each of the first test sentences, greedy."""
    from seqcourse.corpora import load_corpus
    from seqcourse.translator import Translator

    start = time.perf_counter()
    translator = Translator.load(model, device="cpu")
    loading = time.perf_counter() - start
    times = []
    for pair in load_corpus(model).pairs("test")[: 20 * rounds]:
        start = time.perf_counter()
        translator.translate(pair.source, beam=1)
        times.append(1000 * (time.perf_counter() - start))
    return loading, times


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--model", default="toy-en-zh", help="default: toy-en-zh")
    parser.add_argument("--out", type=Path, help="also write the results to this JSON file")
    options = parser.parse_args()
    seconds("import torch")  # the first one fills the disk cache
    rounds = [
        (seconds("import torch"), seconds("import seqcourse"), seconds(f"import torch, {MODULES}"))
        for _ in range(options.rounds)
    ]
    torch, alone, everything = zip(*rounds, strict=True)
    loading, times = translations(options.model, options.rounds)
    import torch as t

    result = {
        "command": f"python benchmarks/start_up.py --rounds {options.rounds}",
        "date": str(date.today()),
        "machine": f"{platform.machine()}, {t.get_num_threads()} threads, torch {t.__version__}",
        "import torch, seconds": round(statistics.median(torch), 2),
        "import seqcourse, seconds": round(statistics.median(alone), 3),
        "models, corpora and figures above torch, seconds": round(
            statistics.median(b - a for a, b in zip(torch, everything, strict=True)), 3
        ),
        "load a translator, seconds": round(loading, 3),
        "first sentence, milliseconds": round(times[0], 1),
        "one sentence, median milliseconds": round(statistics.median(times[1:]), 1),
        "one sentence, slowest milliseconds": round(max(times[1:]), 1),
    }
    print(json.dumps(result, indent=1))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
