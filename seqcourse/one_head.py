"""One layer, one head: the smallest network that attends, and tasks in which all depends on the place."""

import torch
import torch.nn.functional as F
from torch import nn

from .attention import attention
from .positions import position_table, rotate


class OneHead(nn.Module):
    """A sentence looks at itself once: tokens (B, S) -> logits (B, S, answers), and the weights (B, S, S).

    It chooses among the words themselves unless another number of answers is given. positions: "sinusoidal",
    "learned", "rotary" or "none"; mask: True = may look, broadcasts to (B, S, S).
    """

    def __init__(self, vocab_size, d_model, positions="sinusoidal", answers=None, max_length=512):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.positions = position_table(positions, max_length, d_model)  # (max_length, D)
        self.rotary = positions == "rotary"
        self.query, self.key, self.value = (nn.Linear(d_model, d_model) for _ in range(3))
        self.output = nn.Linear(d_model, answers or vocab_size)

    def forward(self, tokens, mask=None):
        x = self.words(tokens) + self.positions[: tokens.size(1)]  # (B, S, D)
        q, k, v = self.query(x), self.key(x), self.value(x)
        if self.rotary:
            q, k = rotate(q), rotate(k)
        mixture, weights = attention(q, k, v, mask)
        return self.output(mixture), weights


SYMBOLS = 20  # what there is to say


def draw_reversal(rows, length):
    """Random symbols, and what is asked at each place: the same symbols backwards. (rows, length) twice."""
    tokens = torch.randint(SYMBOLS, (rows, length))
    return tokens, tokens.flip(1)


def draw_shift(rows, length, back=3):
    """Random symbols, and what is asked at each place: the symbol `back` places before. (rows, length) twice.

    At the first `back` places nothing is asked: -100 stands there, which `F.cross_entropy` leaves out.
    """
    tokens = torch.randint(SYMBOLS, (rows, length))
    asked = tokens.roll(back, dims=1)
    asked[:, :back] = -100
    return tokens, asked


def learn_places(model, draw, lengths, steps=500, rows=64, learning_rate=3e-3):
    """Train a `OneHead` on fresh rows, each batch at one of these lengths; return the loss of every step."""
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=learning_rate), []
    for _ in range(steps):
        tokens, asked = draw(rows, lengths[torch.randint(len(lengths), ()).item()])
        logits, _ = model(tokens)
        loss = F.cross_entropy(logits.flatten(0, 1), asked.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def said_right(model, draw, length, rows=200):
    """The share of right answers at each place of new rows: (length,), NaN where nothing is asked."""
    tokens, asked = draw(rows, length)
    right = (model(tokens)[0].argmax(dim=-1) == asked).float().mean(dim=0)
    return right.masked_fill(asked[0] == -100, float("nan"))
