"""The explorer in a real browser: it shows the record, obeys mouse and keyboard, and needs no network."""

import re
import struct
from xml.etree import ElementTree

import browser
import pytest
import torch
from hostile_tokens import HOSTILE
from random_records import random_record

from seqcourse.explorer import explore
from seqcourse.labels import shortened, visible
from seqcourse.record import AttentionRecord
from seqcourse.scores import alignment_error_rate, links

chromium, watched = browser.chromium, browser.watched  # fixtures
SVG = "{http://www.w3.org/2000/svg}"
LINKS = {(0, 1), (2, 0), (3, 4), (3, 5)}  # (source, target)


@pytest.fixture
def show(watched, tmp_path):
    """Open what `explore` gives, or a page, from a file."""

    def open_page(shown, **options):
        path = tmp_path / "map.html"
        path.write_text(shown if isinstance(shown, str) else shown.page(), encoding="utf-8")
        return watched.open(path.as_uri(), **options)

    return open_page


def choose(page, name, value, panel=0):
    """Choose from the list of this name: `attention`, `layer` or `head` (-1 is the mean)."""
    page.locator(f"select[name={name}]").nth(panel).select_option(value=str(value))


def chosen(page, name, panel=0):
    return page.locator(f"select[name={name}]").nth(panel).input_value()


def point(page, row, column, panel=0, click=False):
    """Move the mouse to a cell, and click it if so asked."""
    cells = page.locator(".cells").nth(panel)
    cells.scroll_into_view_if_needed()
    place = {"x": 24 * column + 14, "y": 24 * row + 14}
    cells.click(position=place) if click else cells.hover(position=place)


def reading(page, panel=0):
    return page.locator(".reading").nth(panel).inner_text()


def weight(page, panel=0):
    """The number in the reading."""
    return float(re.search(r": (\d\.\d{4})", reading(page, panel))[1])


def fills(page, panel=0):
    """The colours of all cells, as text."""
    return (
        page.locator(".cells")
        .nth(panel)
        .evaluate("svg => [...svg.querySelectorAll('rect[fill]')].map(rect => rect.getAttribute('fill'))")
    )


READ = """() => {
  const lists = [...document.querySelectorAll("select")];
  const choose = (list, option) => { list.value = option.value; list.dispatchEvent(new Event("change")); };
  const [kinds, layers, heads] = lists, read = {};
  for (const kind of kinds.options) {
    choose(kinds, kind);
    read[kind.text] = [...layers.options].map((layer) => {
      choose(layers, layer);
      return [...heads.options].map((head) => {
        choose(heads, head);
        return [...document.querySelectorAll(".table tbody tr")].map((line) =>
          [...line.querySelectorAll("td")].map((cell) => Number(cell.textContent)));
      });
    });
    const count = (which) => document.querySelectorAll(which).length;
    const parts = [".cells rect[fill]", ".rows text", ".columns text", ".heads canvas", ".bars rect"];
    read[kind.text + " counts"] = parts.map(count);
  }
  return read;
}"""
SIZES = [  # source, target, encoder, decoder, heads: depths 1 to 6, heads 1 to 16, tokens 1 to 60
    (1, 1, 1, 1, 1),
    (7, 5, 6, 1, 16),
    (5, 7, 1, 6, 16),
    (12, 12, 3, 4, 4),
    (2, 23, 4, 3, 3),
    (19, 2, 2, 2, 5),
    (3, 3, 5, 5, 11),
    (60, 1, 1, 2, 2),
    (1, 60, 2, 1, 1),
    (60, 59, 1, 1, 1),
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "-".join(map(str, size)))
def test_every_view_is_complete_and_every_weight_is_the_records(show, size):
    seed = SIZES.index(size)
    record = random_record(*size, sharpness=[0.5, 1, 2, 4][seed % 4], seed=seed)
    page = show(explore(record))
    page.get_by_role("button", name="Table").click()
    read = page.evaluate(READ)
    for kind in record.kinds():
        weights = getattr(record, kind)
        layers, heads, rows, columns = weights.shape
        seen = torch.tensor(read[kind])  # (layers, the mean and each head, rows, columns)
        expected = torch.cat([weights.mean(1, keepdim=True), weights], dim=1)
        assert seen.shape == expected.shape
        assert (seen - expected).abs().max() <= 1.001e-4
        assert read[kind + " counts"] == [rows * columns, rows, columns, layers * (heads + 1), columns + 1]


