"""The race of memories: the rows are as told, the racers alike in size, and what is measured is true."""

import pytest
import torch
from torch import nn

from seqcourse.recall import (
    MEMORIES,
    NAMES,
    NOISE,
    draw_recall,
    gradient_at_the_name,
    learn_to_recall,
    of_size,
    recalled,
)
from seqcourse.word_model import WordModel


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("distance", [1, 2, 7])
def test_a_row_is_a_name_then_noise_then_the_question_at_the_distance(distance):
    tokens, names = draw_recall(101, distance)
    assert tokens.shape == (101, distance + 1) and torch.equal(tokens[:, 0], names)
    assert set(names.tolist()) == set(range(NAMES)) and (tokens[:, distance] == NAMES + NOISE).all()
    noise = tokens[:, 1:distance]
    assert ((noise >= NAMES) & (noise < NAMES + NOISE)).all()


def test_a_question_before_the_name_is_refused():
    with pytest.raises(ValueError, match="not 0"):
        draw_recall(3, 0)


@pytest.mark.parametrize("kind", MEMORIES)
def test_all_racers_have_about_as_many_parameters_as_asked_for(kind):
    for parameters in (3_000, 10_000):
        size = sum(p.numel() for p in of_size(kind, parameters).parameters())
        assert abs(size / parameters - 1) < 0.05


@pytest.mark.parametrize("kind", MEMORIES)
def test_every_racer_learns_a_short_distance_and_knows_a_longer_one_only_by_chance_before(kind):
    model = of_size(kind, 3_000)
    assert recalled(model, 3) < 0.4
    learn_to_recall(model, [1, 2], steps=200)
    assert recalled(model, 1) > 0.9 and recalled(model, 2) > 0.9


def test_the_gradient_at_the_name_is_that_of_each_row_s_loss():
    model = of_size("RNN", 3_000)
    torch.manual_seed(1)
    found = gradient_at_the_name(model, 5, rows=3)
    torch.manual_seed(1)
    tokens, names = draw_recall(3, 5)
    norms = []
    for row, name in zip(tokens, names, strict=True):
        x = model.embedding(row[None]).detach().requires_grad_()
        logits = model.output(model.layer(x)[0])[0, -1]
        (down,) = torch.autograd.grad(-logits.log_softmax(-1)[name], x)
        norms.append(down[0, 0].norm().item())
    assert abs(found - sum(norms) / 3) < 1e-5 and not model.embedding._forward_hooks


def test_a_gradient_whose_square_is_too_small_for_32_bits_is_not_called_zero():
    model = of_size("RNN", 3_000)
    with torch.no_grad():
        model.output.weight.mul_(1e-25)
    assert 0 < gradient_at_the_name(model, 5) < 1e-24


def test_a_convolution_gets_no_gradient_from_beyond_its_receptive_field_and_some_from_within():
    model = of_size("convolution")
    assert gradient_at_the_name(model, 15) > 0 == gradient_at_the_name(model, 16)


def test_a_word_model_takes_any_memory_and_gives_a_score_for_every_word_after_each():
    tokens = torch.randint(23, (3, 7))
    for layer in (nn.Identity(), MEMORIES["LSTM"](11), MEMORIES["convolution"](11)):
        model = WordModel(23, 11, layer)
        logits, changed = model(tokens), tokens.clone()
        assert logits.shape == (3, 7, 23)
        changed[:, 4:] = (tokens[:, 4:] + 1) % 23
        torch.testing.assert_close(model(changed)[:, :4], logits[:, :4])
