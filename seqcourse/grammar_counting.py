"""How many sentences a grammar has, length by length."""

from seqcourse.grammar import LITERAL, TABLE


def count_sentences(grammar, longest=20):
    """How many sentences of 1 to `longest` English tokens there are at least, by dynamic programming.

    f(symbol, n), the derivations of n tokens, is a sum over rules of products over slots, iterated until
    nothing changes, so that it holds for recursive grammars as well. Rules with `apart` are left out.
    """
    counts = {symbol: [0] * (longest + 1) for symbol in grammar.choices}
    changed = True
    while changed:
        changed = False
        for symbol, (_, options) in reversed(grammar.choices.items()):
            total = [0] * (longest + 1)
            for rule, rest in options:
                for n, ways in enumerate(_count_option(rule, rest, counts, longest)):
                    total[n] += ways
            if total != counts[symbol]:
                counts[symbol], changed = total, True
    return counts[grammar.start]


def _count_option(rule, rest, counts, longest):
    if rule is None:
        lengths = {len(tokens) for (language, _), tokens in rest[0].forms.items() if language == "en"}
        return [0] * min(lengths) + [1] if min(lengths) <= longest else []
    if rule.apart:
        return []
    ways = [1]
    fixed = sum(item[0] in (LITERAL, TABLE) for item in rule.sides["en"])
    for child in rest:
        more = counts[child]
        product = [0] * min(len(ways) + len(more) - 1, longest + 1)
        for a, x in enumerate(ways):
            if x:
                for b, y in enumerate(more[: len(product) - a]):
                    product[a + b] += x * y
        ways = product
    return ([0] * fixed + ways)[: longest + 1]
