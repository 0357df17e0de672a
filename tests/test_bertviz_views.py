"""bertviz shows every layer, runs no token, asks no network, and says when it cannot."""

import json
import re
import sys

import pytest
import torch
from browser import chromium, saved_notebook, watched  # noqa: F401  fixtures
from hostile_tokens import HOSTILE

from seqcourse import bertviz_views
from seqcourse.bertviz_views import MOST, bertviz_head_view, bertviz_model_view
from seqcourse.record import AttentionRecord

TOKENS = [
    *HOSTILE,
    "PYTHON_PARAMS",
    "const params = {",
    "}; window.ran=1; // HACK: {",
    "</w>",
    "Ġthe",
    "\u202ca",
]
VIEWS = [bertviz_head_view, bertviz_model_view]
both = pytest.mark.parametrize("view", VIEWS)
SHAPES = [(1, 6, 3, 2), (6, 1, 2, 3), (3, 2, 1, 5), (2, 3, 16, 4), (1, 1, 1, 1)]  # layers, heads, tokens


def weights(layers, heads, rows, columns):
    return torch.rand(layers, heads, rows, columns).mul(5).softmax(-1)


def a_record(encoder=2, decoder=3, heads=5, tokens=7, source=None, target=None):
    source = source or [f"w{i}" for i in range(tokens)]
    target = target or [f"z{i}" for i in range(tokens + 1)]
    S, T = len(source), len(target)
    return AttentionRecord(
        source,
        target,
        weights(encoder, heads, S, S),
        weights(decoder, heads, T, T),
        weights(decoder, heads + 1, T, S),
    )


def payload(view, kind):
    """What bertviz's program for a kind is given."""
    programs = re.findall(r"const params = (.*);\n", view.page())
    return next(p for p in map(json.loads, programs) if p["root_div_id"] == kind)


@both
@pytest.mark.parametrize("encoder", range(1, 7))
@pytest.mark.parametrize("decoder", range(1, 7))
def test_every_layer_and_head_of_every_kind_is_on_the_page_whatever_the_depths(view, encoder, decoder):
    record = a_record(encoder, decoder, heads=2, tokens=3)
    made = view(record)
    for kind in record.kinds():
        params, there = payload(made, kind), getattr(record, kind)
        (shown,) = params["attention"]
        torch.testing.assert_close(torch.tensor(shown["attn"]), there, atol=1e-4, rtol=0)
        assert params["include_layers"] == list(range(len(there)))
        assert (shown["left_text"], shown["right_text"]) == record.tokens(kind)


@both
@pytest.mark.parametrize("tokens", [1, 2, 13])
@pytest.mark.parametrize("heads", [1, 3, 16])
def test_any_number_of_heads_and_tokens_is_shown(view, heads, tokens):
    record = a_record(heads=heads, tokens=tokens)
    for kind in record.kinds():
        shown = payload(view(record), kind)["attention"][0]["attn"]
        torch.testing.assert_close(torch.tensor(shown), getattr(record, kind), atol=1e-4, rtol=0)


def lines(page, kind):
    """The opacity of each line that bertviz drew for a kind, in order."""
    found = "all => all.map(line => +line.getAttribute('stroke-opacity'))"
    page.locator(f"#{kind} line").first.wait_for(state="attached")
    return torch.tensor(page.locator(f"#{kind} line").evaluate_all(found), dtype=torch.float32)


@pytest.mark.parametrize("encoder, decoder, heads, tokens", SHAPES)
def test_the_model_view_draws_each_weight_as_a_line_and_enlarges_a_head(
    watched, tmp_path, encoder, decoder, heads, tokens
):
    record = a_record(encoder, decoder, heads, tokens)
    bertviz_model_view(record).save(tmp_path / "view.html")
    page = watched.open((tmp_path / "view.html").as_uri())
    for kind in record.kinds():
        there = getattr(record, kind)
        torch.testing.assert_close(lines(page, kind), there.flatten(), atol=1e-4, rtol=0)
    last = record.decoder.size(0) - 1
    page.locator(f"#decoder #attn_background_{last}_0 ~ rect").click(force=True)
    heading = page.locator("#decoder text.detail").first.text_content()
    assert heading == f"Layer {last}, Head 0"


