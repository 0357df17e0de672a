"""Positions: attention sees a bag of vectors, so each vector must say where it stands."""

import torch


def sinusoidal_positions(length, d_model):
    """A table of waves, (length, d_model): row t says "I stand at place t" at d_model / 2 speeds.

    Even columns i hold sin(t / 10000^(i/d_model)), the odd columns after them the cosine of the same angle.
    Vaswani et al. 2017, section 3.5; their pos is our t, their 2i our i.
    """
    t = torch.arange(length, dtype=torch.float64)[:, None]  # (length, 1)
    i = torch.arange(0, d_model, 2, dtype=torch.float64)  # (d_model / 2)
    angles = t / 10000 ** (i / d_model)  # (length, d_model / 2)
    table = torch.empty(length, d_model)
    table[:, 0::2] = angles.sin()
    table[:, 1::2] = angles[:, : d_model // 2].cos()
    return table
