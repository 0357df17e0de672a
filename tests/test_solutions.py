"""Every solution that a notebook prints is right: put in the place of its stub, it satisfies the check.

An exercise runs from a heading "Exercise …" to the next heading. Its solutions are the python blocks folded
away under "Solution". The stub of a solution is the nearest code cell above it whose names the solution
defines, every one; the check is the code cell after the stub, and prints "Right" first when it is satisfied.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_reading import MAGIC, assigned

from tools.run_notebooks import execute

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
EXERCISE = re.compile(r"#+ (Exercise\b.*)")
FOLDED = re.compile(r"<summary>Solution.*?</details>", re.S)
BLOCK = re.compile(r"^```python\n(.*?)\n```", re.M | re.S)


def exercises(notebook):
    """The exercises by title: the cells of each, from its heading on."""
    found, title = {}, None
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            heading = EXERCISE.match(cell.source)
            title = heading and heading[1]
        if title:
            found.setdefault(title, []).append(cell)
    return found


def solutions(exercise):
    """The solutions of an exercise: stub, check and code of each; without a stub both are None."""
    for place, cell in enumerate(exercise):
        for block in BLOCK.findall("\n".join(FOLDED.findall(cell.source))):
            code = [c for c in exercise[:place] if c.cell_type == "code"]
            stubs = [
                i for i, c in enumerate(code[:-1]) if names(c.source) and names(c.source) <= names(block)
            ]
            yield (code[stubs[-1]], code[stubs[-1] + 1], block) if stubs else (None, None, block)


def names(source):
    """The functions, classes and variables that a cell defines, and what it imports."""
    tree = ast.parse(MAGIC.sub(r"\1pass", source))
    imports = [a for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names]
    defined = {node.name for node in tree.body if hasattr(node, "name")}
    return assigned(tree) | defined | {(a.asname or a.name).split(".")[0] for a in imports}


def needed(cells, wanted):
    """The code cells that define what the wanted ones use, and what those use, and so on; in their order."""
    kept, used = [], set()
    for cell in reversed([cell for cell in cells if cell.cell_type == "code"]):
        tree = ast.parse(MAGIC.sub(r"\1pass", cell.source))
        if cell in wanted or names(cell.source) & used:
            kept.append(cell)
            used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return kept[::-1]


def satisfied(check):
    printed = [output.text for output in check.outputs if output.get("name") == "stdout"]
    shown = [output.data.get("text/plain", "") for output in check.outputs if "data" in output]
    return "".join(printed + shown).startswith("Right")


def what_is_missing(notebook, may_be_unsolved=False):
    """Complaints about exercises and solutions that cannot be tried; nothing is run."""
    folded = sum(len(FOLDED.findall(cell.source)) for cell in notebook.cells)
    for title, cells in exercises(notebook).items():
        folded -= sum(len(FOLDED.findall(cell.source)) for cell in cells)
        found = list(solutions(cells))
        if not found and not may_be_unsolved:
            yield f"{title} has no solution: fold python code away under <summary>Solution</summary>"
        for stub, check, code in found:
            if stub is None:
                yield f"{title} has no stub with a check after it that defines only what this does:\n{code}"
            elif satisfied(check):
                yield f"{title}: the check calls the stub right"
    if folded:
        yield f"{folded} solutions stand under no heading `## Exercise …`"


def what_is_wrong(notebook, folder):
    """Complaints about solutions: the notebook is run with each in the place of its stub.

    First only the cells that the checks need; where that does not do, all of them, up to the last check.
    """
    tried = []
    for title, cells in exercises(notebook).items():
        for stub, check, code in [found for found in solutions(cells) if found[0]]:
            if any(check is other for *_, other in tried):  # another way to solve it, tried after the first
                after = notebook.cells.index(check) + 1
                stub, check = new_code_cell(), new_code_cell(check.source)
                notebook.cells[after:after] = [stub, check]
            stub.source = code
            tried.append((title, code, check))
    if tried:
        del notebook.cells[max(notebook.cells.index(check) for *_, check in tried) + 1 :]
        few = new_notebook(cells=needed(notebook.cells, [check for *_, check in tried]))
        complaint, _ = execute(few, folder)
        if complaint or not all(satisfied(check) for *_, check in tried):
            complaint, _ = execute(notebook, folder)
        yield from [complaint] if complaint else []
    for title, code, check in tried:
        if not satisfied(check):
            yield f"{title}: the check says {[output.get('text') for output in check.outputs]} to\n{code}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exercise_has_a_solution(path):
    first = path.stem.startswith("00")  # its last exercise is done at a terminal
    assert list(what_is_missing(nbformat.read(path, as_version=4), may_be_unsolved=first)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_solution_satisfies_its_check(path):
    assert list(what_is_wrong(nbformat.read(path, as_version=4), path.parent)) == []


# ------------------------------------------------------------------- a guard that never barks guards nothing

STUB, CHECK = "def my_double(x):\n    return None", "print('Right.' if my_double(3) == 6 else 'Not yet.')"


def lesson(*exercises):
    """A notebook of exercises: STUB and CHECK, with these blocks of code folded away in each."""
    cells = []
    for number, blocks in enumerate(exercises, 1):
        cells += [
            new_markdown_cell(f"## Exercise {number}: twice"),
            new_code_cell(STUB),
            new_code_cell(CHECK),
        ]
        folded = "".join(f"\n```python\n{block}\n```\n" for block in blocks)
        hint = "<details><summary>Hint</summary>\n\n```python\nx + x\n```\n\n</details>\n"
        cells.append(new_markdown_cell(hint + f"<details><summary>Solution</summary>\n{folded}\n</details>"))
    return new_notebook(cells=[*cells, new_markdown_cell("## What we keep")])


def test_wrong_solutions_are_named_and_right_ones_pass_whichever_stands_first(tmp_path):
    right = "import math\n\nfactor = 2\n\n\ndef my_double(x):\n    # twice\n    return factor * x"
    wrong = "def my_double(x):\n    return x + 2"
    complaints = list(what_is_wrong(lesson([right, wrong], [wrong, right], [right]), tmp_path))
    assert [complaint.split(":")[0] for complaint in complaints] == ["Exercise 1", "Exercise 2"]
    assert all("Not yet." in complaint and wrong in complaint for complaint in complaints)
    (broken, unsaid) = what_is_wrong(lesson(["def my_double(x):\n    return y"]), tmp_path)
    assert "NameError" in broken and unsaid.startswith("Exercise 1")


def test_what_cannot_be_tried_is_missing():
    right = "def my_double(x):\n    return 2 * x"
    assert list(what_is_missing(lesson([right], [right, right]))) == []
    (complaint,) = what_is_missing(lesson([right], []))
    assert complaint.startswith("Exercise 2: twice has no solution")
    (complaint,) = what_is_missing(lesson([right.replace("my_double", "my_twice")]))
    assert complaint.startswith("Exercise 1: twice has no stub")
    unchecked, homeless, vacuous = lesson([right]), lesson([right]), lesson([right])
    del unchecked.cells[2]
    assert "has no stub with a check" in next(what_is_missing(unchecked))
    homeless.cells[0].source = "## A question: twice"
    assert list(what_is_missing(homeless)) == ["1 solutions stand under no heading `## Exercise …`"]
    vacuous.cells[2].outputs = [new_output("stream", name="stdout", text="Right.")]
    assert list(what_is_missing(vacuous)) == ["Exercise 1: twice: the check calls the stub right"]


def test_only_the_cells_that_a_check_needs_are_run():
    notebook = lesson(["def my_double(x):\n    return factor * x"])
    slow = new_code_cell("slow = 1 / 0")
    notebook.cells[:0] = [
        new_code_cell("from math import tau as circle"),
        slow,
        new_code_cell("factor = round(circle / 3)"),
    ]
    assert list(what_is_wrong(notebook, Path())) == []
    check = notebook.cells[-1]
    assert [cell.source[:6] for cell in needed(notebook.cells, [check])] == [
        "from m",
        "factor",
        "def my",
        "print(",
    ]


def test_a_check_that_needs_more_than_names_tell_gets_the_whole_notebook(tmp_path):
    notebook = lesson(["def my_double(x):\n    return values[0] * x"])
    notebook.cells[:0] = [new_code_cell("values = []"), new_code_cell("values.append(2)")]
    assert list(what_is_wrong(notebook, tmp_path)) == []
