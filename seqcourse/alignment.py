"""Attention as an aligner: how well the cross-attention of each head finds the true word links."""

import torch

from .scores import alignment_error_rate, links

CHOSEN_ON = 200  # validation pairs, on which the best head is chosen


def head_error_rates(translator, pairs):
    """The alignment error rate of every cross-attention head over pairs with gold links: (layers, heads).

    Each pair is read teacher-forced, with its own tokens, so that the gold links speak of the same words.
    Raises ValueError when there is no pair, or one without gold links, or the translator has other tokens.
    """
    if not pairs:
        raise ValueError("there is no pair to score attention on")
    predicted = [links_of_heads(record_pair(translator, pair)) for pair in pairs]
    return rates_of_heads(predicted, [pair.alignment for pair in pairs])


def links_of_heads(record):
    """The word links of every cross-attention head, by `links`: [[set for each head] for each layer]."""
    return [[links(weights, record.source, record.target) for weights in layer] for layer in record.cross]


def rates_of_heads(predicted, sure, possible=None):
    """The alignment error rate of every head, (layers, heads); `predicted` has `links_of_heads` of each pair.

    The gold links are those of `alignment_error_rate`: a set for each pair.
    """
    layers, heads = len(predicted[0]), len(predicted[0][0])
    rates = [
        [alignment_error_rate([p[layer][head] for p in predicted], sure, possible) for head in range(heads)]
        for layer in range(layers)
    ]
    return torch.tensor(rates)


def record_pair(translator, pair):
    """What a translator looks at while it reads a pair and writes its target; ValueError as above."""
    if not pair.alignment:
        raise ValueError(f"no gold alignment for {pair.source!r}: attention cannot be scored on it")
    sides = (
        (translator.source_tokenizer, pair.source, pair.source_tokens),
        (translator.target_tokenizer, pair.target, pair.target_tokens),
    )
    for tokenizer, text, tokens in sides:
        if tokenizer.tokenize(text) != list(tokens):
            raise ValueError(f"the gold links of {text!r} join words, but the translator has other tokens")
    ids = [tokenizer.encode(text) for tokenizer, text, _ in sides]
    return translator.record(ids[0], pair.source_tokens, ids[1], pair.target_tokens, gold=pair.alignment)


def best_head(rates):
    """(layer, head) of the lowest rate."""
    return divmod(rates.argmin().item(), rates.size(1))


def rate_of_best_head(translator, corpus, pairs):
    """The cross-attention head that aligns a corpus's validation pairs best: (layer, head), rate on `pairs`.

    It is scored on other pairs than it was chosen on, so that a head that was lucky gains nothing by it.
    """
    best = best_head(head_error_rates(translator, corpus.pairs("valid")[:CHOSEN_ON]))
    return best, head_error_rates(translator, pairs)[best].item()
