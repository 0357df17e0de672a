"""Small batches of token ids: sources that end with EOS and differ in length, targets that begin with BOS."""

import math

import torch

from seqcourse.decoding import beam_search, greedy_search

PAD, BOS, EOS = 0, 2, 3


def make_sources(lengths=(5, 1, 7, 3), seed=1):
    """Ids 4 to 12, padded to the longest: (B, S)."""
    generator = torch.Generator().manual_seed(seed)
    src = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in zip(src, lengths, strict=True):
        row[:length] = torch.randint(4, 13, (length,), generator=generator)
        row[length - 1] = EOS
    return src


def make_targets(rows=4, length=5, seed=2):
    """Ids 4 to 16 after BOS: (B, T)."""
    words = torch.randint(4, 17, (rows, length), generator=torch.Generator().manual_seed(seed))
    words[:, 0] = BOS
    return words


def check_search(model, src):
    """Greedy search finds the same alone as in company, and a beam of one is greedy."""
    together = greedy_search(model, src)
    for row, found in zip(src, together, strict=True):
        (alone,) = greedy_search(model, row[row != PAD][None])
        assert alone.tokens == found.tokens and math.isclose(alone.score, found.score, abs_tol=1e-4)
    beams = beam_search(model, src, beam_width=1, length_penalty=0.0)
    assert [beam.tokens for (beam,) in beams] == [found.tokens for found in together]
