"""Several answers to one question, which source word a target word rests on, and how far they agree."""

import math

import torch

from .alignment import record_pair
from .attribution import erasure, integrated_gradients, rollout
from .batching import encode_pairs, make_batch
from .ranks import rank_correlation
from .scores import alignment_error_rate, links


def explanations(translator, pair, head=(-1, 0), steps=32):
    """Maps (T, S) of a pair with gold links, by the name of their method.

    head: the (layer, head) of cross-attention that stands for a single one. Rows are target tokens and
    columns source tokens, </s> last on both sides. Raises ValueError where `record_pair` does.
    """
    record, model = record_pair(translator, pair), translator.model
    tokenizers = translator.source_tokenizer, translator.target_tokenizer
    batch = make_batch(encode_pairs([pair], *tokenizers, max_length=math.inf))
    attention = record.cross.mean(dim=(0, 1))
    return {
        "one head": record.cross[head],
        "mean of heads": attention,
        "rollout": attention @ rollout(record.encoder),
        "erasure": erasure(model, batch),
        "gradients": integrated_gradients(model, batch, steps),
    }


def error_rate(maps, pairs, keep=lambda word: True):
    """The alignment error rate of one map a pair, over the target words that are kept.

    A word is linked to the source word with the largest number in its row, </s> left out.
    """
    predicted, gold = [], []
    for weights, pair in zip(maps, pairs, strict=True):
        kept = {t for t, word in enumerate(pair.target_tokens) if keep(word)}
        found = strongest(weights, pair)
        predicted.append({link for link in found if link[1] in kept})
        gold.append({link for link in pair.alignment if link[1] in kept})
    return alignment_error_rate(predicted, gold)


def strongest(weights, pair):
    """`links` for maps whose numbers may be below 0: every target word has its link."""
    shown = weights - weights.min() + 1e-9
    return links(shown, [*pair.source_tokens, "</s>"], [*pair.target_tokens, "</s>"])


def share_found(maps, pairs):
    """Of the target words that have a gold link: for which share is the strongest source word a gold one?"""
    right = asked = 0
    for weights, pair in zip(maps, pairs, strict=True):
        linked = {t for _, t in pair.alignment}
        right += sum(link in pair.alignment for link in strongest(weights, pair))
        asked += len(linked)
    return right / asked


def agreement(first, second):
    """The mean rank correlation of two lists of maps, row by row, over the source words without </s>."""
    found = [
        rank_correlation(a[:-1], b[:-1])
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one[:-1], other[:-1], strict=True)
    ]
    return torch.tensor([value for value in found if not math.isnan(value)]).mean().item()
