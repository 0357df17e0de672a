"""Tatoeba: sentences that people wrote and translated, English and Chinese, as manythings.org exports them.

The parts are those of `read_tsv`: a hash of the English sentence decides, so all its translations are in one
part. Scores are computed on the pairs as they are: a sentence that has two translations in the part `test` is
translated twice, and compared with each. The export mixes simplified and traditional characters; the corpus
is simplified. The export begins with the shortest sentences; a part of the corpus is in an order of chance,
always the same one, so that its first hundreds are a fair sample of it.
"""

import random
import re
from dataclasses import replace
from io import BytesIO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from .data_folder import data_files
from .downloads import Origin, RemoteFile
from .simplified import simplified
from .tsv import read_tsv

SIZES = "about 25,000 train, 1,400 valid, 1,400 test"
FEWEST, MOST = 10_000, 50_000_000  # lines and bytes of an export that we believe


def tatoeba_corpus(name):
    """The pairs of `tatoeba/cmn.txt`, each once, in simplified characters; the file is fetched if need be."""
    corpus = read_tsv(*data_files(ORIGIN), "en", "zh")
    parts = {part: list(dict.fromkeys(map(in_simplified, corpus.pairs(part)))) for part in corpus.parts}
    for pairs in parts.values():
        random.Random(0).shuffle(pairs)
    return replace(corpus, name=name, make=parts.__getitem__)


def export(archive):
    """The file cmn.txt in the archive that manythings.org offers; ValueError if it has none like it."""
    try:
        with ZipFile(BytesIO(archive)) as members:
            if members.getinfo("cmn.txt").file_size > MOST:
                raise ValueError(f"its cmn.txt has more than the {MOST:,} bytes that we accept")
            text = members.read("cmn.txt")
    except (BadZipFile, KeyError, ZlibError, EOFError, RuntimeError) as error:
        raise ValueError(f"what came is no zip archive with a sound cmn.txt ({error})") from error
    lines = [line for line in text.decode("utf-8-sig").split("\n") if line.strip()]
    good = sum(bool(re.match("[^\t]+\t[^\t]*[\u3400-\u9fff]", line)) for line in lines)
    if good < max(FEWEST, 0.95 * len(lines)):
        raise ValueError(f"only {good:,} lines of its cmn.txt are English, a tab and Chinese")
    return text


ORIGIN = Origin(
    page="https://www.manythings.org/anki/",
    licence="CC BY 2.0 FR",
    files=(
        RemoteFile(
            name="tatoeba/cmn.txt",
            url="https://www.manythings.org/anki/cmn-eng.zip",
            size=1_300_000,
            most=20_000_000,
            unpack=export,
        ),
    ),
)


def in_simplified(pair):
    return replace(pair, target=simplified(pair.target))
