"""One head: it is attention between an embedding and a linear layer, and its tasks ask what they say."""

import math

import pytest
import torch

from seqcourse.attention import causal_mask
from seqcourse.one_head import SYMBOLS, OneHead, draw_reversal, draw_shift, learn_places, said_right
from seqcourse.positions import POSITIONS, rotate, sinusoidal_positions

B, S, D, V = 2, 5, 14, 11


@pytest.mark.parametrize("positions", POSITIONS)
def test_one_head_equals_a_slow_loop(positions):
    torch.manual_seed(0)
    model, tokens = OneHead(V, D, positions, max_length=7), torch.randint(V, (B, S))
    logits, weights = model(tokens, causal_mask(S))
    for b in range(B):
        x = model.words(tokens[b]) + model.positions[:S]
        q, k, v = model.query(x), model.key(x), model.value(x)
        q, k = (rotate(q), rotate(k)) if positions == "rotary" else (q, k)
        for t in range(S):
            strengths = [math.exp((q[t] @ k[s]).item() / math.sqrt(D)) for s in range(t + 1)]
            expected = torch.tensor([*(s / sum(strengths) for s in strengths), *[0.0] * (S - t - 1)])
            torch.testing.assert_close(weights[b, t], expected, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(logits[b, t], model.output(expected @ v), atol=1e-5, rtol=1e-5)


def test_it_may_choose_among_other_answers_than_its_words():
    logits, weights = OneHead(V, D, answers=3)(torch.randint(V, (B, S)))
    assert logits.shape == (B, S, 3) and weights.shape == (B, S, S)


def test_the_waves_are_added_to_the_words():
    model, tokens = OneHead(V, D), torch.randint(V, (B, S))
    x = model.words(tokens) + sinusoidal_positions(S, D)
    mixture = model(tokens, torch.eye(S, dtype=torch.bool))[0]  # each word sees itself alone
    torch.testing.assert_close(mixture, model.output(model.value(x)))


def test_a_reversal_asks_for_the_symbols_backwards():
    tokens, asked = draw_reversal(3, 7)
    assert tokens.shape == asked.shape == (3, 7) and tokens.max() < SYMBOLS
    assert all(asked[row, place] == tokens[row, 6 - place] for row in range(3) for place in range(7))


def test_a_shift_asks_for_the_symbol_so_many_places_before_and_for_nothing_at_the_first():
    tokens, asked = draw_shift(3, 7, back=2)
    assert (asked[:, :2] == -100).all() and torch.equal(asked[:, 2:], tokens[:, :5])


def test_a_head_learns_and_says_what_share_is_right_at_each_place():
    torch.manual_seed(0)
    model = OneHead(SYMBOLS, 32, "learned", max_length=6)
    before = said_right(model, draw_shift, 6)
    losses = learn_places(model, draw_shift, [4, 5, 6], steps=150)
    after = said_right(model, draw_shift, 6)
    assert len(losses) == 150 and losses[-1] < losses[0] / 2
    assert before[:3].isnan().all() and before[3:].max() < 0.3 and after[3:].min() > 0.9
