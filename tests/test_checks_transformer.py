"""The checks of lesson 07 know right answers, and call each mistake by its own name."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seqcourse import checks_transformer
from seqcourse.attention import causal_mask, padding_mask
from seqcourse.checks_transformer import (
    DECODER_LAYER_PARAMETERS,
    DECODER_MASK,
    PRE_NORM,
    RMS_NORM,
    check_decoder_layer,
    check_decoder_layer_parameters,
    check_decoder_mask,
    check_pre_norm,
    check_rms_norm,
)

BANKS = [
    (check_pre_norm, PRE_NORM),
    (check_decoder_mask, DECODER_MASK),
    (check_decoder_layer_parameters, DECODER_LAYER_PARAMETERS),
    (check_rms_norm, RMS_NORM),
]


@pytest.mark.parametrize(
    "check, says, twin", [(check, says, twin) for check, bank in BANKS for says, twin in bank.items()]
)
def test_every_twin_is_called_by_its_name(check, says, twin):
    assert check(twin) == says


@pytest.mark.parametrize("check", [check for check, _ in BANKS] + [check_decoder_layer])
def test_an_empty_stub_is_not_written_yet_and_nonsense_is_not_right(check):
    assert check(lambda *arguments: None) == "Not written yet."
    assert "Right" not in check(lambda *arguments: "nonsense")
    assert "Right" not in check(lambda first, *others: first)


def test_right_answers_that_are_written_otherwise_pass():
    assert check_rms_norm(lambda x, gamma: F.rms_norm(x, (7,), gamma, 1e-5)) == "Right."
    mask = checks_transformer.check_decoder_mask(
        lambda tokens, pad_id: causal_mask(7) & padding_mask(tokens, pad_id)
    )
    assert mask == "Right."
    layer = nn.TransformerDecoderLayer(35, 5, 53)
    count = sum(p.numel() for p in layer.parameters())
    assert check_decoder_layer_parameters(lambda D, F: count) == "Right."


def test_an_answer_that_changes_its_input_is_told_so():
    def in_place(x, f, norm):
        x += f(norm(x))
        return x

    assert "in place" in check_pre_norm(in_place)


def test_a_wrong_shape_and_a_wrong_type_are_told():
    assert "(3, 1, 7, 7)" in check_decoder_mask(lambda tokens, pad_id: causal_mask(7))
    assert "torch.bool" in check_decoder_mask(lambda tokens, pad_id: torch.ones(3, 1, 7, 7))
    assert "NaN" in check_rms_norm(lambda x, gamma: x / 0 - x / 0)


def decoder_layer(layer, x, memory, memory_mask, mask=None, before=lambda y: y):
    back = before(layer.looking_back.norm(x))
    x = x + layer.self_attention(back, back, causal_mask(x.size(1)) if mask is None else mask)
    x = x + layer.cross_attention(layer.looking_over.norm(x), memory, memory_mask)
    return x + layer.feed_forward(layer.thinking.norm(x))


def test_a_mended_decoder_layer_passes_and_a_leaky_or_another_one_does_not():
    assert check_decoder_layer(decoder_layer) == "Right."
    leaks = check_decoder_layer(
        lambda *a: decoder_layer(*a, before=lambda y: y - y.mean(dim=1, keepdim=True))
    )
    assert leaks.startswith("It still leaks")
    everyone = torch.ones(5, 5, dtype=torch.bool)
    assert check_decoder_layer(lambda *a: decoder_layer(*a, mask=everyone)).startswith("It still leaks")
    strict = causal_mask(5).tril(-1)
    assert "may look at itself" in check_decoder_layer(lambda *a: decoder_layer(*a, mask=strict))
    assert "no longer" in check_decoder_layer(lambda *a: decoder_layer(*a, before=lambda y: 2 * y))
