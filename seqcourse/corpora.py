"""Corpora: sentences and their translations, in parts to learn from and parts to be tested on."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from . import multi30k, tatoeba, toy
from .data_folder import data_folder
from .downloads import Origin
from .pairs import Corpus
from .tsv import read_tsv


@dataclass(frozen=True)
class Known:
    """What is known of a corpus before it is read: how to make it, how large it is, and where it comes from.

    `origin` is None when it comes with the course.
    """

    make: Callable[[str], Corpus]
    sizes: str
    origin: Origin | None = None


def known_corpora():
    """The corpora that have a name: name -> `Known`. A name ends in the two languages: toy-en-zh."""
    toys = {name: Known(toy_corpus, sizes_in_words(toy.SIZES)) for name in toy.toy_corpus_names()}
    real = {"tatoeba-en-zh": Known(tatoeba.tatoeba_corpus, tatoeba.SIZES, tatoeba.ORIGIN)}
    for name in multi30k.multi30k_names():
        sizes = sizes_in_words(multi30k.SIZES)
        real[name] = Known(multi30k.multi30k_corpus, sizes, multi30k.multi30k_origin(name))
    return toys | real


def sizes_in_words(sizes):
    """The sizes of parts as people write them: 1,000 valid, 1,000 test."""
    return ", ".join(f"{size:,} {part}" for part, size in sizes.items())


def corpus_names():
    """The names that `load_corpus` knows."""
    return list(known_corpora())


def load_corpus(name_or_path, source_language=None, target_language=None):
    """The corpus of that name, or one read from a TSV file of your own by `read_tsv`.

    Real corpora are fetched on first use (ConnectionError when that fails). A file that is not where the path
    says is looked for in the folder that SEQCOURSE_DATA names. Languages are codes such as "en"; those of a
    file are guessed unless given. FileNotFoundError with near names if there is no such corpus and no file.
    """
    known = known_corpora()
    if str(name_or_path) in known:
        return known[str(name_or_path)].make(str(name_or_path))
    for folder in (Path(), data_folder()):
        if (path := folder / name_or_path).is_file():
            return read_tsv(path, source_language, target_language)
    near = get_close_matches(str(name_or_path), known, cutoff=0.4) or known
    kind = "a folder, not a file" if Path(name_or_path).is_dir() else "neither a corpus nor a file"
    raise FileNotFoundError(
        f"{name_or_path} is {kind}; give the path of a TSV file, or a name: {', '.join(near)}"
    )


def toy_corpus(name):
    """A toy corpus."""
    _, source_language, target_language = name.split("-")
    return Corpus(name, source_language, target_language, toy.PARTS, partial(toy.toy_pairs, name))
