"""Windows that look back: a convolutional translator whose decoder looks at the source in every layer."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .attentive import mixture
from .conv_seq2seq import read
from .convolution import CausalConv1d
from .transformer import Embedding, initialize


def add(a, b):
    """A sum that varies no more than its parts: (a + b) / √2. Gehring et al. 2017, section 3.4."""
    return (a + b) * 0.5**0.5


@dataclass
class Seen:
    """What decoding carries: the source to look at, and the tokens fed so far, (B, t).

    keys, values: (B, S, D)   mask: (B, S), True = a real token
    """

    keys: torch.Tensor
    values: torch.Tensor
    mask: torch.Tensor
    tokens: torch.Tensor

    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask."""
        return Seen(self.keys[rows], self.values[rows], self.mask[rows], self.tokens[rows])


class AttentiveConvSeq2Seq(nn.Module):
    """Sentence -> a memory of its words -> sentence, by windows: (B, S), (B, T) -> logits (B, T, V).

    The config is a `ConvSeq2SeqConfig`. Given a `record`, each decoder layer appends where each place looked
    to record["cross"]: (B, 1, T, S); row t is the step that produces token t. Gehring et al. 2017, section
    3.3, in its letters. Word vectors are small there, and here of a length near √D: so we divide by √D. Of
    the scaling in their section 3.4 we leave out that of c by √S, and that of the encoder's sums.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        D, width, layers = config.d_model, config.kernel_size, range(config.layers)
        self.source = Embedding(config.src_vocab_size, config)
        self.target = Embedding(config.tgt_vocab_size, config)
        self.reading = nn.ModuleList(nn.Conv1d(D, 2 * D, width, padding=width // 2) for _ in layers)
        self.writing = nn.ModuleList(CausalConv1d(D, 2 * D, width) for _ in layers)
        self.asking = nn.ModuleList(nn.Linear(D, D) for _ in layers)
        self.output = nn.Linear(D, config.tgt_vocab_size)
        self.dropout = nn.Dropout(config.dropout)
        initialize(self)

    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        mask, e = src != self.config.pad_id, self.source(src)
        z = read(e, mask[..., None], self.reading, self.dropout)  # (B, S, D): words among their neighbours
        return Seen(z, add(z, e), mask, src[:, :0])

    def write(self, tokens, seen, record=None):
        """The logits after each token: (B, T) -> (B, T, V)."""
        g = x = self.target(tokens)  # (B, T, D)
        for window, ask in zip(self.writing, self.asking, strict=True):
            h = F.glu(window(x), dim=-1)
            d = add(ask(h), g)  # the query: what was found so far, and the word just fed
            scores = d @ seen.keys.mT / d.size(-1) ** 0.5  # (B, T, S)
            c, a = mixture(scores, seen.values, seen.mask)  # (B, T, D) and (B, T, S)
            x = add(x, self.dropout(add(h, c)))
            if record is not None:
                record["cross"].append(a[:, None])
        return self.output(x)

    def forward(self, src, tgt_in, record=None):
        return self.write(tgt_in, self.begin(src), record)

    def step(self, token, state):
        """Feed one token a sentence, (B,); return the logits of the next, (B, V), and the new state."""
        tokens = torch.cat([state.tokens, token[:, None]], dim=1)
        return self.write(tokens, state)[:, -1], Seen(state.keys, state.values, state.mask, tokens)
