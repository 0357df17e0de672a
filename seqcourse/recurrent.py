"""Recurrent networks: a cell reads a word and renews what it remembers; a loop runs it along the sentence."""

import torch
from torch import nn


class RNNCell(nn.Module):
    """Mix a word into what is remembered, and squeeze: h' = tanh(W x + b + U h + c).

    x: (B, input_size)   hidden: (B, hidden_size)   ->   (B, hidden_size)
    Elman 1990. Equal to torch.nn.RNNCell; its weight_ih is our W, its weight_hh our U.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.from_input = nn.Linear(input_size, hidden_size)
        self.from_hidden = nn.Linear(hidden_size, hidden_size)

    def first_state(self, x):
        return x.new_zeros(len(x), self.hidden_size)

    def forward(self, x, hidden):
        return (self.from_input(x) + self.from_hidden(hidden)).tanh()


class GRUCell(nn.Module):
    """Keep a share z of what is remembered, and fill up with something new.

    x: (B, input_size)   hidden: (B, hidden_size)   ->   (B, hidden_size)
    Cho et al. 2014, section 2.3, but with the reset gate after the linear map of the hidden state, as in
    torch.nn.GRUCell, to which it is equal. Our reset, update, candidate are r, z, n of torch.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.from_input = nn.Linear(input_size, 3 * hidden_size)
        self.from_hidden = nn.Linear(hidden_size, 3 * hidden_size)

    def first_state(self, x):
        return x.new_zeros(len(x), self.hidden_size)

    def forward(self, x, hidden):
        reset, update, candidate = self.from_input(x).chunk(3, dim=-1)
        more_reset, more_update, memory = self.from_hidden(hidden).chunk(3, dim=-1)
        reset, update = (reset + more_reset).sigmoid(), (update + more_update).sigmoid()
        candidate = (candidate + reset * memory).tanh()
        return update * hidden + (1 - update) * candidate


class LSTMCell(nn.Module):
    """Forget a part of the cell, write a part of something new, show a part of what is there.

    x: (B, input_size)   state: hidden and cell, (B, hidden_size) each   ->   hidden and cell
    Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000. Equal to torch.nn.LSTMCell, whose
    i, f, g, o are our input_gate, forget_gate, candidate, output_gate.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.from_input = nn.Linear(input_size, 4 * hidden_size)
        self.from_hidden = nn.Linear(hidden_size, 4 * hidden_size)

    def first_state(self, x):
        zeros = x.new_zeros(len(x), self.hidden_size)
        return zeros, zeros

    def forward(self, x, state):
        hidden, cell = state
        gates = self.from_input(x) + self.from_hidden(hidden)  # (B, 4 * hidden_size)
        input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
        cell = forget_gate.sigmoid() * cell + input_gate.sigmoid() * candidate.tanh()
        return output_gate.sigmoid() * cell.tanh(), cell


def choose(real, new, old):
    """The new state where the word is real, the old one where it is padding; real: (B, 1)."""
    if isinstance(new, tuple):
        return tuple(torch.where(real, a, b) for a, b in zip(new, old, strict=True))
    return torch.where(real, new, old)


def hidden_of(state):
    """What a state shows: its hidden vector, without what an LSTM keeps beside it."""
    return state[0] if isinstance(state, tuple) else state


class Recurrent(nn.Module):
    """Run a cell along sentences; return what it shows after every word, and the last state of each sentence.

    x: (B, S, D)   mask: (B, S), True = a real token   ->   (B, S, hidden_size) and a state of the cell.
    Padding leaves the state as it is, wherever it stands; the output there is 0. Without a first `state` the
    cell begins with zeros. Raises ValueError when the mask does not fit.
    """

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x, mask=None, state=None):
        mask = x.new_ones(x.shape[:2], dtype=torch.bool) if mask is None else mask
        if mask.dtype != torch.bool or mask.shape != x.shape[:2]:
            raise ValueError(f"the mask of x {tuple(x.shape)} is boolean and {tuple(x.shape[:2])}")
        state, outputs = self.cell.first_state(x) if state is None else state, []
        for word, real in zip(x.unbind(dim=1), mask[..., None].unbind(dim=1), strict=True):
            state = choose(real, self.cell(word, state), state)
            outputs.append(hidden_of(state))
        return torch.stack(outputs, dim=1) * mask[..., None], state


class Bidirectional(nn.Module):
    """Run one cell from left to right and another from right to left, and put their outputs side by side.

    x: (B, S, D)   mask: (B, S), True = a real token   ->   (B, S, 2 * hidden_size) and both last states.
    The second cell starts at each sentence's last real token and ends at its first word.
    Schuster & Paliwal 1997.
    """

    def __init__(self, forward_cell, backward_cell):
        super().__init__()
        self.forwards, self.backwards = Recurrent(forward_cell), Recurrent(backward_cell)

    def forward(self, x, mask=None):
        right, last = self.forwards(x, mask)
        left, first = self.backwards(x.flip(1), None if mask is None else mask.flip(1))
        return torch.cat((right, left.flip(1)), dim=-1), (last, first)
