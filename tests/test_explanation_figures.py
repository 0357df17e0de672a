"""Pictures of explanations show what they are given: a map for each, and a dot for each head."""

import pytest
import torch

from seqcourse.explanation_figures import draw_dots, draw_maps
from seqcourse.record import AttentionRecord

T, S = 3, 5


def record(gold=frozenset({(2, 1)})):
    weights = torch.randn(2, 2, T, S).softmax(dim=-1)
    return AttentionRecord([*"abcd", "</s>"], ["猫", "狗", "</s>"], cross=weights, gold=gold)


def test_each_row_is_divided_by_its_largest_number_and_what_is_below_zero_stays_white():
    weights = torch.tensor([[1.0, 2, -4, 0, 0], [0, 0, 0, 0, 0], [-1, -2, -3, -1, -1]])
    figure = draw_maps({"one": weights, "two": -weights}, record())
    shown = figure.axes[0].images[0].get_array()
    assert shown.tolist() == [[0.5, 1, 0, 0, 0], [0] * 5, [0] * 5]
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]


def test_rows_are_named_once_columns_at_every_map_and_gold_links_are_outlined():
    figure = draw_maps({"one": torch.rand(T, S), "two": torch.rand(T, S)}, record())
    names = [[label.get_text() for label in ax.get_yticklabels()] for ax in figure.axes]
    assert names == [["猫", "狗", "</s>"], []]
    assert [len(ax.get_xticklabels()) for ax in figure.axes] == [S, S]
    assert [len(ax.patches) for ax in figure.axes] == [1, 1]
    assert not draw_maps({"one": torch.rand(T, S)}, record(gold=None)).axes[0].patches


def test_a_map_that_does_not_fit_and_no_map_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        draw_maps({"one": torch.rand(S, T)}, record())
    with pytest.raises(ValueError, match="no map"):
        draw_maps({}, record())


def test_every_head_has_its_dot_and_its_name():
    figure = draw_dots(
        {"cross": [(0.3, 2.0, "0.1"), (0.5, 1.0, "1.0")], "decoder": [(0.1, 0.0, "0.0")]}, "AER", "lost"
    )
    (ax,) = figure.axes
    assert [list(line.get_xdata()) for line in ax.lines] == [[0.3, 0.5], [0.1]]
    assert [text.get_text() for text in ax.texts] == ["0.1", "1.0", "0.0"]
    with pytest.raises(ValueError, match="no dot"):
        draw_dots({"cross": []}, "", "")


def test_names_of_dots_that_stand_close_lie_apart():
    dots = [(0.0, 0.0, "0.0"), (1.0, 1.0, "1.0"), (0.5, 0.5, "0.1"), (0.52, 0.5, "0.2"), (0.52, 0.52, "0.3")]
    figure = draw_dots({"cross": dots}, "AER", "lost")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts]
    for box in boxes:
        assert box.count_overlaps(boxes) == 1  # itself
        assert not box.count_contains(ax.transData.transform([dot[:2] for dot in dots]))
