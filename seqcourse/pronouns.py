"""A pronoun that needs its noun: *it* becomes il or elle, and the rest of the sentence decides which."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from .ablation import without_heads
from .batching import pad
from .lexicon import toy_words
from .vocabulary import BOS, EOS

OTHER_GENDER = {"il": "elle", "elle": "il", "ils": "elles", "elles": "ils"}
ENGLISH = ("it", "they")


class PronounCases(NamedTuple):
    """N sentences, each up to the word before its pronoun, and the ids of the two pronouns to choose from."""

    src: Tensor  # (N, S), each row ends with </s>
    tgt_in: Tensor  # (N, T), each row starts with <s> and ends before the pronoun
    last: Tensor  # (N,), the place of the last word that is fed: its row predicts the pronoun
    right: Tensor  # (N,), the pronoun of the gender that the noun has
    wrong: Tensor  # (N,), the same in the other gender


def pronoun_cases(pairs, source, target):
    """The pairs of a toy corpus whose *it* or *they* becomes a French pronoun of the noun's gender.

    source and target: the vocabularies. Raises ValueError when no pair has such a pronoun.
    """
    rows = [(pair, t) for pair in pairs for s, t in sorted(pair.alignment)
            if pair.source_tokens[s] in ENGLISH and pair.target_tokens[t] in OTHER_GENDER]  # fmt: skip
    if not rows:
        raise ValueError("no pair has an *it* or a *they* that becomes il, elle, ils or elles")
    said = [pair.target_tokens[t] for pair, t in rows]
    return PronounCases(
        pad([[*source.encode(pair.source), EOS] for pair, _ in rows]),
        pad([[BOS, *target.encode(pair.target)[:t]] for pair, t in rows]),
        torch.tensor([t for _, t in rows]),
        torch.tensor([target.ids[word] for word in said]),
        torch.tensor([target.ids[OTHER_GENDER[word]] for word in said]),
    )


def gender_is_right(model, cases, heads=()):
    """Whether the right pronoun is likelier than that of the other gender, without these heads: (N,)."""
    with torch.no_grad(), without_heads(model, heads):
        logits = model(cases.src, cases.tgt_in)  # (N, T, V)
    rows = torch.arange(len(cases.last))
    logits = logits[rows, cases.last]  # (N, V)
    return logits[rows, cases.right] > logits[rows, cases.wrong]


def balanced_accuracy(correct, groups):
    """The share that is correct in each group, and the mean of these: always the same answer gives 1/groups.

    correct: (N,), boolean   groups: (N,), whole numbers
    """
    shares = [correct[groups == group].double().mean() for group in groups.unique()]
    return torch.stack(shares).mean().item()


def greedy_cut(score, heads, enough):
    """Silence head after head, each time the one that leaves the lowest score, until it is `enough` or less.

    score: a function of a list of heads that are silenced. Returns the list. It need not be the smallest
    possible one: two heads may matter only together. All heads, if nothing less is enough.
    """
    cut = []
    while len(cut) < len(heads) and score(cut) > enough:
        rest = [head for head in heads if head not in cut]
        cut.append(min(rest, key=lambda head: score([*cut, head])))
    return cut


class Roles(NamedTuple):
    """Where the words stand that a pronoun may rest on: places of source tokens, and of target tokens."""

    it: int
    meant: int  # the noun that the pronoun means
    other: int  # the other noun
    reason: int  # the word that tells them apart: *tired*, *wide*
    pronoun: int  # among the target tokens, as are the next two
    meant_said: int  # the translation of the noun that is meant
    other_said: int


def roles(pair):
    """The `Roles` in a pair with a pronoun and two nouns of unlike gender before it; None in any other."""
    genders = noun_genders()
    said = {s: t for s, t in sorted(pair.alignment) if pair.target_tokens[t] in OTHER_GENDER}
    it = next((s for s in said if pair.source_tokens[s] in ENGLISH), None)
    if it is None:
        return None
    before = [s for s in range(it) if pair.source_tokens[s] in genders]
    gender = "f" if pair.target_tokens[said[it]].startswith("elle") else "m"
    if sorted(genders[pair.source_tokens[s]] for s in before) != ["f", "m"]:
        return None
    meant, other = sorted(before, key=lambda s: genders[pair.source_tokens[s]] != gender)
    nouns = [max(t for s, t in pair.alignment if s == noun) for noun in (meant, other)]
    return Roles(it, meant, other, len(pair.source_tokens) - 2, said[it], *nouns)


@cache
def noun_genders():
    """The English nouns of the toy grammar with the gender of their French translation, "m" or "f"."""
    return {
        form[0][0]: word.gender
        for word in toy_words()
        if word.kind == "noun"
        for (language, _), form in word.forms.items()
        if language == "en" and isinstance(form[0][0], str)
    }
