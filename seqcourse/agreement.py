"""Does the verb agree with its noun? A task of two facts, which one head cannot join and two heads can."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from .attention import MultiHeadAttention
from .positions import sinusoidal_positions

ADJECTIVES = ["small", "old", "young", "quiet"]
NOUNS = [("cat", "cats"), ("dog", "dogs"), ("mouse", "mice"), ("girl", "girls"), ("child", "children")]
ADVERBS = ["often", "never", "always", "sometimes"]
VERBS = [("sleeps", "sleep"), ("runs", "run"), ("sings", "sing"), ("waits", "wait"), ("eats", "eat")]
WORDS = ["the", "?", *ADJECTIVES, *ADVERBS, *(word for pair in (*NOUNS, *VERBS) for word in pair)]


def every_sentence():
    """All sentences, as ids (N, 6), and whether noun and verb disagree (N): half of them do.

    They come in fours: both singular, the verb plural, the noun plural, both plural; all else is the same.
    """
    ids, disagree = [], []
    for adjective, noun, adverb, verb in product(ADJECTIVES, NOUNS, ADVERBS, VERBS):
        for one, other in product((0, 1), (0, 1)):  # 1 is plural
            sentence = ["the", adjective, noun[one], adverb, verb[other], "?"]
            ids.append([WORDS.index(word) for word in sentence])
            disagree.append(one != other)
    return torch.tensor(ids), torch.tensor(disagree)


class OneLook(nn.Module):
    """One attention layer and a linear read-out: the last token looks at all, (B, S) -> a logit each, (B)."""

    def __init__(self, d_model, nhead):
        super().__init__()
        self.words = nn.Embedding(len(WORDS), d_model)
        self.attention = MultiHeadAttention(d_model, nhead)
        self.output = nn.Linear(d_model, 1)

    def vectors(self, tokens):
        return self.words(tokens) + sinusoidal_positions(tokens.size(1), self.words.embedding_dim)

    def forward(self, tokens, record=None):
        x = self.vectors(tokens)  # (B, S, D)
        return self.output(self.attention(x[:, -1:], x, record=record))[:, 0, 0]


def learn_agreement(model, tokens, disagree, steps=600, rows=64, learning_rate=3e-3):
    """Train on random rows of the task with Adam; return the loss of every step."""
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=learning_rate), []
    for _ in range(steps):
        chosen = torch.randint(len(tokens), (rows,))
        loss = F.binary_cross_entropy_with_logits(model(tokens[chosen]), disagree[chosen].float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def judged_right(model, tokens, disagree):
    """The share of sentences on which the sign of the logit is right."""
    return ((model(tokens) > 0) == disagree).float().mean().item()
