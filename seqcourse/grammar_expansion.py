"""From rules with letters to plain choices: each rule written out for all that its letters can be."""

from seqcourse.grammar import LANGUAGES, LITERAL, PHRASE, TABLE, Rule


def expand(file):
    """Every symbol that can be reached with its choices; what no sentence can come from is dropped."""
    start = file.rules[0][0].head
    table, todo = {}, [start]
    while todo:
        symbol = todo.pop()
        if symbol not in table:
            table[symbol] = options_of(file, symbol)
            todo += [child for _, rule, rest in table[symbol] if rule is not None for child in rest]
    alive, before = set(), -1
    while before != len(alive):
        before = len(alive)
        for symbol, options in reversed(table.items()):
            if symbol not in alive and any(
                rule is None or all(c in alive for c in rest) for _, rule, rest in options
            ):
                alive.add(symbol)
    living = {symbol[0] for symbol in alive}
    for rule, _ in file.rules:
        if any(s[0] == rule.head[0] for s in table) and rule.head[0] not in living:
            file.fail(f"infinite: {rule.head[0]} never comes to an end", rule.line)
    if start not in alive:
        file.fail("no sentence can come from the first rule", file.rules[0][0].line)
    heads = {}

    def possible(rule, rest):
        return all(child in alive for child in rest) and all(
            len(heads_of(rest[a], table, heads) | heads_of(rest[b], table, heads)) > 1 for a, b in rule.apart
        )

    result = {}
    for symbol, options in table.items():
        if symbol in alive:
            result[symbol] = weigh([o for o in options if o[1] is None or possible(o[1], o[2])])
    check_cycles(file, result)
    return result


def heads_of(symbol, table, heads):
    """The words that can be the head of a symbol."""
    if symbol not in heads:
        heads[symbol] = set()
        for _, rule, rest in table[symbol]:
            if rule is None:
                heads[symbol].add(rest[0])
            elif rest:
                heads[symbol] |= heads_of(rest[0], table, heads)
    return heads[symbol]


def weigh(options):
    """Cumulative weights: a rule's weight is shared out among its expansions."""
    sizes = {}
    for weight, rule, _ in options:
        if rule is not None:
            sizes[rule.line] = sizes.get(rule.line, 0) + weight
    total, cumulative = 0.0, []
    for weight, rule, _ in options:
        total += weight if rule is None or rule.line == 0 else rule.weight * weight / sizes[rule.line]
        cumulative.append(total)
    return cumulative, [(rule, rest) for _, rule, rest in options]


def options_of(file, symbol):
    """[(weight, rule, child symbols)] of an expanded symbol; for words (weight, None, (word, number))."""
    name, *args = symbol
    for i, arg in enumerate(args):
        if arg in file.unions and file.kinds.get(name) != "verb":
            bases = file.members(arg)
            return [
                (file.types[base], union(file, name), ((name, *args[:i], base, *args[i + 1 :]),))
                for base in bases
            ]
    if name in file.kinds:
        return lexical(file, name, args)
    found = []
    for rule in file.by_name[name]:
        if len(rule.head) != len(symbol):
            file.fail(
                f"{name} stands elsewhere with {len(args)} types or numbers in its braces, not as here",
                rule.line,
            )
        bound = {}
        for pattern, arg in zip(rule.head[1:], args, strict=True):
            if len(pattern) == 1:
                bound[pattern] = arg
            elif arg not in file.members(pattern):
                break
        else:
            found += instances(file, rule, bound)
    return found


def union(file, name):
    """The silent rule by which a union of types becomes one of them."""
    return Rule((name,), (("n", name),), {language: [(PHRASE, 0)] for language in LANGUAGES}, 0)


def lexical(file, name, args):
    kind, entries = file.kinds[name], file.words[name]
    if kind == "noun":
        found, number = [w for w, key, _ in entries if key == args[0]], args[1] if len(args) > 1 else "sg"
        return [(1, None, (word, number)) for word in found]
    if args:
        return [
            (1, None, (word, "sg"))
            for word, key, _ in entries
            if key == args[0] or args[0] in file.members(key)
        ]
    return [(1, None, (word, word.number)) for word, _, _ in entries]


def instances(file, rule, bound):
    """All ways to fill in the letters that a rule's head leaves open."""
    letters = [arg.split(".")[0] for _, symbol in rule.slots for arg in symbol[1:]]
    free = [a for a in dict.fromkeys(letters) if len(a) == 1 and a not in bound]
    found = [(1, dict(bound))]
    for letter in free:
        found = [(w * v, {**b, letter: value}) for w, b in found for v, value in domain(file, letter, rule)]
    result = []
    for weight, values in found:
        if all(within(file, value(a, values), value(b, values)) for a, b in rule.where):
            rest = tuple((s[0], *(value(arg, values) for arg in s[1:])) for _, s in rule.slots)
            result.append((weight, rule, rest))
    return result


def within(file, kind, larger):
    inside = file.members(larger)
    return all(base in inside for base in file.members(kind))


def domain(file, letter, rule):
    """What a letter can be, with weights: j and k are numbers, f and g verb frames, others noun types."""
    if letter in "jk":
        return [(1, "sg"), (1, "pl")]
    if letter in "fg":
        verb = next((s[0] for _, s in rule.slots if letter in s[1:] and file.kinds.get(s[0]) == "verb"), None)
        if verb is None:
            file.fail(f"no verb says which frames {letter} may be", rule.line)
        sizes = {}
        for _, key, _ in file.words[verb]:
            sizes[key] = sizes.get(key, 0) + 1
        return [(size, key) for key, size in sizes.items()]
    return [(size, base) for base, size in file.types.items()]


def value(arg, values):
    base, dot, part = arg.partition(".")
    found = values.get(base, base)
    if not dot:
        return found
    who, _, what = found.partition(">")
    return {"who": who, "what": what}[part] or "nothing"


def check_cycles(file, choices):
    """A symbol must not come back to itself with nothing beside it: that would never end."""
    empty, before = set(), -1
    while before != len(empty):
        before = len(empty)
        for symbol, (_, options) in choices.items():
            if any(
                rule is not None and not _speaks(rule) and all(c in empty for c in rest)
                for rule, rest in options
            ):
                empty.add(symbol)
    state = {}

    def visit(symbol):
        state[symbol] = "open"
        for rule, rest in choices[symbol][1]:
            if rule is None or _speaks(rule):
                continue
            for i, child in enumerate(rest):
                if all(other in empty for j, other in enumerate(rest) if j != i):
                    if state.get(child) == "open":
                        file.fail(f"cycle: {child[0]} comes back to itself through this rule", rule.line)
                    if child not in state:
                        visit(child)
        state[symbol] = "done"

    for symbol in choices:
        if symbol not in state:
            visit(symbol)


def _speaks(rule):
    return any(item[0] in (LITERAL, TABLE) for item in rule.sides["en"])
