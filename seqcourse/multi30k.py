"""Multi30k: descriptions of pictures in English, German and French (Elliott et al. 2016, 2017).

The parts are its own: train, valid (in its files `val`) and test (`test_2016_flickr`).
"""

import gzip
import zlib
from itertools import permutations

from .data_folder import data_files
from .downloads import Origin, RemoteFile
from .pairs import Corpus, Pair

LANGUAGES = ("de", "en", "fr")
SIZES = {"train": 29_000, "valid": 1_014, "test": 1_000}
FILES = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
ADDRESS = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d/data/task1/raw"  # a3d2e0d: a commit
PINNED = {  # file: bytes, sha256
    "train.de": (637_044, "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6"),
    "train.en": (568_929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
    "train.fr": (604_242, "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c"),
    "val.de": (24_681, "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a"),
    "val.en": (21_650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
    "val.fr": (23_001, "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9"),
    "test_2016_flickr.de": (22_890, "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8"),
    "test_2016_flickr.en": (21_077, "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
    "test_2016_flickr.fr": (22_310, "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90"),
}


def multi30k_names():
    """multi30k-de-en and the other five ways between its languages."""
    return ["-".join(("multi30k", *ways)) for ways in permutations(LANGUAGES, 2)]


def multi30k_origin(name):
    """Where the six files of two languages come from: for each part, source, then target."""
    files = []
    for file in FILES.values():
        for language in name.split("-")[1:]:
            size, digest = PINNED[f"{file}.{language}"]
            path = f"{file}.{language}.gz"
            files.append(RemoteFile(f"multi30k/{path}", f"{ADDRESS}/{path}", size, size, digest))
    return Origin("https://github.com/multi30k/dataset", "for research and education", tuple(files))


def multi30k_corpus(name):
    """The pairs of two of its languages; ValueError if the two files of a part do not fit together."""
    _, source, target = name.split("-")
    paths, parts = iter(data_files(multi30k_origin(name))), {}
    for part, ours, theirs in zip(FILES, paths, paths, strict=True):
        sources, targets = read_lines(ours), read_lines(theirs)
        if len(sources) != len(targets):
            raise ValueError(
                f"{ours} has {len(sources):,} lines, but {theirs.name} {len(targets):,}: each line should "
                "translate one of the other file; delete both to fetch them again"
            )
        parts[part] = [Pair(*pair) for pair in zip(sources, targets, strict=True)]
    return Corpus(name, source, target, tuple(parts), parts.__getitem__)


def read_lines(path):
    """The lines of a gzip file in UTF-8; ValueError if it is broken."""
    try:
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is broken ({error}): delete it to fetch it again") from error
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
