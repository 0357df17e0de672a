"""Batches: many sentence pairs as three rectangles of numbers."""

import random
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from .vocabulary import BOS, EOS, PAD


class Batch(NamedTuple):
    """B sentence pairs, padded on the right: what goes in, and what is to come out one step later."""

    src: Tensor  # (B, S), each row ends with </s>
    tgt_in: Tensor  # (B, T), each row starts with <s>
    tgt_out: Tensor  # (B, T), the same tokens one place to the left, ends with </s>

    def to(self, device):
        return Batch(*(tensor.to(device) for tensor in self))


def pad(rows):
    """Lists of ids as one LongTensor (B, longest), filled up with PAD on the right."""
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows], dtype=torch.long)


def make_batch(examples):
    """Examples (source ids with </s>, target ids bare) as one Batch."""
    src = pad([source for source, _ in examples])
    tgt_in = pad([[BOS, *target] for _, target in examples])
    tgt_out = pad([[*target, EOS] for _, target in examples])
    return Batch(src, tgt_in, tgt_out)


def encode_pairs(pairs, source_tokenizer, target_tokenizer, max_length):
    """Pairs as ids: a list of (source ids with </s>, target ids bare).

    A pair with more than `max_length` tokens on a side, <s> or </s> counted, is left out, because a
    translation cut short is a wrong one; a warning says how many. ValueError if none is left.
    """
    examples = [([*source_tokenizer.encode(p.source), EOS], target_tokenizer.encode(p.target)) for p in pairs]
    kept = [example for example in examples if lengths(example)[0] <= max_length]
    if examples and not kept:
        raise ValueError(
            f"all {len(examples)} pairs are longer than max_length={max_length} tokens; raise it"
        )
    if len(kept) < len(examples):
        left_out = len(examples) - len(kept)
        warnings.warn(f"{left_out} of {len(examples)} pairs left out: over {max_length} tokens", stacklevel=2)
    return kept


def batch_by_tokens(examples, max_tokens, seed=None):
    """Every example once, in batches of like length and at most `max_tokens` padded tokens: B * max(S, T).

    Without a seed the batches run from short to long. With one (an int, or a tuple such as (seed, epoch))
    their order is shuffled, and so are examples of the same lengths among each other; the same seed gives the
    same batches. An example longer than `max_tokens` is a batch of its own.
    """
    if max_tokens < 1:
        raise ValueError(f"a batch of {max_tokens} tokens holds nothing; max_tokens must be at least 1")
    examples, rng = list(examples), random.Random(repr(seed))
    if seed is not None:
        rng.shuffle(examples)
    groups, group = [], []
    for example in sorted(examples, key=lengths):
        longest = lengths(example)[0]  # so far: none before it is longer
        if group and longest * (len(group) + 1) > max_tokens:
            groups.append(group)
            group = []
        group.append(example)
    groups += [group] if group else []
    if seed is not None:
        rng.shuffle(groups)
    return [make_batch(group) for group in groups]


def lengths(example):
    """(max(S, T), S, T): the lengths an example has in a batch, with <s> or </s>."""
    source, target = example
    return max(len(source), len(target) + 1), len(source), len(target) + 1
