"""Memory is counted by the sizes of tensors: what is kept, once, and without the weights."""

from functools import partial

import torch
from torch import nn

from seqcourse.attention import attention, fused_attention
from seqcourse.footprint import kept_bytes

S, D = 37, 5


def vectors(length=S):
    return [torch.randn(1, 1, length, D, requires_grad=True) for _ in range(3)]


def test_what_is_kept_is_counted_in_bytes():
    x = torch.randn(S, requires_grad=True)
    assert kept_bytes(lambda: x.exp()) == 4 * S  # the derivative of e to the x is the result
    assert kept_bytes(lambda: x + 1) == 0
    y = torch.randn(S, dtype=torch.float64, requires_grad=True)
    assert kept_bytes(lambda: x * y) == 4 * S + 8 * S


def test_a_tensor_kept_twice_counts_once_and_weights_do_not_count():
    x, layer = torch.randn(7, S, requires_grad=True), nn.Linear(S, D)
    assert kept_bytes(lambda: x * x) == 4 * 7 * S
    assert kept_bytes(lambda: layer(x), layer.parameters()) == 4 * 7 * S
    assert kept_bytes(lambda: layer(x)) == 4 * 7 * S + 4 * S * D


def test_nothing_is_kept_where_nothing_will_learn():
    x = torch.randn(S, requires_grad=True)
    with torch.no_grad():
        assert kept_bytes(lambda: x.exp()) == 0


def test_explicit_attention_keeps_a_table_of_all_pairs_and_the_fused_one_does_not():
    for length in (101, 211):
        table = 4 * length * length
        given = vectors(length)
        assert table < kept_bytes(partial(attention, *given)) < 2 * table
        assert kept_bytes(partial(fused_attention, *given)) < table / 2
        without_heads = [part.detach()[0].requires_grad_() for part in given]
        assert kept_bytes(partial(fused_attention, *without_heads)) > table
