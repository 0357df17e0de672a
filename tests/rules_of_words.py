"""Rules on what notebooks say: the same as the package, each name in its place. A rule yields complaints."""

import ast
import re

from notebook_reading import assigned, defined, imported

from tools.address import ADDRESS, BADGE, SETUP

EASEL = {
    "translator",
    "explorer",
    "widgets",
    "views",
    "figures",
}  # tools a lesson may use before any teaches them


def kept_cells_stand_word_for_word_in_their_file(course, notebook):
    for cell in notebook.code:
        if cell.home:
            source = cell.source.split("\n", 1)[1].strip()
            text = course.modules.get(cell.home.removeprefix("seqcourse/"))
            if text is None:
                yield f"cell {cell.number} names {cell.home}, which does not exist"
            elif not defined(cell.tree):
                yield f"cell {cell.number} keeps no function, class or CONSTANT in {cell.home}"
            elif f"\n{source}\n" not in f"\n{text}":
                yield f"cell {cell.number} and {cell.home} differ:\n{source}"


def a_name_of_the_package_is_defined_only_where_it_is_taught(course, notebook):
    own = {name for name, home in course.taught.items() if home == notebook.path.stem}
    used = own | {name for cell in notebook.code for _, name in imported(cell.tree)}
    kept = set()
    for cell in notebook.code:
        if cell.home:
            again = {
                name
                for name in defined(cell.tree)
                if course.taught[name] != notebook.path.stem or name in kept
            }
            kept |= defined(cell.tree)
        else:
            again = defined(cell.tree) & course.names | assigned(cell.tree) & used
        if again:
            yield f"cell {cell.number} defines {listed(again)} again: import it, or pick another name"


def nothing_is_imported_before_it_is_taught(course, notebook):
    for cell in notebook.code:
        for module, name in imported(cell.tree):
            if name is None or name == "*" or f"{name}.py" in course.modules and module == "seqcourse":
                yield f"cell {cell.number} imports a whole module: say `from seqcourse.module import name`"
            elif notebook.path.stem[:2] == "00" or module.split(".")[-1] in EASEL:
                continue
            elif course.taught.get(name, "") >= notebook.path.stem:
                yield f"cell {cell.number} imports {name}, which {course.taught[name]} teaches"


def the_title_names_the_file(course, notebook):
    stem = notebook.path.stem
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", stem):
        yield f"{stem}: two digits and snake_case, please"
    if [other for other in course.notebooks if other.path.stem[:2] == stem[:2]] != [notebook]:
        yield f"another notebook has the number {stem[:2]} too"
    titles = [line for cell in notebook.cells if cell.kind == "markdown" for line in headings(cell.source)]
    first = notebook.cells[0]
    if first.kind != "markdown" or titles[:1] != first.source.splitlines()[:1]:
        yield "the first line is not a title (# ...)"
    elif len(titles) > 1:
        yield f"a notebook has one title; these are more: {titles[1:]}"
    elif re.sub(r"\W+", "_", titles[0].lower()).strip("_") not in (stem, stem[3:]):
        yield f"the title {titles[0]!r} does not say {stem[3:]}"


def headings(markdown):
    outside_code = re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S)
    return re.findall(r"^# .*", outside_code, re.M)


def the_second_cell_sets_up(course, notebook):
    if not BADGE.search(notebook.cells[0].source):
        yield "the first cell has no <!-- colab --> badge: see CONTRIBUTING.md"
    cell = notebook.cells[1] if len(notebook.cells) > 1 else None
    if cell is None or not ADDRESS.sub('address = ""', cell.source).startswith(SETUP):
        yield "the second cell is not the set-up cell: see CONTRIBUTING.md"


def seeds_come_from_the_set_up_cell(course, notebook):
    for cell in notebook.code:
        found = len(re.findall(r"^seed = 0\b", cell.source, re.M))
        if found != (cell.number == 2):
            yield f"cell {cell.number} says `seed = 0` {found} times: it stands once, in the set-up cell"
        if cell.home:
            continue
        for call in (node for node in ast.walk(cell.tree) if isinstance(node, ast.Call)):
            seeds = [keyword.value for keyword in call.keywords if keyword.arg == "seed"]
            if ast.unparse(call.func).split(".")[-1] in ("manual_seed", "seed", "default_rng", "Random"):
                seeds += call.args
            if any(isinstance(value, ast.Constant) and value.value is not None for value in seeds):
                yield f"cell {cell.number}: `{ast.unparse(call)}` has a seed of its own: use `seed`"


def something_is_checked(course, notebook):
    for cell in notebook.code[1:]:
        if "nbval-check-output" in cell.tags:
            return
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant | ast.Tuple):
                return
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1].startswith("assert_"):
                return
    yield "nothing is checked: no assert, no cell tagged nbval-check-output"


def listed(names):
    return ", ".join(sorted(names))


WORDS = [
    kept_cells_stand_word_for_word_in_their_file,
    a_name_of_the_package_is_defined_only_where_it_is_taught,
    nothing_is_imported_before_it_is_taught,
    the_title_names_the_file,
    the_second_cell_sets_up,
    seeds_come_from_the_set_up_cell,
    something_is_checked,
]
