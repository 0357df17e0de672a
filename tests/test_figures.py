"""The pictures show what is there: every number, every name, in the reader's notebook and on any machine."""

import io
import itertools
import pickle
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from seqcourse.drawing import COLOURS, FONTS, GOLD, new_figure, rendered, style, weight_colours
from seqcourse.figures import (
    draw_attention,
    draw_heads,
    draw_loss,
    draw_mask,
    draw_positions,
    draw_schedule,
    draw_scores,
)
from seqcourse.labels import printable
from seqcourse.pairs import Pair
from seqcourse.record import AttentionRecord
from seqcourse.scores import by_length, by_tag
from seqcourse.shipped import shipped

EN = "the three small cats that the teacher saw yesterday are sleeping on the red table in a room .".split()
ZH = "老师 昨天 看见 的 那 三 只 小 猫 正在 旧 厨房 里 的 红色 桌子 上 睡觉 呢 。".split()
HOSTILE = [
    "$x$",
    "$",
    "a_b^c",
    "<b>",
    "猫" * 500,
    "x" * 1000,
    "\n",
    "\x00",
    "\ud83d",
    "",
    " ",
    "🚀",
    "م",
    "\\",
    "的",
]


def make_record(S=7, T=5, layers=2, heads=3, gold=None, source=None, target=None):
    torch.manual_seed(0)
    source = source or [*(EN * 2)[: S - 1], "</s>"]
    target = target or [*(ZH * 2)[: T - 1], "</s>"]

    def rows(*shape):
        return torch.randn(layers, heads, *shape).mul(2).softmax(-1)

    return AttentionRecord(source, target, rows(S, S), rows(T, T), rows(T, S), gold=gold)


def drawn(ax):
    """The numbers in a heatmap."""
    return torch.from_numpy(np.asarray(ax.images[0].get_array()))


def row_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def column_names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


def pixels(text):
    """What a text looks like: grey values."""
    with style():
        figure = new_figure(2, 1)
        figure.text(0.1, 0.4, text, parse_math=False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 0].copy()


FIGURES = {
    "attention": lambda: draw_attention(make_record(gold={(0, 1)})),
    "heads": lambda: draw_heads(make_record()),
    "loss": lambda: draw_loss(
        [dict(step=s, train_loss=3 / s, valid_loss=4 / s, learning_rate=s) for s in (1, 2, 3)]
    ),
    "mask": lambda: draw_mask(torch.ones(3, 5, dtype=torch.bool).tril()),
    "positions": lambda: draw_positions(torch.randn(7, 4, generator=torch.Generator().manual_seed(0))),
    "schedule": lambda: draw_schedule({"constant": lambda step: 1.0, "falling": lambda step: 1 / step}, 11),
    "scores": lambda: draw_scores({"short": (97.5, 310), "long": (80.0, 7)}),
}


# Attention


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_a_heatmap_shows_the_records_numbers_and_tokens(kind):
    record = make_record()
    ax = draw_attention(record, kind, layer=0, head=2).axes[0]
    assert torch.equal(drawn(ax), getattr(record, kind)[0, 2])
    rows, columns = record.tokens(kind)
    assert (row_names(ax), column_names(ax)) == (rows, columns)
    assert list(ax.get_yticks()) == list(range(len(rows))) and list(ax.get_xticks()) == list(
        range(len(columns))
    )
    assert ax.get_title() == f"{kind} attention, layer 0, head 2"