@pytest.mark.parametrize("encoder, decoder, heads, tokens", SHAPES)
def test_the_head_view_draws_each_layer_that_is_chosen(watched, tmp_path, encoder, decoder, heads, tokens):
    record = a_record(encoder, decoder, heads, tokens)
    bertviz_head_view(record).save(tmp_path / "view.html")
    page = watched.open((tmp_path / "view.html").as_uri())
    for kind in record.kinds():
        there = getattr(record, kind)
        for layer, maps in enumerate(there):
            page.locator(f"#{kind} #layer").select_option(value=str(layer))
            drawn = lines(page, kind) * len(maps)  # bertviz divides by the number of heads in sight
            torch.testing.assert_close(drawn, maps.flatten(), atol=2e-4, rtol=0)
        shown = page.locator(f"#{kind} #left text").all_text_contents()
        assert shown == record.tokens(kind)[0]


@both
@pytest.mark.parametrize("start", range(0, len(TOKENS), 15))
def test_no_token_runs_or_breaks_the_view_in_a_file_or_in_a_frame(watched, tmp_path, view, start):
    tokens = TOKENS[start : start + 15]
    sizes = {
        "encoder": weights(1, 2, len(tokens), len(tokens)),
        "cross": weights(1, 2, len(tokens), len(tokens)),
    }
    record = AttentionRecord(tokens, tokens, **sizes)
    made = view(record, gloss=lambda token: token)
    made.save(tmp_path / "file.html")
    cell = f"<!DOCTYPE html><meta charset=utf-8><body>{made._repr_html_()}<p id=after>after</p>"
    (tmp_path / "frame.html").write_text(cell, encoding="utf-8")
    for name in ("file", "frame"):
        page = watched.open((tmp_path / f"{name}.html").as_uri())
        frame = page.frames[-1]
        for kind in sizes:
            if view is bertviz_model_view:
                frame.locator(f"#{kind} #attn_background_0_0 ~ rect").click(force=True)
            side = "#left text" if view is bertviz_head_view else "text.token"
            shown = frame.locator(f"#{kind} {side}").all_text_contents()[: len(tokens)]
            assert shown == payload(made, kind)["attention"][0]["left_text"]
            assert len(lines(frame, kind)) >= sizes[kind].numel()
        frame.wait_for_timeout(50)
        assert frame.evaluate("window.ran") is None
        if name == "frame":
            assert page.locator("#after").text_content() == "after"


def test_the_page_says_what_the_mouse_does_and_it_does(watched, tmp_path):
    record = a_record(2, 2, 3, 5)
    bertviz_head_view(record, "encoder").save(tmp_path / "heads.html")
    page = watched.open((tmp_path / "heads.html").as_uri())
    assert "click on a colour to hide a head, twice for it alone" in page.locator("body > p").inner_text()
    colours = page.locator("#encoder svg rect[width='20']")

    def shown():
        return [i for i, head in enumerate(lines(page, "encoder").view(3, -1)) if head.sum() > 0]

    assert colours.count() == 3 and shown() == [0, 1, 2]
    colours.nth(1).click()
    assert shown() == [0, 2]
    colours.nth(1).dblclick()
    assert shown() == [1]

    bertviz_model_view(record, "encoder").save(tmp_path / "heads.html")
    page = watched.open((tmp_path / "heads.html").as_uri())
    assert "Click on a head to see it large, and once more to close it" in page.locator("p").inner_text()
    for large in (True, False):
        page.locator("#encoder #attn_background_1_0 ~ rect").click(force=True)
        assert page.locator("#encoder text.detail").count() == large


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_views_stand_in_a_saved_notebook_without_a_kernel_dark_on_light(watched, tmp_path, scheme):
    record = a_record(1, 6, 1, 4, source=["</script>", "<b>", "&", "'"])
    saved = saved_notebook(*(view(record) for view in VIEWS))
    (tmp_path / "saved.html").write_text(saved, encoding="utf-8")
    page = watched.open((tmp_path / "saved.html").as_uri(), color_scheme=scheme)
    frames = [page.frame_locator(f"iframe[title='bertviz: {name}']") for name in ("head_view", "model_view")]
    for kind in record.kinds():
        maps = getattr(record, kind)
        first = lines(frames[0], kind) * maps.size(1)  # bertviz divides by the number of heads in sight
        torch.testing.assert_close(first, maps[0].flatten(), atol=2e-4, rtol=0)
        torch.testing.assert_close(lines(frames[1], kind), maps.flatten(), atol=1e-4, rtol=0)
    colour = "element => getComputedStyle(element).backgroundColor"
    assert [frame.locator("body").evaluate(colour) for frame in frames] == ["rgb(255, 255, 255)"] * 2


