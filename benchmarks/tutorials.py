"""`torch.nn.Transformer` as two well-known tutorials train it on Multi30k.

- `ADAM`: Ben Trevett's pytorch-seq2seq, notebook 6: 256 wide, 3 layers a side, 8 heads, feed-forward 512,
  learned positions, Adam at a constant 5e-4, gradients cut at 1, batches of 128 sentences of like length,
  words that come at least twice.
- `PYTORCH`: PyTorch's own "Language Translation with nn.Transformer": 512 wide, sinusoidal positions, Adam at
  a constant 1e-4 with betas 0.9 and 0.98, no clipping, batches of 128 sentences in the order of the file, and
  every word of it.

What differs from them: spaCy finds their words, here a regular expression does. Words keep their case in
both, for BLEU minds it; the notebook has small letters only. The notebook's layers are its own, here they are
those of `nn.Transformer`, which has one LayerNorm more after each stack. Sentences are decoded in batches.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass

import torch
from torch import nn

from seqcourse.batching import lengths, make_batch
from seqcourse.positions import position_table
from seqcourse.transformer import TransformerConfig
from seqcourse.vocabulary import SPECIALS, UNK, clean

TOKEN = r"\w+(?:-\w+)*|'\w+|[^\w\s]"  # a word, an ending as in "man's", a mark
POOL = 100  # batches that are sorted by length together


class Words:
    """The words that come at least so often, their case kept: text in, ids out, and back."""

    def __init__(self, texts, least, language):
        counts = Counter(token for text in texts for token in re.findall(TOKEN, clean(text, language)))
        self.words = SPECIALS + sorted(word for word, count in counts.items() if count >= least)
        self.ids, self.language = {word: i for i, word in enumerate(self.words)}, language

    def __len__(self):
        return len(self.words)

    def tokenize(self, text):
        return re.findall(TOKEN, clean(text, self.language))

    def encode(self, text):
        return [self.ids.get(token, UNK) for token in self.tokenize(text)]

    def tokens(self, ids):
        return [self.words[i] for i in ids]

    def decode(self, ids):
        text = " ".join(self.words[i] for i in ids if i >= len(SPECIALS))
        return re.sub(r" (?=[.,;:!?)]|'\w)|(?<=\() ", "", text)


@dataclass
class Written:
    """What decoding carries: the encoder's output, its padding, and the words fed so far, (B, t)."""

    memory: torch.Tensor
    padding: torch.Tensor
    tokens: torch.Tensor

    def reorder(self, rows):
        return Written(self.memory[rows], self.padding[rows], self.tokens[rows])


class TutorialTransformer(nn.Module):
    """Sentence -> sentence by `torch.nn.Transformer`: (B, S), (B, T) -> logits (B, T, V)."""

    def __init__(self, config):
        super().__init__()
        c = self.config = config
        self.source = nn.Embedding(c.src_vocab_size, c.d_model)
        self.target = nn.Embedding(c.tgt_vocab_size, c.d_model)
        self.source_positions = position_table(c.positions, c.max_length, c.d_model)
        self.target_positions = position_table(c.positions, c.max_length, c.d_model)
        self.dropout = nn.Dropout(c.dropout)
        self.transformer = nn.Transformer(
            c.d_model, c.nhead, c.num_encoder_layers, c.num_decoder_layers, c.dim_feedforward, c.dropout,
            batch_first=True,
        )  # fmt: skip
        self.transformer.encoder.use_nested_tensor = False  # that prototype would only warn
        self.output = nn.Linear(c.d_model, c.tgt_vocab_size)
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_uniform_(weight)

    def forward(self, src, tgt_in):
        state = self.begin(src)
        return self.output(self.decode(tgt_in, state.memory, state.padding))

    def embed(self, words, positions, tokens):
        return self.dropout(words(tokens) * self.config.d_model**0.5 + positions[: tokens.size(1)])

    def decode(self, tokens, memory, padding):
        future = torch.ones(tokens.size(1), tokens.size(1), dtype=torch.bool, device=tokens.device).triu(1)
        return self.transformer.decoder(
            self.embed(self.target, self.target_positions, tokens), memory, tgt_mask=future,
            tgt_key_padding_mask=tokens == self.config.pad_id, memory_key_padding_mask=padding,
        )  # fmt: skip

    def begin(self, src):
        """The state in which no word is written yet, for (B, S) source tokens."""
        padding = src == self.config.pad_id
        x = self.embed(self.source, self.source_positions, src)
        memory = self.transformer.encoder(x, src_key_padding_mask=padding)
        return Written(memory, padding, src[:, :0])

    def step(self, token, state):
        """Feed one token a sentence, (B,); the tutorials, too, go through all words again at every step."""
        tokens = torch.cat([state.tokens, token[:, None]], dim=1)
        last = self.decode(tokens, state.memory, state.padding)[:, -1]
        return self.output(last), Written(state.memory, state.padding, tokens)


def in_pools(examples, size, seed):
    """All examples in batches of `size`, in random order; a hundred at a time are cut from sorted ones."""
    rng = random.Random(repr(seed))
    examples = rng.sample(examples, len(examples))
    batches = []
    for start in range(0, len(examples), size * POOL):
        pool = sorted(examples[start : start + size * POOL], key=lengths)
        cut = [pool[first : first + size] for first in range(0, len(pool), size)]
        batches += rng.sample(cut, len(cut))
    return batches


def in_order(examples, size, seed):
    """All examples in batches of `size`, in the order of the file; no seed changes it."""
    return [examples[first : first + size] for first in range(0, len(examples), size)]


class Epochs:
    """The batches of epoch after epoch, without end; its state says where it stands."""

    def __init__(self, examples, size, arrange, seed):
        self.examples, self.size, self.arrange, self.seed = examples, size, arrange, seed
        self.load_state_dict({"epoch": 0, "position": 0})

    def state_dict(self):
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state):
        self.epoch, self.position = state["epoch"], state["position"]
        self.groups = self.arrange(self.examples, self.size, (self.seed, self.epoch))

    def __iter__(self):
        return self

    def __next__(self):
        if self.position == len(self.groups):
            self.load_state_dict({"epoch": self.epoch + 1, "position": 0})
        self.position += 1
        return make_batch(self.groups[self.position - 1])


@dataclass(frozen=True)
class Tutorial:
    """The numbers of a tutorial, and how it lays out its batches."""

    d_model: int
    positions: str
    learning_rate: float
    betas: tuple[float, float]
    eps: float
    clip: float
    least: int  # times that a word must come
    arrange: object  # in_pools or in_order
    sentences: int = 128
    layers: int = 3
    nhead: int = 8
    dim_feedforward: int = 512
    dropout: float = 0.1

    def model(self, source_size, target_size, max_length):
        return TutorialTransformer(
            TransformerConfig(
                source_size,
                target_size,
                self.d_model,
                self.nhead,
                self.layers,
                self.layers,
                self.dim_feedforward,
                self.dropout,
                "relu",
                positions=self.positions,
                max_length=max_length,
            )  # fmt: skip
        )

    def adam(self, model):
        return torch.optim.Adam(model.parameters(), lr=self.learning_rate, betas=self.betas, eps=self.eps)


ADAM = Tutorial(256, "learned", 5e-4, (0.9, 0.999), 1e-8, 1.0, 2, in_pools)
PYTORCH = Tutorial(512, "sinusoidal", 1e-4, (0.9, 0.98), 1e-9, float("inf"), 1, in_order)
