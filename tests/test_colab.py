"""As in Colab: added packages are told from replaced ones, and no network is asked for the course."""

import json
import subprocess

import pytest

from tools import address, colab

BEFORE = {"numpy": "2.1.3", "torch": "2.11.0", "tornado": "6.5.1"}


def test_the_versions_of_colab_are_read_and_remarks_are_not():
    text = "# torch==1.0 is too old\nnumpy==2.1.3\n\njupyterlab_widgets==1.1.11\n"
    assert colab.pins(text) == {"numpy": "2.1.3", "jupyterlab_widgets": "1.1.11"}
    named = colab.pins((colab.ROOT / "colab-constraints.txt").read_text(encoding="utf-8"))
    assert {"ipywidgets": "7.7.1", "ipython": "7.34.0", "ipykernel": "6.17.1"}.items() <= named.items()


def test_torch_is_colabs_where_its_small_build_is_to_be_had_and_else_that_of_the_course(monkeypatch, capsys):
    there, ours = (
        colab.pins((colab.ROOT / name).read_text(encoding="utf-8"))
        for name in ("colab-constraints.txt", "constraints.txt")
    )
    monkeypatch.setattr(colab.platform, "system", lambda: "Linux")
    monkeypatch.setattr(colab.shutil, "which", lambda name: None)
    monkeypatch.setattr(colab.environment, "wants_cpu_build", lambda: True)
    assert colab.versions() == there
    monkeypatch.setattr(colab.environment, "wants_cpu_build", lambda: False)
    assert colab.versions() == there | {"torch": ours["torch"]}
    assert f"torch {ours['torch']} stands for Colab's {there['torch']}" in capsys.readouterr().out


def test_a_package_that_came_is_added_and_one_that_changed_or_went_is_replaced():
    assert colab.difference(BEFORE, dict(BEFORE)) == ([], [])
    assert colab.difference(BEFORE, BEFORE | {"lxml": "6.1", "colorama": "0.4"}) == (
        ["colorama 0.4", "lxml 6.1"],
        [],
    )
    now = {"numpy": "2.4.6", "tornado": "6.5.1", "lxml": "6.1"}
    assert colab.difference(BEFORE, now) == (
        ["lxml 6.1"],
        ["numpy 2.1.3 by 2.4.6", "torch 2.11.0 by nothing"],
    )


def test_replacing_ends_the_run_and_adding_does_not(capsys):
    colab.report(BEFORE, BEFORE | {"lxml": "6.1"}, "here")
    assert "here: 0 packages replaced, 1 added: lxml 6.1" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="numpy 2.1.3 by 2.4.6"):
        colab.report(BEFORE, BEFORE | {"numpy": "2.4.6"}, "here")


@pytest.fixture
def published(monkeypatch, tmp_path):
    """The copy of a notebook that stands in a folder, published from there."""
    root = tmp_path / "clone"
    for name, at in (
        ("ROOT", ""),
        ("PLACE", ".colab"),
        ("SNAPSHOT", ".colab/git"),
        ("CONTENT", ".colab/here"),
    ):
        monkeypatch.setattr(colab, name, root / at)
    (root / "notebooks").mkdir(parents=True)
    (root / ".gitignore").write_text(".colab/\nmy/\n", encoding="utf-8")
    (root / "my").mkdir()
    (root / "my" / "own.txt").write_text("private", encoding="utf-8")
    cells = [[f"# A trial\n\n{address.NO_BADGE}"], [address.SETUP], ["1 + 1"]]
    notebook = root / "notebooks" / "42_a_trial.ipynb"
    notebook.write_text(json.dumps({"cells": [{"source": cell} for cell in cells]}), encoding="utf-8")
    before = notebook.read_bytes()
    (copy,) = colab.publish([notebook])
    assert notebook.read_bytes() == before
    return copy


def git(*command):
    return subprocess.run(
        ["git", *map(str, command)], env=colab.surroundings(), capture_output=True, text=True
    )


def test_the_copy_differs_from_the_notebook_in_its_address_alone(published):
    _, set_up, last = json.loads(published.read_text(encoding="utf-8"))["cells"]
    line = f'address = "git+https://github.com/{colab.REPO}@main"'
    assert "".join(set_up["source"]) == address.SETUP.replace('address = ""', line)
    assert last == {"source": ["1 + 1"]}


def test_the_address_leads_to_a_snapshot_of_the_folder_and_no_other_address_to_anything(published, tmp_path):
    cloned = git("clone", "--quiet", f"https://github.com/{colab.REPO}", tmp_path / "cloned")
    assert cloned.returncode == 0, cloned.stderr
    files = {p.relative_to(tmp_path / "cloned").as_posix() for p in (tmp_path / "cloned").glob("*/*")}
    assert "notebooks/42_a_trial.ipynb" in files and "my/own.txt" not in files
    refused = git("ls-remote", "https://example.org/another/name")
    assert refused.returncode != 0 and "not allowed" in refused.stderr