@both
def test_every_token_is_seen_or_spelt_and_short(view):
    record = AttentionRecord(TOKENS, ["x"], encoder=weights(1, 1, len(TOKENS), len(TOKENS)))
    shown = payload(view(record), "encoder")["attention"][0]["left_text"]
    assert all(name.isprintable() and name.strip() and len(name) <= 12 for name in shown)
    by_token = dict(zip(TOKENS, shown, strict=True))
    assert by_token["\u202ca"] == r"\u202ca"
    assert by_token[""] == "''" and by_token["</w>"] == "</w>"


@both
def test_the_same_record_gives_the_same_page_byte_for_byte(view):
    record = a_record()
    assert view(record).page() == view(record).page()
    assert view(record)._repr_html_() == view(record)._repr_html_()


@both
def test_the_page_says_what_a_gloss_says(view):
    record = AttentionRecord(["cat", "</s>"], ["猫", "</s>"], cross=weights(1, 1, 2, 2))
    assert "<p>猫 māo cat</p>" in view(record, gloss=True).page()
    assert "māo" not in view(record).page() and view(record).page().count("<p>") == 1


@both
def test_only_the_kinds_that_are_named_are_shown(view):
    page = view(a_record(), kinds=["cross"]).page()
    assert 'id="cross"' in page and 'id="encoder"' not in page
    assert view(a_record(), kinds="cross").page().count("<section>") == 1


@both
def test_a_usual_view_takes_under_200_kb_of_a_notebook(view):
    assert len(view(a_record(3, 3, 4, 12))._repr_html_()) < 250_000
    assert len(view(a_record(3, 3, 4, 12), kinds="cross")._repr_html_()) < 170_000


@both
def test_too_many_weights_are_refused_with_their_number_and_advice(view):
    record = a_record(2, 2, 8, 61)
    total = sum(getattr(record, kind).numel() for kind in record.kinds())
    assert total > MOST
    with pytest.raises(ValueError, match=f"{total:,} here .*over 60,000 .*kinds=.*explore"):
        view(record)


@both
def test_what_is_no_record_is_refused(view):
    with pytest.raises(TypeError, match="AttentionRecord .*not Tensor"):
        view(torch.rand(1, 1, 2, 2))


@both
def test_a_kind_that_the_record_has_not_is_refused(view):
    record = AttentionRecord(["a"], ["b"], cross=weights(1, 1, 1, 1))
    for kinds, message in (
        ("encoder", "no 'encoder' attention"),
        (["inside"], "'inside'"),
        ([], "which kind"),
    ):
        with pytest.raises(ValueError, match=f"{message}.*it has: cross"):
            view(record, kinds=kinds)


@both
def test_without_bertviz_the_message_says_what_to_do(view, monkeypatch):
    monkeypatch.setitem(sys.modules, "bertviz", None)
    with pytest.raises(ImportError, match="pip install bertviz, or use explore"):
        view(a_record())


@both
def test_a_bertviz_that_draws_otherwise_is_refused_by_its_version(view, monkeypatch):
    import bertviz

    real = getattr(bertviz, view.__name__.removeprefix("bertviz_"))
    for old, new in (("const params = ", "let params = "), ("requirejs(", "import(")):

        def other(old=old, new=new, **options):
            made = real(**options)
            made.data = made.data.replace(old, new)
            return made

        monkeypatch.setattr(bertviz_views, "function_of_bertviz", lambda name, other=other: other)
        with pytest.raises(RuntimeError, match=r"bertviz [\d.]+ draws otherwise than 1\.4\.1"):
            view(a_record())


@both
def test_only_a_page_is_saved(view, tmp_path):
    made = view(a_record())
    made.save(tmp_path / "view.html")
    assert (tmp_path / "view.html").read_text(encoding="utf-8") == made.page()
    with pytest.raises(ValueError, match=r"view\.png.*\.html"):
        made.save(tmp_path / "view.png")
