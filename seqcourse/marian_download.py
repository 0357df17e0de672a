"""Published translators by their name on huggingface.co, fetched once into the data folder."""

import re
from pathlib import Path

from .data_folder import data_files, data_folder, missing
from .downloads import STALL, Origin, RemoteFile

SITE = "https://huggingface.co"
TEXTS = ("config.json", "vocab.json", "source.spm", "target.spm")
WEIGHTS = ("pytorch_model.bin", "model.safetensors")  # most translators there have the first only


def is_published_name(name):
    """Whether a name looks like `owner/model`, as on huggingface.co, and its first half is no folder here."""
    found = re.fullmatch(r"([\w.-]*\w[\w.-]*)/[\w.-]*\w[\w.-]*", str(name))
    return bool(found) and not Path(found[1]).exists()


def origin(name, weights):
    """The files of a published translator, with the one of the two files that may hold its weights."""
    files = [
        RemoteFile(f"marian/{name}/{file}", f"{SITE}/{name}/resolve/main/{file}", 1_000_000, 4_000_000_000)
        for file in (*TEXTS, weights)
    ]
    return Origin(f"{SITE}/{name}", "see the page", tuple(files))


def is_fetched(name):
    """Whether all files of a published translator are here, its weights in either form; asks no network."""
    return not all(missing(origin(name, weights)) for weights in WEIGHTS)


def fetch_published(name, opener=None, stall=STALL):
    """The folder of a published translator; what is not there is fetched, the weights in either form.

    ConnectionError when it cannot be had; it says which files to put where by hand.
    """
    folder, errors = data_folder() / "marian" / name, []
    for weights in sorted(WEIGHTS, key=lambda file: not (folder / file).is_file()):  # what is here, first
        try:
            data_files(origin(name, weights), opener, stall)
            return folder
        except ConnectionError as error:
            errors.append(error)
    raise errors[0]
