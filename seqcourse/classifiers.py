"""Chinese classifiers in the toy corpus: where they stand, and how far their noun is."""

import random
from functools import cache

from .grammar import Word
from .lexicon import gloss
from .toy import toy_grammar


def is_classifier(word):
    return gloss(word, "zh") == "(classifier)"


@cache
def noun_classifiers():
    """The Chinese nouns of the toy grammar, and the classifiers that each of them takes."""
    takes = {}
    for symbol, (_, found) in toy_grammar().choices.items():
        for _, (word, *_) in found if symbol[0] == "noun" else ():
            if isinstance(word, Word):  # and not a symbol that stands for several types of nouns
                takes.setdefault(word.forms["zh", "sg"][0][0], set()).add(word.classifier)
    return takes


def find_classifiers(words):
    """The classifiers of a Chinese sentence: pairs of its place and of the distance to its noun, in words."""
    found = []
    for place in (i for i, word in enumerate(words) if is_classifier(word)):
        distance = next((d for d, word in enumerate(words[place:]) if word in noun_classifiers()), None)
        found += [(place, distance)] if distance else []
    return found


def classifier_examples(pairs, learnt, extra=(1, 2), seed=0):
    """Every classifier in the Chinese side of `pairs`, as (words, place, distance), and stretched sentences.

    A sentence in which an adjective with 的 stands between classifier and noun is given again with so many
    `extra` ones in a row, of those that the noun has in the corpus `learnt`, where it has enough.
    """
    adjectives, rng = {}, random.Random(seed)
    for words in (pair.target_tokens for pair in learnt):
        for place, distance in find_classifiers(words):
            if distance == 3:
                adjectives.setdefault(words[place + 3], set()).add(words[place + 1])
    plain = [(list(w), *found) for w in (p.target_tokens for p in pairs) for found in find_classifiers(w)]
    stretched = []
    for words, place, distance in plain:
        others = sorted(adjectives.get(words[place + distance], set()) - {words[place + 1]})
        for many in extra if distance == 3 else ():
            if len(others) >= many:
                more = [word for other in rng.sample(others, many) for word in (other, "的")]
                longer = words[: place + 3] + more + words[place + 3 :]
                stretched.append((longer, place, distance + 2 * many))
    return plain + stretched
