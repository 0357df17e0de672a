"""Do two lists of numbers put things in the same order? Ranks, their correlation, and what chance gives."""

import torch


def ranks(values):
    """The place of each number when all stand in order, from 1; equals share the mean of theirs: (N,)."""
    smaller = (values[:, None] > values).sum(dim=1)
    equal = (values[:, None] == values).sum(dim=1)  # itself counted
    return smaller + (equal + 1) / 2


def rank_correlation(a, b):
    """From 1, the same order, over 0 to -1, the opposite one: two tensors (N,) -> a number.

    NaN where all numbers of a list are equal, for they are in no order. ValueError for unlike lengths.
    Spearman 1904, "The Proof and Measurement of Association between Two Things".
    """
    if a.shape != b.shape or a.dim() != 1:
        raise ValueError(
            f"ranks are compared of two equally long lists, not {tuple(a.shape)} and {tuple(b.shape)}"
        )
    a, b = (r - r.mean() for r in (ranks(a), ranks(b)))
    return (a @ b / (a.norm() * b.norm())).item()


def chance_of(a, b, shuffles=2000, seed=0):
    """How often a shuffled list agrees with the other at least as well, either way: the p-value, above 0.

    Of N! orders so many are drawn at random; the order found counts as one of them, so that it is never 0.
    """
    real = abs(rank_correlation(a, b))
    generator = torch.Generator().manual_seed(seed)
    orders = (torch.randperm(len(a), generator=generator) for _ in range(shuffles))
    as_good = sum(abs(rank_correlation(a[order], b)) >= real - 1e-6 for order in orders)
    return (as_good + 1) / (shuffles + 1)
