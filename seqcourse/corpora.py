"""Corpora: sentences and their translations, in parts to learn from and parts to be tested on."""

import os
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from .multi30k import multi30k_corpus, multi30k_names
from .pairs import Corpus
from .tatoeba import tatoeba_corpus
from .toy import PARTS, toy_corpus_names, toy_pairs
from .tsv import read_tsv


def known_corpora():
    """The corpora that have a name: name -> a function of the name that makes the Corpus."""
    return (
        {name: toy_corpus for name in toy_corpus_names()}
        | {"tatoeba-en-zh": tatoeba_corpus}
        | {name: multi30k_corpus for name in multi30k_names()}
    )


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
