"""Files of sentences with their translations, and which part of a corpus a sentence belongs to."""

import re
import unicodedata
from hashlib import sha256
from pathlib import Path

from .pairs import Corpus, Pair


def read_tsv(path, source_language=None, target_language=None):
    """A Corpus from a UTF-8 file with a sentence, a tab and its translation on each line.

    Further columns are ignored (in Tatoeba's they name the authors) and blank lines are skipped and counted.
    The parts are train, valid and test, see `part_of`; when no sentence falls into train, train has all of
    them. Those of a small file may be empty. ValueError, naming the file, the line and the remedy, if it is
    not UTF-8, a line has no translation, or there is no line at all.
    """
    path, parts = Path(path), {"train": [], "valid": [], "test": []}
    lines = read_text(path).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        source, _, rest = line.partition("\t")
        source, target = source.strip(), rest.partition("\t")[0].strip()
        if source and target:
            parts[part_of(source)].append(Pair(source, target))
        elif line.strip():
            raise ValueError(
                f"{path}, line {number}: {shortened(line)} is not a sentence, a tab and its translation; "
                "mend or delete the line (do commas or spaces stand where the tab should be?)"
            )
    pairs = [pair for part in parts.values() for pair in part]
    if not pairs:
        raise ValueError(
            f"{path} has no sentences: each line should be a sentence, a tab and its translation"
        )
    if not parts["train"]:
        parts = {"train": pairs, "valid": [], "test": []}
    source_language = source_language or guess_language([pair.source for pair in pairs]) or "en"
    target_language = target_language or guess_language([pair.target for pair in pairs]) or "xx"
    skipped = len(lines) - len(pairs)
    return Corpus(path.name, source_language, target_language, tuple(parts), parts.__getitem__, skipped)


def read_text(path):
    """The text of a UTF-8 file, its byte order mark apart; ValueError with line and remedy if it is not."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        encoding = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "ISO-8859-1"
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8, the file may be {encoding}; "
            f"save it as UTF-8, or convert it: iconv -f {encoding} -t UTF-8 {path.name} > utf8.tsv"
        ) from error


def part_of(source):
    """train (90 %), valid or test (5 % each), by a hash of the sentence without its case and punctuation.

    So all translations of a sentence are in one part, and a newer file never moves a sentence to another.
    """
    words = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", source).casefold()).strip()
    number = int.from_bytes(sha256(words.encode("utf-8")).digest()[:8], "big") % 20
    return {0: "valid", 1: "test"}.get(number, "train")


def guess_language(texts):
    """ "ja" if a tenth of the letters are kana, "zh" if half of them are Chinese characters, else None."""
    letters = re.sub(r"[\W\d_]", "", "".join(texts))
    kana, han = (len(re.findall(signs, letters)) for signs in ("[\u3040-\u30ff]", "[\u3400-\u9fff]"))
    if letters and 10 * kana >= len(letters):
        return "ja"
    return "zh" if letters and 2 * han >= len(letters) else None


def shortened(line, most=60):
    return repr(line if len(line) <= most else line[:most] + "…")
