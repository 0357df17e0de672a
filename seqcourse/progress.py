"""Which exercises you have solved: a file of yours, that you may read, copy and delete."""

import json
import os
import sys
import time
from pathlib import Path

from .files import write_atomically
from .shipped import PACKAGE


def progress_file():
    """The file that SEQCOURSE_PROGRESS names; else my/progress.json in a clone, or a file in your home."""
    if named := os.environ.get("SEQCOURSE_PROGRESS"):
        return Path(named).expanduser()
    clone = PACKAGE.parent
    if (clone / "notebooks").is_dir():
        return clone / "my" / "progress.json"
    return Path.home() / "seqcourse-progress.json"


def solved():
    """What the file says: exercise -> {"tries": how many, "right": the day, or None}; {} without a file.

    Raises ValueError, naming the file, when it holds something else.
    """
    path = progress_file()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}. Delete it to begin anew.") from error
    if not isinstance(found, dict) or not all(
        isinstance(entry, dict) and {"tries", "right"} <= set(entry) for entry in found.values()
    ):
        raise ValueError(f"{path} holds no progress of ours. Move it elsewhere to begin anew.")
    return found


def note(exercise, right):
    """Write down that an exercise was tried. A file that cannot be read or written only costs the note."""
    try:
        found = solved()
        entry = found.get(exercise, {"tries": 0, "right": None})
        day = entry["right"] or (time.strftime("%Y-%m-%d") if right else None)
        found[exercise] = {"tries": entry["tries"] + 1, "right": day}
        text = json.dumps(found, indent=1, sort_keys=True) + "\n"
        write_atomically(progress_file(), text.encode("utf-8"))
    except (OSError, ValueError) as error:
        print(f"(Your progress was not written down: {error})", file=sys.stderr)