def test_one_kind_alone_is_shown_and_so_is_a_row_that_looks_at_nothing(show):
    page = show(explore(AttentionRecord(["a", "b"], [], encoder=torch.eye(2)[None, None])))
    point(page, 1, 1)
    assert reading(page) == "b looks at b: 1.0000; the row's entropy is 0.00 of at most 1.00 bits"
    page = show(explore(AttentionRecord(["a", "b"], ["x"], cross=torch.zeros(1, 1, 1, 2))))
    point(page, 0, 1)
    assert reading(page) == "x looks at b: 0.0000; the row's entropy is 0.00 of at most 1.00 bits"
    assert set(fills(page)) == {"rgb(255,255,255)"}


def test_the_colour_of_a_cell_says_its_weight(show):
    record = random_record(5, 4, 0, 1, 2)
    page = show(explore(record))
    choose(page, "head", 1)
    # the red of the ramp falls from white for 0 to dark blue for 1
    red = [int(re.match(r"rgb\((\d+),", colour)[1]) for colour in fills(page)]
    weights = record.cross[0, 1].flatten().tolist()
    by_weight = [shade for _, shade in sorted(zip(weights, red, strict=True))]
    assert by_weight == sorted(red, reverse=True)
    assert [shade == 255 for shade in red] == [weight < 0.5 / 255 for weight in weights]


def test_the_mouse_reads_a_cell_and_a_click_pins_it(show):
    record = random_record(5, 7)
    weights = record.cross[-1].mean(0)
    page = show(explore(record))
    point(page, 3, 2)
    entropy = -(weights[3] * weights[3].log2()).sum()
    assert reading(page).startswith("t3 looks at s2: ")
    assert abs(weight(page) - weights[3, 2]) <= 1e-4
    assert f"entropy is {entropy:.2f} of at most 2.32 bits" in reading(page)
    assert page.locator(".frame text.on").all_text_contents() == ["s2", "t3"]
    point(page, 4, 1, click=True)
    point(page, 0, 0)
    assert reading(page).startswith("t4 looks at s1") and reading(page).endswith("pinned")
    point(page, 4, 1, click=True)
    point(page, 0, 0)
    assert reading(page).startswith("t0 looks at s0") and "pinned" not in reading(page)


def test_a_decoder_can_look_no_further_than_it_has_written(show):
    page = show(explore(random_record(5, 7)))
    choose(page, "attention", 1)
    for row, most in ((0, 0), (3, 2)):
        point(page, row, 0)
        assert f" of at most {most:.2f} bits" in reading(page)


def test_a_shorter_reading_does_not_move_the_map_back(show):
    words = ["a", "much longer word", "b", "one that is longer yet", "c"]
    page = show(explore(random_record(words, words, 0, 1, 2)), viewport={"width": 480, "height": 900})
    seen = [page.locator(".cells").bounding_box()["y"]]
    for row in (1, 0, 3, 2, 4, 1):
        point(page, row, row)
        seen.append(page.locator(".cells").bounding_box()["y"])
    assert seen == sorted(seen) and len(set(seen)) <= 3 and seen[0] < seen[-1]


def test_the_bars_are_the_row(show):
    record = random_record(5, 7)
    page = show(explore(record))
    point(page, 6, 3)
    heights = [float(bar.get_attribute("height")) for bar in page.locator(".bars rect:not(.base)").all()]
    row = record.cross[-1].mean(0)[6]
    assert torch.allclose(torch.tensor(heights) / max(heights), row / row.max(), atol=1e-3)
    assert page.locator(".scale text").first.text_content() == f"{row.max():.2f}"


def test_everything_can_be_done_with_the_keyboard(show):
    page = show(explore(random_record(5, 7, gold=LINKS)))
    for _ in range(30):  # tab stops in their order, until the map
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.frame')"):
            break
    assert page.evaluate("document.activeElement.matches('.frame')")

    def press(keys):
        for key in keys.split():
            page.keyboard.press(key)
        return reading(page).split(":")[0]

    assert press("ArrowDown ArrowDown ArrowRight") == "t2 looks at s1"
    assert press("End") == "t2 looks at s4" and press("Home") == "t2 looks at s0"
    assert press("PageDown ArrowDown") == "t6 looks at s0" and press("PageUp ArrowLeft") == "t0 looks at s0"
    press("Enter")
    assert reading(page).endswith("pinned")
    assert page.locator(".spoken").inner_text() == reading(page)
    assert press("ArrowRight") == "t0 looks at s1" and reading(page).endswith("pinned")
    press("Escape")
    assert "pinned" not in reading(page)
    assert press("Control+ArrowDown Alt+ArrowRight") == "t0 looks at s1"  # those are the browser's
    press("Shift+Tab ArrowUp ArrowRight ArrowRight")  # the heads
    assert page.get_by_role("radio", checked=True).get_attribute("aria-label") == "layer 1, head 1"
    assert (chosen(page, "layer"), chosen(page, "head")) == ("1", "1")


