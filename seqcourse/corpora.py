"""Corpora: sentences and their translations, in parts to learn from and parts to be tested on."""

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from hashlib import sha256
from pathlib import Path

from .pairs import Pair
from .toy import PARTS, toy_corpus_names, toy_pairs


@dataclass(frozen=True)
class Corpus:
    """Pairs of sentences in two languages, divided into parts; `pairs(part)` is a list of `Pair`.

    `skipped` is the number of blank lines in the file that the corpus was read from.
    """

    name: str
    source_language: str
    target_language: str
    parts: tuple[str, ...]
    make: Callable[[str], list[Pair]] = field(repr=False)  # the pairs of a part, made once
    skipped: int = 0

    def pairs(self, part):
        """The pairs of one part; ValueError with the parts there are if it has no such part."""
        if part not in self.parts:
            raise ValueError(f"{self.name} has no part {part!r}; it has {', '.join(self.parts)}")
        return self.make(part)


def known_corpora():
    """The corpora that have a name: name -> a function of the name that makes the Corpus."""
    return {name: toy_corpus for name in toy_corpus_names()}


def corpus_names():
    """The names that `load_corpus` knows."""
    return list(known_corpora())


def load_corpus(name_or_path, source_language=None, target_language=None):
    """The corpus of that name, or one read from a TSV file of your own by `read_tsv`.

    A file that is not where the path says is looked for in the folder that SEQCOURSE_DATA names. Languages
    are codes such as "en"; those of a file are guessed unless given. FileNotFoundError with near names if
    there is no such corpus and no such file.
    """
    known = known_corpora()
    if str(name_or_path) in known:
        return known[str(name_or_path)](str(name_or_path))
    for folder in ("", os.environ.get("SEQCOURSE_DATA", "")):
        if (path := Path(folder, name_or_path)).is_file():
            return read_tsv(path, source_language, target_language)
    near = get_close_matches(str(name_or_path), known, cutoff=0.4) or known
    kind = "a folder, not a file" if Path(name_or_path).is_dir() else "neither a corpus nor a file"
    raise FileNotFoundError(
        f"{name_or_path} is {kind}; give the path of a TSV file, or a name: {', '.join(near)}"
    )


def toy_corpus(name):
    """A toy corpus, whose names end in its languages: toy-en-zh."""
    _, source_language, target_language = name.split("-")
    return Corpus(name, source_language, target_language, PARTS, partial(toy_pairs, name))


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
