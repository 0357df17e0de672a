"""Rules on how notebooks are stored: run, in order, small, fit to be seen. A rule yields complaints."""

import base64
import json
import re
import struct

LINES = 30  # a cell
BYTES = 1_500_000  # a notebook
DPI, PIXELS = 110, 1600  # a picture, and its longer side
# nbval compares none of these (conftest.py), nor does the name of an object say anything.
NOT_COMPARED = {
    "image/png",
    "image/jpeg",
    "image/svg+xml",
    "text/html",
    "application/vnd.jupyter.widget-view+json",
}
NAMELESS = re.compile(r"<[^<>]*>|\[?<matplotlib.*", re.S)
MACHINE = re.compile(
    r"(?<![\w.:/-])/(?:home|root|Users|tmp|work|opt|usr|var|mnt|private)/[\w.]|\b[A-Z]:\\+\w"
)


def cells_are_short(course, notebook):
    for cell in notebook.code:
        if len(cell.source.splitlines()) > LINES:
            yield f"cell {cell.number} has {len(cell.source.splitlines())} lines, over {LINES}: split it"


def it_was_run_from_top_to_bottom(course, notebook):
    counts = [cell.data["execution_count"] for cell in notebook.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"run it again from the top (make notebooks NB={notebook.path.stem}): its counts are {counts}"


def no_check_is_vacuous(course, notebook):
    for cell in notebook.code:
        comments = {line.strip("# ") for line in cell.source.splitlines() if line.lstrip().startswith("#")}
        if "nbval-skip" in cell.tags or "NBVAL_SKIP" in comments:
            yield f"cell {cell.number} is skipped by nbval: what CI runs is what the learner runs"
        if "nbval-check-output" not in cell.tags and "NBVAL_CHECK_OUTPUT" not in comments:
            continue
        if cell.data["execution_count"] is None:
            yield f"cell {cell.number} is checked, but was not run: nbval would pass it whatever it prints"
        elif not any(map(compared, cell.outputs)):
            yield f"cell {cell.number} is checked, but stores no output that nbval compares"


def compared(output):
    if output["output_type"] == "stream":
        return output["name"] == "stdout" and "".join(output["text"]).strip() != ""
    texts = ["".join(text) for kind, text in output.get("data", {}).items() if kind not in NOT_COMPARED]
    return any(text.strip() and not NAMELESS.fullmatch(text.strip()) for text in texts)


def it_is_stored_in_todays_format(course, notebook):
    data, ids = notebook.data, [cell.data.get("id") for cell in notebook.cells]
    if (data["nbformat"], data["nbformat_minor"]) < (4, 5):
        yield "it is stored in a format before 4.5, which knows no cell ids"
    if None in ids or len(set(ids)) < len(ids):
        yield "its cells have no ids, or the same"
    if data["metadata"].get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"
    if "widgets" in data["metadata"]:
        yield "it stores the state of widgets (metadata.widgets), and GitHub will not show it"


def it_shows_no_error_and_no_warning(course, notebook):
    for cell in notebook.code:
        for output in cell.outputs:
            if output["output_type"] == "error":
                yield f"cell {cell.number} shows an error: {output['ename']}"
            elif output.get("name") == "stderr":
                yield f"cell {cell.number} shows a warning: {''.join(output['text'])[:200]}"


def its_outputs_name_no_place_on_a_machine(course, notebook):
    for cell in notebook.code:
        for output in cell.outputs:
            texts = [
                output.get("text", ""),
                *(v for k, v in output.get("data", {}).items() if k[:6] != "image/"),
            ]
            text = "\n".join(json.dumps(text) if isinstance(text, dict) else "".join(text) for text in texts)
            for found in MACHINE.finditer(text):
                place = text[found.start() : found.end() + 30]
                yield f"cell {cell.number} shows a path of this machine: {place!r}"


def it_is_light(course, notebook):
    size = notebook.path.stat().st_size
    if size > BYTES:
        yield f"it has {size:,} bytes, over {BYTES:,}: smaller or fewer pictures, please"
    for cell in notebook.code:
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                width, height, dpi = png_size(base64.b64decode("".join(output["data"]["image/png"])))
                if dpi > DPI or max(width, height) > PIXELS:
                    shown = f"{width} x {height} pixels at {dpi:.0f} dpi"
                    yield f"cell {cell.number} shows {shown}: {PIXELS} pixels and {DPI} dpi do"


def png_size(png):
    """Width and height in pixels, and the resolution that the picture declares, 0 if it declares none."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.find(b"pHYs")
    return width, height, struct.unpack(">I", png[start + 4 : start + 8])[0] * 0.0254 if start > 0 else 0


FORM = [
    cells_are_short,
    it_was_run_from_top_to_bottom,
    no_check_is_vacuous,
    it_is_stored_in_todays_format,
    it_shows_no_error_and_no_warning,
    its_outputs_name_no_place_on_a_machine,
    it_is_light,
]
