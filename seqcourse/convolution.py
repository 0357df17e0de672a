"""Causal convolutions: memory as a window of words that reaches a fixed distance back."""

import torch
import torch.nn.functional as F
from torch import nn


class CausalConv1d(nn.Module):
    """At every place, mix a word with kernel_size - 1 words before it, each `dilation` words further back.

    x: (B, S, in_channels) -> (B, S, out_channels); before the first word there are zeros.
    Equal to torch.nn.Conv1d after padding on the left. Raises ValueError when one of the last two is below 1.
    van den Oord et al. 2016 (WaveNet), section 2.1.
    """

    def __init__(self, in_channels, out_channels, kernel_size, dilation=1):
        super().__init__()
        if min(kernel_size, dilation) < 1:
            raise ValueError(f"kernel_size and dilation are at least 1, not {kernel_size} and {dilation}")
        self.kernel_size, self.dilation = kernel_size, dilation
        self.mix = nn.Linear(kernel_size * in_channels, out_channels)

    def forward(self, x):
        past = (self.kernel_size - 1) * self.dilation  # how far back the furthest word is
        padded = F.pad(x, (0, 0, past, 0))  # (B, past + S, D)
        starts = range(0, past + 1, self.dilation)  # the oldest word of the window comes first
        window = torch.cat([padded[:, start : start + x.size(1)] for start in starts], dim=-1)
        return self.mix(window)  # (B, S, kernel_size * D) -> (B, S, D')


class DilatedStack(nn.Module):
    """Causal convolutions over each other, a residual around each: (B, S, channels) -> (B, S, channels).

    Each reaches `dilation` words further back; with 1, 2, 4, … the reach doubles with every layer.
    Bai et al. 2018, section 3, with one convolution in a block.
    """

    def __init__(self, channels, kernel_size, dilations):
        super().__init__()
        self.layers = nn.ModuleList(CausalConv1d(channels, channels, kernel_size, d) for d in dilations)

    def forward(self, x):
        for layer in self.layers:
            x = x + F.relu(layer(x))
        return x


def receptive_field(kernel_size, dilations):
    """How many words the last place can see, itself included."""
    return 1 + (kernel_size - 1) * sum(dilations)
