"""What a head does, found by measure: the share of its attention that goes where a role would look."""

from functools import cache

import torch

from .grammar import Word
from .toy import toy_grammar

COUNTED = set("一 两 三 四 五 六 七 八 九 十 这 那 几".split())  # what stands before a classifier
ROLES = ["previous word", "same word", "classifier → noun"]


@cache
def classifiers():
    """The classifiers that each Chinese noun of the toy language goes with: {noun: set of classifiers}."""
    found = {}
    for symbol, (_, choices) in toy_grammar().choices.items():
        for word in [child[0] for _, child in choices if symbol[0] == "noun"]:
            if isinstance(word, Word) and word.classifier:
                found.setdefault(word.forms["zh", "sg"][0][0], set()).add(word.classifier)
    return found


def counted_nouns(tokens):
    """Where classifiers stand, and the nouns that they count: pairs of places (classifier, noun)."""
    pairs = []
    for place in range(1, len(tokens)):
        if tokens[place - 1] in COUNTED:
            after = range(place + 1, len(tokens))
            nouns = [s for s in after if tokens[place] in classifiers().get(tokens[s], ())]
            pairs += [(place, nouns[0])] if nouns else []
    return pairs


def role_maps(tokens):
    """Where each role looks in a Chinese sentence: {role: (S, S)}, boolean; row t is where token t looks."""
    noun = torch.zeros(len(tokens), len(tokens), dtype=torch.bool)
    for row, column in counted_nouns(tokens):
        noun[row, column] = True
    previous = torch.ones_like(noun).tril(-1).triu(-1)
    same = torch.tensor([[one == other for other in tokens] for one in tokens])
    return dict(zip(ROLES, (previous, same, noun), strict=True))


def on_target(weights, role):
    """The share of its attention that each head spends where a role looks: (H, S, S), (S, S) -> (H, rows).

    Only rows count in which the role looks somewhere.
    """
    return (weights * role).sum(dim=-1)[:, role.any(dim=-1)]


def role_scores(seen):
    """The mean share of each head for each role, {role: (H)}; seen: (weights, role maps) of all sentences."""
    return {
        role: torch.cat([on_target(weights, maps[role]) for weights, maps in seen], dim=1).mean(dim=1)
        for role in seen[0][1]
    }


def shuffled(seen):
    """The same weights, and roles that look at wrong places: the columns of each sentence exchanged."""
    mixed = []
    for weights, maps in seen:
        order = torch.randperm(weights.size(-1))
        mixed.append((weights, {role: where[:, order] for role, where in maps.items()}))
    return mixed


def chance_level(seen, times=100):
    """What the best head reaches by luck: the highest score of a head in `times` shuffles, for each role."""
    lucky = [role_scores(shuffled(seen)) for _ in range(times)]
    return {role: max(scores[role].max().item() for scores in lucky) for role in lucky[0]}
