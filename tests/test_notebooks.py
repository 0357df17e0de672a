"""The notebooks and the package say the same thing, in the same words, in order; and every notebook was run.

The rules stand in rules_of_words.py and rules_of_form.py; test_notebook_rules.py breaks each of them once.
"""

import re
from pathlib import Path

import pytest
from notebook_reading import read_course
from rules_of_form import FORM
from rules_of_words import WORDS

ROOT = Path(__file__).parents[1]
COURSE = read_course(ROOT)


@pytest.mark.parametrize("rule", WORDS + FORM, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("notebook", COURSE.notebooks, ids=lambda notebook: notebook.path.stem)
def test_the_notebook_keeps_the_rule(notebook, rule):
    complaints = list(rule(COURSE, notebook))
    assert not complaints, f"{notebook.path.name}: " + "\n".join(complaints)


def test_the_readme_lists_the_notebooks_that_there_are():
    links = re.findall(r"\]\((notebooks/[^)\s]+\.ipynb)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    there = [notebook.path.relative_to(ROOT).as_posix() for notebook in COURSE.notebooks]
    assert sorted(set(links)) == there, "the lesson table of README.md and the folder notebooks/ differ"


def test_every_module_is_read_at_one_sitting():
    lines = {
        f"seqcourse/{name}": len(text.splitlines())
        for name, text in COURSE.modules.items()
        if not name.startswith("exercises_")  # lists of mistakes, read one at a time
    }
    long = {name: count for name, count in lines.items() if count > 220}
    assert not long, f"{long}: split them where they change their subject (aim at 150 lines)"


def test_the_command_line_lists_the_notebooks_that_there_are_with_their_questions():
    rows = [line.split("\t") for line in (ROOT / "data/lessons.tsv").read_text("utf-8").splitlines()]
    assert rows[0] == ["file", "asks", "exercises"]
    assert [file for file, *_ in rows[1:]] == [notebook.path.stem for notebook in COURSE.notebooks]
    for (_, question, _), notebook in zip(rows[1:], COURSE.notebooks, strict=True):
        assert f"*{question}*" in notebook.cells[0].source
