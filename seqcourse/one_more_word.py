"""One more word: what a Transformer carries along while it writes, and what its decoder does for one word.

The layers of lesson 07 could do it too, a word at a time. Written out, it costs less: what is known of the
words before is neither computed nor copied again, query, key and value are one matrix product, and the source
is read with little padding.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .attention import fused_attention, merge_heads, split_heads
from .positions import rotate

ROOM = 16  # for how many words more a table has room when it was full
AT_ONCE = 16  # how many sources of like length are read together


@dataclass
class DecodingState:
    """What decoding carries from word to word: for each decoder layer, keys and values already computed.

    memory: those of the sources, (layers, 2, N, H, S, K), where the two are key and value
    memory_mask: what is added to scores, (N, 1, 1, S): 0, and -inf for padding; None where none is padded
    past: those of the words fed so far, (t, layers, 2, B, H, K), in a `Table`
    length: how many words were fed
    rows: for each row, which of the N sources it translates, see `Rows`
    three: for each layer, the weights and biases of query, key and value as one matrix and one vector
    """

    memory: torch.Tensor
    memory_mask: torch.Tensor | None
    past: "Table"
    length: int
    rows: "Rows"
    three: list[tuple[torch.Tensor, torch.Tensor]]

    @torch.no_grad()
    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask.

        The memory stays where it is until half of the sources have no row any more.
        """
        rows = rows.nonzero()[:, 0] if rows.dtype == torch.bool else rows
        past, sources = self.past.of_rows(rows, self.length), self.rows.sources[rows]
        memory, mask, moved = self.memory, self.memory_mask, self.rows
        if not torch.equal(sources, self.rows.sources):
            present, numbers = sources.unique(return_inverse=True)
            if 2 * len(present) <= self.rows.count:
                memory, mask = memory.index_select(2, present), mask if mask is None else mask[present]
                sources = numbers
            moved = Rows(sources, memory.size(2))
        return DecodingState(memory, mask, past, self.length, moved, self.three)


class Rows:
    """Which of `count` sources each row of the batch translates: the rows of one source look at it together.

    `places` lays the rows out in a table of sources, each with room for the `most` rows that one of them has.
    """

    def __init__(self, sources, count):
        self.sources, self.count = sources, count
        before = (sources[:, None] == torch.arange(count, device=sources.device)).cumsum(dim=0)
        number = before.gather(1, sources[:, None])[:, 0] - 1  # the first, second, … row of its source
        self.most = int(number.max()) + 1 if len(number) else 1
        self.places = sources * self.most + number
        table = torch.arange(count * self.most, device=sources.device)
        self.fill_it = torch.equal(self.places, table)

    def spread(self, x):
        """The table: (B, D) -> (N, most, D), with zeros where there is no row."""
        if not self.fill_it:
            x = x.new_zeros(self.count * self.most, x.size(1)).index_copy(0, self.places, x)
        return x.unflatten(0, (self.count, self.most))

    def collect(self, table):
        """The rows in the table: (N, most, D) -> (B, D)."""
        rows = table.flatten(0, 1)
        return rows if self.fill_it else rows[self.places]


class Table:
    """Numbers of word after word, (words, …, B, H, K), with room for more: `written` of them are there."""

    def __init__(self, numbers, written=0):
        self.numbers, self.written = numbers, written

    def with_room(self, length):
        """A table in which word `length` can be written: this one, unless it is full or has that word."""
        if self.written == length < len(self.numbers):
            return self
        return self.of_rows(torch.arange(self.numbers.size(3), device=self.numbers.device), length)

    def of_rows(self, rows, length):
        """A new table of the first `length` words of some rows of the batch, with room for more."""
        words, layers, two, _, *head = self.numbers[:length].shape
        numbers = self.numbers.new_empty(length + ROOM, layers, two, len(rows), *head)
        torch.index_select(self.numbers[:length], 3, rows, out=numbers[:length])
        return Table(numbers, length)


def read(encoder, src, mask):
    """The encoder's memory, (B, S, D), of sources that are read a few at a time, with others of like length.

    So little padding is computed; what stands in its place means nothing, and nobody looks at it.
    """
    lengths = mask.flatten(1).sum(dim=1)
    if lengths.min() == src.size(1):
        return encoder(src, mask)
    memory = None
    for rows in lengths.argsort(stable=True).split(AT_ONCE):
        longest = lengths[rows].max()
        found = encoder(src[rows, :longest], mask[rows, ..., :longest])
        if memory is None:
            memory = found.new_zeros(*src.shape, found.size(-1))
        memory[rows, :longest] = found
    return memory


def first_state(decoder, memory, mask):
    """The state in which no word is written yet: memory (B, S, D), its mask (B, 1, 1, S)."""
    pairs = [torch.stack(layer.cross_attention.keys_values(memory)) for layer in decoder.layers]
    memory = torch.stack(pairs)  # (layers, 2, B, H, S, K)
    layers, two, rows, heads, _, width = memory.shape
    past = Table(memory.new_empty(ROOM, layers, two, rows, heads, width))
    sources = Rows(torch.arange(rows, device=memory.device), rows)
    three = [as_one(layer.self_attention) for layer in decoder.layers]
    added = None if mask.all() else memory.new_zeros(mask.shape).masked_fill(~mask, float("-inf"))
    return DecodingState(memory, added, past, 0, sources, three)


def as_one(attention):
    """Weights and biases of query, key and value under each other: (3 D, D) and (3 D,)."""
    linears = attention.query, attention.key, attention.value
    return torch.cat([linear.weight for linear in linears]), torch.cat([linear.bias for linear in linears])


def one_more(decoder, x, state):
    """The vectors of one more word a row, x (B, 1, D), through all layers; and the state with it."""
    length, past = state.length + 1, state.past.with_room(state.length)
    words = past.numbers[:length].unbind(1)  # for each layer, of all words: (t, 2, B, H, K)
    for layer, three, known, memory in zip(decoder.layers, state.three, words, state.memory, strict=True):
        x = one_layer(layer, three, x, known, memory, state)
    past.written = length
    return x, DecodingState(state.memory, state.memory_mask, past, length, state.rows, state.three)


def one_layer(layer, three, x, known, memory, state):
    x = layer.looking_back(x, lambda y: look_back(layer.self_attention, three, y, known))
    x = layer.looking_over(x, lambda y: look_over(layer.cross_attention, y, memory, state))
    return layer.thinking(x, layer.feed_forward)


def look_back(attention, three, x, known):
    """Self-attention of one word, (B, 1, D), which looks at all words before, and at itself.

    known: keys and values, (t, 2, B, H, K); those of the word are written in the last place.
    """
    q, k, v = F.linear(x, *three).view(len(x), 3, attention.nhead, -1).unbind(1)  # (B, H, K) each
    if attention.rotary:
        q, k = (rotate(one[:, :, None], start=len(known) - 1)[:, :, 0] for one in (q, k))
    known[-1, 0], known[-1, 1] = k, v
    keys, values = known.permute(1, 2, 3, 0, 4)  # (B, H, t, K) each
    return attention.output(fused_attention(q[:, :, None], keys, values).flatten(1)[:, None])


def look_over(attention, x, memory, state):
    """Cross-attention of one word, (B, 1, D); rows of one source ask the same memory, (2, N, H, S, K)."""
    q = split_heads(state.rows.spread(attention.query(x)[:, 0]), attention.nhead)  # (N, H, most, K)
    found = merge_heads(fused_attention(q, *memory, state.memory_mask))  # (N, most, D)
    return attention.output(state.rows.collect(found)[:, None])
