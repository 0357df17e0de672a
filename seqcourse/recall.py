"""Who remembers how far: a name, some noise, and the question what the name was."""

import torch
import torch.nn.functional as F
from torch import nn

from .convolution import DilatedStack
from .recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from .word_model import WordModel

NAMES, NOISE = 8, 8  # how many symbols of each kind; one more is the question


def draw_recall(rows, distance):
    """Rows of a name, noise, and a question `distance` places after the name; and the names.

    (rows, distance + 1) and (rows,). Raises ValueError when the question would not come after the name.
    """
    if distance < 1:
        raise ValueError(f"the question comes after the name, so at a distance of 1 or more, not {distance}")
    names = torch.randint(NAMES, (rows,))
    noise = torch.randint(NAMES, NAMES + NOISE, (rows, distance - 1))
    question = torch.full((rows, 1), NAMES + NOISE)
    return torch.cat((names[:, None], noise, question), dim=1), names


MEMORIES = {  # what remembers, by its width
    "RNN": lambda width: Recurrent(RNNCell(width, width)),
    "GRU": lambda width: Recurrent(GRUCell(width, width)),
    "LSTM": lambda width: Recurrent(LSTMCell(width, width)),
    "convolution": lambda width: DilatedStack(width, kernel_size=2, dilations=[1, 2, 4, 8]),
}


def of_size(kind, parameters=10_000):
    """A `WordModel` for this task with the kind of memory named, as near as can be to so many parameters."""

    def build(width):
        return WordModel(NAMES + NOISE + 1, width, MEMORIES[kind](width))

    def miss(width):
        with torch.device("meta"):  # shapes without numbers
            return abs(sum(p.numel() for p in build(width).parameters()) - parameters)

    return build(min(range(1, 200), key=miss))


def learn_to_recall(model, distances, steps=500, rows=64, learning_rate=3e-3):
    """Train on fresh rows, each batch at one of these distances; Adam, gradients cut to a norm of 1."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    for _ in range(steps):
        distance = distances[torch.randint(len(distances), ()).item()]
        tokens, names = draw_recall(rows, distance)
        loss = F.cross_entropy(model(tokens)[:, -1], names)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@torch.no_grad()
def recalled(model, distance, rows=512):
    """The share of names that the model still knows at a distance, in new rows."""
    tokens, names = draw_recall(rows, distance)
    return (model(tokens)[:, -1].argmax(dim=-1) == names).float().mean().item()


def gradient_at_the_name(model, distance, rows=64):
    """How strongly the loss at the question depends on the vector of the name: a norm, mean over rows."""
    tokens, names = draw_recall(rows, distance)
    seen = []
    hook = model.embedding.register_forward_hook(lambda *given: seen.append(given[-1]))
    loss = F.cross_entropy(model(tokens)[:, -1], names, reduction="sum")  # so that rows do not share it
    hook.remove()
    (down,) = torch.autograd.grad(loss, seen)
    return down[:, 0].double().norm(dim=-1).mean().item()  # in 32 bits the square of 1e-23 is 0
