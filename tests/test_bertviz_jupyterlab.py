"""bertviz in JupyterLab, light and dark: each line is drawn, and nothing that a token says runs."""

from browser import chromium, watched  # noqa: F401  fixtures
from hostile_tokens import HOSTILE
from jupyterlab_live import lab  # noqa: F401
from random_records import random_record

CELLS = (
    "from seqcourse.bertviz_views import bertviz_head_view, bertviz_model_view\n"
    "from seqcourse.record import AttentionRecord\n\n"
    "record = AttentionRecord.load('hostile.json')",
    "bertviz_head_view(record)",
    "bertviz_model_view(record)",
    "bertviz_head_view(AttentionRecord.load('long.json'))",
)


def test_views_are_complete_in_jupyterlab_and_too_many_lines_are_refused(lab, watched):
    record = random_record(HOSTILE[:20], HOSTILE[20:40], 1, 6, 1)
    record.save(lab.root / "hostile.json")
    random_record(60, 60, 2, 2, 8).save(lab.root / "long.json")
    page = lab.open(watched, "views.ipynb", CELLS)
    page.get_by_text("use explore(record), which has room for more").first.wait_for()

    for name, layers in (("head_view", 1), ("model_view", 6)):
        frame = page.frame_locator(f"iframe[title='bertviz: {name}']")
        frame.locator("#cross line").first.wait_for(state="attached")
        for kind in record.kinds():
            there = getattr(record, kind)[:layers].numel()
            assert frame.locator(f"#{kind} line").count() == there
    assert not any(frame.evaluate("window.ran") for frame in page.frames)
    page.evaluate(
        "void window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.locator("body[data-jp-theme-light='false']").wait_for(state="attached")
    colour = "element => getComputedStyle(element).backgroundColor"
    assert frame.locator("body").evaluate(colour) == "rgb(255, 255, 255)"  # its words are black