def test_a_head_is_picked_from_the_pictures_of_all(show):
    record = random_record(5, 7, decoder=3, heads=4)
    page = show(explore(record))
    assert page.get_by_role("radio").count() == 3 * (4 + 1)
    page.get_by_role("radio", name="layer 0, head 2").click()
    point(page, 2, 2)
    assert abs(weight(page) - record.cross[0, 2, 2, 2]) <= 1e-4
    assert page.get_by_role("radio", checked=True).get_attribute("aria-label") == "layer 0, head 2"
    colour = "pen => pen.getContext('2d').getImageData(3, 5, 1, 1).data.slice(0, 3).join()"
    assert f"rgb({page.locator('canvas').nth(3).evaluate(colour)})" == fills(page)[5 * 5 + 3]


def test_the_screen_reader_is_told_what_there_is(show):
    page = show(explore(random_record(5, 7, gold=LINKS), labels="ours"))
    page.get_by_role("region", name="ours").wait_for()
    frame = page.get_by_role("application")
    assert frame.get_attribute("aria-label").startswith("cross attention: rows look at columns")
    assert page.locator(".spoken").get_attribute("aria-live") == "polite"
    assert page.get_by_role("status").count() == 0  # the slider speaks for itself
    unnamed = """[...document.querySelectorAll("button, select, input")].filter((control) =>
      !(control.labels?.[0]?.textContent || control.textContent || control.ariaLabel || "").trim()).length"""
    assert page.evaluate(unnamed) == 0
    page.get_by_role("button", name="Table").click()
    assert page.get_by_role("rowheader").all_inner_texts() == [*(f"t{i}" for i in range(7))]
    assert page.get_by_role("columnheader").all_inner_texts() == [*(f"s{i}" for i in range(5))]
    assert page.get_by_role("button", name="Table").get_attribute("aria-pressed") == "true"
    assert frame.count() == 0  # the table stands in its place


def test_words_are_in_their_own_language_and_direction(show):
    record = random_record(["\u05e9\u05dc\u05d5\u05dd"], ["\u5b66", "\u751f"], 1, 1, 1, source_language="he")
    page = show(explore(record))
    words = page.locator(".reading bdi")  # or the number after a Hebrew word would stand before it
    assert words.all_inner_texts() == ["\u5b66", "\u05e9\u05dc\u05d5\u05dd"]
    assert [word.get_attribute("lang") for word in words.all()] == ["zh", "he"]
    assert page.locator(".rows text").first.get_attribute("lang") == "zh"
    page.get_by_role("button", name="Table").click()
    assert page.locator("th bdi").first.get_attribute("lang") == "he"


def test_the_chosen_head_is_seen_in_forced_colours(show):
    page = show(explore(random_record()), forced_colors="active")
    border = "button => getComputedStyle(button).borderColor"
    chosen = page.get_by_role("radio", checked=True).evaluate(border)
    assert chosen != page.get_by_role("radio", checked=False).first.evaluate(border)


def test_weights_below_the_threshold_are_hidden(show):
    record = random_record(5, 7)
    page = show(explore(record))
    page.get_by_role("slider").fill("0.3")
    shown = [colour != "rgb(255,255,255)" for colour in fills(page)]
    assert shown == (record.cross[-1].mean(0) >= 0.3).flatten().tolist()
    point(page, 1, 0)
    hidden = [bar.get_attribute("class") == "hidden" for bar in page.locator(".bars rect:not(.base)").all()]
    assert hidden[1:] == (record.cross[-1].mean(0)[1] < 0.3).tolist()[1:]


