"""The rules in the file of a grammar: three sides in step, every word linked, if only to nothing."""

import re

from seqcourse.grammar import AGAIN, CLASSIFIER, LANGUAGES, LITERAL, PHRASE, TABLE, WORD, Rule

FORMS = {  # what may stand after the dot of a slot; a form with @ agrees with another slot
    ("noun", "en"): {""}, ("noun", "zh"): {""}, ("noun", "fr"): {""},
    ("adj", "en"): {"", "more"}, ("adj", "zh"): {"", "att"}, ("adj", "fr"): {"@"},
    ("verb", "en"): {"", "ing", "past", "part", "s@"}, ("verb", "zh"): {"", "res"},
    ("verb", "fr"): {"inf", "part", "part@", "present@", "third", "vous"},
    ("pron", "en"): {"", "obj"}, ("pron", "zh"): {""}, ("pron", "fr"): {"", "obj"},
    ("word", "en"): {""}, ("word", "zh"): {""}, ("word", "fr"): {""},
}  # fmt: skip
SYMBOL = re.compile(r"(\w+)(?:\{([\w.,<> ]*)\})?$")


def read_rule(file, block):
    head, arrow, body = block[0][1].partition("->")
    if not arrow:
        file.fail("a rule is written  SYMBOL{..} -> slot:symbol{..} ...")
    options = {"weight": "1", "tags": "", "pairs": "", "apart": "", "where": ""}
    slots = []
    for part in re.findall(r"(?:[^\s{]|\{[^}]*\})+", body):
        if "=" in part:
            key, _, value = part.partition("=")
            if key not in options:
                file.fail(f"a rule knows weight=, tags=, pairs=, apart= and where=, not {key}=")
            options[key] = value
            continue
        name, colon, symbol = part.partition(":")
        if not colon or not name.isidentifier():
            file.fail(f"a slot is written  name:symbol, not {part}")
        if name in [other for other, _ in slots]:
            file.fail(f"two slots are called {name}")
        slots.append((name, read_symbol(file, symbol)))
    names = [name for name, _ in slots]
    try:
        weight = float(options["weight"])
        pairs, apart = (
            tuple(
                tuple(names.index(name) for name in pair.split("."))
                for pair in options[key].split(",")
                if pair
            )
            for key in ("pairs", "apart")
        )
    except ValueError:
        file.fail("weight= is a number, pairs= names slots: weight=2 pairs=v.o")
    where = tuple(tuple(re.split("<", item)) for item in options["where"].split(",") if item)
    if any(len(item) != 2 for item in where) or weight <= 0:
        file.fail("where= is written where=t<f.who, and a weight is above 0")
    tags = tuple(filter(None, options["tags"].split(",")))
    rule = Rule(
        read_symbol(file, head.strip()), tuple(slots), {}, file.line, weight, tags, pairs, where, apart
    )
    sources = {}
    for line, text in block[1:]:
        language, _, text = text.strip().partition(" ")
        if language not in LANGUAGES or language in sources:
            file.fail(f"a line of a rule begins with en, zh or fr, once each, not {language}", line)
        sources[language] = (line, text.split())
    for language in LANGUAGES:
        if language not in sources:
            file.fail(f"this rule has no {language} side")
    file.rules.append((rule, sources))


def read_symbol(file, text):
    found = SYMBOL.match(text)
    if not found:
        file.fail(f"{text!r} is no symbol: NAME or NAME{{type,number}}")
    return (found[1], *(arg.strip() for arg in found[2].split(","))) if found[2] else (found[1],)


