"""Several answers to one question, which source word a target word rests on, and how far they agree."""

import math
from functools import cache

import torch

from .alignment import record_pair
from .attribution import erasure, integrated_gradients, rollout
from .batching import encode_pairs, make_batch
from .lexicon import toy_words
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


def share_found(maps, pairs, truth=lambda pair: pair.alignment):
    """Of the target words that have a true link: for which share is the strongest source word a true one?

    truth: the true links of a pair, (source index, target index); by default the gold ones.
    """
    right = asked = 0
    for weights, pair in zip(maps, pairs, strict=True):
        true = truth(pair)
        right += len(strongest(weights, pair) & true)
        asked += len({t for _, t in true})
    return right / asked if asked else math.nan


def classifier_links(pair):
    """The links of each Chinese classifier with the English noun that decides which classifier it is."""
    counted, found = classifiers(), set()
    for t, word in enumerate(pair.target_tokens[1:], 1):
        after = range(t + 1, len(pair.target_tokens))
        noun = next((n for n in after if counted.get(pair.target_tokens[n]) == word), None)
        if sources(pair, t) == sources(pair, t - 1):  # 三只, both from *three*; in 一杯茶, 杯 says *cup*
            found |= {(s, t) for s in sources(pair, noun)}
    return found


def sources(pair, t):
    """The places of the source words that a target word is linked to."""
    return {s for s, place in pair.alignment if place == t}


@cache
def classifiers():
    """The classifier of each Chinese noun of the toy corpora."""
    nouns = [word for word in toy_words() if word.kind == "noun"]
    return {word.forms["zh", "sg"][-1][0]: word.classifier for word in nouns}


def rank_agreement(first, second):
    """The mean rank correlation of two lists of maps, row by row, over the source words without </s>."""
    found = [
        rank_correlation(a[:-1], b[:-1])
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one[:-1], other[:-1], strict=True)
    ]
    return torch.tensor([value for value in found if not math.isnan(value)]).mean().item()
