"""Multi30k: descriptions of 31,014 pictures in English, German and French (Elliott et al. 2016, 2017).

The parts are its own: train, valid (its files `val`) and test (`test_2016_flickr`).
"""

import gzip
import zlib
from itertools import permutations

from .downloads import data_file
from .pairs import Corpus, Pair

FILES = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
LANGUAGES = ("de", "en", "fr")


def multi30k_names():
    """multi30k-de-en and the other five ways between its languages."""
    return ["-".join(("multi30k", *ways)) for ways in permutations(LANGUAGES, 2)]


def multi30k_corpus(name):
    """The pairs of two of its languages; ValueError if the two files of a part do not fit together."""
    _, source, target = name.split("-")
    parts = {}
    for part, file in FILES.items():
        paths = [data_file(f"multi30k/{file}.{language}.gz") for language in (source, target)]
        sources, targets = map(read_lines, paths)
        if len(sources) != len(targets):
            raise ValueError(
                f"{paths[0]} has {len(sources)} lines, but {paths[1].name} {len(targets)}: "
                "line by line they should translate each other; fetch both again"
            )
        parts[part] = [Pair(*pair) for pair in zip(sources, targets, strict=True)]
    return Corpus(name, source, target, tuple(parts), parts.__getitem__)


def read_lines(path):
    """The lines of a gzip file in UTF-8; ValueError if it is broken."""
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is broken ({error}): delete it and fetch it again") from error
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