def compile_sides(file, rule, sources):
    """Check the sides of a rule against its slots, and the links against each other."""
    names = [name for name, _ in rule.slots]
    labels = {language: {} for language in LANGUAGES}
    for language, (line, items) in sources.items():
        file.line = line
        rule.sides[language] = [
            compile_item(file, rule, names, language, item, labels[language]) for item in items
        ]
        slots = [item[1] for item in rule.sides[language] if item[0] in (WORD, PHRASE)]
        for i, name in enumerate(names):
            if slots.count(i) != 1:
                file.fail(
                    f"unbalanced: slot {name} stands {slots.count(i)} times on the {language} side, not once"
                )
    for language, keys in labels.items():
        for key, line in keys.items():
            one = re.match(r"(zh|fr)\d", key)  # zh1: a link between English and Chinese only
            for other in ("en", one[1]) if one else LANGUAGES:
                if key not in labels[other]:
                    file.fail(
                        f"unbalanced alignment: ~{key} is on the {language} side and not on the {other} side",
                        line,
                    )


def compile_item(file, rule, names, language, item, labels):
    """An item of a side: slot (`a@n`), table (`LE@n~d`) or word (`que~r`).

    In Chinese also a noun's classifier (`n.cl~d`), or the noun once more (`n.again~i`).
    """
    body, linked, links = item.partition("~")
    slot, form, target = (
        re.fullmatch(r"([^.@]*)(?:\.([^@]*))?(?:@(.*))?", body).groups() if body[1:] else (body, None, None)
    )
    if target is not None and target not in names:
        file.fail(f"{item} agrees with {target!r}, which is no slot of this rule")
    if slot in names and not linked:
        return slot_item(file, rule, names, language, slot, form or "", target)
    if not linked:
        file.fail(
            f"{item} is neither a slot nor linked: write {item}~label, or {item}~0 if it translates nothing"
        )
    keys = tuple(names.index(key) if key in names else key for key in links.split(",") if key != "0")
    labels.update({key: file.line for key in keys if isinstance(key, str)})
    if slot in names:
        symbol = rule.slots[names.index(slot)][1][0]
        kinds = {"cl": CLASSIFIER, "again": AGAIN}
        if form not in kinds or language != "zh" or file.kinds.get(symbol, "noun") != "noun":
            file.fail(
                f"{item}: {slot} is a slot and bears no link; only a noun's classifier and its repetition "
                f"do, on the zh side: {slot}.cl~label, {slot}.again~label"
            )
        return kinds[form], names.index(slot), keys
    if target is not None:
        if slot not in file.tables:
            file.fail(f"unknown table: {slot}")
        file.literals += [(language, text, file.line) for text, _ in file.tables[slot]]
        return TABLE, file.tables[slot], names.index(target), keys
    if body in file.tables:
        file.fail(f"missing feature: the table {body} must agree with a slot: {body}@slot~{links}")
    file.literals.append((language, read_token(body)[0], file.line))
    return (LITERAL, *read_token(body), keys)


def slot_item(file, rule, names, language, slot, form, target):
    """A slot with its form, such as .past, and the slot it agrees with."""
    symbol = rule.slots[names.index(slot)][1][0]
    kind = file.kinds.get(symbol)
    if kind is None:
        if form or target:
            file.fail(f"{slot} is a phrase ({symbol}): it has no forms here")
        return (PHRASE, names.index(slot))
    wanted = form + "@" * (target is not None)
    if wanted not in FORMS[kind, language]:
        known = " ".join(f".{name}" if name else "(none)" for name in sorted(FORMS[kind, language]))
        file.fail(f"missing feature: a {kind} has no form .{wanted} in {language}; there is: {known}")
    form = None if kind == "noun" else wanted if wanted.strip("@") else "base" + wanted
    file.used.add((symbol, language, form, file.line))
    return (WORD, names.index(slot), form, names.index(target) if target is not None else None)


def read_token(text):
    """`le/l'` as (le, l'): the word, and what it is before a vowel, or None."""
    plain, slash, before_vowel = text.partition("/")
    return plain, before_vowel if slash else None


def read_tokens(form):
    """The words of a form, which are joined by _."""
    return tuple(read_token(text) for text in form.split("_"))