def outlined(page):
    places = page.locator("rect.gold").all()
    return {(int(float(p.get_attribute("x")) // 24), int(float(p.get_attribute("y")) // 24)) for p in places}


def test_gold_links_are_outlined_where_there_are_some(show):
    page = show(explore(random_record(5, 7, gold=LINKS)))
    assert outlined(page) == LINKS
    point(page, 1, 0)
    assert ", a gold link;" in reading(page)
    page.get_by_label("gold links").uncheck()
    assert outlined(page) == set()
    choose(page, "attention", 0)
    assert not page.get_by_label("gold links").is_visible()
    page = show(explore(random_record(5, 7)))
    assert not page.get_by_label("gold links").is_visible() and outlined(page) == set()


def score_of(page):
    verdict = reading(page).split(" looks at ")[0]  # before what is read of the cell
    return [float(number) for number in re.findall(r"\d\.\d\d", verdict)]


@pytest.mark.parametrize("gold", [LINKS, None])
def test_the_alignment_is_guessed_and_the_guess_is_scored(show, gold):
    record = random_record(["a", "b", "c", "d", "</s>"], [*"uvwxyz", "</s>"], gold=gold)
    record.cross = (
        record.cross + torch.eye(5)[4]
    ) / 2  # as models do: all look at </s> most, which is no link
    page = show(explore(record))
    page.get_by_role("button", name="Guess the alignment").click()
    assert set(fills(page)) == {"rgb(255,255,255)"} and outlined(page) == set()
    assert not page.locator("canvas").first.is_visible()
    truth = gold or links(record.cross[-1].mean(0), record.source, record.target)
    guess = {(0, 1), (2, 0), (1, 3), (3, 3)}
    for source, target in [*guess, (2, 2)]:
        point(page, target, source, click=True)
    point(page, 2, 2, click=True)  # taken back
    page.get_by_role("button", name="Reveal").click()
    right = len(guess & truth)
    scores = [right / len(guess), right / len(truth), alignment_error_rate(guess, set(truth))]
    if gold:
        own = links(record.cross[-1].mean(0), record.source, record.target)
        scores.append(alignment_error_rate(own, set(gold)))
    assert score_of(page) == [round(score, 2) for score in scores]
    assert page.locator(".mark.right").count() == right
    assert page.locator(".mark.wrong").count() == len(guess) - right
    assert outlined(page) == (gold or set()) and len(set(fills(page))) > 1
    page.get_by_role("button", name="Stop guessing").click()
    assert page.locator(".mark").count() == 0 and "looks at" in reading(page)


def test_a_guess_can_be_made_with_the_keyboard(show):
    page = show(explore(random_record(5, 7, gold=LINKS)))
    page.get_by_role("button", name="Guess the alignment").focus()
    for key in "Enter ArrowDown Enter ArrowRight ArrowRight ArrowUp Space".split():
        page.keyboard.press(key)
    spoken = page.locator(".spoken")
    assert spoken.inner_text() == "t0 and s2: linked"
    page.keyboard.press("ArrowLeft")
    assert spoken.inner_text() == "t0 and s1: not linked"  # what to do was said once, and stays to be read
    assert reading(page).startswith("Mark the cells that belong together")
    page.get_by_role("button", name="Reveal").press("Enter")
    assert score_of(page)[:3] == [1.0, 0.5, 0.33]
    assert spoken.inner_text() == reading(page)
    page.keyboard.press("ArrowRight")  # the map has the focus again, though the button is gone
    assert spoken.inner_text().startswith("t0 looks at s2: 0.") and score_of(page)[:3] == [1.0, 0.5, 0.33]
    assert ", a gold link, your link: right; " in spoken.inner_text()


def test_a_guess_is_made_at_the_map_and_no_table_gives_it_away(show):
    page = show(explore(random_record(5, 7, gold=LINKS)))
    page.get_by_role("button", name="Table").click()
    page.get_by_role("button", name="Guess the alignment").click()
    assert page.get_by_role("application").is_visible()
    assert not page.get_by_role("button", name="Table").is_visible()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_role("button", name="Table").click()
    assert page.locator(".table td.gold").count() == len(LINKS)


def test_a_page_that_begins_with_guessing_shows_no_gold_link_before_it_is_asked_to(show):
    page = show(explore(random_record(5, 7, gold=LINKS), guess=True))
    assert page.evaluate("document.activeElement === document.body")  # a page does not open at this place
    assert set(fills(page)) == {"rgb(255,255,255)"} and outlined(page) == set()
    page.get_by_role("button", name="Reveal").click()
    assert outlined(page) == LINKS


def test_the_meaning_of_words_can_be_shown_and_hidden(show):
    page = show(explore(random_record(2, 3, 1, 1, 1), gloss={"s1": "one", "t0": "zero", "t2": "two"}))
    notes = page.locator(".frame .note")
    assert notes.all_text_contents() == ["one", "zero", "two"]
    page.get_by_label("meanings").uncheck()
    assert notes.all_text_contents() == []
    choose(page, "attention", 1)  # the decoder, whose columns are the tokens fed
    page.get_by_label("meanings").check()
    assert notes.all_text_contents() == ["zero", "zero", "two"]
    assert not show(explore(random_record())).get_by_label("meanings").is_visible()


def test_two_records_stand_side_by_side_and_move_together(show):
    one, two = random_record(5, 7), random_record(5, 7, seed=1)
    page = show(explore(one, beside=two, labels=["before", "after"]))
    assert page.locator("h4").all_inner_texts() == ["before", "after"]
    boxes = [frame.bounding_box() for frame in page.locator(".panel").all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    choose(page, "layer", 0)
    choose(page, "head", 1, panel=1)
    point(page, 3, 2)
    for panel, record in enumerate((one, two)):
        assert abs(weight(page, panel) - record.cross[0, 1, 3, 2]) <= 1e-4
    page.get_by_role("application").first.press("Enter")
    assert all(reading(page, panel).endswith("; pinned") for panel in (0, 1))
    assert [bool(spoken) for spoken in page.locator(".spoken").all_inner_texts()] == [True, False]
    page.keyboard.press("Escape")
    page.get_by_label("move together").uncheck()
    choose(page, "layer", 2)
    point(page, 0, 0)
    assert reading(page, 1).startswith("t3 looks at s2")
    choose(page, "attention", 0)
    assert "encoder attention" in page.get_by_role("application").nth(1).get_attribute("aria-label")


def test_two_records_of_other_sizes_move_together_as_far_as_they_can(show):
    page = show(explore(random_record(5, 7), beside=random_record(4, 3, 1, 1, 5)))
    choose(page, "layer", 1)
    choose(page, "head", 4, panel=1)
    assert chosen(page, "layer", 1) == "0"
    assert chosen(page, "head", 0) == "-1"
    point(page, 6, 4)
    assert reading(page, 1).startswith("t0 looks at s0")


def test_while_one_is_guessed_at_neither_shows_its_weights(show):
    page = show(explore(random_record(5, 7, gold=LINKS), beside=random_record(5, 7, seed=1, gold=LINKS)))
    page.get_by_role("button", name="Guess the alignment").nth(1).click()
    assert reading(page) == "t0 and s0"
    assert set(fills(page) + fills(page, 1)) == {"rgb(255,255,255)"} and outlined(page) == set()
    page.get_by_role("button", name="Reveal").click()
    assert len(set(fills(page))) > 1


def test_another_kind_ends_the_guessing(show):
    page = show(explore(random_record(5, 7), beside=random_record(5, 7, seed=1)))
    page.get_by_role("button", name="Guess the alignment").nth(1).click()
    choose(page, "attention", 0)
    assert all(len(set(fills(page, panel))) > 1 for panel in (0, 1))
    choose(page, "attention", 2)
    assert page.get_by_role("button", name="Guess the alignment").count() == 2


# Notebooks run a script again by putting a copy of it in its place.
AGAIN = """() => {
  const script = document.querySelector("script"), copy = document.createElement("script");
  copy.textContent = script.textContent;
  script.replaceWith(copy);
}"""


def test_the_same_record_twice_on_a_page_works_twice(show):
    shown = explore(random_record(5, 7))
    page = show(shown.page().replace("<body>", "<body>" + shown._repr_html_()))
    for panel in (1, 0):
        choose(page, "head", panel, panel)
        point(page, panel + 2, 1, panel)
        assert reading(page, panel).startswith(f"t{panel + 2} looks at s1")
    page.evaluate(AGAIN)
    assert (chosen(page, "head", 0), chosen(page, "head", 1)) == ("0", "1")


def exported(page, tmp_path, kind):
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {kind}").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_the_map_is_saved_as_svg(show, tmp_path):
    record = random_record(5, 7, gold=LINKS)
    page = show(explore(record, labels="ours", gloss={"t0": "zero"}))
    choose(page, "layer", 0)
    choose(page, "head", 1)
    path = exported(page, tmp_path, "SVG")
    assert path.name == "attention-cross-layer-0-head-1.svg"
    root = ElementTree.parse(path).getroot()
    texts = ["".join(text.itertext()) for text in root.iter(SVG + "text")]
    assert texts[0] == "ours: cross attention, layer 0, head 1" and "t0zero" in texts
    assert {f"s{i}" for i in range(5)} | {f"t{i}" for i in range(1, 7)} <= set(texts)
    cells = [rect.get("fill") for rect in root.iter(SVG + "rect")]
    assert [fill for fill in cells if fill in set(fills(page))].count(fills(page)[0]) >= 1
    assert len([fill for fill in cells if fill and fill.startswith("rgb(") and "," in fill]) >= 35
    assert not any(element.get("class") for element in root.iter())  # it needs no style sheet
    assert "Noto Sans SC" in root.get("font-family")


def test_the_map_is_saved_as_png(show, tmp_path):
    page = show(explore(random_record(5, 7, gold=LINKS)))
    path = exported(page, tmp_path, "PNG")
    content = path.read_bytes()
    assert path.name == "attention-cross-layer-2-mean.png" and content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > 2 * 5 * 24 and height > 2 * 7 * 24


def test_a_saved_picture_holds_its_title_and_can_be_scaled(show, tmp_path):
    label = "The translator of last Tuesday, before it was trained at all"
    page = show(explore(random_record(1, 1, 1, 1, 1), labels=label))
    path = exported(page, tmp_path, "SVG")
    width, height = (ElementTree.parse(path).getroot().get(side) for side in ("width", "height"))
    assert ElementTree.parse(path).getroot().get("viewBox") == f"0,0,{width},{height}"
    title = show(path.read_text(encoding="utf-8")).locator("svg > text").first.bounding_box()
    assert title["width"] + 24 <= int(width)


def brightness(page):
    paper = page.locator(".attn").evaluate("element => getComputedStyle(element).backgroundColor")
    return sum(map(int, re.findall(r"\d+", paper))) / 3


def test_it_is_dark_where_the_reader_or_the_notebook_is(show):
    shown = explore(random_record())
    page = show(shown, color_scheme="light")
    assert brightness(page) > 200
    empty = max(fills(page))
    page.emulate_media(color_scheme="dark")
    page.locator(".attn[data-theme=dark]").wait_for()
    assert brightness(page) < 60 and max(fills(page)) != empty
    for attributes, dark in (
        ('data-jp-theme-light="true"', False),
        ('data-jp-theme-light="false"', True),
        ('class="vscode-light"', False),
        ('class="vscode-dark"', True),
        ('data-vscode-theme-kind="vscode-high-contrast"', True),
    ):
        body = shown.page().replace("<body>", f"<body {attributes}>")
        page = show(body, color_scheme="light" if dark else "dark")
        assert (brightness(page) < 60) == dark, attributes


def test_it_is_printed_whole_and_on_white_paper(show):
    page = show(explore(random_record(5, 60, 1, 1, 1)), color_scheme="dark")
    assert brightness(page) < 60
    page.emulate_media(media="print")
    page.locator(".attn[data-theme=light]").wait_for()
    assert brightness(page) > 200
    last = page.locator(".cells rect[fill]").last.bounding_box()
    frame = page.locator(".frame").bounding_box()
    assert last["y"] + last["height"] <= frame["y"] + frame["height"]


def test_jupyterlab_can_change_its_theme_afterwards(show):
    page = show(explore(random_record()).page().replace("<body>", '<body data-jp-theme-light="true">'))
    assert brightness(page) > 200
    page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    page.locator(".attn[data-theme=dark]").wait_for()
    assert brightness(page) < 60


def test_a_long_sentence_scrolls_and_its_names_stay_in_sight(show):
    page = show(explore(random_record(60, 60, 1, 1, 1)))
    page.get_by_role("application").focus()
    for key in ("End", "PageDown"):
        page.keyboard.press(key)
    assert reading(page).startswith("t59 looks at s59")
    frame = page.locator(".frame").bounding_box()
    right, bottom = frame["x"] + frame["width"], frame["y"] + frame["height"]
    assert frame["width"] < 1200 and frame["height"] < 700
    for which in (".cursor", ".rows text.on", ".columns text.on", ".bars rect.on"):
        box = page.locator(which).bounding_box()
        assert frame["x"] <= box["x"] < right and frame["y"] <= box["y"] < bottom, which
    cell = page.locator(".cells rect[fill]").first.bounding_box()
    assert cell["width"] == cell["height"] == 23  # no smaller than for a short one


def test_keys_move_the_page_too_where_it_is_small(show):
    page = show(explore(random_record(12, 20, 1, 1, 1)), viewport={"width": 400, "height": 350})
    page.get_by_role("application").focus()
    for key, below in (("PageDown", 0), ("End", 0), ("PageUp", 60)):
        page.keyboard.press(key)
        box = page.locator(".cursor").bounding_box()
        assert box["y"] >= below and box["y"] + box["height"] <= 352, key  # and its line
        assert box["x"] > 80 and box["x"] + box["width"] <= 402, key


def test_where_scripts_are_stripped_a_table_is_left(show):
    record = random_record(5, 7)
    page = show(explore(record), java_script_enabled=False)
    assert page.locator("tr").count() == 8 and page.locator("tr").nth(1).locator("td").count() == 5
    row = page.locator("tr").nth(3).locator("td").all_inner_texts()
    assert [int(text or 0) for text in row] == [round(100 * w) for w in record.cross[-1].mean(0)[2].tolist()]
    assert "Run the cell to explore it" in page.locator("caption").inner_text()


def names_of(page):
    """What stands at the columns and at the rows, and in the table: (columns, rows, table)."""
    table = page.get_by_role("button", name="Table")
    table.click()
    cells = page.locator(".table th").all_text_contents()
    table.click()
    return [page.locator(which).all_text_contents() for which in (".columns text", ".rows text")] + [cells]


WALK = """(frame, steps) => Array.from({ length: steps }, () => {
  const text = document.querySelector(".reading").textContent;
  frame.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  return text;
})"""


def check_hostile(page):
    """Every token is shown, or visibly spelt out, in every view: the page of `hostile_record`."""
    whole = ["".join(visible(token)) for token in HOSTILE]
    short = [shortened(visible(token), 20) for token in HOSTILE]
    for number, (rows, columns) in enumerate(
        [(short, short), (short[::-1], ["<s>", *short[:0:-1]]), (short[::-1], short)]
    ):
        choose(page, "attention", number)
        seen_columns, seen_rows, table = names_of(page)
        assert (seen_columns, seen_rows) == (columns, rows)
        assert set(table) <= {*whole, "<s>"} and {*whole[1:-1]} <= set(table)
    read = page.get_by_role("application").evaluate(WALK, len(whole))
    assert [
        token for token, text in zip(whole, read, strict=True) if f"looks at {token}: 0." not in text
    ] == []


def hostile_record():
    languages = {"source_language": HOSTILE[0], "target_language": "\0\ud800"}
    return random_record(HOSTILE, HOSTILE[::-1], 1, 1, 2, gold={(0, 0)}, **languages)


def test_hostile_tokens_are_shown_and_never_run(show, tmp_path):
    page = show(explore(hostile_record(), labels=HOSTILE[0]))
    check_hostile(page)
    page.get_by_role("button", name="Guess the alignment").click()
    for key in ("Home", "PageUp", "Enter"):
        page.get_by_role("application").press(key)
    page.get_by_role("button", name="Reveal").click()
    texts = {
        "".join(text.itertext())
        for text in ElementTree.parse(exported(page, tmp_path, "SVG")).iter(SVG + "text")
    }
    assert {shortened(visible(token), 20) for token in HOSTILE} <= texts
    assert exported(page, tmp_path, "PNG").stat().st_size > 10_000
    picture = show((tmp_path / "attention-cross-layer-0-mean.svg").read_text(encoding="utf-8"))
    assert picture.locator("svg").count() == 1 and picture.locator("script").count() == 0
    show(explore(hostile_record(), gloss=lambda token: token, beside=hostile_record(), labels=HOSTILE[1:3]))
    show(explore(hostile_record(), gloss=lambda token: token), java_script_enabled=False)


def test_it_works_in_a_saved_notebook(show):
    record = random_record(5, 7)
    page = show(browser.saved_notebook(explore(record), explore(record), explore(hostile_record())))
    assert page.locator(".attn .frame").count() == 3
    choose(page, "head", 1, panel=1)
    point(page, 3, 2, panel=1)
    assert abs(weight(page, 1) - record.cross[-1, 1, 3, 2]) <= 1e-4
    assert page.locator(".rows").nth(2).locator("text").all_text_contents() == [
        shortened(visible(token), 20) for token in HOSTILE[::-1]
    ]
