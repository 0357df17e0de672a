"""Attention as an aligner: how well the cross-attention of each head finds the true word links."""

import torch

from .scores import alignment_error_rate, links


def head_error_rates(translator, pairs):
    """The alignment error rate of every cross-attention head over pairs with gold links: (layers, heads).

    Each pair is read teacher-forced, with its own tokens, so that the gold links speak of the same words.
    Raises ValueError when a pair has no gold links.
    """
    predicted, gold = [], []
    for pair in pairs:
        if not pair.alignment:
            raise ValueError(f"no gold alignment for {pair.source!r}: attention cannot be scored on it")
        source, target = translator.source_tokenizer, translator.target_tokenizer
        ids = source.encode(pair.source), target.encode(pair.target)
        record = translator.record(ids[0], pair.source_tokens, ids[1], pair.target_tokens)
        maps = record.cross  # (layers, heads, T, S)
        predicted.append([[links(m, record.source, record.target) for m in layer] for layer in maps])
        gold.append(set(pair.alignment))
    layers, heads = len(predicted[0]), len(predicted[0][0])
    rates = [
        [alignment_error_rate([p[layer][head] for p in predicted], gold) for head in range(heads)]
        for layer in range(layers)
    ]
    return torch.tensor(rates)


def best_head(rates):
    """(layer, head) of the lowest rate."""
    return divmod(rates.argmin().item(), rates.size(1))
