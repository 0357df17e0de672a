"""Write the repository's address into the README and every notebook: its Colab badge, its set-up cell.

Usage: make address REPO=owner/name [REF=branch-or-tag]      and again when the course moves

Until then nothing in the course claims an address, and the set-up cell says so to whoever needs one.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# How every set-up cell begins. The imports of the lesson follow.
SETUP = """\
from importlib.util import find_spec

seed = 0
# What Colab installs the course from; `make address` writes it.
address = ""
if find_spec("seqcourse") is None:
    assert address, "seqcourse is not installed: run `make lab` in a clone, or see README.md on Colab"
    %pip install --quiet {address}
"""
# What stands in a notebook's first cell, and in the README, while no address is known.
NO_BADGE = (
    "<!-- colab -->*Open in Colab: once `make address` has told this copy where it lives.*<!-- /colab -->"
)
NO_CLONE = (
    "<!-- clone -->\n```\ncd seqcourse        # your clone of this repository\nmake lab\n```\n<!-- /clone -->"
)

ADDRESS = re.compile(r'^address = "[^"\n]*"', re.M)
BADGE = re.compile(r"<!-- colab -->.*?<!-- /colab -->", re.S)
CLONE = re.compile(r"<!-- clone -->.*?<!-- /clone -->", re.S)
REPO = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[\w.-]{1,100}(?<!\.git)", re.A)
REF = re.compile(r"(?!.*(?:\.\.|//|/$))\w[\w./-]*", re.A)


def main(repo, ref="main"):
    if not REPO.fullmatch(repo):
        sys.exit(f"{repo!r} is not owner/name. Say: make address REPO=owner/name")
    if not REF.fullmatch(ref):
        sys.exit(f"{ref!r} is no name of a branch or a tag")
    try:
        changed = rewritten(ROOT, repo, ref)
    except ValueError as error:
        sys.exit(f"Nothing is written: {error}")
    for path, text in changed.items():  # all are known to be good before the first is written
        beside = path.with_name(path.name + ".new")
        beside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(beside, path)
    print("\n".join(f"{path.relative_to(ROOT)}: {repo} at {ref}" for path in changed) or "nothing to change")


def rewritten(root, repo, ref):
    """The files whose text changes, with the new text. Raises ValueError where a place for it is missing."""
    new = {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        new[path] = notebook_text(path, repo, ref)
    path = root / "README.md"
    text = put(CLONE, clone(repo), path.read_text(encoding="utf-8"), f"{path.name}: <!-- clone -->")
    new[path] = put(BADGE, badge(repo, ref, "00_start_here.ipynb"), text, f"{path.name}: <!-- colab -->")
    return {path: text for path, text in new.items() if text != path.read_text(encoding="utf-8")}


def notebook_text(path, repo, ref):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    title, setup = notebook["cells"][:2]
    source = put(
        BADGE, badge(repo, ref, path.name), "".join(title["source"]), f"{path.name}, cell 1: <!-- colab -->"
    )
    title["source"] = source.splitlines(keepends=True)
    line = f'address = "git+https://github.com/{repo}@{ref}"'
    source = put(ADDRESS, line, "".join(setup["source"]), f'{path.name}, cell 2: address = ""')
    setup["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def put(pattern, text, source, where):
    if len(pattern.findall(source)) != 1:
        raise ValueError(f"{where} should stand there once")
    return pattern.sub(lambda match: text, source)


def badge(repo, ref, notebook):
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    page = f"https://colab.research.google.com/github/{repo}/blob/{ref}/notebooks/{notebook}"
    return f"<!-- colab -->[![Open in Colab]({image})]({page})<!-- /colab -->"


def clone(repo):
    commands = f"git clone https://github.com/{repo} && cd {repo.split('/')[1]}\nmake lab"
    return f"<!-- clone -->\n```\n{commands}\n```\n<!-- /clone -->"


if __name__ == "__main__":
    main(*sys.argv[1:3])
