"""Fifty natural sentences with their Chinese, aligned by hand: the files of `data/aligned/`."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from .scores import alignment_error_rate
from .shipped import shipped
from .syllables import syllables
from .tsv import read_text, shortened
from .vocabulary import clean

SENTENCES = ("number", "English", "Chinese", "pinyin", "gloss", "phenomena")  # columns of sentences.tsv
LINKS = ("number", "links")  # columns of the other files
ENGLISH = r"[\w'-]+|[^\w\s]"  # an English token: a word, with its apostrophes and hyphens, or a mark


@dataclass(frozen=True)
class AlignedPair:
    """A sentence and its translation, with the links that a person drew between words and characters.

    source_tokens: English words and marks   target_tokens: Chinese characters and marks
    `sounds` and `glosses` say of each character how it is read and what the word that it belongs to means.
    Links are (source index, target index): `sure` ones, and `possible` ones, of which the sure are a part.
    """

    source: str
    target: str
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    sounds: tuple[str, ...]
    glosses: tuple[str, ...]
    tags: frozenset[str]
    sure: frozenset[tuple[int, int]] = frozenset()
    possible: frozenset[tuple[int, int]] = frozenset()

    @property
    def notes(self):
        """How each character sounds and what its word means, by character, for `draw_attention(gloss=…)`."""
        said = {}
        for token, *note in zip(self.target_tokens, self.sounds, self.glosses, strict=True):
            if token.isalnum():
                for kind, part in zip(said.setdefault(token, ([], [])), note, strict=True):
                    kind.extend([part] if part not in kind else [])
        return {token: f"{'/'.join(sounds)} {'/'.join(words)}" for token, (sounds, words) in said.items()}


def load_aligned(links="gold", folder=None):
    """The pairs that come with the course, a list of `AlignedPair`, or those of a folder of yours.

    links: "gold", or "first_pass" or "second_pass", the two readings that it was made from. ValueError, with
    file, line and reason, when a file is not as `data/aligned/README.md` says.
    """
    folder = shipped("aligned") if folder is None else Path(folder)
    pairs = [read_pair(*row) for row in read_rows(folder / "sentences.tsv", SENTENCES)]
    path = folder / f"{links}.tsv"
    drawn = [read_links(*row, pairs) for row in read_rows(path, LINKS)]
    if len(drawn) < len(pairs):
        raise ValueError(
            f"{path} ends after {len(drawn)} of {len(pairs)} sentences: links of the others are missing"
        )
    return [
        replace(pair, sure=sure, possible=possible)
        for pair, (sure, possible) in zip(pairs, drawn, strict=True)
    ]


def read_rows(path, columns):
    """Yield the lines of a table under its heading: where each stands, its number, its other fields."""
    lines = read_text(path).removesuffix("\n").split("\n")
    if lines[0].split("\t") != list(columns):
        raise ValueError(f"{path}, line 1: the heading must be {', '.join(columns)}, with tabs between")
    for number, line in enumerate(lines[1:], start=1):
        where, fields = f"{path}, line {number + 1}", line.split("\t")
        if not line.strip():
            raise ValueError(f"{where} is empty: delete it")
        if len(fields) != len(columns):
            raise ValueError(f"{where} has {len(fields)} columns, not {len(columns)} ({', '.join(columns)})")
        if fields[0] != str(number):
            raise ValueError(
                f"{where}: sentences are numbered 1, 2, 3, …; here stands {fields[0]!r}, not {number}"
            )
        yield where, number, *fields[1:]


def read_pair(where, number, source, words, pinyin, gloss, tags):
    """A sentence as an `AlignedPair` without links."""
    words, pinyin, gloss = words.split(), pinyin.split(), gloss.split()
    if not len(words) == len(pinyin) == len(gloss):
        sizes = f"{len(words)} Chinese words, {len(pinyin)} in pinyin, {len(gloss)} glosses"
        raise ValueError(f"{where}: {sizes}; each word needs one of each")
    target = "".join(words)
    for text, language in ((source, "en"), (target, "zh")):
        if text != clean(text, language) or not text:
            raise ValueError(f"{where}: write {shortened(clean(text, language))}, not {shortened(text)}")
    sounds = [
        sound
        for word, reading in zip(words, pinyin, strict=True)
        for sound in sounds_of(where, word, reading)
    ]
    glosses = [meaning for word, meaning in zip(words, gloss, strict=True) for _ in word]
    tokens = tuple(english_tokens(source)), tuple(target)
    return AlignedPair(source, target, *tokens, tuple(sounds), tuple(glosses), frozenset(tags.split()))


def english_tokens(text):
    """The words and marks of an English text; a word keeps its apostrophes and hyphens: `don't` is one."""
    return re.findall(ENGLISH, text)


def sounds_of(where, word, reading):
    """The syllable of each character of a word; a mark is read as it is written."""
    if not word.isalnum():
        return [reading] * len(word)
    try:
        return syllables(reading, len(word))
    except ValueError as error:
        raise ValueError(f"{where}: {word} has {len(word)} characters, but {error}") from None


def read_links(where, number, text, pairs):
    """The sure and the possible links of a line: `3-5` is sure, `3?5` is possible; a sure one is both."""
    if number > len(pairs):
        raise ValueError(f"{where}: there are only {len(pairs)} sentences to link")
    source, target = pairs[number - 1].source_tokens, pairs[number - 1].target_tokens
    kinds = {}
    for link in text.split():
        found = re.fullmatch(r"(\d+)([-?])(\d+)", link, re.ASCII)
        if not found:
            raise ValueError(f"{where}: {link!r} is no link; write 3-5 for a sure and 3?5 for a possible one")
        s, t = int(found[1]), int(found[3])
        if s >= len(source) or t >= len(target):
            ends = f"English tokens 0 to {len(source) - 1}, Chinese 0 to {len(target) - 1}"
            raise ValueError(f"{where}: {link} lies outside the sentence, which has {ends}")
        if (s, t) in kinds:
            twice = "twice" if kinds[s, t] == found[2] else "as sure and as possible"
            raise ValueError(f"{where}: {source[s]}–{target[t]}, {link}, stands there {twice}; keep one")
        kinds[s, t] = found[2]
    return frozenset(link for link, kind in kinds.items() if kind == "-"), frozenset(kinds)


def agreement_of_passes(first, second):
    """How far two passes over the same sentences agree, two lists of `AlignedPair`: three numbers, by name.

    "F1 of sure links" and "F1 of all links": twice the links that both have, over the sum of the links that
    each has. "AER": the alignment error rate of one's sure links by the other's, the mean of both ways.
    """
    sure, possible = (
        [[getattr(p, kind) for p in pairs] for pairs in (first, second)] for kind in ("sure", "possible")
    )
    ways = [alignment_error_rate(sure[i], sure[1 - i], possible[1 - i]) for i in (0, 1)]
    return {
        "F1 of sure links": 1 - alignment_error_rate(*sure),
        "F1 of all links": 1 - alignment_error_rate(*possible),
        "AER": sum(ways) / 2,
    }
