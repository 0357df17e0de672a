"""Lines show the numbers they were given, and a reference stands in grey behind the others."""

import pytest

from seqcourse.drawing import COLOURS
from seqcourse.lines import draw_beside, draw_lines


def test_lines_show_their_numbers_from_0_on_or_at_their_places():
    figure = draw_lines({"up": [1, 2, 4], "down": ([10, 20], [3, 1])}, "step", "loss")
    ax = figure.axes[0]
    up, down = ax.lines
    assert up.get_xydata().tolist() == [[0, 1], [1, 2], [2, 4]]
    assert down.get_xydata().tolist() == [[10, 3], [20, 1]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["up", "down"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "loss", "linear")


def test_the_values_start_at_the_floor_and_what_was_taught_lies_on_grey():
    figure = draw_lines({"up": ([2, 9], [3, 5])}, floor=0, taught=(2, 6))
    (ax,) = figure.axes
    (ground,) = ax.patches
    assert (ground.get_x(), ground.get_width()) == (2, 4) and ax.get_ylim()[0] == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["up", "seen in training"]


def test_lines_can_be_told_apart_without_colours():
    lines = draw_lines({name: [1, 2] for name in "abc"}).axes[0].lines
    assert len({line.get_linestyle() for line in lines}) == 3


def test_each_group_has_its_panel_with_the_reference_behind_it():
    groups = {"full": [([0, 1], [5, 2]), ([0, 1], [5, 3])], "a": [([0, 1], [6, 4])], "b": [([0, 1], [7, 1])]}
    figure = draw_beside(groups, "full", "step", "loss", columns=3)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == ["a", "b"] and len(figure.axes) == 3
    for ax, name in zip(shown, "ab", strict=True):
        behind, own = ax.lines[:2], ax.lines[2:]
        assert [line.get_ydata().tolist() for line in behind] == [[5, 2], [5, 3]]
        assert [(line.get_ydata().tolist(), line.get_color()) for line in own] == [
            (groups[name][0][1], COLOURS[0])
        ]
        assert max(line.zorder for line in behind) <= min(line.zorder for line in own)
    assert shown[0].get_ylim() == shown[1].get_ylim()


def test_every_column_names_its_places():
    groups = {name: [([0, 1], [5, 2])] for name in ("full", *"abcd")}
    figure = draw_beside(groups, "full", columns=3)
    named = [ax.xaxis.get_tick_params()["labelbottom"] for ax in figure.axes[:4]]
    assert named == [False, True, True, True]  # below a stands d, below b and c nothing


def test_a_line_of_one_point_is_seen():
    groups = {"full": [([0, 1], [5, 2])], "failed": [([0], [7])]}
    own = draw_beside(groups, "full").axes[0].lines[-1]
    assert own.get_marker() == "." and own.get_ydata().tolist() == [7]


def test_nothing_to_draw_says_so():
    with pytest.raises(ValueError, match="no line"):
        draw_lines({})
    with pytest.raises(ValueError, match="'full' must be one of several groups, which are a"):
        draw_beside({"a": []}, "full")


@pytest.mark.parametrize(
    "draw", [draw_lines, lambda lines, log: draw_beside({"a": [], "b": [*lines.values()]}, "a", log=log)]
)
def test_values_spaced_by_their_logarithm_are_written_as_plain_numbers(draw):
    ax = draw({"down": ([0, 1], [100, 0.001])}, log=True).axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    written = {value: ax.yaxis.get_major_formatter()(value, 0) for value in (1e-14, 1e-5, 0.25, 300000)}
    assert [*written.values()] == ["1e-14", "0.00001", "0.25", "300000"]
    assert ax.get_yscale() == "log" and {"0.01", "1", "100"} <= set(names)
    assert not any("$" in name for name in names)
