"""Notebooks and package as the rules see them: cells, the names in them, and which lesson teaches which."""

import ast
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

HOME = re.compile(r"# (seqcourse/\w+\.py)\n")  # a cell that opens like this is kept in that file
MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.M)


@dataclass(frozen=True)
class Cell:
    number: int  # from 1, as a reader counts
    kind: str
    source: str
    tags: tuple
    data: dict  # as it stands in the file

    @property
    def outputs(self):
        return self.data.get("outputs", [])

    @cached_property
    def tree(self):
        return ast.parse(MAGIC.sub(r"\1pass", self.source))  # without %magic and !shell

    @property
    def home(self):
        """The file that keeps this cell, or None."""
        match = HOME.match(self.source)
        return match and match[1]


@dataclass(frozen=True)
class Notebook:
    path: Path
    data: dict
    cells: list

    @property
    def code(self):
        return [cell for cell in self.cells if cell.kind == "code"]


@dataclass(frozen=True)
class Course:
    root: Path
    notebooks: list
    modules: dict  # file name -> text
    taught: dict = field(default_factory=dict)  # name -> stem of the notebook that keeps it

    @cached_property
    def names(self):
        """All names that the package defines, but for those of its command line."""
        texts = [text for file, text in self.modules.items() if not file.startswith("__")]
        return {name for text in texts for name in defined(ast.parse(text))}


def read_course(root):
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    modules = {p.name: p.read_text(encoding="utf-8") for p in sorted((root / "seqcourse").glob("*.py"))}
    course = Course(root, [read_notebook(path) for path in paths], modules)
    for notebook in course.notebooks:
        for cell in notebook.code:
            for name in defined(cell.tree) if cell.home else ():
                course.taught.setdefault(name, notebook.path.stem)
    return course


def read_notebook(path):
    data = json.loads(path.read_text(encoding="utf-8"))
    cells = []
    for number, cell in enumerate(data["cells"], 1):
        tags = tuple(cell.get("metadata", {}).get("tags", ()))
        cells.append(Cell(number, cell["cell_type"], "".join(cell["source"]), tags, cell))
    return Notebook(path, data, cells)


def defined(tree):
    """The functions, classes and CONSTANTS that a file or cell defines at its top level."""
    names = {node.name for node in tree.body if hasattr(node, "name")}
    return names | {name for name in assigned(tree) if name.isupper()}


def assigned(tree):
    """The variables that a file or cell assigns at its top level, also within loops and conditions there."""
    scopes = (
        ast.FunctionDef,
        ast.ClassDef,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
    )
    names, todo = set(), list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, scopes):
            todo.extend(ast.iter_child_nodes(node))
    return names


def imported(tree):
    """What a cell imports from the package: (module, name) pairs; name None for `import seqcourse.module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names if alias.name.startswith("seqcourse."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "seqcourse":
            yield from ((node.module, alias.name) for alias in node.names)
