"""Where downloaded files lie: fetched when they are first asked for, and found again afterwards."""

import json
import os
import sys
import time
from hashlib import sha256
from pathlib import Path

from .downloads import STALL, download
from .files import write_atomically


def data_folder():
    """The folder that SEQCOURSE_DATA names; without it, one for caches in your home."""
    if named := os.environ.get("SEQCOURSE_DATA"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "seqcourse"


def missing(origin):
    """The files of an origin that are not in the data folder."""
    return [file for file in origin.files if not (data_folder() / file.name).is_file()]


def data_files(origin, opener=None, stall=STALL):
    """The paths of an origin's files; those that are not here are fetched, see `download`.

    ConnectionError when one cannot be had; it says which file to put where by hand. ValueError when a file is
    no longer what was fetched.
    """
    for file in missing(origin):
        try:
            data = download(file, opener, stall)
        except ConnectionError as error:
            raise ConnectionError(f"{error}\n{advice(origin)}") from None
        keep(data_folder() / file.name, data, file)
    paths = [data_folder() / file.name for file in origin.files]
    for path in paths:
        check_record(path)
    return paths


def advice(origin):
    """Which files to put where, for whoever has no network here."""
    rows = [
        f"  {data_folder() / file.name}  from  {file.url}{'' if file.unpack is bytes else ', unpacked'}"
        for file in missing(origin)
    ]
    start = f"Try again, or put what is missing there by hand; {origin.page} tells about it."
    return "\n".join([start, *rows, "SEQCOURSE_DATA=FOLDER makes another folder take the place of this one."])


def keep(path, data, file):
    """Write a file where it is looked for; unless its hash is pinned, also what was fetched when."""
    write_atomically(path, data)
    if not file.sha256:
        facts = {"url": file.url, "fetched": time.strftime("%Y-%m-%d"), "sha256": sha256(data).hexdigest()}
        write_atomically(record_of(path), (json.dumps(facts, indent=1) + "\n").encode("utf-8"))


def record_of(path):
    return path.with_name(path.name + ".json")


def check_record(path):
    """ValueError when a file has a record and is no longer the one that was fetched."""
    if not (record := record_of(path)).is_file():
        return
    facts = json.loads(record.read_text(encoding="utf-8"))
    if sha256(path.read_bytes()).hexdigest() != facts["sha256"]:
        raise ValueError(
            f"{path} is not what was fetched on {facts['fetched']}: delete it to fetch it again, "
            f"or delete {record.name} if you changed it yourself"
        )
