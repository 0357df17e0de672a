"""Pictures of attention from within show what they are given, and refuse what does not fit."""

import pytest
import torch

from seqcourse.attention_figures import draw_costs, draw_looks, draw_map, draw_turns, slope
from seqcourse.positions import rotate

WORDS = ["the", "bat", "is", "flying"]


def test_the_looks_of_a_word_are_lines_as_thick_as_its_weights():
    ax = draw_looks(WORDS, torch.tensor([0.1, 0.2, 0.0, 0.7]), asks=1).axes[0]
    widths = [line.get_linewidth() for line in ax.lines]
    assert sorted(range(4), key=widths.__getitem__) == [2, 0, 1, 3]
    assert widths[3] > 5 * widths[0]
    texts = [text.get_text() for text in ax.texts]
    assert set(WORDS) < set(texts) and "0.70" in texts and "bat, asking" in texts
    tops = {line.get_xdata()[1] for line in ax.lines}
    assert tops == {ax.lines[1].get_xdata()[0]}  # all lines meet above the word that asks


@pytest.mark.parametrize("weights, asks", [([0.5, 0.5], 0), ([0.25] * 4, 4), ([0.25] * 4, -1)])
def test_looks_that_do_not_fit_the_words_are_refused(weights, asks):
    with pytest.raises(ValueError, match="one weight a word"):
        draw_looks(WORDS, weights, asks)


def test_a_map_shows_every_weight_under_the_names_of_its_row_and_column():
    weights = torch.rand(4, 3).softmax(dim=-1)
    ax = draw_map(weights, WORDS, ["a", "b", "c"], title="a map").axes[0]
    assert torch.equal(torch.tensor(ax.images[0].get_array()), weights)
    assert [label.get_text() for label in ax.get_yticklabels()] == WORDS
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert ax.get_title() == "a map"
    with pytest.raises(ValueError, match="4 rows and 4 columns do not name"):
        draw_map(weights, WORDS)


def test_turned_pairs_stand_where_rotation_puts_them():
    x = torch.tensor([1.0, 0.0] * 3)
    turned = {place: rotate(x[None], place)[0] for place in (0, 2, 5)}
    figure = draw_turns(turned, ["fast", "slow"])
    assert [ax.get_title() for ax in figure.axes] == ["fast", "slow"]
    for pair, ax in enumerate(figure.axes):
        labels = {text.get_text(): text.get_position() for text in ax.texts if text.get_text()}
        for place, vector in turned.items():
            expected = [1.14 * number for number in vector[2 * pair : 2 * pair + 2].tolist()]
            assert labels[str(place)] == pytest.approx(expected)
    with pytest.raises(ValueError, match="4 panels need vectors of 8 features"):
        draw_turns(turned, ["a", "b", "c", "d"])


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_slope_of_a_power_is_its_exponent(power):
    assert slope([(n, 3 * n**power) for n in (5, 7, 11, 23)]) == pytest.approx(power)


def test_a_slope_needs_two_points():
    with pytest.raises(ValueError, match="two points"):
        slope([(1, 1)])


def test_costs_show_every_line_and_the_slope_of_its_end():
    bent = [(1, 1), (2, 1), (4, 2), (8, 8), (16, 32), (32, 128)]
    figure = draw_costs({"seconds": {"a": bent}, "bytes": {"a": bent, "b": bent[:3]}}, x="words", last=4)
    assert [ax.get_ylabel() for ax in figure.axes] == ["seconds", "bytes"]
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == ["a: slope 2.0", "b: slope 0.5"]
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in figure.axes)
    with pytest.raises(ValueError, match="no cost"):
        draw_costs({})
