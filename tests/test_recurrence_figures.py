"""The pictures of recurrence show what they are given, and nothing else."""

import pytest
import torch

from seqcourse.recurrence_figures import draw_lstm, draw_states, draw_unrolled


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize("words", [["cats"], ["the", "cats", "are", "sleeping", "."]])
def test_an_unrolled_network_has_a_cell_and_a_guess_for_every_word_and_a_state_before_and_after_each(words):
    shown = texts(draw_unrolled(words))
    assert shown.count("cell") == shown.count("next word?") == len(words)
    assert texts(draw_unrolled(words, above="tag")).count("tag") == len(words)
    assert [text for text in shown if text in words] == words
    states = [f"h{t}" for t in range(len(words) + 1)]
    assert [text for text in shown if text in states] == states and f"h{len(words) + 1}" not in shown


def test_an_lstm_has_three_gates_and_a_candidate_and_one_sum():
    shown = texts(draw_lstm())
    assert sum("gate" in text for text in shown) == 3 and sum("candidate" in text for text in shown) == 1
    assert shown.count("+") == 1 and shown.count("×") == 3


def test_states_are_drawn_as_they_are_a_row_for_each_token():
    states = torch.rand(5, 7) * 2 - 1
    ax = draw_states(states, ["the", "cats", "$are$", "猫", "<pad>"]).axes[0]
    assert torch.equal(torch.tensor(ax.images[0].get_array().tolist()), states)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["the", "cats", "$are$", "猫", "<pad>"]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="no word"):
        draw_unrolled([])
    with pytest.raises(ValueError, match="2 tokens do not name 3 states"):
        draw_states(torch.zeros(3, 5), ["the", "cats"])
