"""A model that says after every word which one comes next, whatever remembers for it."""

from torch import nn


class WordModel(nn.Module):
    """Tokens -> after each of them a score for every word: (B, S) -> logits (B, S, V).

    `layer` remembers: vectors (B, S, width) -> (B, S, width). What a `Recurrent` returns besides is left out.
    Mikolov et al. 2010, with any cell, or none.
    """

    def __init__(self, vocab_size, width, layer):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, width)
        self.layer = layer
        self.output = nn.Linear(width, vocab_size)

    def forward(self, tokens):
        x = self.layer(self.embedding(tokens))  # (B, S, width)
        x = x[0] if isinstance(x, tuple) else x
        return self.output(x)
