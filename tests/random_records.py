"""Attention records of any size, with random weights."""

import torch

from seqcourse.record import AttentionRecord


def random_record(source=5, target=7, encoder=2, decoder=3, heads=2, sharpness=2.0, seed=0, **fields):
    """source, target: tokens, or how many; encoder, decoder: layers, 0 for none of that kind."""
    generator = torch.Generator().manual_seed(seed)
    source = [f"s{i}" for i in range(source)] if isinstance(source, int) else source
    target = [f"t{i}" for i in range(target)] if isinstance(target, int) else target

    def weights(layers, rows, columns, causal=False):
        if not layers:
            return None
        scores = sharpness * torch.randn(layers, heads, rows, columns, generator=generator)
        if causal:
            scores = scores.masked_fill(~torch.ones(rows, columns, dtype=torch.bool).tril(), float("-inf"))
        return scores.softmax(-1)

    return AttentionRecord(
        source,
        target,
        weights(encoder, len(source), len(source)),
        weights(decoder, len(target), len(target), causal=True),
        weights(decoder, len(target), len(source)),
        **fields,
    )