def test_rows_are_what_is_produced_from_the_top_down_and_columns_the_source():
    ax = draw_attention(make_record(S=7, T=5)).axes[0]
    top, bottom = ax.get_ylim()[1], ax.get_ylim()[0]
    assert top < bottom and row_names(ax)[0] == "老师" and row_names(ax)[-1] == "</s>"
    assert column_names(ax)[:2] == ["the", "three"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("produces", "looks at (source)")


def test_decoder_columns_are_the_tokens_fed():
    ax = draw_attention(make_record(), "decoder").axes[0]
    assert column_names(ax) == ["<s>", *row_names(ax)[:-1]]


def test_without_a_number_the_last_layers_mean_over_heads_is_drawn():
    record = make_record()
    torch.testing.assert_close(drawn(draw_attention(record).axes[0]), record.cross[-1].mean(0))


def test_dark_means_much_and_the_scale_is_always_from_0_to_1():
    image = draw_attention(make_record()).axes[0].images[0]
    assert image.get_clim() == (0, 1)
    lightness = [sum(image.cmap(weight)[:3]) for weight in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert lightness == sorted(lightness, reverse=True) and to_hex(image.cmap(0.0)) == "#ffffff"


def test_gold_links_are_outlined_where_they_are():
    gold = {(0, 1), (5, 2), (6, 4)}  # (source, target)
    ax = draw_attention(make_record(gold=gold)).axes[0]
    squares = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert {tuple(round(x) for x in square.get_center()) for square in squares} == gold
    assert {to_hex(square.get_edgecolor()) for square in squares} == {GOLD.lower()}
    assert not draw_attention(make_record(gold=gold), "decoder").axes[0].patches


def test_a_gloss_stands_beside_its_token():
    record = make_record(S=2, T=3, source=["cat", "</s>"], target=["猫", "。", "</s>"])
    glosses = ({"猫": "māo"}, lambda token: "māo" if token == "猫" else "")
    for draw, gloss in itertools.product((draw_attention, draw_heads), glosses):
        ax = draw(record, gloss=gloss).axes[0]
        assert row_names(ax) == ["猫 māo", "。", "</s>"] and column_names(ax) == ["cat", "</s>"]


def test_the_toy_corpora_know_their_own_gloss():
    ax = draw_attention(make_record(S=2, T=3, target=["猫", "犭", "</s>"]), "decoder", gloss=True).axes[0]
    assert row_names(ax) == ["猫 māo cat", "犭", "</s>"]
    assert column_names(ax) == ["<s>", "猫 māo cat", "犭"]


def test_attention_can_be_drawn_into_the_readers_own_figure():
    own = matplotlib.figure.Figure((9, 4))
    left, right = own.subplots(1, 2)
    assert draw_attention(make_record(), head=0, ax=left) is own
    assert draw_attention(make_record(), head=1, ax=right) is own
    assert tuple(own.get_size_inches()) == (9, 4)
    assert torch.equal(drawn(right), make_record().cross[-1, 1])
    own.savefig(io.BytesIO())  # its Chinese, too, without a warning


def test_a_grid_shows_every_head_of_every_layer():
    record = make_record(layers=3, heads=5)
    *maps, bar = draw_heads(record, "encoder").axes
    assert len(maps) == 15 and bar.get_ylabel() == "weight"
    for place, ax in enumerate(maps):
        assert torch.equal(drawn(ax), record.encoder[place // 5, place % 5])
    assert [ax.get_title() for ax in maps] == [f"head {h}" for h in range(5)] + [""] * 10
    assert [ax.get_ylabel() for ax in maps[::5]] == ["layer 0", "layer 1", "layer 2"]
    assert row_names(maps[5]) == record.source and column_names(maps[1]) == record.source
    assert row_names(maps[6]) == [] and column_names(maps[6]) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(kind="self"), "'self' is no kind of attention"),
        (dict(kind="cross", layer=2), "there is no layer 2: cross attention has layers 0 to 1"),
        (dict(kind="cross", layer=-1), "no layer -1"),
        (dict(kind="cross", head=3), "there is no head 3: cross attention has heads 0 to 2"),
    ],
)
def test_what_a_record_lacks_cannot_be_drawn(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_attention(make_record(), **arguments)


def test_a_kind_that_the_record_lacks_is_named_with_those_it_has():
    record = AttentionRecord(["a"], ["b"], cross=torch.ones(1, 1, 1, 1))
    for draw in (draw_attention, draw_heads):
        with pytest.raises(ValueError, match="the record has no encoder attention; it has: cross"):
            draw(record, "encoder")


# Legible


def readable(axis, figure):
    """Neighbouring names are at least a line apart or, side by side and upright, do not touch."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    labels = axis.get_ticklabels()
    boxes = [label.get_window_extent(renderer) for label in labels]
    if axis.axis_name == "x" and labels and labels[0].get_rotation() == 0:
        return not any(a.overlaps(b) for a, b in zip(boxes, boxes[1:], strict=False))
    places = [(box.x0 + box.x1) / 2 if axis.axis_name == "x" else (box.y0 + box.y1) / 2 for box in boxes]
    lines = [label.get_size() * figure.dpi / 72 for label in labels]  # pixels
    steps = [abs(b - a) for a, b in zip(places, places[1:], strict=False)]
    return (
        all(step > 0.97 * line for step, line in zip(steps, lines, strict=False))
        and min(lines, default=9) > 8
    )


@pytest.mark.parametrize("layers_heads", [None, (2, 4), (6, 8)])
@pytest.mark.parametrize("length", [5, 12, 25])
def test_names_do_not_run_into_each_other_and_nothing_is_cut_off(length, layers_heads):
    layers, heads = layers_heads or (1, 1)
    record = make_record(length, length, layers, heads)
    figure = draw_heads(record) if layers_heads else draw_attention(record)
    for ax in figure.axes[:-1]:
        assert readable(ax.xaxis, figure) and readable(ax.yaxis, figure)
    extent, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert extent.x0 >= 0 and extent.y0 >= 0 and extent.x1 <= width and extent.y1 <= height
    assert width < 10.5


def test_twelve_tokens_are_all_named_in_grids_of_every_size():
    for layers, heads in ((2, 4), (6, 8)):
        ax = draw_heads(make_record(12, 12, layers, heads)).axes[0]
        assert len(row_names(ax)) == len(column_names(ax)) == 12


def test_hostile_tokens_are_drawn_and_never_read_as_mathematics():
    record = make_record(len(HOSTILE), len(HOSTILE), source=HOSTILE, target=HOSTILE)
    for figure in (
        draw_attention(record, gloss=lambda token: token),
        draw_attention(record, "decoder"),
        draw_heads(record),
    ):
        rendered(figure, "png")
        rendered(figure, "svg")
        assert figure.get_size_inches().max() < 15
    ax = draw_attention(record).axes[0]
    assert row_names(ax)[:4] == ["$x$", "$", "a_b^c", "<b>"]
    assert not any(label.get_parse_math() for label in [*ax.get_yticklabels(), *ax.get_xticklabels()])
    rendered(draw_mask(torch.eye(len(HOSTILE)) > 0, HOSTILE, HOSTILE), "png")
    rendered(draw_scores({token: (1.0, 1) for token in HOSTILE}), "png")


@pytest.mark.parametrize(
    ("token", "label"),
    [
        ("猫", "猫"),
        ("\n", r"\n"),
        ("\x00", r"\x00"),
        ("\ud83d", r"\ud83d"),
        ("a\u200bb", r"a\u200bb"),
        ("", "''"),
        (" ", "' '"),
        ("🚀", "□"),
        ("x" * 1000, "x" * 19 + "…"),
        ("猫" * 1000, "猫" * 9 + "…"),
        ("x" * 20, "x" * 20),
    ],
)
def test_what_cannot_be_seen_is_made_visible(token, label):
    assert printable(token) == label


# Chinese on a machine without a Chinese font


def test_chinese_is_drawn_with_the_letters_that_come_with_the_course():
    from matplotlib.font_manager import FontProperties, findfont

    pixels("猫")
    assert findfont(FontProperties(family=FONTS[0])) == str(shipped("fonts/SeqcourseSansSC.otf"))


def test_chinese_characters_look_different_from_each_other_and_from_a_box():
    pictures = [
        pixels(text).tobytes() for text in ("猫", "狗", "貓", "□", "\u25af", "")
    ]  # warnings are errors
    assert len(set(pictures)) == len(pictures)
    assert (pixels("猫") < 128).sum() > 30  # ink


def test_there_are_letters_for_all_we_write():
    simplified = [bytes((a, b)) for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)]
    hanzi = [text for code in simplified if (text := code.decode("gb2312", errors="ignore"))]
    assert len(hanzi) == 6763
    pinyin = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
    signs = "，。？！：；“”‘’、《》（）…—·→←×≤≥√−∑αβ₀₁²éèêëàâçîïôœùûüÿ"
    text = "".join(hanzi) + pinyin + pinyin.upper() + signs + signs.upper()
    text += "".join(set(shipped("grammar.txt").read_text(encoding="utf-8")) - {"\n"})
    assert [c for c in text if printable(c) == "□"] == []


def test_a_font_knows_the_licence_it_comes_under():
    licence = shipped("fonts/OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence and "Adobe" in licence


# Curves, masks, positions


def test_losses_and_rates_are_drawn_at_their_steps():
    history = [
        {"step": 10, "train_loss": 5.0, "learning_rate": 1e-3, "seconds": 1.0},
        {"step": 30, "train_loss": 3.0, "valid_loss": 3.5, "learning_rate": 2e-3},
        {"step": 70, "train_loss": 2.0, "valid_loss": None},
    ]
    losses, rates = draw_loss(history).axes
    training, validation = losses.lines
    assert training.get_xydata().tolist() == [[10, 5], [30, 3], [70, 2]]
    assert validation.get_xydata().tolist() == [[30, 3.5]]
    assert rates.lines[0].get_xydata().tolist() == [[10, 1e-3], [30, 2e-3]]
    assert [text.get_text() for text in losses.get_legend().get_texts()] == ["training", "validation"]
    assert losses.get_ylabel() == "loss per target token (nats)" and rates.get_xlabel() == "step"


def test_without_learning_rates_there_is_one_panel():
    assert len(draw_loss([{"step": 1, "train_loss": 1.0}]).axes) == 1


@pytest.mark.parametrize("history", [[], [{"step": 1}], [{"step": 1, "learning_rate": 0.1}]])
def test_a_history_without_losses_is_refused(history):
    with pytest.raises(ValueError, match="holds no loss"):
        draw_loss(history)


@pytest.mark.parametrize("steps", [1, 7, 12345])
def test_a_schedule_is_drawn_from_its_first_step_to_its_last(steps):
    (line,) = draw_schedule({"halves": lambda step: step / 2}, steps).axes[0].lines
    x, y = line.get_data()
    assert x[0] == 1 and x[-1] == steps and len(x) <= 1000
    assert list(y) == [step / 2 for step in x] and all(step == int(step) for step in x)


def test_a_schedule_without_steps_or_functions_is_refused():
    for schedules, steps in (({}, 5), ({"a": float}, 0)):
        with pytest.raises(ValueError, match="a schedule needs steps and a function"):
            draw_schedule(schedules, steps)


def test_bars_are_as_high_as_scores_and_name_how_many_sentences_there_are():
    ax = draw_scores({"1–5": (97.5, 310), "6–8": (80.25, 7)}, measure="chrF").axes[0]
    assert [bar.get_height() for bar in ax.patches] == [97.5, 80.25]
    assert column_names(ax) == ["1–5\nn = 310", "6–8\nn = 7"] and ax.get_ylabel() == "chrF"


def test_scores_by_length_and_by_tag_are_drawn_as_they_come():
    pairs = [Pair("one two three", "un deux trois", tags=frozenset({"numbers"}))] * 3
    for group in (by_length, by_tag):
        ax = draw_scores(group(pairs, ["un deux trois"] * 3, "fr")).axes[0]
        assert [round(bar.get_height()) for bar in ax.patches] == [100]


def test_systems_stand_side_by_side_even_where_one_lacks_a_group():
    ax = draw_scores({"LSTM": {"short": (50, 3), "long": (10, 2)}, "Transformer": {"long": (90, 2)}}).axes[0]
    short, long, other = (bar.get_x() + bar.get_width() / 2 for bar in ax.patches)
    assert (round(short), round(long), round(other)) == (0, 1, 1) and long < 1 < other
    assert [to_hex(bar.get_facecolor()).upper() for bar in ax.patches] == [COLOURS[0], COLOURS[0], COLOURS[1]]


def test_no_scores_are_refused():
    for scores in ({}, {"LSTM": {}}):
        with pytest.raises(ValueError, match="no score to draw"):
            draw_scores(scores)


def test_a_mask_is_drawn_as_it_is():
    mask = torch.tensor([[True, False, False], [True, True, False]])
    for given in (mask, mask[None, None], mask.tolist()):
        ax = draw_mask(given, ["a", "b"], ["x", "y", "z"]).axes[0]
        assert torch.equal(drawn(ax), mask)
    image = ax.images[0]
    assert (
        to_hex(image.cmap(image.norm(True))).upper() == COLOURS[0]
    )  # the colour that the legend calls "may look"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["may look", "may not"]
    assert to_hex(ax.get_legend().get_patches()[0].get_facecolor()).upper() == COLOURS[0]
    assert (row_names(ax), column_names(ax)) == (["a", "b"], ["x", "y", "z"])


def test_a_mask_without_tokens_numbers_its_positions():
    ax = draw_mask(torch.ones(2, 3, dtype=torch.bool)).axes[0]
    assert (row_names(ax), column_names(ax)) == (["0", "1"], ["0", "1", "2"])


def test_what_is_no_mask_is_refused():
    for mask in (torch.ones(2, 3), torch.ones(2, 2, 3, dtype=torch.bool), torch.ones(0, 3, dtype=torch.bool)):
        with pytest.raises(ValueError, match="a mask is boolean and"):
            draw_mask(mask)
    with pytest.raises(ValueError, match="3 tokens do not name a mask of shape"):
        draw_mask(torch.ones(2, 3, dtype=torch.bool), ["a", "b", "c"])


def test_positions_are_drawn_with_their_dot_products():
    table = torch.randn(7, 4)
    vectors, products = draw_positions(table).axes[:2]
    assert torch.equal(drawn(vectors), table)
    torch.testing.assert_close(drawn(products), torch.einsum("id,jd->ij", table, table))
    with pytest.raises(ValueError, match=r"\(length, D\), not \(7,\)"):
        draw_positions(table[:, 0])


# Guests in the reader's house


RUDE = {
    "font.size": 31,
    "font.family": ["serif"],
    "axes.facecolor": "black",
    "axes.grid": False,
    "axes.prop_cycle": matplotlib.cycler(color=["red"]),
    "image.cmap": "jet",
    "lines.linewidth": 9,
    "xtick.labelsize": 33,
    "ytick.color": "red",
    "text.color": "red",
    "axes.spines.top": True,
    "figure.dpi": 37,
    "figure.facecolor": "yellow",
    "savefig.facecolor": "yellow",
    "savefig.dpi": 31,
    "text.parse_math": True,
    "axes.formatter.limits": [0, 0],
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_looks_the_same_whatever_the_readers_settings_and_leaves_them_alone(name):
    polite = rendered(FIGURES[name](), "png")
    with matplotlib.rc_context(RUDE):
        before = dict(matplotlib.rcParams)
        assert rendered(FIGURES[name](), "png") == polite
        assert dict(matplotlib.rcParams) == before
        buffer = io.BytesIO()
        FIGURES[name]().savefig(buffer, facecolor="white", dpi=100)  # later, when our style no longer holds
    plain = io.BytesIO()
    FIGURES[name]().savefig(plain)
    assert buffer.getvalue() == plain.getvalue()


@pytest.mark.parametrize("name", FIGURES)
def test_a_notebook_shows_the_figure_once_and_pyplot_does_not_know_of_it(name):
    from IPython.core.formatters import DisplayFormatter
    from matplotlib import pyplot

    data, _ = DisplayFormatter().format(FIGURES[name]())
    assert data["image/png"].startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_can_be_kept(name):
    figure = FIGURES[name]()
    assert rendered(pickle.loads(pickle.dumps(figure)), "png") == rendered(figure, "png")


def test_matplotlib_is_not_loaded_before_something_is_drawn():
    code = "import sys, seqcourse.figures, seqcourse.record; print('matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_the_same_weight_has_the_same_colour_in_every_picture():
    record = make_record()
    for figure in (draw_attention(record), draw_heads(record)):
        for ax in figure.axes[:-1] or figure.axes:
            assert ax.images[0].cmap == weight_colours() and ax.images[0].get_clim() == (0, 1)
