"""Reading the toy grammar's file: words and rules become a `Grammar`, or a `GrammarError` says what is wrong and where."""

import re

from seqcourse.grammar import (
    CLASSIFIER,
    LANGUAGES,
    LITERAL,
    PHRASE,
    TABLE,
    WORD,
    Grammar,
    GrammarError,
    Rule,
    Word,
)
from seqcourse.inflection import (
    english_adjective,
    english_noun,
    english_verb,
    french_adjective,
    french_noun,
    french_verb,
)

FORMS = {  # what may stand after the dot of a slot; a form with @ agrees with another slot
    ("noun", "en"): {""}, ("noun", "zh"): {""}, ("noun", "fr"): {""},
    ("adj", "en"): {"", "more"}, ("adj", "zh"): {"", "att"}, ("adj", "fr"): {"@"},
    ("verb", "en"): {"", "ing", "past", "part", "s@"}, ("verb", "zh"): {"", "res"},
    ("verb", "fr"): {"inf", "part", "part@", "present@"},
    ("pron", "en"): {"", "obj"}, ("pron", "zh"): {""}, ("pron", "fr"): {"", "obj"},
    ("word", "en"): {""}, ("word", "zh"): {""}, ("word", "fr"): {""},
}  # fmt: skip
SYMBOL = re.compile(r"(\w+)(?:\{([\w.,<> ]*)\})?$")


def read_grammar(path):
    """The grammar in a file, checked. Raises GrammarError, with file, line and reason, when it cannot be used."""
    reader = _Reader(path)
    with open(path, encoding="utf-8") as file:
        try:
            lines = file.read().splitlines()
        except UnicodeDecodeError as error:
            raise GrammarError(
                f"{path}:1: this is not UTF-8 text ({error.reason}); save the file as UTF-8"
            ) from None
    reader.read(lines)
    return reader.grammar()


