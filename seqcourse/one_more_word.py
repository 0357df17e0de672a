"""One more word: what a Transformer carries along while it writes, and what its decoder does for one word.

The layers of lesson 07 could do it too, a word at a time. Written out, it costs less: what is known of the
words before is neither computed nor copied again, query, key and value are one matrix product, and the source
is read with little padding.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .attention import fused_attention
from .positions import rotate

ROOM = 16  # for how many words more a table has room when it was full
AT_ONCE = 16  # how many sources of like length are read together


@dataclass
class DecodingState:
    """What decoding carries from word to word: for each decoder layer, keys and values already computed.

    memory: those of the source, (layers, 2, B, H, S, K), where the two are key and value
    memory_mask: what is added to scores, (B, 1, 1, S): 0, and -inf for padding; None where none is padded
    past: those of the words fed so far, (t, layers, 2, B, H, K), in a `Table`
    length: how many words were fed
    sources: for each row, which source it translates, (B,); rows of one source have one memory
    three: for each layer, the weights and biases of query, key and value as one matrix and one vector
    """

    memory: torch.Tensor
    memory_mask: torch.Tensor | None
    past: "Table"
    length: int
    sources: torch.Tensor
    three: list[tuple[torch.Tensor, torch.Tensor]]

    @torch.no_grad()
    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask."""
        rows = rows.nonzero()[:, 0] if rows.dtype == torch.bool else rows
        memory, mask, sources = self.memory, self.memory_mask, self.sources[rows]
        if not torch.equal(sources, self.sources):  # else each row finds its own source where it was
            memory, mask = memory.index_select(2, rows), mask if mask is None else mask[rows]
        past = self.past.of_rows(rows, self.length)
        return DecodingState(memory, mask, past, self.length, sources, self.three)


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

    So little padding is computed; what stands in its place is zero, and nobody looks at it.
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
    three = [as_one(layer.self_attention) for layer in decoder.layers]
    added = None if mask.all() else memory.new_zeros(mask.shape).masked_fill(~mask, float("-inf"))
    return DecodingState(memory, added, past, 0, torch.arange(rows, device=memory.device), three)


def as_one(attention):
    """Weights and biases of query, key and value under each other: (3 D, D) and (3 D,)."""
    linears = attention.query, attention.key, attention.value
    return torch.cat([linear.weight for linear in linears]), torch.cat([linear.bias for linear in linears])


def one_more(decoder, x, state):
    """The vectors of one more word a row, x (B, 1, D), through all layers; and the state with it."""
    length, past = state.length + 1, state.past.with_room(state.length)
    words = past.numbers[:length].unbind(1)  # for each layer, of all words: (t, 2, B, H, K)
    for layer, three, known, memory in zip(decoder.layers, state.three, words, state.memory, strict=True):
        x = one_layer(layer, three, x, known, memory, state.memory_mask)
    past.written = length
    return x, DecodingState(state.memory, state.memory_mask, past, length, state.sources, state.three)


def one_layer(layer, three, x, known, memory, memory_mask):
    x = layer.looking_back(x, lambda y: look_back(layer.self_attention, three, y, known))
    x = layer.looking_over(x, lambda y: layer.cross_attention.attend(y, *memory, memory_mask))
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
