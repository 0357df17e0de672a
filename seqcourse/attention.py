"""Attention, from one query to many heads.

A mask is boolean and says who may look: True = may look,
the convention of `torch.nn.functional.scaled_dot_product_attention`.
A query that may look at nothing gets zeros, not NaN.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .positions import rotate


def attention(q, k, v, mask=None):
    """Average the rows of `v`, weighted by how well each key matches the query.

    Returns the average (..., T, K) and the weights (..., T, S).
    q: (..., T, K)   k: (..., S, K)   v: (..., S, K)   mask: broadcasts to (..., T, S)

    Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1, equation 1.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))  # (..., T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)  # (..., T, S), each row sums to 1
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row that may look at nothing: zeros, not NaN
    return weights @ v, weights


def fused_attention(q, k, v, mask=None):
    """The average that `attention` gives, by torch's fused kernel: faster, and without weights to look at.

    For (B, H, T, K) no table of weights is written down. In other shapes torch writes it after all.
    """
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def padding_mask(tokens, pad_id):
    """All tokens but the padding may be looked at: (B, S) -> (B, 1, 1, S), for all heads and queries."""
    return (tokens != pad_id)[:, None, None, :]


def causal_mask(length, device=None):
    """Position t may look at positions up to t, never at the future: (T, T), lower triangular."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def split_heads(x, nhead):
    """Give each head its own K = D / H features of every word: (B, T, D) -> (B, H, T, K)."""
    return x.unflatten(-1, (nhead, -1)).transpose(1, 2)


def merge_heads(heads):
    """Lay the heads side by side again, undoing `split_heads`: (B, H, T, K) -> (B, T, D)."""
    return heads.transpose(1, 2).flatten(-2)


class MultiHeadAttention(nn.Module):
    """Attend in `nhead` subspaces at once: x (B, T, D) asks, memory (B, S, D) answers -> (B, T, D).

    The mask broadcasts to (B, H, T, S); given a list as `record`, the layer appends its weights, of that
    shape. `rotary` turns queries and keys by their places (self-attention). Raises ValueError when the heads
    cannot share the width evenly. Vaswani et al. 2017, section 3.2.2; their d_k = d_v is our K = D / H."""

    def __init__(self, d_model, nhead, rotary=False):
        super().__init__()
        if d_model % nhead:
            raise ValueError(f"{nhead} heads cannot share {d_model} features evenly")
        self.nhead, self.rotary = nhead, rotary
        self.query, self.key, self.value, self.output = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, x, memory, mask=None, record=None):
        return self.attend(x, *self.keys_values(memory), mask, record)

    def keys_values(self, memory):
        keys, values = (split_heads(linear(memory), self.nhead) for linear in (self.key, self.value))
        return rotate(keys) if self.rotary else keys, values  # (B, H, S, K) each

    def attend(self, x, keys, values, mask=None, record=None):
        q = split_heads(self.query(x), self.nhead)  # (B, H, T, K)
        q = rotate(q, keys.size(2) - q.size(2)) if self.rotary else q  # x are the last T of the S places
        if record is None:
            return self.output(merge_heads(fused_attention(q, keys, values, mask)))
        heads, weights = attention(q, keys, values, mask)
        record.append(weights)
        return self.output(merge_heads(heads))
