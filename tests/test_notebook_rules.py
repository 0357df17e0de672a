"""A guard that never barks guards nothing: each rule on notebooks is broken here once, and complains."""

import base64
import json
import struct

import pytest
from notebook_reading import read_course
from rules_of_form import FORM
from rules_of_words import WORDS

from tools.address import NO_BADGE, SETUP

RULES = {rule.__name__: rule for rule in WORDS + FORM}
KEPT = '''\
def weigh(scores):
    """Divide by the sum, so that the sum is one."""
    return [s / sum(scores) for s in scores]
'''
MODULE = f'''\
"""Weighing."""

SCALE = 2


{KEPT}

def plumb():
    """Nothing that a lesson teaches."""
'''


def cell(kind, source, number=None, printed="", tags=()):
    made = {"cell_type": kind, "id": f"cell-{number}-{len(source)}", "metadata": {}, "source": source}
    made["metadata"] = {"tags": list(tags)} if tags else {}
    if kind == "code":
        streams = [{"output_type": "stream", "name": "stdout", "text": [printed]}] if printed else []
        made |= {"execution_count": number, "outputs": streams}
    return made


def store(root, stem, title, *code):
    cells = [cell("markdown", f"# {title}\n\n{NO_BADGE}"), cell("code", SETUP + "\nimport torch", 1)]
    cells += [cell("code", source, number, *more) for number, (source, *more) in enumerate(code, 2)]
    kernel = {"kernelspec": {"name": "python3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (root / "notebooks" / f"{stem}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture
def course(tmp_path):
    """A course of two lessons that keeps every rule: the first keeps `weigh`, the second uses it."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "seqcourse").mkdir()
    (tmp_path / "seqcourse" / "weighing.py").write_text(MODULE, encoding="utf-8")
    keep, check = "# seqcourse/weighing.py\n" + KEPT.rstrip(), "assert sum(weigh([1, 3])) == 1"
    store(tmp_path, "05_weighing", "Weighing", [keep], [check], ["print(7)", "7\n", ("nbval-check-output",)])
    use = "from seqcourse.weighing import plumb, weigh\n\ntorch.manual_seed(seed)"
    store(tmp_path, "06_using_it", "06 Using it", [use], ["assert weigh([2]) == [1]"])
    return tmp_path


def edit(course, stem, change):
    path = course / "notebooks" / f"{stem}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook, notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def complaints(course):
    read = read_course(course)
    return {name: [c for n in read.notebooks for c in rule(read, n)] for name, rule in RULES.items()}


def say(number, source):
    """Change a cell's source (numbered from 1, as a reader counts)."""
    return lambda notebook, cells: cells[number - 1].update(source=source)


def show(number, **output):
    """Give a cell another output."""
    return lambda notebook, cells: cells[number - 1].update(outputs=[output])


def picture(width, dpi):
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, 100) + bytes(9)
    resolution = struct.pack(">I4sIIB", 9, b"pHYs", round(dpi / 0.0254), round(dpi / 0.0254), 1)
    png = base64.b64encode(header + resolution).decode()
    return show(5, output_type="display_data", data={"image/png": png, "text/plain": ["<Figure size 9x9>"]})


MORE = cell("code", "x = 1", 6)
IMPORT = "from seqcourse.weighing import "
BREAKAGES = {
    # rule: [(which lesson, what happens to it, part of the complaint), ...]
    "kept_cells_stand_word_for_word_in_their_file": [
        (5, say(3, f"# seqcourse/weighing.py\n{KEPT.replace('one', '1')}"), "differ"),
        (5, say(3, f"# seqcourse/weighting.py\n{KEPT}"), "does not exist"),
        (5, say(3, "# seqcourse/weighing.py\nx = 1"), "keeps no function"),
    ],
    "a_name_of_the_package_is_defined_only_where_it_is_taught": [
        (5, say(3, f"# Seqcourse/weighing.py\n{KEPT}"), "defines weigh again"),
        (5, say(4, f"# seqcourse/weighing.py\n{KEPT}"), "defines weigh again"),
        (6, say(4, f"# seqcourse/weighing.py\n{KEPT}"), "defines weigh again"),
        (6, say(4, "def plumb():\n    pass"), "defines plumb again"),
        (6, say(4, "SCALE = 3"), "defines SCALE again"),
        (6, say(4, "for weigh in range(3):\n    pass"), "defines weigh again"),
    ],
    "nothing_is_imported_before_it_is_taught": [
        (5, say(5, IMPORT + "weigh"), "imports weigh, which 05_weighing teaches"),
        (6, say(4, "import seqcourse.weighing"), "whole module"),
        (6, say(4, "from seqcourse import weighing"), "whole module"),
        (6, say(4, IMPORT + "*"), "whole module"),
    ],
    "the_title_names_the_file": [
        (5, say(1, f"# Weights\n{NO_BADGE}"), "does not say weighing"),
        (5, say(1, f"Weighing\n{NO_BADGE}"), "not a title"),
        (5, say(1, f"# Weighing\n{NO_BADGE}\n# More"), "these are more"),
    ],
    "the_second_cell_sets_up": [
        (5, say(2, SETUP.replace("assert address", "assert True")), "not the set-up cell"),
        (5, lambda notebook, cells: cells.insert(1, cell("markdown", "Hello")), "not the set-up cell"),
        (5, say(1, "# Weighing"), "no <!-- colab --> badge"),
    ],
    "seeds_come_from_the_set_up_cell": [
        (5, say(2, SETUP.replace("seed = 0", "seed = 1")), "0 times"),
        (5, say(4, "seed = 0"), "1 times"),
        (5, say(4, "torch.manual_seed(3)"), "use `seed`"),
        (5, say(4, "plumb(seed=0)"), "use `seed`"),
    ],
    "something_is_checked": [
        (6, say(4, "weigh([2])"), "nothing is checked"),
        (6, say(4, "assert True"), "nothing is checked"),
    ],
    "cells_are_short": [(5, say(4, "x = 1\n" * 31), "has 31 lines")],
    "it_was_run_from_top_to_bottom": [
        (5, lambda notebook, cells: cells.reverse(), "run it again"),
        (5, lambda notebook, cells: cells.pop(3), "run it again"),
        (5, lambda notebook, cells: cells.append(MORE | {"execution_count": None}), "run it again"),
    ],
    "no_check_is_vacuous": [
        (5, lambda notebook, cells: cells[4].update(execution_count=None), "was not run"),
        (5, lambda notebook, cells: cells[4].update(outputs=[]), "no output"),
        (5, show(5, output_type="stream", name="stderr", text="7"), "no output"),
        (5, picture(100, 100), "no output"),
        (5, say(4, "# NBVAL_CHECK_OUTPUT\nassert 1 < 2"), "no output"),
        (5, lambda notebook, cells: cells[3]["metadata"].update(tags=["nbval-skip"]), "skipped"),
    ],
    "it_is_stored_in_todays_format": [
        (5, lambda notebook, cells: notebook.update(nbformat_minor=4), "before 4.5"),
        (5, lambda notebook, cells: cells[0].pop("id"), "ids"),
        (5, lambda notebook, cells: cells[0].update(id=cells[1]["id"]), "ids"),
        (5, lambda notebook, cells: notebook["metadata"]["kernelspec"].update(name="mine"), "python3"),
        (5, lambda notebook, cells: notebook["metadata"].update(widgets={}), "widgets"),
    ],
    "it_shows_no_error_and_no_warning": [
        (5, show(5, output_type="error", ename="ValueError", evalue="", traceback=[]), "ValueError"),
        (5, show(5, output_type="stream", name="stderr", text=["UserWarning: old"]), "UserWarning"),
    ],
    "its_outputs_name_no_place_on_a_machine": [
        (5, show(5, output_type="stream", name="stdout", text=["saved\n", "/home/ada/x.png\n"]), "/home/ada"),
        (5, show(5, output_type="display_data", data={"text/plain": ["'C:\\Users\\ada'"]}), "C:"),
        (5, show(5, output_type="display_data", data={"text/html": "<a href='/tmp/x'>x</a>"}), "/tmp"),
    ],
    "it_is_light": [
        (5, picture(100, 300), "300 dpi"),
        (5, picture(2400, 100), "2400 x"),
        (5, show(5, output_type="stream", name="stdout", text=["7" * 1_500_000]), "bytes"),
    ],
}


def test_a_good_course_keeps_every_rule(course):
    assert not any(complaints(course).values()), complaints(course)


def test_every_rule_is_broken_below():
    assert set(BREAKAGES) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "lesson", "change", "complaint"),
    [
        pytest.param(rule, *broken, id=f"{rule}-{broken[2]}")
        for rule in BREAKAGES
        for broken in BREAKAGES[rule]
    ],
)
def test_the_rule_complains_when_it_is_broken(course, rule, lesson, change, complaint):
    edit(course, {5: "05_weighing", 6: "06_using_it"}[lesson], change)
    assert complaint in "\n".join(complaints(course)[rule])


def test_a_changed_package_is_noticed_too(course):
    file = course / "seqcourse" / "weighing.py"
    file.write_text(MODULE.replace("s / sum(scores)", "s"), encoding="utf-8")
    assert "differ" in complaints(course)["kept_cells_stand_word_for_word_in_their_file"][0]


def test_lesson_00_may_show_what_comes(course):
    store(course, "00_a_look_ahead", "A look ahead", [IMPORT + "weigh"], ["assert weigh([2]) == [1]"])
    assert not any(complaints(course).values()), complaints(course)


@pytest.mark.parametrize("stem", ["05_weights", "7_Weights", "notes"])
def test_a_notebook_that_stands_outside_the_order_is_noticed(course, stem):
    store(course, stem, stem, ["assert 1 < 2"])
    assert complaints(course)["the_title_names_the_file"]
