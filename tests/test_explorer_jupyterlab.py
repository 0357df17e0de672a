"""The explorer in JupyterLab, live: a notebook is run, its cells show explorers, and they obey."""

from browser import chromium, watched  # noqa: F401  fixtures
from hostile_tokens import HOSTILE
from jupyterlab_live import lab  # noqa: F401
from random_records import random_record

from seqcourse.labels import shortened, visible

CELLS = (
    "from seqcourse.explorer import explore\nfrom seqcourse.record import AttentionRecord",
    "explore(AttentionRecord.load('plain.json'))",
    "explore(AttentionRecord.load('hostile.json'))",
)


def test_explorers_work_in_jupyterlab(lab, watched):
    plain = random_record(5, 7)
    plain.save(lab.root / "plain.json")
    random_record(HOSTILE, HOSTILE[::-1], 1, 1, 1).save(lab.root / "hostile.json")
    page = lab.open(watched, "look.ipynb", CELLS)
    page.wait_for_function("document.querySelectorAll('.attn .frame').length === 2")

    cell = page.locator(".jp-CodeCell").nth(1)
    cell.locator("select[name=head]").select_option(value="1")
    frame = cell.get_by_role("application")
    frame.click(position={"x": 1, "y": 1})
    frame.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    reading = cell.locator(".reading").inner_text()
    assert reading.startswith("t2 looks at s1: ") and reading.endswith("pinned")
    assert abs(float(reading.split()[4].strip(";")) - plain.cross[-1, 1, 2, 1]) <= 1e-4
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    assert page.evaluate(active) == 1 and page.evaluate("document.activeElement.matches('.frame')")

    names = page.locator(".jp-CodeCell").nth(2).locator(".rows text").all_text_contents()
    assert names == [shortened(visible(token), 20) for token in HOSTILE[::-1]]
    light = "element => getComputedStyle(element).backgroundColor"
    assert cell.locator(".attn").evaluate(light) == "rgb(255, 255, 255)"
    page.evaluate(
        "void window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("document.querySelector('.attn').dataset.theme === 'dark'")
