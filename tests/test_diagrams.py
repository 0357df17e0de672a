"""Flow diagrams: every box is there, every arrow joins two of them, and no text sticks out."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from seqcourse.diagrams import (
    Box,
    draw_decoder_layer,
    draw_encoder_decoder,
    draw_encoder_layer,
    draw_flow,
    draw_transformer,
    layer_flow,
)

DIAGRAMS = [
    draw_encoder_layer,
    lambda: draw_encoder_layer(norm_first=False),
    draw_decoder_layer,
    draw_transformer,
    lambda: draw_encoder_decoder(["two", "cats", "</s>"], ["<s>", "睡觉"], ["睡觉", "</s>"]),
]


def words(figure):
    return [text.get_text().replace("\n", " ") for text in figure.axes[0].texts if text.get_text()]


@pytest.mark.parametrize("draw", DIAGRAMS)
def test_every_text_lies_in_its_box_and_no_two_texts_meet(draw):
    figure = draw()
    FigureCanvasAgg(figure).draw()
    ax = figure.axes[0]
    boxes = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    for text in ax.texts:
        extent = text.get_window_extent()
        for box in boxes:
            if box.contains(*text.get_transform().transform(text.get_position())):
                assert box.x0 <= extent.x0 and extent.x1 <= box.x1, text.get_text()
    shown = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert not [(a, b) for a, b in combinations(shown, 2) if a.overlaps(b)]
    assert not [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b)]


def test_the_parts_of_a_decoder_layer_stand_in_their_order():
    shown = words(draw_decoder_layer())
    order = ["LayerNorm", "causal self-attention", "+", "LayerNorm", "cross-attention", "+", "LayerNorm"]
    order = ["x (B, T, D)", *order, "feed-forward", "+", "x (B, T, D)", "memory (B, S, D)"]
    assert shown[: len(order)] == order


def test_the_norm_stands_before_the_function_or_after_the_sum():
    first, after = words(draw_encoder_layer()), words(draw_encoder_layer(norm_first=False))
    assert first[1:4] == ["LayerNorm", "self-attention", "+"]
    assert after[1:4] == ["self-attention", "+", "LayerNorm"]


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_residual_connection_leads_from_before_the_norm_to_the_sum(norm_first):
    boxes, arrows = layer_flow([("think", "#000000", "")], "(B, T, D)", norm_first)
    ways = {(start, end): label for start, end, label, *_ in arrows}
    assert ways["branch think", "add think"] == "residual"
    assert ways["in", "branch think"] == ""
    after = ("norm think", "think") if norm_first else ("think", "add think")
    assert ways["branch think", after[0]] == "" and ways[after] == ""


def test_an_arrow_goes_from_edge_to_edge_and_around_by_its_detour():
    figure = draw_flow(
        {"a": Box(0, 0, "a"), "b": Box(2, 0, "b"), "c": Box(2, 2, "c")},
        [("a", "b", "shape"), ("b", "c", "up"), ("a", "b", "around", 1.0)],
    )
    along, up, around = (p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch))
    half_width, half_height = Box(0, 0, "a").half
    start, end = along._path_original.vertices
    assert tuple(start) == (half_width, 0) and tuple(end) == (2 - Box(2, 0, "b").half[0], 0)
    assert up._path_original.vertices[:, 0].tolist() == [2, 2]
    assert around._path_original.vertices[:, 1].tolist() == [half_height, 1, 1, half_height]


def test_a_point_is_a_dot_and_a_sum_a_circle():
    figure = draw_flow({"a": Box(0, 0), "b": Box(1, 0, "+")}, [("a", "b", "")])
    assert [type(patch) for patch in figure.axes[0].patches[:2]] == [Circle, Circle]


def test_an_arrow_to_a_box_that_is_not_there_says_so():
    with pytest.raises(ValueError, match="no box 'b' for an arrow; there is a"):
        draw_flow({"a": Box(0, 0, "a")}, [("a", "b", "")])


def test_one_arrow_leads_from_the_words_read_to_the_words_written():
    figure = draw_encoder_decoder(["two", "cats"], ["<s>", "两", "只"], ["两", "只", "猫"])
    assert words(figure).count("LSTM") == 2 and words(figure).count("LSTM′") == 3
    assert words(figure).count("state") == 1
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 2 + 3 + 3 + 4  # from below, upwards, along
    with pytest.raises(ValueError, match="2 words are fed, and 1 written"):
        draw_encoder_decoder(["two"], ["<s>", "两"], ["两"])
