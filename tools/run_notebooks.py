"""Run notebooks from top to bottom, one after the other: `make notebooks` and `make seeds`.

Usage: python tools/run_notebooks.py [--seeds] [NAME ...]     NAME: 00_start_here, or 00; without a name, all
Without --seeds the notebooks are stored again with their new outputs; one that fails is left as it was.
With --seeds each runs five times, `seed = 0` read as 0 to 4, and no file changes.
"""

import copy
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
SEED = re.compile(r"^seed = 0\b", re.M)
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 600  # seconds


def main(arguments):
    seeds = "--seeds" in arguments
    paths = find([name for name in arguments if name != "--seeds"], FOLDER)
    if seeds:
        failures = sum(try_seeds(path) for path in paths)
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # what is stored was made on a CPU, wherever it was made
        failures = sum(run_in_place(path) for path in paths)
    sys.exit(f"{failures} failed" if failures else 0)


def find(names, folder):
    """The notebooks meant by these names. Exits, and says what there is, where a name means none."""
    there = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    for name in names:
        if not any(meant(name, path) for path in there):
            names = ", ".join(path.stem for path in there)
            sys.exit(f"there is no notebook {name}; there is: {names or 'none yet'}")
    return [path for path in there if not names or any(meant(name, path) for name in names)]


def meant(name, path):
    return Path(name).name in (path.name, path.stem, path.stem[:2])


def run_in_place(path):
    """Run, tidy and store one notebook; return how many failed (0 or 1)."""
    notebook = nbformat.read(path, as_version=4)
    complaint, seconds = execute(notebook, path.parent)
    print(f"{path.stem:32} {seconds:6.1f} s   {complaint or 'stored'}", flush=True)
    if complaint:
        return 1
    tidy(notebook)
    beside = path.with_suffix(".new")
    nbformat.write(notebook, beside)
    os.replace(beside, path)
    return 0


def try_seeds(path):
    """Run one notebook with five seeds; return how many runs failed."""
    original = nbformat.read(path, as_version=4)
    complaints = []
    for seed in range(5):
        notebook = copy.deepcopy(original)
        setup = notebook.cells[1]
        setup.source, found = SEED.subn(f"seed = {seed}", setup.source)
        complaint, seconds = (
            execute(notebook, path.parent) if found == 1 else ("no `seed = 0` in its second cell", 0)
        )
        print(
            f"{path.stem:32} seed {seed}  {'FAIL' if complaint else 'pass'}  {seconds:6.1f} s  {complaint}",
            flush=True,
        )
        complaints.append(complaint)
    return sum(map(bool, complaints))


def execute(notebook, folder):
    """Run every cell in a new kernel, in this folder; return what went wrong, if anything, and the time."""
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        startup_timeout=180,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    start, complaint = time.perf_counter(), ""
    try:
        client.execute()
    except CellExecutionError as error:
        number = [i for i, cell in enumerate(notebook.cells, 1) if has_error(cell)][-1:]
        complaint = f"cell {number[0] if number else '?'}: {error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError) as error:
        complaint = str(error).splitlines()[0]
    return complaint, time.perf_counter() - start


def has_error(cell):
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def tidy(notebook):
    """Keep what a reader sees and nbval compares; drop what changes from run to run or with the machine."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if remains(output)]


def remains(output):
    """Is this output there on paper too? A progress bar that has gone is not, nor is a live widget."""
    if output.output_type == "stream":
        output.text = "\n".join(map(as_a_terminal_shows, output.text.split("\n")))
        return bool(output.text.strip())
    return "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


def as_a_terminal_shows(line):
    """Each carriage return starts the line again, over what was there."""
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip() if "\r" in line else shown


if __name__ == "__main__":
    main(sys.argv[1:])
