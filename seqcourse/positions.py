"""Positions: attention sees a bag of vectors, so something must say where each of them stands."""

import math

import torch
from torch import nn

POSITIONS = ("sinusoidal", "learned", "rotary", "none")


def angles(places, width):
    """How far width / 2 hands have turned at each place, the first one fastest: (T,) -> (T, width / 2).

    Vaswani et al. 2017, section 3.5; their pos is our place, their 2i our i.
    """
    i = torch.arange(0, width, 2, dtype=places.dtype, device=places.device)
    return places[:, None] / 10000 ** (i / width)


def sinusoidal_positions(length, d_model):
    """A table of waves, (length, d_model): row t says "I stand at place t" at d_model / 2 speeds.

    Even columns hold the sines of the angles, the odd columns after them the cosines of the same angles.
    Vaswani et al. 2017, section 3.5.
    """
    turned = angles(torch.arange(length, dtype=torch.float64), d_model)
    table = torch.empty(length, d_model)
    table[:, 0::2] = turned.sin()
    table[:, 1::2] = turned[:, : d_model // 2].cos()
    return table


def rotate(x, start=0):
    """Turn queries or keys by the angles of their places: (..., T, K) -> (..., T, K), each as long as before.

    Features 0 and 1 are a point in the plane, 2 and 3 another, and so on. Row 0 stands at place `start`.
    Su et al. 2021, "RoFormer", section 3.4, equation 34; their m is our place, their d our K.
    """
    places = torch.arange(start, start + x.size(-2), dtype=torch.float32, device=x.device)
    turned = angles(places, x.size(-1))  # (T, K / 2)
    a, b = x[..., 0::2], x[..., 1::2]  # (..., T, K / 2) each
    pairs = (a * turned.cos() - b * turned.sin(), a * turned.sin() + b * turned.cos())
    return torch.stack(pairs, dim=-1).flatten(-2).type_as(x)


def position_table(kind, length, d_model):
    """What is added to the vectors of words, (length, d_model): waves, numbers to be learnt, or zeros.

    Learned ones begin at random, with the norm of the waves. Rotary positions add nothing here: they turn
    queries and keys.
    """
    if kind == "learned":
        return nn.Parameter(torch.randn(length, d_model) / math.sqrt(2))
    table = sinusoidal_positions(length, d_model) if kind == "sinusoidal" else torch.zeros(length, d_model)
    return nn.Buffer(table, persistent=False)
