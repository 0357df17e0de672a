"""The playground in JupyterLab, as a learner meets it: typed into, clicked, moved with the keyboard."""

import re
import shutil
from pathlib import Path

import ipywidgets
import pytest
from browser import chromium, watched  # noqa: F401
from jupyterlab_live import lab  # noqa: F401

CELLS = [
    "import ipywidgets\nprint(ipywidgets.__version__)",
    "from seqcourse.playground import playground\n\nplayground(['toy-en-zh', 'toy-en-zh-lstm'])",
]
# What ipywidgets 7 complains of in JupyterLab 4, and works all the same.
OLD = ("Control comm was closed too early", "reading 'Queue'") if ipywidgets.__version__ < "8" else ()
FRAME = "iframe[title='attention explorer']"


@pytest.fixture(autouse=True)
def no_new_complaint(watched):
    yield
    watched.seen = [said for said in watched.seen if not any(known in said for known in OLD)]


@pytest.fixture
def page(lab, watched):
    return lab.open(watched, "playground.ipynb", CELLS, viewport={"width": 1200, "height": 1500})


def answer(page):
    return page.locator(".widget-html-content table").first


def say(page, text):
    box = page.locator(".widget-text input").first
    box.fill(text)
    box.press("Enter")


def test_the_playground_answers_to_typing_clicking_and_keys(page):
    frame = page.frame_locator(FRAME)
    frame.locator(".attn svg").first.wait_for()
    assert "睡觉" in answer(page).inner_text()
    assert page.locator(FRAME).count() == 1 and frame.locator(".panel").count() == 1
    page.wait_for_function(f'() => document.querySelector("{FRAME}").offsetHeight > 300')

    hidden = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"
    assert max(page.locator(".widget-box").evaluate_all(hidden)) == 0

    say(page, "The dog is running.")
    page.get_by_text("跑步").first.wait_for()
    page.frame_locator(FRAME).get_by_text("dog", exact=True).first.wait_for()

    page.get_by_role("button", name="2", exact=True).nth(5).click()  # cross attention, layer 1
    page.get_by_text("without cross layer 1 head 2").first.wait_for()
    page.frame_locator(FRAME).locator(".panel").nth(1).wait_for()
    page.get_by_role("button", name="all heads back").click()
    page.get_by_text("without cross layer 1 head 2").first.wait_for(state="detached")

    entropy = page.get_by_text(re.compile(r"entropy [\d.]+ bits")).first
    before = float(entropy.inner_text().split()[1])
    handle = page.locator(".widget-hslider").nth(2).locator(".noUi-handle, .ui-slider-handle")
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => [...document.querySelectorAll('small')].some("
        "e => /entropy/.test(e.textContent) && parseFloat(e.textContent.split(' ')[1]) > before)",
        arg=before,
    )


def test_hostile_input_is_shown_and_does_not_run(page):
    page.frame_locator(FRAME).locator(".attn svg").first.wait_for()
    say(page, "The dog </script><img src=x onerror=window.ran=1;top.ran=1> is running.")
    page.get_by_text("It does not know").first.wait_for()
    page.frame_locator(FRAME).get_by_text("script", exact=True).first.wait_for()
    page.wait_for_timeout(300)
    assert [frame.evaluate("window.ran") for frame in page.frames] == [None] * len(page.frames)


def test_a_model_without_attention_shows_its_translation_and_no_map(page):
    page.frame_locator(FRAME).locator(".attn svg").first.wait_for()
    page.locator(".widget-dropdown select").first.select_option(label="toy-en-zh-lstm")
    page.locator(FRAME).wait_for(state="detached")
    assert page.get_by_text("cross attention", exact=True).count() == 0
    assert not page.get_by_role("button", name="all heads back").is_visible()
    assert answer(page).inner_text()


def test_the_first_lesson_runs_from_top_to_bottom_and_shows_explorer_and_playground(lab, watched):
    shutil.copy(Path(__file__).parents[1] / "notebooks" / "00_start_here.ipynb", lab.root)
    page = lab.open(watched, "00_start_here.ipynb", seconds=900)
    page.frame_locator(FRAME).locator(".attn svg").first.wait_for()
    assert page.locator(".jp-OutputArea-output .attn .frame").count() == 1
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
