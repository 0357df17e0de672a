"""How many sentences a grammar has, length by length."""

from itertools import product

from seqcourse.grammar import LITERAL, TABLE


def count_sentences(grammar, longest=20):
    """How many sentences of 1 to `longest` English tokens there are at least, by dynamic programming.

    f(symbol, n), the derivations of n tokens, is a sum over rules of products over slots, iterated until
    nothing changes, so that it holds for recursive grammars as well. Where two head words must differ
    (`apart`), only those are counted that lie in different halves of the lexicon.
    """
    counts = {symbol: ([0] * (longest + 1), [0] * (longest + 1)) for symbol in grammar.choices}
    changed = True
    while changed:
        changed = False
        for symbol, (_, options) in reversed(grammar.choices.items()):
            total = ([0] * (longest + 1), [0] * (longest + 1))
            for rule, rest in options:
                for half, ways in _count_option(rule, rest, counts, longest):
                    for n, more in enumerate(ways):
                        total[half][n] += more
            if total != counts[symbol]:
                counts[symbol], changed = total, True
    return [sum(both) for both in zip(*counts[grammar.start], strict=True)]


def _count_option(rule, rest, counts, longest):
    """Pairs of the half of the lexicon where the head word lies, and the derivations by length."""
    if rule is None:
        word = rest[0]
        shortest = min(len(tokens) for (language, _), tokens in word.forms.items() if language == "en")
        return [(len(word.name) % 2, [0] * shortest + [1])] if shortest <= longest else []
    fixed = sum(item[0] in (LITERAL, TABLE) for item in rule.sides["en"])
    split = {0, *(slot for pair in rule.apart for slot in pair)}
    found = []
    for halves in product(*((0, 1) if i in split else (None,) for i in range(len(rest)))):
        if all(halves[a] != halves[b] for a, b in rule.apart):
            ways = [0] * fixed + [1]
            for child, half in zip(rest, halves, strict=True):
                one, other = counts[child]
                more = (
                    [x + y for x, y in zip(one, other, strict=True)] if half is None else (one, other)[half]
                )
                ways = _convolve(ways, more, longest)
            found.append((halves[0] if rest else 0, ways[: longest + 1]))
    return found


def _convolve(ways, more, longest):
    result = [0] * min(len(ways) + len(more) - 1, longest + 1)
    for a, x in enumerate(ways):
        if x:
            for b, y in enumerate(more[: max(0, len(result) - a)]):
                result[a + b] += x * y
    return result
