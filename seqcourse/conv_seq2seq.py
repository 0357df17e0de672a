"""A gated convolutional translator: windows instead of steps, and still one vector between the languages."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .config_checks import check_choice, check_share, check_tokens, check_whole_numbers
from .convolution import CausalConv1d
from .transformer import Embedding, initialize


@dataclass
class ConvSeq2SeqConfig:
    """Every number that makes a gated convolutional translator; the defaults suit two CPU cores.

    Raises ValueError, naming the field, when a number makes no sense.
    """

    src_vocab_size: int
    tgt_vocab_size: int
    d_model: int = 64
    layers: int = 3  # of the encoder, and of the decoder
    kernel_size: int = (
        3  # words in a window; odd, so that a word of the source stands in the middle of its own
    )
    dropout: float = 0.1
    positions: str = "sinusoidal"  # or "none"
    max_length: int = 128  # the most tokens a sentence may have
    pad_id: int = 0
    bos_id: int = 2
    eos_id: int = 3

    def __post_init__(self):
        check_whole_numbers(self)
        check_tokens(self)
        check_share("dropout", self.dropout)
        check_choice("positions", self.positions, ("sinusoidal", "none"))
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, not {self.kernel_size}")


def read(x, real, windows, dropout):
    """Let every word of the source know its neighbours: (B, S, D) -> (B, S, D), layer upon layer.

    real: (B, S, 1), True = a real token. Gehring et al. 2017, section 3.2.
    """
    for window in windows:
        x = x * real  # so that padding is as empty as what lies beyond the sentence
        x = x + dropout(F.glu(window(x.mT).mT, dim=-1))
    return x


@dataclass
class Written:
    """What decoding carries: the vector of each source, (B, D), and the tokens fed so far, (B, t)."""

    summary: torch.Tensor
    tokens: torch.Tensor

    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask."""
        return Written(self.summary[rows], self.tokens[rows])


class ConvSeq2Seq(nn.Module):
    """Sentence -> one vector -> sentence, by windows: (B, S), (B, T) -> logits (B, T, V).

    Each layer gates what its window holds, and adds it to x. The vector is the mean over the source; every
    layer of the decoder hears it. Gehring et al. 2017, sections 3.1 and 3.2, without the attention of 3.3.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        D, width, layers = config.d_model, config.kernel_size, range(config.layers)
        self.source = Embedding(config.src_vocab_size, config)
        self.target = Embedding(config.tgt_vocab_size, config)
        self.reading = nn.ModuleList(nn.Conv1d(D, 2 * D, width, padding=width // 2) for _ in layers)
        self.writing = nn.ModuleList(CausalConv1d(D, 2 * D, width) for _ in layers)
        self.hearing = nn.ModuleList(nn.Linear(D, 2 * D) for _ in layers)
        self.output = nn.Linear(D, config.tgt_vocab_size)
        self.dropout = nn.Dropout(config.dropout)
        initialize(self)

    def encode(self, src):
        """One vector for each sentence: (B, S) -> (B, D)."""
        real = (src != self.config.pad_id)[..., None]  # (B, S, 1)
        x = read(self.source(src), real, self.reading, self.dropout)
        return (x * real).sum(dim=1) / real.sum(dim=1)

    def write(self, tokens, summary):
        x = self.target(tokens)
        for window, hear in zip(self.writing, self.hearing, strict=True):
            x = x + self.dropout(F.glu(window(x) + hear(summary)[:, None], dim=-1))
        return self.output(x)

    def forward(self, src, tgt_in):
        return self.write(tgt_in, self.encode(src))

    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        return Written(self.encode(src), src[:, :0])

    def step(self, token, state):
        """Feed one token a sentence, (B,); return the logits of the next, (B, V), and the new state."""
        tokens = torch.cat([state.tokens, token[:, None]], dim=1)
        return self.write(tokens, state.summary)[:, -1], Written(state.summary, tokens)
