"""Attention between subwords as attention between words and characters, so that gold links can score it."""

from dataclasses import replace

import torch

from .alignment import links_of_heads, rates_of_heads
from .record import AttentionRecord
from .subwords import SPACE

END = "</s>"


def regroup(record, source, target):
    """The cross-attention of a record over other tokens of the same two texts, as an `AttentionRecord`.

    source, target: the new tokens, such as words and characters; `</s>` stays a token of its own. A column
    takes the weights of all its pieces together. A row says where one piece looked, and each character of
    the piece takes that row over. So rows still sum to 1. A piece that lies in several new columns is shared
    by the number of its characters in each, and a row of several pieces is their mean, weighted likewise.
    ValueError if there is no cross-attention, or old and new tokens do not spell the same text.
    """
    if record.cross is None:
        raise ValueError(f"there is no cross attention to regroup, only: {', '.join(record.kinds())}")
    source = [*source, END] if record.source[-1:] == [END] else list(source)
    target = [*target, END] if record.target[-1:] == [END] else list(target)
    columns, rows = overlap(record.source, source), overlap(record.target, target)
    gather = columns / columns.sum(1, keepdim=True)  # (old S, S): each piece gives all it has
    spread = (rows / rows.sum(0)).T  # (T, old T)
    return AttentionRecord(
        source,
        target,
        cross=spread @ record.cross @ gather,  # (layers, heads, T, S)
        source_language=record.source_language,
        target_language=record.target_language,
    )


def overlap(pieces, tokens):
    """How many characters each piece has in each token, (pieces, tokens): both spell the same text.

    The space that some pieces start with does not count. A piece that is nothing but a space, as stands
    before an unknown character, counts as one character of the token after it.
    """
    bare = [piece.replace(SPACE, "") for piece in pieces]
    if "".join(bare) != "".join(tokens):
        raise ValueError(f"{' '.join(pieces)!r} and {' '.join(tokens)!r} do not spell the same text")
    owners = [i for i, token in enumerate(tokens) for _ in token]  # the token of each character
    counts, start = torch.zeros(len(pieces), len(tokens)), 0
    for number, piece in enumerate(bare):
        for owner in owners[start : start + max(1, len(piece))]:
            counts[number, owner] += 1
        start += len(piece)
    return counts


def record_aligned(translator, pair):
    """What a translator looks at while it writes the Chinese of an `AlignedPair`, by word and character.

    Teacher-forced, over the translator's own tokens, which are regrouped; `gold` are the pair's sure links.
    """
    sides = (translator.source_tokenizer, pair.source), (translator.target_tokenizer, pair.target)
    (ids, tokens), (tgt_ids, tgt_tokens) = ((side.encode(text), side.tokenize(text)) for side, text in sides)
    record = regroup(
        translator.record(ids, tokens, tgt_ids, tgt_tokens), pair.source_tokens, pair.target_tokens
    )
    return replace(record, gold=pair.sure)


def aligned_error_rates(translator, pairs):
    """The alignment error rate of every cross-attention head over natural pairs: (layers, heads).

    Each character is linked to the word that its row looks at most, `</s>` left out, see `links`; the gold
    links are those of `AlignedPair`, sure and possible. ValueError when there is no pair.
    """
    if not pairs:
        raise ValueError("there is no pair to score attention on")
    predicted = [links_of_heads(record_aligned(translator, pair)) for pair in pairs]
    return rates_of_heads(predicted, [pair.sure for pair in pairs], [pair.possible for pair in pairs])
