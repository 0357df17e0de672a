"""Attention on trial: a trained model that looks back, its scores changed, its weights as they were."""

import copy

import torch
from torch import nn


class ChangedScore(nn.Module):
    """A score, and what is done to it before the softmax: change(scores, real) -> scores, (B, T, S) each.

    `real` is True where a source word is no padding: what a `Recurrent` gives out over padding is 0.
    """

    def __init__(self, score, change):
        super().__init__()
        self.score, self.change = score, change

    def forward(self, query, memory):
        scores = self.score(query, memory)
        return self.change(scores, memory.any(dim=-1)[:, None].expand_as(scores))


def with_scores(model, change):
    """A copy of a model that looks back whose scores are changed; the model itself stays as it is."""
    other = copy.deepcopy(model)
    other.decoder.score = ChangedScore(other.decoder.score, change)
    return other


def misplaced(scores, real):
    """The same scores at wrong places: dealt out by chance, at each step anew, among the real words."""
    chance = torch.rand_like(scores).masked_fill(~real, 2.0)  # padding comes last, and stays padding
    return scores.gather(-1, chance.argsort(dim=-1))


def even(scores, real):
    """The same score for every word: the mixture is the mean of the sentence, at every step."""
    return torch.zeros_like(scores)
