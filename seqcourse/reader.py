"""A reader of one attention layer: word by word it is asked three questions, and each needs another look."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from .attention import MultiHeadAttention, padding_mask
from .positions import sinusoidal_positions
from .roles import ROLES, counted_nouns, role_maps
from .vocabulary import PAD


class Reader(nn.Module):
    """One attention layer and a linear read-out for each question: (B, S) -> logits (B, S, 3, V)."""

    def __init__(self, vocab_size, d_model, nhead):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.attention = MultiHeadAttention(d_model, nhead)
        self.output = nn.Linear(d_model, len(ROLES) * vocab_size)

    def forward(self, tokens, record=None):
        x = self.words(tokens) + sinusoidal_positions(tokens.size(1), self.words.embedding_dim)
        x = self.attention(x, x, padding_mask(tokens, PAD), record)  # (B, S, D), no residual
        return self.output(x).unflatten(-1, (len(ROLES), -1))


def questions(pairs, vocabulary):
    """The Chinese sides of pairs, and what a reader should answer: lists of (S) and (S, 3) ids.

    Which word stands before you? Which word are you? Which noun do you count? PAD where there is none.
    """
    ids = [torch.tensor([vocabulary.ids[word] for word in pair.target_tokens]) for pair in pairs]
    answers = []
    for pair, sentence in zip(pairs, ids, strict=True):
        right = torch.full((len(sentence), len(ROLES)), PAD)
        right[1:, 0], right[:, 1] = sentence[:-1], sentence
        for place, noun in counted_nouns(pair.target_tokens):
            right[place, 2] = sentence[noun]
        answers.append(right)
    return ids, answers


def learn_to_read(reader, ids, answers, steps=400, rows=32, learning_rate=5e-3):
    """Train a reader on random sentences with Adam; yield the loss of every step."""
    optimizer = torch.optim.Adam(reader.parameters(), lr=learning_rate)
    for _ in range(steps):
        chosen = torch.randint(len(ids), (rows,)).tolist()
        tokens = pad_sequence([ids[i] for i in chosen], batch_first=True)  # (B, S); PAD is 0
        right = pad_sequence([answers[i] for i in chosen], batch_first=True)  # (B, S, 3)
        asked = right != PAD
        losses = F.cross_entropy(reader(tokens)[asked], right[asked], reduction="none")
        question = asked.nonzero()[:, 2]
        loss = sum(
            losses[question == q].sum() / (question == q).sum().clamp(min=1) for q in range(len(ROLES))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@torch.no_grad()
def read_right(reader, ids, answers):
    """The share of right answers to each question: {role: number}."""
    tokens, right = pad_sequence(ids, batch_first=True), pad_sequence(answers, batch_first=True)
    asked = right != PAD
    hits = (reader(tokens).argmax(dim=-1) == right) & asked
    return dict(zip(ROLES, (hits.sum(dim=(0, 1)) / asked.sum(dim=(0, 1))).tolist(), strict=True))


@torch.no_grad()
def look_in(reader, pairs, ids):
    """The weights (H, S, S) of each sentence, beside the maps of its roles: what `role_scores` takes."""
    seen = []
    for pair, sentence in zip(pairs, ids, strict=True):
        record = []
        reader(sentence[None], record)
        seen.append((record[0][0], role_maps(pair.target_tokens)))
    return seen
