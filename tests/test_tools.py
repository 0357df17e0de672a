"""What runs the notebooks and writes the repository's address does what CONTRIBUTING.md says, and no more."""

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import address, run_notebooks

BAR = "import sys\nfor step in range(3):\n    print(f'\\r{step} of 3', end='', file=sys.stderr)\n"


def lesson(folder, *code):
    """A notebook as Jupyter leaves it: with a kernel's private name, widget state and times of execution."""
    title = new_markdown_cell(f"# A trial\n\n{address.NO_BADGE}")
    cells = [
        new_code_cell(source, metadata={"execution": {"iopub.busy": "noon"}, "tags": ["kept"]})
        for source in code
    ]
    kernel = {"name": "mine", "display_name": "My Python", "language": "python"}
    metadata = {"kernelspec": kernel, "widgets": {"state": {}}}
    notebook = new_notebook(cells=[title, new_code_cell(address.SETUP), *cells], metadata=metadata)
    path = folder / "notebooks" / "42_a_trial.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def test_a_notebook_is_run_in_place_and_tidied(tmp_path, capsys):
    path = lesson(
        tmp_path,
        "from pathlib import Path\n\nPath().resolve().name",
        BAR + "print('\\r      \\r', end='', file=sys.stderr)",
    )
    before = nbformat.read(path, as_version=4)
    assert run_notebooks.run_in_place(path) == 0
    after = nbformat.read(path, as_version=4)
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    assert [cell.execution_count for cell in after.cells[1:]] == [1, 2, 3]
    assert after.cells[2].outputs[0].data["text/plain"] == "'notebooks'"  # where Jupyter runs it, too
    assert after.cells[3].outputs == []  # the progress bar has gone
    assert [cell.metadata for cell in after.cells[2:]] == [{"tags": ["kept"]}] * 2
    assert after.metadata.kernelspec.name == "python3" and "widgets" not in after.metadata
    assert re.search(r"42_a_trial +\d+\.\d s +stored", capsys.readouterr().out)


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, capsys):
    path = lesson(tmp_path, "print(1)", "assert seed > 0, 'too small'")
    before = path.read_bytes()
    assert run_notebooks.run_in_place(path) == 1
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
    assert "cell 4: AssertionError: too small" in capsys.readouterr().out


def test_seeds_reach_the_notebook_and_change_no_file(tmp_path, capsys):
    path = lesson(tmp_path, "assert seed != 3")
    before = path.read_bytes()
    assert run_notebooks.try_seeds(path) == 1
    assert path.read_bytes() == before
    assert re.findall(r"seed (\d)  (\w+)", capsys.readouterr().out) == [
        *[(str(seed), "pass") for seed in range(3)],
        ("3", "FAIL"),
        ("4", "pass"),
    ]


def test_a_notebook_is_found_by_name_and_by_number(tmp_path):
    path = lesson(tmp_path)
    for name in ("42", "42_a_trial", "42_a_trial.ipynb", "notebooks/42_a_trial.ipynb"):
        assert run_notebooks.find([name], path.parent) == [path]
    with pytest.raises(SystemExit, match="no notebook 43; there is: 42_a_trial"):
        run_notebooks.find(["43"], path.parent)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [("plain  ", "plain  "), ("\r10%\r  9%", "  9%"), ("\rlong one\rshort   ", "short"), ("one\r", "one")],
)
def test_a_carriage_return_starts_the_line_again(printed, shown):
    assert run_notebooks.as_a_terminal_shows(printed) == shown


def course(folder):
    path = lesson(folder, "print(seed)")
    (folder / "README.md").write_text(
        f"# Trial\n\n{address.NO_CLONE}\n\n{address.NO_BADGE}\n", encoding="utf-8"
    )
    return path


def write(folder, repo, ref="main"):
    changed = address.rewritten(folder, repo, ref)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return len(changed)


def test_the_address_is_written_once_and_changed_later(tmp_path):
    path = course(tmp_path)
    assert write(tmp_path, "ada/first") == 2
    assert write(tmp_path, "ada/first") == 0
    assert write(tmp_path, "grace/second.one", "v1.0") == 2
    title, setup = nbformat.read(path, as_version=4).cells[:2]
    assert "/github/grace/second.one/blob/v1.0/notebooks/42_a_trial.ipynb)" in title.source
    assert 'address = "git+https://github.com/grace/second.one@v1.0"\n' in setup.source
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "git clone https://github.com/grace/second.one && cd second.one\nmake lab" in readme
    assert "ada/first" not in readme + path.read_text(encoding="utf-8")


def test_nothing_else_of_a_notebook_changes_with_the_address(tmp_path):
    path = course(tmp_path)
    before = json.loads(path.read_text(encoding="utf-8"))
    write(tmp_path, "ada/first")
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after["cells"][2:] == before["cells"][2:] and after["metadata"] == before["metadata"]
    nbformat.validate(nbformat.read(path, as_version=4))


def test_a_place_for_the_address_that_is_missing_is_named(tmp_path):
    path = course(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("address = ", "adress = "), encoding="utf-8")
    with pytest.raises(ValueError, match="42_a_trial.ipynb, cell 2"):
        address.rewritten(tmp_path, "ada/first", "main")


@pytest.mark.parametrize(
    "repo",
    [
        "",
        "ada",
        "ada/",
        "/x",
        "ada/x/y",
        "a b/x",
        "https://github.com/ada/x",
        "ada/x.git",
        "ada/..",
        "-a/x",
        "a--b/x",
        'ada/x"',
    ],
)
def test_a_malformed_repository_is_refused(repo):
    with pytest.raises(SystemExit, match="is not owner/name"):
        address.main(repo)


@pytest.mark.parametrize("ref", ["", "-x", "a..b", "a b", "x/", '"', "/x"])
def test_a_malformed_branch_is_refused(ref):
    with pytest.raises(SystemExit, match="no name of a branch"):
        address.main("ada/first", ref)
