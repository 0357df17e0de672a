"""A folder to work in, and command lines run in it without a new process."""

import io
import sys
import warnings

import pytest
from small_course import small_translator, write_tsv

from seqcourse.__main__ import main

TINY = "--d-model 12 --nhead 3 --layers 1 --dim-feedforward 11 --vocab-size 60".split()


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in, with a translator, `model`, and a corpus, `own.tsv`."""
    monkeypatch.chdir(tmp_path)
    small_translator().save("model")
    write_tsv(tmp_path / "own.tsv")
    return tmp_path


@pytest.fixture
def run(place, monkeypatch, capsys):
    """Run a command line; give its exit code, standard output and standard error."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="ascii"))
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code
        return code, *capsys.readouterr()

    return run


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
