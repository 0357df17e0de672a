"""Tatoeba: sentences that people wrote and translated, English and Chinese, as manythings.org exports them.

Parts are those of `read_tsv`: all translations of a sentence are in one part. The file mixes simplified
and traditional characters; the corpus is simplified.
"""

import re
from dataclasses import replace
from functools import cache

from .downloads import data_file
from .shipped import shipped
from .tsv import read_tsv


def tatoeba_corpus(name):
    """The pairs of `tatoeba/cmn.txt`, each once, in simplified characters."""
    corpus = read_tsv(data_file("tatoeba/cmn.txt"), "en", "zh")
    parts = {
        part: list(
            dict.fromkeys(replace(pair, target=simplified(pair.target)) for pair in corpus.pairs(part))
        )
        for part in corpus.parts
    }
    return replace(corpus, name=name, make=parts.__getitem__)


def simplified(text):
    """A Chinese sentence in simplified characters, by the table `data/simplified/characters.txt`.

    What GB 2312 can write is simplified already and stays as it is; so does what the table does not know.
    """
    if all(can_be_simplified_chinese(sign) for sign in text):
        return text
    table, pattern = simplification()
    return pattern.sub(lambda found: table.get(found[0], found[0]), text)


@cache
def can_be_simplified_chinese(sign):
    """Whether GB 2312 has a character; it has no traditional one that was simplified, but for a few."""
    try:
        return bool(sign.encode("gb2312"))
    except UnicodeEncodeError:
        return not "\u3400" <= sign <= "\u9fff"


@cache
def simplification():
    lines = shipped("simplified/characters.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    table = {traditional: row[0] for row in rows for traditional in row[1:]}
    words = sorted((entry for entry in table if len(entry) > 1), key=len, reverse=True)
    return table, re.compile("|".join([*words, "."]))
