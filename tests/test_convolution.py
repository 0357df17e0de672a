"""Causal convolutions: equal to torch's after padding on the left, and seeing exactly what they should."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seqcourse.convolution import CausalConv1d, DilatedStack, receptive_field

B, S, D, H = 3, 13, 5, 7
sizes = pytest.mark.parametrize(
    "kernel_size, dilation", [(1, 1), (2, 1), (3, 1), (2, 5), (3, 2), (4, 3), (3, 7)]
)


@sizes
def test_it_is_torch_s_convolution_of_left_padded_words_in_values_and_gradients(kernel_size, dilation):
    torch.manual_seed(0)
    ours, theirs = CausalConv1d(D, H, kernel_size, dilation), nn.Conv1d(D, H, kernel_size, dilation=dilation)
    theirs.weight.data = ours.mix.weight.data.unflatten(1, (kernel_size, D)).transpose(1, 2)
    theirs.bias.data = ours.mix.bias.data.clone()
    x = torch.randn(B, S, D, requires_grad=True)
    a = ours(x)
    b = theirs(F.pad(x.transpose(1, 2), ((kernel_size - 1) * dilation, 0))).transpose(1, 2)
    torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
    down = torch.randn_like(a)
    ours_down = torch.autograd.grad((a * down).sum(), [x, ours.mix.weight, ours.mix.bias])
    x_down, weight, bias = torch.autograd.grad((b * down).sum(), [x, theirs.weight, theirs.bias])
    expected = (x_down, weight.transpose(1, 2).flatten(1), bias)
    for one, other in zip(ours_down, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@sizes
def test_a_place_sees_its_own_word_and_every_dilation_th_before_it_and_nothing_else(kernel_size, dilation):
    torch.manual_seed(0)
    layer, x = CausalConv1d(D, H, kernel_size, dilation), torch.randn(1, S, D, requires_grad=True)
    for t in range(S):
        (down,) = torch.autograd.grad(layer(x)[0, t].sum(), x)
        seen = set(down[0].abs().sum(dim=-1).nonzero().flatten().tolist())
        assert seen == {t - i * dilation for i in range(kernel_size) if t >= i * dilation}


@pytest.mark.parametrize("kernel_size, dilations", [(2, [1, 2, 4]), (3, [1, 3]), (2, [1]), (5, [2, 1])])
def test_a_stack_sees_as_far_as_its_receptive_field_and_no_further(kernel_size, dilations):
    torch.manual_seed(0)
    stack, S = DilatedStack(D, kernel_size, dilations).double(), 29
    x = torch.randn(64, S, D, dtype=torch.double, requires_grad=True)  # many, as ReLU stops some gradients
    (down,) = torch.autograd.grad(stack(x)[:, -1].sum(), x)
    seen = down.abs().sum(dim=(0, 2)).nonzero().flatten()
    assert S - seen.min().item() == receptive_field(kernel_size, dilations)


def test_a_stack_cannot_see_the_future():
    torch.manual_seed(0)
    stack, x = DilatedStack(D, 3, [1, 2]), torch.randn(B, S, D)
    changed = torch.cat((x[:, :5], torch.randn(B, S - 5, D)), dim=1)
    torch.testing.assert_close(stack(x)[:, :5], stack(changed)[:, :5])


@pytest.mark.parametrize("kernel_size, dilation", [(0, 1), (2, 0), (-1, 1)])
def test_a_window_without_words_is_refused(kernel_size, dilation):
    with pytest.raises(ValueError, match="at least 1"):
        CausalConv1d(D, H, kernel_size, dilation)
