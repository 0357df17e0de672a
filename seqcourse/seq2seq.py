"""From sequence to sequence: one network reads a sentence into a state, another writes from it."""

from dataclasses import dataclass

import torch
from torch import nn

from .config_checks import check_choice, check_share, check_tokens, check_whole_numbers
from .recurrent import GRUCell, LSTMCell, Recurrent, RNNCell, hidden_of

CELLS = {"rnn": RNNCell, "gru": GRUCell, "lstm": LSTMCell}


@dataclass
class Seq2SeqConfig:
    """Every number that makes an encoder-decoder of recurrent cells; the defaults suit two CPU cores.

    Raises ValueError, naming the field, when a number makes no sense.
    """

    src_vocab_size: int
    tgt_vocab_size: int
    cell: str = "lstm"  # or "gru", or "rnn"
    d_model: int = 64  # features of a word
    hidden_size: int = 128  # features of the state: the bottleneck
    dropout: float = 0.1
    reverse_source: bool = False  # read the source from its last word to its first
    max_length: int = 128  # the most tokens a sentence may have
    pad_id: int = 0
    bos_id: int = 2
    eos_id: int = 3

    def __post_init__(self):
        check_whole_numbers(self)
        check_tokens(self)
        check_share("dropout", self.dropout)
        check_choice("cell", self.cell, CELLS)


def reverse(src, pad_id):
    """Each sentence from its last token to its first, and the padding where it was: (B, S) -> (B, S)."""
    length = (src != pad_id).sum(dim=1, keepdim=True)  # (B, 1)
    place = torch.arange(src.size(1), device=src.device)  # (S,)
    return src.gather(1, torch.where(place < length, length - 1 - place, place))


@dataclass
class RecurrentState:
    """What decoding carries from word to word: the state of the decoder's cell, a row for each sentence."""

    state: (
        torch.Tensor | tuple[torch.Tensor, torch.Tensor]
    )  # (B, hidden_size); an LSTM has two, hidden and cell

    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask."""
        if isinstance(self.state, tuple):
            return RecurrentState(tuple(part[rows] for part in self.state))
        return RecurrentState(self.state[rows])


class SentenceEncoder(nn.Module):
    """Read a sentence to its end: (B, S) -> the state of the cell after its last word."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.src_vocab_size, config.d_model)
        self.recurrent = Recurrent(CELLS[config.cell](config.d_model, config.hidden_size))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, src):
        src = reverse(src, self.config.pad_id) if self.config.reverse_source else src
        _, state = self.recurrent(self.dropout(self.embedding(src)), src != self.config.pad_id)
        return state


class Seq2Seq(nn.Module):
    """Sentence -> state -> sentence: (B, S), (B, T) -> logits (B, T, V); row t predicts word t + 1.

    Sutskever et al. 2014, section 2; their v is the encoder's last state.
    """

    def __init__(self, config):
        super().__init__()
        self.config, self.encoder = config, SentenceEncoder(config)
        self.embedding = nn.Embedding(config.tgt_vocab_size, config.d_model)
        self.decoder = Recurrent(CELLS[config.cell](config.d_model, config.hidden_size))
        self.output = nn.Linear(config.hidden_size, config.tgt_vocab_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, src, tgt_in):
        x = self.dropout(self.embedding(tgt_in))  # (B, T, D)
        hidden, _ = self.decoder(x, state=self.encoder(src))  # (B, T, hidden_size)
        return self.output(self.dropout(hidden))

    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        return RecurrentState(self.encoder(src))

    def step(self, token, state):
        """Feed one token a sentence, (B,); return the logits of the next, (B, V), and the new state."""
        state = self.decoder.cell(self.dropout(self.embedding(token)), state.state)
        return self.output(self.dropout(hidden_of(state))), RecurrentState(state)
