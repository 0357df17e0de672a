"""The Transformer: an encoder that reads a sentence, a decoder that writes its translation."""

import math
from dataclasses import dataclass

import torch
from torch import nn

from .attention import causal_mask, padding_mask
from .config_checks import check_choice, check_share, check_tokens, check_whole_numbers
from .layers import ACTIVATIONS, DecoderLayer, EncoderLayer
from .one_more_word import first_state, one_more, read
from .positions import POSITIONS, position_table


@dataclass
class TransformerConfig:
    """Every number that makes a Transformer; the defaults are the base model of the paper, with GELU.

    Raises ValueError, naming the field, when a number makes no sense or two do not fit.
    Vaswani et al. 2017, table 3; their N is our number of layers, d_ff our dim_feedforward, h our nhead.
    """

    src_vocab_size: int = 37000
    tgt_vocab_size: int = 37000
    d_model: int = 512
    nhead: int = 8
    num_encoder_layers: int = 6
    num_decoder_layers: int = 6
    dim_feedforward: int = 2048
    dropout: float = 0.1
    activation: str = "gelu"
    residual: bool = True
    norm_first: bool = False  # LayerNorm after each sublayer, as in the paper, or before it
    positions: str = "sinusoidal"  # or "learned", "rotary", "none"
    tie_output: bool = True  # the output layer reads words by the vectors that the decoder is fed
    share_embeddings: bool = False  # one vocabulary, and one table of vectors, for both languages
    max_length: int = 512  # the most tokens a sentence may have
    pad_id: int = 0
    bos_id: int = 2
    eos_id: int = 3

    def __post_init__(self):
        check(self)


def check(config):
    """Raise ValueError unless the numbers of a `TransformerConfig` make sense and fit each other."""
    check_whole_numbers(config)
    if config.d_model % config.nhead:
        raise ValueError(
            f"{config.nhead} heads cannot share {config.d_model} features: change nhead or d_model"
        )
    check_share("dropout", config.dropout)
    check_choice("activation", config.activation, ACTIVATIONS)
    check_choice("positions", config.positions, POSITIONS)
    if config.positions == "rotary" and config.d_model // config.nhead % 2:
        raise ValueError(
            f"rotary positions turn pairs of features, but a head has {config.d_model // config.nhead}: "
            "change nhead or d_model"
        )
    if config.share_embeddings and config.src_vocab_size != config.tgt_vocab_size:
        raise ValueError(
            "share_embeddings needs one vocabulary, but src_vocab_size and tgt_vocab_size differ"
        )
    check_tokens(config)


class Embedding(nn.Module):
    """Tokens -> vectors that say which word this is and where it stands: (B, T) -> (B, T, D).

    Raises ValueError when there are more tokens than `config.max_length`.
    Vaswani et al. 2017, section 3.4 (the factor √D) and 3.5 (positions).
    """

    def __init__(self, vocab_size, config):
        super().__init__()
        self.words = nn.Embedding(vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.positions = position_table(config.positions, config.max_length, config.d_model)

    def forward(self, tokens, start=0):
        end = start + tokens.size(1)
        if end > len(self.positions):
            raise ValueError(f"{end} tokens are more than the model's max_length of {len(self.positions)}")
        x = self.words(tokens) * math.sqrt(
            self.words.embedding_dim
        )  # so that words weigh as much as positions
        return self.dropout(x + self.positions[start:end])


class Encoder(nn.Module):
    """Read a sentence: (B, S) -> memory (B, S, D), one vector a word, each aware of all others."""

    def __init__(self, config):
        super().__init__()
        self.embedding = Embedding(config.src_vocab_size, config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_encoder_layers))
        self.norm = nn.LayerNorm(config.d_model) if config.norm_first else nn.Identity()

    def forward(self, src, mask, record=None):
        x = self.embedding(src)
        for layer in self.layers:
            x = layer(x, mask, record)
        return self.norm(x)


class Decoder(nn.Module):
    """Write a sentence: (B, T), and memory (B, S, D) -> logits (B, T, V); row t predicts word t + 1.

    Padding stands on the right, where the causal mask hides it from every word.
    """

    def __init__(self, config):
        super().__init__()
        self.embedding = Embedding(config.tgt_vocab_size, config)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_decoder_layers))
        self.norm = nn.LayerNorm(config.d_model) if config.norm_first else nn.Identity()
        self.output = nn.Linear(config.d_model, config.tgt_vocab_size)
        if config.tie_output:
            self.output.weight = self.embedding.words.weight

    def forward(self, tgt_in, memory, memory_mask, record=(None, None)):
        mask = causal_mask(tgt_in.size(1), tgt_in.device)  # (T, T)
        x = self.embedding(tgt_in)
        for layer in self.layers:
            x = layer(x, memory, mask, memory_mask, record)
        return self.output(self.norm(x))


class Transformer(nn.Module):
    """Sentence -> sentence: (B, S), (B, T) -> logits (B, T, V).

    `record`, if given, is a dict of lists "encoder", "decoder" and "cross": each layer appends its weights.
    Vaswani et al. 2017, figure 1.
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        initialize(self)
        if config.share_embeddings:
            self.encoder.embedding.words.weight = self.decoder.embedding.words.weight

    def forward(self, src, tgt_in, record=None):
        record = record or {}
        mask = padding_mask(src, self.config.pad_id)  # (B, 1, 1, S)
        memory = self.encoder(src, mask, record.get("encoder"))
        return self.decoder(tgt_in, memory, mask, (record.get("decoder"), record.get("cross")))

    @torch.no_grad()
    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        mask = padding_mask(src, self.config.pad_id)
        return first_state(self.decoder, read(self.encoder, src, mask), mask)

    @torch.no_grad()
    def step(self, token, state):
        """Feed one token a sentence, (B,); return the logits of the next, (B, V), and the new state."""
        x, state = one_more(self.decoder, self.decoder.embedding(token[:, None], start=state.length), state)
        return self.decoder.output(self.decoder.norm(x))[:, 0], state


def initialize(model):
    """Glorot's uniform weights (Glorot & Bengio 2010), zero biases, word vectors of a length near 1."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    for layer in model.modules():  # last, because the output layer may share its weight with the word vectors
        if isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, std=layer.embedding_dim**-0.5)
