"""The exercises of lesson 06: what is right, and the mistakes that people make."""

import math

import torch
from torch import nn

from .attention import MultiHeadAttention, attention, merge_heads, split_heads
from .exercise import Exercise, Mistake
from .roles import on_target

HEADS = (2, 3)  # how many heads a drawn case may have


def one_of(numbers):
    return numbers[torch.randint(len(numbers), ()).item()]


# -------------------------------------------------------------------------------------------------- splitting

split = Exercise(
    "06",
    "split",
    lambda x, nhead: split_heads(x, nhead),
    {
        "one sentence": lambda: (torch.randn(1, 5, 6), 2),
        "a batch": lambda: (torch.randn(2, 7, 15), 3),
        "as many words as heads": lambda: (torch.randn(2, 3, 15), 3),
    },
    [
        Mistake(
            "the heads share out words, not features",
            "First cut the last axis in two, (B, T, H, K); then bring H before T with transpose(1, 2).",
            lambda x, nhead: x.reshape(len(x), nhead, x.size(1), -1),
            seen="view(B, H, T, K) straight away: the shape is right, and no error tells",
        ),
        Mistake(
            "each head gets every H-th feature, instead of K neighbours",
            "Cut the last axis into (H, K), in this order: unflatten(-1, (nhead, -1)).",
            lambda x, nhead: x.unflatten(-1, (-1, nhead)).permute(0, 3, 1, 2),
            seen="view(B, T, K, H): head h gets features h, h + H, …; weights of other codes then do not fit",
        ),
        Mistake(
            "the axes of words and heads are not exchanged yet",
            "Attention works on the last two axes, which must be words and features: transpose(1, 2).",
            lambda x, nhead: x.unflatten(-1, (nhead, -1)),
            seen="the transpose is forgotten; attention then runs between heads, word by word",
        ),
        Mistake(
            "words and features are exchanged",
            "The shape asked for is (B, H, T, K): exchange axes 1 and 2 only.",
            lambda x, nhead: x.unflatten(-1, (nhead, -1)).permute(0, 2, 3, 1),
            seen="the transposed key, (B, H, K, T), taken for the split",
        ),
        Mistake(
            "the heads stand before the batch",
            "The batch stays in front: (B, H, T, K).",
            lambda x, nhead: x.unflatten(-1, (nhead, -1)).permute(2, 0, 1, 3),
            seen="d2l and others fold heads into the batch; torch.stack(chunks) puts them first",
        ),
        Mistake(
            "every head gets all features",
            "The heads share the width: each has K = D / H features of its own.",
            lambda x, nhead: x[:, None].expand(-1, nhead, -1, -1),
            seen="a head thought of as a whole attention of width D",
        ),
        Mistake(
            "heads and features are exchanged, and words stay in front",
            "Exchange words and heads, axes 1 and 2: the features stay last.",
            lambda x, nhead: x.unflatten(-1, (nhead, -1)).transpose(-1, -2),
            seen="transpose(-1, -2) out of habit: it is what the keys need, later",
        ),
        Mistake(
            "batch and words are exchanged",
            "The batch stays in front: transpose(1, 2), not (0, 1).",
            lambda x, nhead: x.unflatten(-1, (nhead, -1)).transpose(0, 1),
            seen="axes counted without the batch",
        ),
        Mistake(
            "the features are cut before the heads, and stand in their place",
            "Cut the last axis into (H, K), in this order.",
            lambda x, nhead: x.unflatten(-1, (-1, nhead)).transpose(1, 2),
            seen="view(B, T, K, H).transpose(1, 2)",
        ),
        Mistake(
            "words and features were exchanged before they were cut",
            "Cut the last axis first, with unflatten; exchange the axes after it.",
            lambda x, nhead: x.mT.reshape(len(x), nhead, x.size(1), -1),
            seen="transpose and reshape in the other order: the shape is right, the numbers are not",
        ),
        Mistake(
            "the heads lie in a tuple",
            "One tensor, with an axis for the heads: torch.stack(…, dim=1).",
            lambda x, nhead: x.chunk(nhead, dim=-1),
            seen="chunk or split, and no stack",
        ),
        Mistake(
            "it makes three heads, whatever nhead says",
            "nhead says how many pieces there are: unflatten(-1, (nhead, -1)).",
            lambda x, nhead: split_heads(x, 3),
            seen="the H = 3 of the cells above, or a 3 written out",
        ),
        Mistake(
            "the heads are joined with the batch",
            "Batch and heads are two axes: the shape asked for is (B, H, T, K).",
            lambda x, nhead: split_heads(x, nhead).flatten(0, 1),
            seen="d2l and fairseq: (B * H, T, K), for a matrix product that takes three axes only",
        ),
    ],
    right=[
        lambda x, nhead: torch.stack(x.chunk(nhead, dim=-1), dim=1),
        lambda x, nhead: x.view(x.size(0), x.size(1), nhead, x.size(2) // nhead).transpose(1, 2),
    ],
)


# ---------------------------------------------------------------------------------------------------- merging

merge = Exercise(
    "06",
    "merge",
    lambda heads: merge_heads(heads),
    {
        "one sentence": lambda: (torch.randn(1, 2, 5, 3),),
        "a batch": lambda: (torch.randn(2, 3, 7, 5),),
        "as many words as heads": lambda: (torch.randn(2, 3, 3, 5),),
    },
    [
        Mistake(
            "the words of one head stand where the heads of one word should",
            "The heads of a word must first become neighbours: transpose(1, 2), then flatten.",
            lambda heads: heads.reshape(len(heads), heads.size(2), -1),
            seen="reshape(B, T, D) without transpose: the shape is right, and words are mixed",
        ),
        Mistake(
            "the features of the heads are dealt out in turns",
            "Keep the K features of a head together: the order of the last two axes is (H, K).",
            lambda heads: heads.permute(0, 2, 3, 1).flatten(-2),
            seen="transpose(1, -1) or permute(0, 2, 3, 1): undoes another split than ours",
        ),
        Mistake(
            "you take the mean over the heads",
            "The heads are laid side by side, not averaged: what they found differs.",
            lambda heads: heads.mean(dim=1),
            seen="nn.MultiheadAttention averages its *weights* over heads unless told otherwise",
        ),
        Mistake(
            "you add the heads up",
            "They are laid side by side; the output layer adds them up, each through its own matrix.",
            lambda heads: heads.sum(dim=1),
            seen="the sum over heads, without the matrix that belongs to each",
        ),
        Mistake(
            "the heads are not laid side by side yet",
            "Now flatten the last two axes, (H, K), into one.",
            lambda heads: heads.transpose(1, 2),
            seen="half of the way",
        ),
        Mistake(
            "the words of a head lie side by side, not the heads of a word",
            "First exchange words and heads, transpose(1, 2); then flatten(-2).",
            lambda heads: heads.flatten(-2),
            seen="flatten without transpose: (B, H, T · K)",
        ),
        Mistake(
            "all but the first head are lost",
            "Each head found something: lay them side by side.",
            lambda heads: heads[:, 0],
            seen="an index where an axis should be flattened",
        ),
        Mistake(
            "the heads lie side by side in the order of last to first",
            "Head 0 comes first.",
            lambda heads: heads.flip(1).transpose(1, 2).flatten(-2),
            seen="a loop that puts each head before the ones that it has",
        ),
        Mistake(
            "the heads stand one below the other, as if they were more words",
            "T words come out, each with the features of all heads: flatten the last two axes.",
            lambda heads: heads.flatten(1, 2),
            seen="flatten(1, 2), or torch.cat(…, dim=1)",
        ),
        Mistake(
            "the features stand before the words",
            "The shape asked for is (B, T, D).",
            lambda heads: heads.mT.flatten(1, 2),
            seen="transpose(2, 3) for transpose(1, 2)",
        ),
        Mistake(
            "the sentences of the batch lie side by side, not the heads",
            "Go over the axis of heads, 1: heads.unbind(1).",
            lambda heads: torch.cat([*heads], dim=-1),
            seen="torch.cat(list(heads)): a loop over a tensor goes over its first axis",
        ),
    ],
    right=[
        lambda heads: torch.cat([*heads.unbind(1)], dim=-1),
        lambda heads: heads.permute(0, 2, 1, 3).reshape(heads.size(0), heads.size(2), -1),
    ],
)


# ------------------------------------------------------------------------------------------ the layer by hand


def drawn_layer(width, nhead):
    layer = MultiHeadAttention(width, nhead)
    for parameter in layer.parameters():  # larger than at the start, so that softmax has something to decide
        parameter.data *= 2
    return layer


def drawn_look(masked):
    nhead = one_of(HEADS)
    layer, x, memory = (
        drawn_layer(5 * nhead, nhead),
        torch.randn(2, 7, 5 * nhead),
        torch.randn(2, 7, 5 * nhead),
    )
    mask = torch.rand(2, 7) < 0.6
    mask[:, 0] = True  # nobody has nothing to look at
    return layer, x, memory, mask if masked else torch.ones_like(mask)


def by_hand(
    layer, x, memory, mask, *, asks=None, offers=None, says=None, scale=None, axis=-1, where=None,
    hidden=-math.inf, bare=False, merged=merge_heads, split=split_heads, output=True,
):  # fmt: skip
    """The layer step by step, with something changed: what a mistake is made of.

    `bare` leaves the softmax as it is: a row in which all is masked is NaN, where `attention` gives zeros.
    """
    asks = layer.query(x) if asks is None else asks
    offers = layer.key(memory) if offers is None else offers
    says = layer.value(memory) if says is None else says
    q, k, v = (split(part, layer.nhead) for part in (asks, offers, says))
    scores = q @ k.mT / (scale or math.sqrt(k.size(-1)))
    mask = mask[:, None, None] if where is None else where(mask)
    weights = scores.masked_fill(~mask, hidden).softmax(dim=axis)
    weights = weights if bare else weights.nan_to_num(0.0).masked_fill(~mask, 0.0)
    mixed = merged(weights @ v)
    return layer.output(mixed) if output else mixed


def spoilt(**changes):
    """A mistake that is one change of the layer; what depends on its arguments is a function of them."""

    def answer(layer, x, memory, mask):
        made = {
            name: change(layer, x, memory) if name in ("asks", "offers", "says", "scale") else change
            for name, change in changes.items()
        }
        return by_hand(layer, x, memory, mask, **made)

    return answer


def one_head(layer, x, memory, mask):
    """All features in one head."""
    heads, _ = attention(layer.query(x), layer.key(memory), layer.value(memory), mask[:, None])
    return layer.output(heads)


def masked_late(layer, x, memory, mask):
    """What is masked gets no weight, but had its part in the sum."""
    parts = (layer.query(x), layer.key(memory), layer.value(memory))
    q, k, v = (split_heads(part, layer.nhead) for part in parts)
    _, weights = attention(q, k, v)
    return layer.output(merge_heads(weights * mask[:, None, None] @ v))


def words_themselves(layer, x, memory, mask):
    """Attention between words as they are, in heads."""
    q, k, v = (split_heads(part, layer.nhead) for part in (x, memory, memory))
    return layer.output(merge_heads(attention(q, k, v, mask[:, None, None])[0]))


many_heads = Exercise(
    "06",
    "many_heads",
    lambda layer, x, memory, mask: layer(x, memory, mask[:, None, None]),
    {
        "nothing masked": lambda: drawn_look(masked=False),
        "some words masked": lambda: drawn_look(masked=True),
    },
    [
        Mistake(
            "the scores are divided by √D",
            "A head's keys have K features: divide by √K, which is √(D / H).",
            spoilt(scale=lambda layer, x, memory: math.sqrt(x.size(-1))),
            seen="d_model in the place of d_k: the heads look less sharply, and nothing fails",
        ),
        Mistake(
            "the scores are not divided",
            "Divide the scores by √K before the softmax (lesson 05 says why).",
            spoilt(scale=lambda layer, x, memory: 1.0),
            seen="the scale is forgotten",
        ),
        Mistake(
            "the scores are divided by K",
            "By its root: √K.",
            spoilt(scale=lambda layer, x, memory: x.size(-1) / layer.nhead),
            seen="the root is forgotten",
        ),
        Mistake(
            "the output layer is missing",
            "What the heads found, laid side by side, goes through layer.output: there they meet.",
            spoilt(output=False),
            seen="W^O is left out where only equation 1 of the paper is read",
        ),
        Mistake(
            "the softmax runs over the heads",
            "Each row of a head's scores is a distribution over the words looked at: dim=-1.",
            spoilt(axis=1),
            seen="softmax(dim=1), right for (B, S), with (B, H, T, S)",
        ),
        Mistake(
            "the softmax runs over the heads, and makes NaN of words that are masked",
            "Each row of a head's scores is a distribution over the words looked at: dim=-1.",
            spoilt(axis=1, bare=True),
            seen="softmax(dim=1) of one's own: a masked word is -inf in all heads, and 0 / 0 is NaN",
        ),
        Mistake(
            "the softmax runs over the words that ask",
            "Each row is a distribution over the words looked at: dim=-1.",
            spoilt(axis=-2),
            seen="softmax(dim=-2), or rows taken for columns",
        ),
        Mistake(
            "the softmax runs over the words that ask, and makes NaN of words that are masked",
            "Each row is a distribution over the words looked at: dim=-1.",
            spoilt(axis=-2, bare=True),
            seen="softmax(dim=-2) of one's own: the column of a masked word is all -inf",
        ),
        Mistake(
            "the mask hides rows, the words that ask",
            "The mask speaks of the words looked at, the last axis: mask[:, None, None] is (B, 1, 1, S).",
            spoilt(where=lambda mask: mask[:, None, :, None]),
            seen="unsqueeze in the wrong place; with as many words on both sides nothing fails",
        ),
        Mistake(
            "the mask hides rows, the words that ask, and a row that is hidden becomes NaN",
            "The mask speaks of the words looked at, the last axis: mask[:, None, None] is (B, 1, 1, S).",
            spoilt(where=lambda mask: mask[:, None, :, None], bare=True),
            seen="mask[:, None, :, None] before a softmax of one's own",
        ),
        Mistake(
            "words and heads are mixed when the heads are merged",
            "transpose(1, 2) before flatten(-2): use merge_heads.",
            spoilt(merged=lambda heads: heads.reshape(len(heads), heads.size(2), -1)),
            seen="reshape(B, T, D) straight away",
        ),
        Mistake(
            "words and heads are mixed on the way in, and mixed back on the way out",
            "reshape alone cuts rows, not features: transpose(1, 2) after the split and before the merge.",
            spoilt(
                split=lambda x, nhead: x.reshape(len(x), nhead, x.size(1), -1),
                merged=lambda heads: heads.reshape(len(heads), heads.size(2), -1),
            ),
            seen="view(B, H, T, K) and view(B, T, D): each undoes the other, so nothing looks wrong",
        ),
        Mistake(
            "the heads share out words, not features",
            "Cut the last axis, then exchange the axes: use split_heads.",
            spoilt(split=lambda x, nhead: x.reshape(len(x), nhead, x.size(1), -1)),
            seen="view(B, H, T, K) straight away",
        ),
        Mistake(
            "one head does it all",
            "Split queries, keys and values into heads before you compare them.",
            one_head,
            seen="the layer of lesson 05",
        ),
        Mistake(
            "queries and keys are made by the same matrix",
            "layer.key makes the keys.",
            spoilt(offers=lambda layer, x, memory: layer.query(memory)),
            seen="one line copied for the next",
        ),
        Mistake(
            "keys are taken for values",
            "layer.value says what a word has to give; its key says only when.",
            spoilt(says=lambda layer, x, memory: layer.key(memory)),
            seen="memory networks without values; a slip in attention(q, k, k)",
        ),
        Mistake(
            "keys and values are exchanged",
            "The softmax is over queries times keys; what is averaged are the values.",
            spoilt(
                offers=lambda layer, x, memory: layer.value(memory),
                says=lambda layer, x, memory: layer.key(memory),
            ),
            seen="key and value in the wrong order in an unpacked tuple",
        ),
        Mistake(
            "the queries come from memory",
            "x asks: layer.query(x); only keys and values come from memory.",
            spoilt(asks=lambda layer, x, memory: layer.query(memory)),
            seen="one list comprehension for all three; in self-attention nobody notices",
        ),
        Mistake(
            "memory asks, and x answers",
            "x asks: queries come from x; keys and values from memory.",
            lambda layer, x, memory, mask: layer(memory, x, mask[:, None, None]),
            seen="the arguments exchanged; in self-attention nobody notices",
        ),
        Mistake(
            "the mask is not used",
            "Scores of words that may not be looked at become -inf before the softmax.",
            lambda layer, x, memory, mask: layer(x, memory),
            seen="an argument that one forgets",
        ),
        Mistake(
            "the mask is upside down",
            "True = may look: what is False becomes -inf.",
            spoilt(where=lambda mask: ~mask[:, None, None]),
            seen="key_padding_mask of nn.MultiheadAttention says who may NOT be looked at",
        ),
        Mistake(
            "the mask is upside down, and where no word is left there is NaN",
            "True = may look: what is False becomes -inf.",
            spoilt(where=lambda mask: ~mask[:, None, None], bare=True),
            seen="masked_fill(mask, -inf), or nn.MultiheadAttention without ~: a row of nothing but -inf",
        ),
        Mistake(
            "words that are masked have the score 0, which is not little",
            "exp(0) is 1, a weight like any other. Their scores become -inf.",
            spoilt(hidden=0.0, bare=True),
            seen="scores * mask, or masked_fill(~mask, 0) before the softmax",
        ),
        Mistake(
            "words are masked after the softmax",
            "Their scores become -inf before it; else they have their part in the sum.",
            masked_late,
            seen="weights * mask",
        ),
        Mistake(
            "the scores are divided by √H",
            "By the root of the width of a head, √K, not of their number.",
            spoilt(scale=lambda layer, x, memory: math.sqrt(layer.nhead)),
            seen="q.size(1) for q.size(-1)",
        ),
        Mistake(
            "x looks at itself",
            "Keys and values come from memory.",
            lambda layer, x, memory, mask: layer(x, x, mask[:, None, None]),
            seen="self-attention, the more usual one",
        ),
        Mistake(
            "x looks at itself, and the mask is not used",
            "Keys and values come from memory, and the mask says which of its words may be looked at.",
            lambda layer, x, memory, mask: layer(x, x),
            seen="layer(x, x), as the encoder of lesson 07 has it",
        ),
        Mistake(
            "the output layer is applied twice",
            "`layer(…)` ends with it already.",
            lambda layer, x, memory, mask: layer.output(layer(x, memory, mask[:, None, None])),
            seen="the whole layer called for the heads, and then layer.output",
        ),
        Mistake(
            "x is added to it",
            "The layer gives what the heads found; the residual connection comes in lesson 07.",
            lambda layer, x, memory, mask: x + layer(x, memory, mask[:, None, None]),
            seen="layers in papers are drawn with a residual around them",
        ),
        Mistake(
            "the words themselves are taken for queries, keys and values",
            "layer.query, layer.key and layer.value make them.",
            words_themselves,
            seen="attention(x, memory, memory), the three matrices forgotten",
        ),
    ],
    right=[lambda layer, x, memory, mask: by_hand(layer, x, memory, mask)],
)


# ---------------------------------------------------------------------------------------------- silencing one


def drawn_ablation():
    nhead = 3
    layer = drawn_layer(5 * nhead, nhead)
    return layer, torch.randn(2, 7, 5 * nhead), torch.randint(nhead, ()).item()


def without(layer, x, head, change=None, q_of=None):
    """The layer with head `head` changed: its mixture or its query."""
    q, k, v = (split_heads(part(x), layer.nhead) for part in (layer.query, layer.key, layer.value))
    chosen = (torch.arange(layer.nhead) == head)[:, None, None]
    q = torch.where(chosen, q_of(q), q) if q_of else q
    mixtures, _ = attention(q, k, v)
    if change:
        mixtures = change(mixtures, chosen)
    return layer.output(merge_heads(mixtures))


def cut_features(layer, x, head):
    """Every H-th feature set to 0, as if the heads had been dealt out in turns."""
    kept = torch.arange(x.size(-1)) % layer.nhead != head
    q, k, v = (split_heads(part(x), layer.nhead) for part in (layer.query, layer.key, layer.value))
    return layer.output(merge_heads(attention(q, k, v)[0]) * kept)


def neighbours(x, layer, head):
    """Which of D features are the K of one head: (D)."""
    return torch.arange(x.size(-1)) // (x.size(-1) // layer.nhead) == head


def cut_output(layer, x, head):
    """Features of the answer set to 0, as if they were the head's."""
    return layer(x, x).masked_fill(neighbours(x, layer, head), 0.0)


def cut_rows(layer, x, head):
    """Rows of the output layer's weight set to 0, instead of columns: these features get its bias only."""
    return torch.where(neighbours(x, layer, head), layer.output.bias, layer(x, x))


def cut_words(layer, x, head):
    """Features of x set to 0, as if a head had them to itself."""
    x = x.masked_fill(neighbours(x, layer, head), 0.0)
    return layer(x, x)


without_head = Exercise(
    "06",
    "without_head",
    lambda layer, x, head: without(layer, x, head, lambda mixed, chosen: mixed.masked_fill(chosen, 0.0)),
    {"a random layer": drawn_ablation},
    [
        Mistake(
            "the head's scores are all equal, so it still speaks: it takes the mean of all values",
            "Queries, keys or scores of zeros give equal weights. Silence what the head found: its mixture.",
            lambda layer, x, head: without(layer, x, head, q_of=torch.zeros_like),
            seen="zeroing the slice of W_Q or W_K, or the scores: they vanish, and the head does not",
        ),
        Mistake(
            "the head's values are gone, but for their bias",
            "A value is W x + b: with W at 0 the head still says b, whatever it looks at.",
            lambda layer, x, head: without(
                layer, x, head,
                lambda mixed, chosen: torch.where(
                    chosen, split_heads(layer.value.bias.expand_as(x), layer.nhead), mixed
                ),
            ),
            seen="zeroing the slice of W_V, and leaving that of its bias",
        ),
        Mistake(
            "you cut features of the answer, which all heads have written to",
            "A head's own features are those before the output layer; after it all are mixed.",
            cut_output,
            seen="zeros in the answer's features, as if they still belonged to a head",
        ),
        Mistake(
            "you cut rows of the output layer's weight: features of the answer, not of a head",
            "weight is (out, in): what comes in from a head are K columns, weight[:, h * K : (h + 1) * K].",
            cut_rows,
            seen="rows and columns of nn.Linear's weight, which is (out, in), exchanged",
        ),
        Mistake(
            "you cut features of x, before anything has looked",
            "All heads see all of x: a head's own features are those of q, k, v and of its mixture.",
            cut_words,
            seen="x[..., head * K : (head + 1) * K] = 0, as if the heads shared x out",
        ),
        Mistake(
            "it is one feature of every head that is silent, not a head",
            "The mixtures are (B, H, T, K): heads are axis 1, mixtures[:, head].",
            lambda layer, x, head: layer.output(
                merge_heads(without_merging(layer, x) * (torch.arange(x.size(-1) // layer.nhead) != head))
            ),
            seen="mixtures[..., head] = 0",
        ),
        Mistake(
            "only this head is left, all others are silent",
            "The other way round: silence this one, keep the others.",
            lambda layer, x, head: without(
                layer, x, head, lambda mixed, chosen: mixed.masked_fill(~chosen, 0.0)
            ),
            seen="the mask of the kept heads upside down",
        ),
        Mistake(
            "the silent head's features are not those of one head",
            "Head h has K neighbouring features, from h · K to (h + 1) · K - 1.",
            cut_features,
            seen="[head::nhead] for [head * K : (head + 1) * K]",
        ),
        Mistake(
            "the bias of the output layer is gone with the head",
            "Only the head's mixture is zero; layer.output, with its bias, stays.",
            lambda layer, x, head: (
                without(layer, x, head, lambda mixed, chosen: mixed.masked_fill(chosen, 0.0))
                - layer.output.bias
            ),
            seen="F.linear(mixtures, layer.output.weight), bias forgotten",
        ),
        Mistake(
            "the other heads are made louder, as dropout does",
            "The others stay as they are: we ask what is missing without this one.",
            lambda layer, x, head: without(
                layer, x, head,
                lambda mixed, chosen: mixed.masked_fill(chosen, 0.0) * layer.nhead / (layer.nhead - 1),
            ),
            seen="F.dropout scales what it keeps by 1 / (1 - p)",
        ),
        Mistake(
            "nothing is silenced",
            "Between attention and merge_heads, put zeros in the place of mixtures[:, head].",
            lambda layer, x, head: layer(x, x),
            seen="a changed copy that nobody uses; `keys[:, head] = …` after they were used",
        ),
        Mistake(
            "it is the head before this one that is silent",
            "Heads count from 0.",
            lambda layer, x, head: without(
                layer, x, (head - 1) % layer.nhead, lambda mixed, chosen: mixed.masked_fill(chosen, 0.0)
            ),
            seen="heads counted from 1, as in some papers",
        ),
        Mistake(
            "all is NaN: a softmax over nothing but -inf is 0 / 0",
            "Leave the scores alone, and put zeros in the place of the head's mixture.",
            lambda layer, x, head: layer(x, x) * math.nan,
            seen="scores[:, head] = -inf",
        ),
        Mistake(
            "it is a word that is silent, not a head",
            "The mixtures are (B, H, T, K): heads are axis 1.",
            lambda layer, x, head: layer.output(
                merge_heads(without_merging(layer, x) * (torch.arange(x.size(1)) != head)[:, None])
            ),
            seen="mixtures[:, :, head], as if split were not transposed",
        ),
        Mistake(
            "the head still says its mean",
            "That is another ablation, which keeps what is said on average. Here it says nothing.",
            lambda layer, x, head: without(
                layer, x, head,
                lambda mixed, chosen: torch.where(chosen, mixed.mean(dim=(0, 2), keepdim=True), mixed),
            ),
            seen="mean ablation, common in papers that look for circuits",
        ),
        Mistake(
            "the output layer is missing",
            "The mixtures, merged, go through layer.output.",
            lambda layer, x, head: merge_heads(
                without_merging(layer, x).masked_fill((torch.arange(layer.nhead) == head)[:, None, None], 0.0)
            ),
            seen="the last line forgotten",
        ),
    ],
    right=[
        lambda layer, x, head: nn.functional.linear(
            merge_heads(without_merging(layer, x)),
            layer.output.weight * ~neighbours(x, layer, head),
            layer.output.bias,
        )
    ],
)  # fmt: skip


def without_merging(layer, x):
    """The mixtures of all heads, (B, H, T, K)."""
    q, k, v = (split_heads(part(x), layer.nhead) for part in (layer.query, layer.key, layer.value))
    return attention(q, k, v)[0]


# -------------------------------------------------------------------------------------------- the role of one


def drawn_role(empty):
    """Weights of three heads over seven words, and a role: one or two places a row, in some rows none.

    With empty rows, one head also spends nothing at all where the role looks in one of the others.
    """
    weights = torch.softmax(2 * torch.randn(3, 7, 7), dim=-1)
    role = torch.zeros(7, 7, dtype=torch.bool)
    for row in range(7):
        role[row, torch.randperm(7)[: 1 + row % 2]] = True
    if empty:
        none = torch.randperm(7)[:4]
        role[none[:3]] = False
        weights[0, none[3]] = weights[0, none[3]].masked_fill(role[none[3]], 0.0)
        weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights, role


role_share = Exercise(
    "06",
    "role_share",
    lambda weights, role: on_target(weights, role).mean(dim=-1),
    {
        "a role in every row": lambda: drawn_role(empty=False),
        "a role in some rows": lambda: drawn_role(empty=True),
    },
    [
        Mistake(
            "rows without the role count as misses",
            "Average only over rows in which the role looks somewhere: role.any(dim=-1).",
            lambda weights, role: (weights * role).sum(dim=-1).mean(dim=-1),
            seen=".mean() over all words; a role that few words have then looks like nobody's",
        ),
        Mistake(
            "it is the mean weight of a cell, not the share of a row",
            "Add up, within a row, all that goes where the role looks; then average over rows.",
            lambda weights, role: weights[:, role].mean(dim=-1),
            seen="weights[:, role].mean(): a row with two places counts twice, and half",
        ),
        Mistake(
            "rows and columns are exchanged",
            "Row t is the word that looks. A row of the weights sums to 1, and so the sum goes over dim=-1.",
            lambda weights, role: (weights * role).sum(dim=-2)[:, role.any(dim=-2)].mean(dim=-1),
            seen="dim=-2; weights read as (looked at, looking)",
        ),
        Mistake(
            "the map of the role is turned over",
            "Multiply by the role as it is: row t of both speaks of word t.",
            lambda weights, role: on_target(weights, role.mT).mean(dim=-1),
            seen="role.T: next word for previous word",
        ),
        Mistake(
            "you count how often the heaviest word is a right one",
            "That throws away how much: add the weights themselves.",
            lambda weights, role: (
                role.expand_as(weights).gather(-1, weights.argmax(-1, keepdim=True))[..., 0][:, role.any(-1)]
            ).float().mean(dim=-1),
            seen="argmax, as in Voita et al. 2019; another measure, for sharp heads",
        ),
        Mistake(
            "the heads are averaged, too",
            "Keep the axis of heads: a number for each.",
            lambda weights, role: on_target(weights, role).mean(),
            seen=".mean() without dim",
        ),
        Mistake(
            "it is the share that goes elsewhere",
            "Keep the weights where the role is True.",
            lambda weights, role: on_target(weights, role).mul(-1).add(1).mean(dim=-1),
            seen="masked_fill(role, 0): the mask of the other polarity",
        ),
        Mistake(
            "it is a sum over the rows, not their mean",
            "Divide by the number of rows that have the role.",
            lambda weights, role: on_target(weights, role).sum(dim=-1),
            seen="the last step is forgotten",
        ),
        Mistake(
            "it is the mean over all cells of the map",
            "Add up within a row: the share of a row is a sum, not a mean.",
            lambda weights, role: (weights * role).mean(dim=(-2, -1)),
            seen="(weights * role).mean((-2, -1)): T times too small",
        ),
        Mistake(
            "the mean over the rows is missing",
            "A number for each head: .mean(dim=-1), over the rows that have the role.",
            lambda weights, role: (weights * role).sum(dim=-1),
            seen="one step too few",
        ),
        Mistake(
            "the mean over the rows is missing, though the right rows are chosen",
            "A number for each head: .mean(dim=-1).",
            lambda weights, role: on_target(weights, role),
            seen="on_target itself, which `role_scores` averages",
        ),
        Mistake(
            "rows in which a head misses wholly are left out",
            "Whether a row counts is for the role to say, not for the head: role.any(dim=-1).",
            lambda weights, role: torch.stack(
                [row[row > 0].mean() for row in (weights * role).sum(dim=-1)]
            ),
            seen="share[share > 0].mean(): right as long as a softmax never gives exactly 0",
        ),
        Mistake(
            "the sums are right, but the rows are chosen by the columns of the role",
            "A row counts if the role looks anywhere in it: role.any(dim=-1).",
            lambda weights, role: (weights * role).sum(dim=-1)[:, role.any(dim=-2)].mean(dim=-1),
            seen="any(dim=-2), or any(0), for any(dim=-1)",
        ),
        Mistake(
            "in each row only the heaviest of the right places counts",
            "Where a role looks at several places, all that goes there counts: a sum.",
            lambda weights, role: (weights * role).max(dim=-1).values[:, role.any(dim=-1)].mean(dim=-1),
            seen="max for sum: right for roles of one place",
        ),
    ],
    right=[
        lambda weights, role: torch.stack(
            [
                sum(w[t, role[t]].sum() for t in range(len(w)) if role[t].any()) / role.any(dim=-1).sum()
                for w in weights
            ]
        )
    ],
)  # fmt: skip
