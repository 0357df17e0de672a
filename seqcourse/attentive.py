"""Looking back: an encoder-decoder whose decoder, before every word, looks at the source again."""

from dataclasses import dataclass

import torch
from torch import nn

from .config_checks import check_choice, check_share, check_tokens, check_whole_numbers
from .recurrent import Bidirectional, LSTMCell, Recurrent


class AdditiveScore(nn.Module):
    """How well each state fits each word of the source, judged by a small network: v · tanh(W q + U h).

    query: (B, T, H)   memory: (B, S, H)   ->   scores (B, T, S)
    Bahdanau et al. 2015, section 3.1 and appendix A.1.2; their s is our query, their v_a, W_a, U_a ours.
    """

    def __init__(self, hidden_size):
        super().__init__()
        self.W = nn.Linear(hidden_size, hidden_size, bias=False)
        self.U = nn.Linear(hidden_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, query, memory):
        both = self.W(query)[:, :, None] + self.U(memory)[:, None]  # (B, T, S, H)
        return self.v(both.tanh()).squeeze(-1)


class GeneralScore(nn.Module):
    """How well each state fits each word of the source, by a table of which features go together: q · W h.

    query: (B, T, H)   memory: (B, S, H)   ->   scores (B, T, S)
    Luong et al. 2015, section 3.1, after equation 7; their h_t is our query, their barred h_s our memory.
    """

    def __init__(self, hidden_size):
        super().__init__()
        self.W = nn.Linear(hidden_size, hidden_size, bias=False)

    def forward(self, query, memory):
        return query @ self.W(memory).mT


class DotScore(nn.Module):
    """How well each state fits each word of the source: how far they point the same way, q · h.

    query: (B, T, H)   memory: (B, S, H)   ->   scores (B, T, S)
    Luong et al. 2015, section 3.1, after equation 7. It has nothing to learn.
    """

    def __init__(self, hidden_size):
        super().__init__()

    def forward(self, query, memory):
        return query @ memory.mT


SCORES = {"additive": AdditiveScore, "general": GeneralScore, "dot": DotScore}


def mixture(scores, memory, mask):
    """Mix the words of the source, each by its share: what the decoder sees when it looks back.

    scores: (B, T, S)   memory: (B, S, H)   mask: (B, S), True = may look   ->   (B, T, H) and (B, T, S)
    A sentence in which nothing may be looked at gives zeros. Bahdanau et al. 2015, equations 5 and 6.
    """
    scores = scores.masked_fill(~mask[:, None], float("-inf"))
    weights = scores.softmax(dim=-1).masked_fill(~mask[:, None], 0.0)  # (B, T, S), each row sums to 1
    return weights @ memory, weights


@dataclass
class AttentiveConfig:
    """Every number that makes an LSTM translator that looks back; the defaults suit two CPU cores.

    Raises ValueError, naming the field, when a number makes no sense.
    """

    src_vocab_size: int
    tgt_vocab_size: int
    score: str = "additive"  # or "general", or "dot"
    d_model: int = 64  # features of a word
    hidden_size: int = 64  # features of a state, half of them for each direction of reading; even
    dropout: float = 0.1
    max_length: int = 128  # the most tokens a sentence may have
    pad_id: int = 0
    bos_id: int = 2
    eos_id: int = 3

    def __post_init__(self):
        check_whole_numbers(self)
        check_tokens(self)
        check_share("dropout", self.dropout)
        check_choice("score", self.score, SCORES)
        if self.hidden_size % 2:
            raise ValueError(f"hidden_size must be even, not {self.hidden_size}: two directions share it")


@dataclass
class AttentiveState:
    """What decoding carries: the state of the decoder's cell, (B, H) twice, and the source to look back at.

    memory: (B, S, H)   mask: (B, S), True = a real token
    """

    state: tuple[torch.Tensor, torch.Tensor]
    memory: torch.Tensor
    mask: torch.Tensor

    def reorder(self, rows):
        """The state of these rows of the batch, in this order: (R,), indices or a boolean mask."""
        return AttentiveState(tuple(part[rows] for part in self.state), self.memory[rows], self.mask[rows])


class AttentiveEncoder(nn.Module):
    """Read a sentence in both directions: (B, S) -> memory (B, S, H), and the states that reading ends in."""

    def __init__(self, config):
        super().__init__()
        half = config.hidden_size // 2
        self.embedding = nn.Embedding(config.src_vocab_size, config.d_model)
        self.recurrent = Bidirectional(LSTMCell(config.d_model, half), LSTMCell(config.d_model, half))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, src, mask):
        memory, states = self.recurrent(self.dropout(self.embedding(src)), mask)
        return memory, tuple(torch.cat(parts, dim=-1) for parts in zip(*states, strict=True))


class AttentiveDecoder(nn.Module):
    """Write, and look back at every step: tokens (B, T) -> logits (B, T, V), shares (B, T, S) and a state.

    Luong et al. 2015, section 3, equation 5, and 3.1; their attentional state, h with a tilde, is our `both`.
    """

    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.tgt_vocab_size, config.d_model)
        self.recurrent = Recurrent(LSTMCell(config.d_model, config.hidden_size))
        self.score = SCORES[config.score](config.hidden_size)
        self.combine = nn.Linear(2 * config.hidden_size, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, config.tgt_vocab_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens, state):
        x = self.dropout(self.embedding(tokens))  # (B, T, D)
        hidden, last = self.recurrent(x, state=state.state)  # (B, T, H): the queries
        seen, weights = mixture(self.score(hidden, state.memory), state.memory, state.mask)
        both = self.combine(self.dropout(torch.cat([seen, hidden], dim=-1))).tanh()  # (B, T, H)
        return self.output(self.dropout(both)), weights, AttentiveState(last, state.memory, state.mask)


class AttentiveSeq2Seq(nn.Module):
    """Sentence -> a memory of its words -> sentence: (B, S), (B, T) -> logits (B, T, V).

    Row t predicts word t + 1. Given a `record`, it appends where each step looked to record["cross"]:
    (B, 1, T, S); row t is the step that produces token t. Bahdanau et al. 2015; Luong et al. 2015.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = AttentiveEncoder(config), AttentiveDecoder(config)

    def forward(self, src, tgt_in, record=None):
        logits, weights, _ = self.decoder(tgt_in, self.begin(src))
        if record is not None:
            record["cross"].append(weights[:, None])
        return logits

    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        mask = src != self.config.pad_id
        memory, last = self.encoder(src, mask)
        return AttentiveState(last, memory, mask)

    def step(self, token, state):
        """Feed one token a sentence, (B,); return the logits of the next, (B, V), and the new state."""
        logits, _, state = self.decoder(token[:, None], state)
        return logits[:, 0], state
