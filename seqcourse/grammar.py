"""A synchronous grammar: one file of words and rules gives sentences in three languages, word-aligned.

`read_grammar` (`grammar_file.py`) reads the file, which `data/README.md` explains; here it is sampled.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from seqcourse.pairs import Pair

LANGUAGES = ("en", "zh", "fr")
# an h is mute in French, unless the file says otherwise
VOWELS = {"en": "aeiou", "fr": "aeiouhàâéèêîôûœ", "zh": ""}
LITERAL, TABLE, WORD, PHRASE, CLASSIFIER, AGAIN = range(6)


class GrammarError(ValueError):
    """A grammar file that cannot be used; the message names the file, the line and the reason."""


@dataclass(eq=False)
class Word:
    """A word of the lexicon with its forms, each a tuple of tokens `(text, text before a vowel or None)`."""

    name: str  # the English word: what a gloss says
    kind: str  # noun, adj, verb, pron or word
    forms: dict  # (language, form) -> tokens, or a tuple of them, one for each person or gender and number
    pinyin: dict  # Chinese token -> pinyin
    gender: str = "m"
    number: str = "sg"
    person: int = 3
    classifier: str = ""
    tags: tuple = ()


@dataclass(eq=False)
class Rule:
    """A rule of the file: the same slots on every side, each language in its own order."""

    head: tuple
    slots: (
        tuple  # ((slot name, symbol), ...): the first one is the head, whose number and gender the phrase has
    )
    sides: dict  # language -> items
    line: int
    weight: float = 1.0
    tags: tuple = ()
    pairs: tuple = ()  # pairs of slots whose words belong together: adjective and noun, verb and object
    where: tuple = ()
    apart: tuple = ()  # pairs of slots whose head words must differ: no cat is bigger than a cat


class Node:
    """A node of a derivation tree, a rule or a word; `head` is the leaf that agreement looks at."""

    __slots__ = ("rule", "children", "head", "word", "number")

    def __init__(self, rule, children, head, word, number):
        self.rule, self.children, self.head, self.word, self.number = rule, children, head, word, number


@dataclass(eq=False)
class Grammar:
    """Rules written out for all types and numbers: `choices[symbol]` is what a symbol becomes, how often."""

    choices: dict
    start: tuple
    joins: dict  # ("de", "le") -> "du"
    sounds: dict  # language -> {word: True if it counts as beginning with a vowel}
    pinyin: dict = field(default_factory=dict)  # Chinese token -> pinyin
    gloss: dict = field(default_factory=dict)  # (language, token) -> English

    def sample(self, random):
        """One derivation tree, chosen by `random()`, which gives numbers in [0, 1)."""
        try:
            return self._grow(self.start, random)
        except RecursionError:
            raise GrammarError(
                "a sentence grew without end: give rules that come back to themselves less weight="
            ) from None

    def _grow(self, symbol, random):
        cumulative, options = self.choices[symbol]
        rule, rest = options[bisect_right(cumulative, random() * cumulative[-1])]
        if rule is None:  # a word: rest is (word, number)
            leaf = Node(None, (), None, *rest)
            leaf.head = leaf
            return leaf
        children = [self._grow(child, random) for child in rest]
        while any(children[a].head.word is children[b].head.word for a, b in rule.apart):
            children = [self._grow(child, random) for child in rest]
        return Node(rule, children, children[0].head if children else None, None, None)

    def read_out(self, tree, language):
        """The tree in one language: tokens, and for each token the set of link keys it carries."""
        out = []
        _spell(tree, language, out)
        sounds, joins = self.sounds[language], self.joins
        tokens, keys = [], []
        for i, (text, before_vowel, key) in enumerate(out):
            if before_vowel is not None and i + 1 < len(out):
                following = out[i + 1][0]
                if sounds.get(following, following[0] in VOWELS[language]):
                    text = before_vowel
            if tokens and (tokens[-1], text) in joins:
                tokens[-1] = joins[tokens[-1], text]
                keys[-1] = keys[-1] + key
            else:
                tokens.append(text)
                keys.append(key)
        return tuple(tokens), keys

    def pair(self, tree, language, english=None):
        """The pair English–`language` of a tree, with tokens, links and tags."""
        source, source_keys = english or self.read_out(tree, "en")
        target, target_keys = self.read_out(tree, language)
        found = tags(tree, language)
        if language == "fr":
            found |= {"elision"} if any(token[-1] == "'" for token in target) else set()
            found |= {"contraction"} if not set(self.joins.values()).isdisjoint(target) else set()
        links = align(source_keys, target_keys)
        return Pair(written(source, "en"), written(target, language), source, target, links, found)


def align(source_keys, target_keys):
    """Gold links `(source index, target index)`: the tokens of two sides that carry the same key."""
    where = {}
    for j, keys in enumerate(target_keys):
        for key in keys:
            where.setdefault(key, []).append(j)
    return frozenset((i, j) for i, keys in enumerate(source_keys) for key in keys for j in where.get(key, ()))


def walk(tree):
    """All nodes of a tree, the root first."""
    yield tree
    for child in tree.children:
        yield from walk(child)


def tags(tree, language):
    """The phenomena a tree shows in the pair English–`language`."""
    found = set()
    for node in walk(tree):
        for tag in (node.rule or node.word).tags:
            scope, _, name = tag.rpartition(":")
            if scope in ("", language):
                found.add(name)
    return frozenset(found)


def word_pairs(tree):
    """The pairs of words that belong together in a tree: adjective and noun, verb and object."""
    for node in walk(tree):
        for a, b in node.rule.pairs if node.rule else ():
            one, two = node.children[a].head, node.children[b].head
            if one is not None and two is not None:
                yield one.word, two.word


def written(tokens, language):
    """Tokens as one writes them: "the cat sleeps ." gives "The cat sleeps."."""
    if language == "zh":
        return "".join(tokens)
    text = ""
    for token in tokens:
        glued = (
            not text
            or text.endswith("'")
            or token in ".,"
            or (token == "?" and language == "en")
            or token[0] == "'"
        )
        text += token if glued else " " + token
    text = text[0].upper() + text[1:]
    return " ".join("I" if word == "i" else word for word in text.split(" ")) if language == "en" else text


def _spell(node, language, out):
    children = node.children
    for item in node.rule.sides[language]:
        kind = item[0]
        if kind == PHRASE:
            child = children[item[1]]
            if child.rule is not None:
                _spell(child, language, out)
            continue
        if kind == WORD:
            _, slot, form, agrees = item
            leaf = children[slot].head
            tokens = leaf.word.forms[language, form if form is not None else leaf.number]
            if agrees is not None:
                tokens = agreeing(tokens, children[agrees].head)
            for text, before_vowel in tokens:
                out.append((text, before_vowel, (leaf,)))
            continue
        if kind == LITERAL:
            _, *token, labels = item
            tokens = (token,)
        elif kind == TABLE:
            _, forms, slot, labels = item
            tokens = (agreeing(forms, children[slot].head),)
        else:  # of a noun, wherever it stands: its classifier, or the noun once more
            _, slot, labels = item
            word = children[slot].head.word
            tokens = ((word.classifier, None),) if kind == CLASSIFIER else word.forms["zh", "sg"]
        keys = tuple([children[label].head if type(label) is int else (id(node), label) for label in labels])
        out += [(text, before_vowel, keys) for text, before_vowel in tokens]


def agreeing(forms, leaf):
    """The form that agrees: of 2 by number, 3 like am/is/are, 4 by gender and number, 6 by person."""
    plural, person, size = leaf.number == "pl", leaf.word.person, len(forms)
    if size == 2:
        return forms[plural]
    if size == 3:
        return forms[2 if plural or person == 2 else person == 3]
    if size == 4:
        return forms[2 * plural + (leaf.word.gender == "f")]
    return forms[person - 1 + 3 * plural]
