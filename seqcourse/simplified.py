"""Chinese in simplified characters, whoever wrote it."""

import re
from functools import cache

from .shipped import shipped


def simplified(text):
    """A Chinese sentence in simplified characters, by the table `data/simplified/characters.txt`.

    What GB 2312 can write is simplified already and stays as it is; so does what the table does not know.
    """
    if all(in_gb2312(sign) or not "\u3400" <= sign <= "\u9fff" for sign in text):
        return text
    table, pattern = characters()
    return pattern.sub(lambda found: table.get(found[0], found[0]), text)


@cache
def in_gb2312(sign):
    """Whether GB 2312 has a character; of the traditional ones that were simplified it has only a few."""
    try:
        return bool(sign.encode("gb2312"))
    except UnicodeEncodeError:
        return False


@cache
def characters():
    """The table, traditional -> simplified, and a pattern that finds its words before single characters."""
    lines = shipped("simplified/characters.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    table = {traditional: row[0] for row in rows for traditional in row[1:]}
    words = sorted((entry for entry in table if len(entry) > 1), key=len, reverse=True)
    return table, re.compile("|".join([*words, "."]))