class _Reader:
    def __init__(self, path):
        self.path, self.line = path, 1
        self.words = {}  # lexical symbol -> kind, and its words: [(word, types or frame, line)]
        self.kinds, self.types, self.unions, self.tables = {}, {}, {}, {}
        self.rules, self.used = [], set()
        self.joins, self.sounds = {}, {language: {} for language in LANGUAGES}
        self.pinyin, self.gloss = {}, {}
        self.literals = []  # (language, token, line): checked at the end, when all words are known

    def fail(self, reason, line=None):
        raise GrammarError(f"{self.path}:{line or self.line}: {reason}")

    # ------------------------------------------------------------------ lines

    def read(self, lines):
        numbered = [(i, re.sub(r"(^|\s)#.*", "", line).rstrip()) for i, line in enumerate(lines, 1)]
        numbered = [(i, line) for i, line in numbered if line]
        position = 0
        while position < len(numbered):
            self.line, line = numbered[position]
            block = [numbered[position]]
            while position + 1 < len(numbered) and numbered[position + 1][1][0] == " ":
                position += 1
                block.append(numbered[position])
            position += 1
            if line[0] == " ":
                self.fail("an indented line belongs to a rule, and there is none above it")
            if "->" in line.split("|")[0] and "{" in line.split("->")[0] or line.split()[0].isupper():
                self.read_rule(block)
                continue
            if len(block) > 1:
                self.fail("only a rule has indented lines", block[1][0])
            command, _, rest = line.partition(" ")
            reader = getattr(self, f"read_{command}", None)
            if command == "rule" or reader is None:
                self.fail(
                    f"{command!r} begins no line of a grammar (noun, adj, verb, pron, word, type, table, join, sound, gloss, or a RULE)"
                )
            reader(rest.strip())

    def parts(self, rest):
        """`name: english | chinese | french` of a word."""
        name, colon, body = rest.partition(":")
        sides = [side.split() for side in body.split("|")]
        if not colon or len(sides) != 3 or not all(sides):
            self.fail("a word is written  NAME: english | chinese pinyin | french")
        english, chinese, french = sides
        if len(chinese) < 2:
            self.fail(f"missing pinyin: write it after {chinese[0]}")
        return name.split(), english, chinese, french

    def add(self, symbol, kind, word, key):
        if self.kinds.setdefault(symbol, kind) != kind:
            self.fail(f"{symbol} is already the name of a {self.kinds[symbol]}")
        entries = self.words.setdefault(symbol, [])
        for other, other_key, line in entries:
            if other.name == word.name and other_key == key and other.number == word.number:
                self.fail(f"duplicate word: {word.name} is already in line {line}")
        entries.append((word, key, self.line))
        for token, sound in word.pinyin.items():
            self.pinyin.setdefault(token, sound)
        for (language, _), forms in word.forms.items():
            for text, _ in _flat(forms):
                known = self.gloss.setdefault((language, text), [])
                if language != "en" and word.name not in known:
                    known.append(word.name)

    def chinese(self, pairs):
        """`word pinyin` of one or several words joined by _, as tokens, and the pinyin of each."""
        word, sound = pairs
        tokens, sounds = word.split("_"), sound.split("_")
        if len(tokens) != len(sounds):
            self.fail(f"missing pinyin: {word} has {len(tokens)} words, {sound} has {len(sounds)}")
        return tuple((token, None) for token in tokens), dict(zip(tokens, sounds, strict=True))

    def inflect(self, function, forms):
        try:
            return function(*forms)
        except (TypeError, ValueError) as error:
            self.fail(f"{' '.join(forms)}: {error}")

    def read_noun(self, rest):
        names, english, chinese, french = self.parts(rest)
        if len(names) != 1 or names[0] in self.unions:
            self.fail("a noun has one type of its own: noun TYPE: ...")
        if len(chinese) != 3:
            self.fail(f"missing classifier: write  {chinese[0]} pinyin classifier")
        tokens, sounds = self.chinese(chinese[:2])
        gender, french = self.inflect(french_noun, french)
        forms = {("zh", "sg"): tokens, ("zh", "pl"): tokens}
        for number, form in self.inflect(english_noun, english).items():
            forms["en", number], forms["fr", number] = _tokens(form), _tokens(french[number])
        word = Word(english[0], "noun", forms, sounds, gender=gender, classifier=chinese[2])
        self.literals.append(("zh", chinese[2], self.line))
        self.types.setdefault(names[0], 0)
        self.types[names[0]] += 1
        self.add("noun", "noun", word, names[0])

    def read_adj(self, rest):
        (name, *types), english, chinese, french = self.parts(rest)
        chinese = list(chinese)
        with_de = chinese[0].endswith("+的")
        tokens, sounds = self.chinese((chinese[0].removesuffix("+的"), chinese[1]))
        english = self.inflect(english_adjective, english)
        forms = {("en", "base"): _tokens(english["base"]), ("en", "more"): _tokens(english["more"])}
        forms |= {("zh", "base"): tokens, ("zh", "att"): tokens + (("的", None),) * with_de}
        forms["fr", "base@"] = tuple(_tokens(form) for form in self.inflect(french_adjective, french))
        word = Word(english["base"], "adj", forms, sounds)
        for a in types:
            self.add(name, "adj", word, a)

    def read_verb(self, rest):
        header, english, chinese, french = self.parts(rest)
        name, frame = header[0], " ".join(header[1:])
        who, arrow, what = (part.strip() for part in frame.partition("->"))
        if not who or " " in who + what or (arrow and not what):
            self.fail("a verb is written  verb KIND who -> what: ...  or  verb KIND who: ...")
        tokens, sounds = self.chinese(chinese[:2])
        english, french = self.inflect(english_verb, english), self.inflect(french_verb, french)
        forms = {("zh", "base"): tokens}
        if len(chinese) == 4:
            forms["zh", "res"], more = self.chinese(chinese[2:])
            sounds |= more
        elif len(chinese) != 2:
            self.fail(f"{chinese[0]} has word and pinyin, and perhaps a second form and its pinyin")
        forms |= {("en", form): _tokens(english[form]) for form in ("ing", "past", "part")}
        forms["en", "base"] = _tokens(english["base"])
        forms["en", "s@"] = tuple(_tokens(english[form]) for form in ("base", "third", "base"))
        forms |= {("fr", "inf"): _tokens(french["inf"]), ("fr", "part"): _tokens(french["part"][0])}
        forms["fr", "part@"] = tuple(_tokens(form) for form in french["part"])
        forms["fr", "present@"] = tuple(_tokens(form) for form in french["present"])
        self.add(
            name, "verb", Word(english["base"].replace("_", " "), "verb", forms, sounds), f"{who}>{what}"
        )

    def read_pron(self, rest):
        header, english, chinese, french = self.parts(rest)
        if (
            len(header) != 3
            or header[1] not in ("1sg", "2sg", "3sg", "1pl", "2pl", "3pl")
            or header[2] not in "mf"
        ):
            self.fail("a pronoun is written  pron NAME 3sg m: he him | 他 tā | il le")
        tokens, sounds = self.chinese(chinese[:2])
        forms = {
            ("zh", "base"): tokens,
            ("en", "base"): _tokens(english[0]),
            ("en", "obj"): _tokens(english[-1]),
        }
        forms |= {("fr", "base"): _tokens(french[0]), ("fr", "obj"): _tokens(french[-1])}
        word = Word(english[0], "pron", forms, sounds, header[2], header[1][1:], int(header[1][0]))
        self.add(header[0], "pron", word, "")

    def read_word(self, rest):
        (name, *more), english, chinese, french = self.parts(rest)
        tokens, sounds = self.chinese(chinese[:2])
        if more or len(english) != 1 or len(french) != 1:
            self.fail(
                "a word is written  word NAME: english | chinese pinyin | french, with _ inside an expression"
            )
        forms = {
            ("en", "base"): _tokens(english[0]),
            ("zh", "base"): tokens,
            ("fr", "base"): _tokens(french[0]),
        }
        self.add(name, "word", Word(english[0].replace("_", " "), "word", forms, sounds), "")

    def read_type(self, rest):
        name, equals, members = rest.partition("=")
        if not equals or not members.split():
            self.fail("a type is written  type NAME = OTHER OTHER ...")
        if name.strip() in self.unions:
            self.fail(f"duplicate type: {name.strip()}")
        self.unions[name.strip()] = (members.split(), self.line)

    def read_table(self, rest):
        name, equals, forms = rest.partition("=")
        forms = [_token(form) for form in forms.split()]
        if not equals or not name.strip().isupper() or len(forms) not in (2, 3, 4, 6):
            self.fail(
                "a table is written  table NAME = 2 forms (number), 3 (am is are), 4 (gender, number) or 6 (person)"
            )
        self.tables[name.strip()] = tuple(forms)

    def read_join(self, rest):
        found = re.fullmatch(r"(\S+) \+ (\S+) = (\S+)", rest)
        if not found:
            self.fail("a contraction is written  join de + le = du")
        self.joins[found[1], found[2]] = found[3]
        self.gloss["fr", found[3]] = list(self.gloss.get(("fr", found[1]), [])) + self.gloss.get(
            ("fr", found[2]), []
        )

    def read_sound(self, rest):
        language, kind, *words = rest.split()
        if language not in LANGUAGES or kind not in ("vowel", "consonant") or not words:
            self.fail("a sound is written  sound en vowel hour  or  sound fr consonant hibou ...")
        self.sounds[language].update({word: kind == "vowel" for word in words})

    def read_gloss(self, rest):
        language, token, *more = rest.split()
        if language not in ("zh", "fr") or len(more) != (2 if language == "zh" else 1):
            self.fail("a gloss is written  gloss zh 了 le (done)  or  gloss fr pas not")
        if language == "zh":
            self.pinyin[token] = more[0]
        self.gloss.setdefault((language, token), [])
        self.gloss[language, token].append(more[-1].replace("_", " "))

    # ------------------------------------------------------------------ rules

    def read_rule(self, block):
        head, arrow, body = block[0][1].partition("->")
        if not arrow:
            self.fail("a rule is written  SYMBOL{..} -> slot:symbol{..} ...")
        options = {"weight": "1", "tags": "", "pairs": "", "where": ""}
        slots = []
        for part in re.findall(r"(?:[^\s{]|\{[^}]*\})+", body):
            if "=" in part:
                key, _, value = part.partition("=")
                if key not in options:
                    self.fail(f"a rule knows weight=, tags=, pairs= and where=, not {key}=")
                options[key] = value
                continue
            name, colon, symbol = part.partition(":")
            if not colon or not name.isidentifier():
                self.fail(f"a slot is written  name:symbol, not {part}")
            if name in [other for other, _ in slots]:
                self.fail(f"two slots are called {name}")
            slots.append((name, self.symbol(symbol)))
        names = [name for name, _ in slots]
        try:
            weight = float(options["weight"])
            pairs = [
                tuple(names.index(name) for name in pair.split("."))
                for pair in options["pairs"].split(",")
                if pair
            ]
        except ValueError:
            self.fail("weight= is a number, pairs= names slots: weight=2 pairs=v.o")
        where = tuple(tuple(re.split("<", item)) for item in options["where"].split(",") if item)
        if any(len(item) != 2 for item in where) or weight <= 0:
            self.fail("where= is written where=t<f.who, and a weight is above 0")
        rule = Rule(
            self.symbol(head.strip()),
            tuple(slots),
            {},
            self.line,
            weight,
            tuple(filter(None, options["tags"].split(","))),
            tuple(pairs),
            where,
        )
        rule.sources = {}
        for line, text in block[1:]:
            language, _, text = text.strip().partition(" ")
            if language not in LANGUAGES or language in rule.sources:
                self.fail(f"a line of a rule begins with en, zh or fr, once each, not {language}", line)
            rule.sources[language] = (line, text.split())
        for language in LANGUAGES:
            if language not in rule.sources:
                self.fail(f"this rule has no {language} side")
        self.rules.append(rule)

    def symbol(self, text):
        found = SYMBOL.match(text)
        if not found:
            self.fail(f"{text!r} is no symbol: NAME or NAME{{type,number}}")
        return (found[1], *(arg.strip() for arg in found[2].split(","))) if found[2] else (found[1],)

    def compile_sides(self, rule):
        """Check the sides of a rule against its slots, and the links against each other."""
        names = [name for name, _ in rule.slots]
        labels = {language: {} for language in LANGUAGES}
        for language, (line, items) in rule.sources.items():
            self.line, seen, side = line, [], []
            for item in items:
                body, tilde, label = item.partition("~")
                slot, dot, form = body.partition(".")
                slot, at, target = slot.partition("@") if not dot else (slot, *form.partition("@")[1:])
                form = form.partition("@")[0]
                if slot in names and not tilde:
                    seen.append(slot)
                    side.append(self.slot_item(rule, names, language, slot, form, target if at else None))
                    continue
                if not tilde:
                    self.fail(
                        f"{item} is neither a slot nor linked: write {item}~label, or {item}~0 if it translates nothing"
                    )
                keys = []
                for key in label.split(","):
                    if key in names:
                        keys.append(names.index(key))
                    elif key != "0":
                        labels[language].setdefault(key, line)
                        keys.append(key)
                keys = tuple(keys)
                if slot in names and form == "cl" and language == "zh":
                    side.append((CLASSIFIER, names.index(slot), keys))
                elif at and slot in self.tables:
                    if target not in names:
                        self.fail(f"{item} agrees with {target!r}, which is no slot of this rule")
                    side.append((TABLE, self.tables[slot], names.index(target), keys))
                    self.literals += [(language, text, line) for text, _ in self.tables[slot]]
                elif at or slot in names or slot.isupper() and slot in self.tables:
                    self.fail(
                        f"{item}: there is no table {slot}, or it lacks @slot"
                        if slot not in names
                        else f"{item}: a slot bears no link of its own"
                    )
                else:
                    token = _token(body)
                    side.append((LITERAL, *token, keys))
                    self.literals.append((language, token[0], line))
            for name in names:
                if seen.count(name) != 1:
                    self.fail(
                        f"unbalanced: slot {name} stands {seen.count(name)} times on the {language} side, not once"
                    )
            rule.sides[language] = side
        for language, keys in labels.items():
            for key, line in keys.items():
                only = key[:2] if key[:2] in ("zh", "fr") and key[2:].isdigit() else None
                for other in ("en", only) if only else LANGUAGES:
                    if key not in labels[other]:
                        self.fail(
                            f"unbalanced alignment: ~{key} is on the {language} side and not on the {other} side",
                            line,
                        )

    def slot_item(self, rule, names, language, slot, form, target):
        symbol = rule.slots[names.index(slot)][1][0]
        kind = self.kinds.get(symbol)
        if kind is None:
            if form or target:
                self.fail(f"{slot} is a phrase ({symbol}): it has no forms here")
            return (PHRASE, names.index(slot))
        if target is not None and target not in names:
            self.fail(f"{slot} agrees with {target!r}, which is no slot of this rule")
        wanted = form + "@" * (target is not None)
        if wanted not in FORMS[kind, language]:
            known = " ".join(f".{name}" if name else "(none)" for name in sorted(FORMS[kind, language]))
            self.fail(f"missing feature: a {kind} has no form .{wanted} in {language}; there is: {known}")
        form = None if kind == "noun" else wanted if wanted.strip("@") else "base" + wanted
        self.used.add((symbol, language, form, self.line))
        return (WORD, names.index(slot), form, names.index(target) if target is not None else None)

    # -------------------------------------------------------------- expansion

    def grammar(self):
        for name, (members, line) in self.unions.items():
            if name in self.types:
                self.fail(f"{name} is a noun type already", line)
            for member in members:
                if member not in self.types and member not in self.unions:
                    self.fail(f"unknown type: {member}", line)
        for entries in self.words.values():
            for _, key, line in entries:
                for kind in key.split(">"):
                    if kind and kind not in self.types and kind not in self.unions:
                        self.fail(f"unknown type: {kind}", line)
        if not self.rules:
            self.fail("there is no rule")
        self.by_name = {}
        for rule in self.rules:
            self.by_name.setdefault(rule.head[0], []).append(rule)
            if rule.head[0] in self.kinds:
                self.fail(f"{rule.head[0]} is the name of words and of a rule", rule.line)
        for rule in self.rules:
            self.check_symbols(rule)
            self.compile_sides(rule)
        for symbol, language, form, line in sorted(self.used, key=str):
            for word, _, word_line in self.words[symbol]:
                if form is not None and (language, form) not in word.forms:
                    self.fail(
                        f"missing feature: {word.name} has no form .{form}, which line {line} needs",
                        word_line,
                    )
        for language, token, line in self.literals:
            if language == "zh" and token not in self.pinyin and token not in "。，？":
                self.fail(f"missing pinyin: add a line  gloss zh {token} PINYIN MEANING", line)
        choices = self.expand()
        gloss = {key: "/".join(names[:2]) for key, names in self.gloss.items() if names}
        return Grammar(choices, self.rules[0].head, self.joins, self.sounds, self.pinyin, gloss)

    def check_symbols(self, rule):
        for symbol in (rule.head, *(symbol for _, symbol in rule.slots)):
            name, *args = symbol
            if name not in self.by_name and name not in self.kinds:
                self.fail(f"unknown symbol: {name}", rule.line)
            for arg in args:
                base = arg.split(".")[0]
                if not (len(base) == 1 or base in ("sg", "pl") or base in self.types or base in self.unions):
                    self.fail(f"unknown type: {arg}", rule.line)

    def members(self, kind):
        """The noun types a type stands for."""
        if kind in self.unions:
            return list(
                dict.fromkeys(base for member in self.unions[kind][0] for base in self.members(member))
            )
        return [kind]

    def expand(self):
        """Every symbol that can be reached with its choices; what no sentence can come from is dropped."""
        self.cache = {}
        start = self.rules[0].head
        table, todo = {}, [start]
        while todo:
            symbol = todo.pop()
            if symbol not in table:
                table[symbol] = self.options(symbol)
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
        for rule in self.rules:
            if any(s[0] == rule.head[0] for s in table) and rule.head[0] not in living:
                self.fail(f"infinite: {rule.head[0]} never comes to an end", rule.line)
        if start not in alive:
            self.fail("no sentence can come from the first rule", self.rules[0].line)
        result = {}
        for symbol, options in table.items():
            if symbol in alive:
                result[symbol] = self.weigh(
                    [o for o in options if o[1] is None or all(c in alive for c in o[2])]
                )
        self.check_cycles(result)
        return result

    def weigh(self, options):
        """Cumulative weights: a rule's weight is shared out among its expansions."""
        sizes = {}
        for weight, rule, _ in options:
            if rule is not None and weight is not None:
                sizes[rule.line] = sizes.get(rule.line, 0) + weight
        total, cumulative = 0.0, []
        for weight, rule, _ in options:
            total += weight if rule is None or rule.line == 0 else rule.weight * weight / sizes[rule.line]
            cumulative.append(total)
        return cumulative, [(rule, rest) for _, rule, rest in options]

    def options(self, symbol):
        """[(weight, rule, child symbols)] of an expanded symbol; for words (weight, None, (word, number))."""
        name, *args = symbol
        for i, arg in enumerate(args):
            if arg in self.unions and name not in self.verbs():
                bases = self.members(arg)
                return [
                    (self.types[base], self.union(name), ((name, *args[:i], base, *args[i + 1 :]),))
                    for base in bases
                ]
        if name in self.kinds:
            return self.lexical(name, args)
        found = []
        for rule in self.by_name[name]:
            if len(rule.head) != len(symbol):
                self.fail(
                    f"{'{'.join([name, ','.join(args)])}}} does not have the shape of this rule", rule.line
                )
            bound = {}
            for pattern, arg in zip(rule.head[1:], args, strict=True):
                if len(pattern) == 1:
                    bound[pattern] = arg
                elif arg not in self.members(pattern):
                    break
            else:
                found += self.instances(rule, bound)
        return found

    def verbs(self):
        return [name for name, kind in self.kinds.items() if kind == "verb"]

    def union(self, name):
        """The silent rule by which a union of types becomes one of them."""
        return Rule((name,), (("n", name),), {language: [(PHRASE, 0)] for language in LANGUAGES}, 0)

    def lexical(self, name, args):
        kind, entries = self.kinds[name], self.words[name]
        if kind == "noun":
            found, number = [w for w, key, _ in entries if key == args[0]], args[1] if len(args) > 1 else "sg"
            return [(1, None, (word, number)) for word in found]
        if args:
            return [
                (1, None, (word, "sg"))
                for word, key, _ in entries
                if key == args[0] or args[0] in self.members(key)
            ]
        return [(1, None, (word, word.number)) for word, _, _ in entries]

    def instances(self, rule, bound):
        """All ways to fill in the letters of a rule that its head leaves open: j and k numbers, f and g verb frames, others types."""
        letters = [arg.split(".")[0] for _, symbol in rule.slots for arg in symbol[1:]]
        free = [a for a in dict.fromkeys(letters) if len(a) == 1 and a not in bound]
        found = [(1, dict(bound))]
        for letter in free:
            found = [
                (w * v, {**b, letter: value}) for w, b in found for v, value in self.domain(letter, rule, b)
            ]
        result = []
        for weight, values in found:
            if all(self.value(a, values) in self.members(self.value(b, values)) for a, b in rule.where):
                rest = tuple((s[0], *(self.value(arg, values) for arg in s[1:])) for _, s in rule.slots)
                result.append((weight, rule, rest))
        return result

    def domain(self, letter, rule, bound):
        if letter in "jk":
            return [(1, "sg"), (1, "pl")]
        if letter in "fg":
            verb = next(
                (s[0] for _, s in rule.slots if letter in s[1:] and self.kinds.get(s[0]) == "verb"), None
            )
            if verb is None:
                self.fail(f"no verb says which frames {letter} may be", rule.line)
            sizes = {}
            for _, key, _ in self.words[verb]:
                sizes[key] = sizes.get(key, 0) + 1
            return [(size, key) for key, size in sizes.items()]
        return [(size, base) for base, size in self.types.items()]

    def value(self, arg, values):
        base, dot, part = arg.partition(".")
        value = values.get(base, base)
        if not dot:
            return value
        who, _, what = value.partition(">")
        return {"who": who, "what": what}[part] or "nothing"

    def check_cycles(self, choices):
        """A symbol must not come back to itself with nothing beside it: such a sentence would have endless trees."""
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
                            self.fail(f"cycle: {child[0]} comes back to itself through this rule", rule.line)
                        if child not in state:
                            visit(child)
            state[symbol] = "done"

        for symbol in choices:
            if symbol not in state:
                visit(symbol)


def _speaks(rule):
    return any(item[0] in (LITERAL, TABLE) for item in rule.sides["en"])


def _token(text):
    plain, slash, before_vowel = text.partition("/")
    return plain, before_vowel if slash else None


def _tokens(form):
    return tuple(_token(text) for text in form.split("_"))


def _flat(forms):
    return forms if forms and isinstance(forms[0][0], str) else [token for form in forms for token in form]
