"""Reading the file of a grammar: it becomes a `Grammar`, or a `GrammarError` says what is wrong where."""

import re

from seqcourse.grammar import LANGUAGES, Grammar, GrammarError
from seqcourse.grammar_expansion import expand
from seqcourse.grammar_rules import compile_sides, read_rule, read_token
from seqcourse.grammar_words import WORDS


def read_grammar(path):
    """The grammar in a file, checked; GrammarError, with file, line and reason, when it cannot be used."""
    reader = _Reader(path)
    with open(path, encoding="utf-8") as file:
        try:
            lines = file.read().split("\n")
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
        self.bases = {}  # what each union of types comes to, found out once
        self.joins, self.sounds = {}, {language: {} for language in LANGUAGES}
        self.pinyin, self.gloss, self.said = {}, {}, {}  # said: the glosses that the file gives itself
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
            if line[0].isupper():
                read_rule(self, block)
                continue
            if len(block) > 1:
                self.fail("only a rule has indented lines", block[1][0])
            command, _, rest = line.partition(" ")
            if command not in COMMANDS:
                self.fail(f"{command!r} begins no line: there is a RULE in capitals, {', '.join(COMMANDS)}")
            COMMANDS[command](self, rest.strip())

    def read_type(self, rest):
        name, equals, members = rest.partition("=")
        if not equals or not members.split():
            self.fail("a type is written  type NAME = OTHER OTHER ...")
        if len(name.strip()) < 2:
            self.fail("the name of a type has two letters or more; a single letter stands for any type")
        if name.strip() in self.unions:
            self.fail(f"duplicate type: {name.strip()}")
        self.unions[name.strip()] = (members.split(), self.line)

    def read_table(self, rest):
        name, equals, forms = rest.partition("=")
        forms = [read_token(form) for form in forms.split()]
        if not equals or not name.strip().isupper() or len(forms) not in (2, 3, 4, 6):
            self.fail("a table is written  table NAME = and 2, 3 (am is are), 4 (gender, number) or 6 forms")
        self.tables[name.strip()] = tuple(forms)

    def read_join(self, rest):
        found = re.fullmatch(r"(\S+) \+ (\S+) = (\S+)", rest)
        if not found:
            self.fail("a contraction is written  join de + le = du")
        self.joins[found[1], found[2]] = found[3]

    def read_sound(self, rest):
        language, kind, *words = [*rest.split(), "", ""][: max(2, len(rest.split()))]
        if language not in LANGUAGES or kind not in ("vowel", "consonant") or not words:
            self.fail("a sound is written  sound en vowel hour  or  sound fr consonant hibou ...")
        self.sounds[language].update({word: kind == "vowel" for word in words})

    def read_gloss(self, rest):
        language, token, *more = [*rest.split(), "", ""][: max(2, len(rest.split()))]
        if language not in ("zh", "fr") or len(more) != (2 if language == "zh" else 1):
            self.fail("a gloss is written  gloss zh 了 le (done)  or  gloss fr pas not")
        if language == "zh":
            self.pinyin[token] = more[0]
        self.said.setdefault((language, token), more[-1].replace("_", " "))

    def grammar(self):
        for name, (members, line) in self.unions.items():
            if name in self.types:
                self.fail(f"{name} is a noun type already", line)
            for member in members:
                if member not in self.types and member not in self.unions:
                    self.fail(f"unknown type: {member}", line)
        for name, (_, line) in self.unions.items():
            self.check_union(name, (), line)
        for entries in self.words.values():
            for _, key, line in entries:
                for kind in key.split(">"):
                    if kind and kind not in self.types and kind not in self.unions:
                        self.fail(f"unknown type: {kind}", line)
        if not self.rules:
            self.fail("there is no rule")
        self.by_name = {}
        for rule, _ in self.rules:
            self.by_name.setdefault(rule.head[0], []).append(rule)
            if rule.head[0] in self.kinds:
                self.fail(f"{rule.head[0]} is the name of words and of a rule", rule.line)
        for rule, sources in self.rules:
            self.check_symbols(rule)
            compile_sides(self, rule, sources)
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
        choices = expand(self)
        gloss = {key: "/".join(names[:2]) for key, names in self.gloss.items() if names} | self.said
        return Grammar(choices, self.rules[0][0].head, self.joins, self.sounds, self.pinyin, gloss)

    def check_symbols(self, rule):
        for symbol in (rule.head, *(symbol for _, symbol in rule.slots)):
            name, *args = symbol
            if name not in self.by_name and name not in self.kinds:
                self.fail(f"unknown symbol: {name}", rule.line)
            for arg in args:
                base = arg.split(".")[0]
                if not (len(base) == 1 or base in ("sg", "pl") or base in self.types or base in self.unions):
                    self.fail(f"unknown type: {arg}", rule.line)

    def check_union(self, name, above, line):
        if name in above:
            self.fail(f"cycle: the type {name} contains itself", line)
        for member in self.unions[name][0] if name in self.unions else ():
            self.check_union(member, (*above, name), line)

    def members(self, kind):
        """The noun types a type stands for."""
        if kind not in self.unions:
            return [kind]
        if kind not in self.bases:
            parts = [base for member in self.unions[kind][0] for base in self.members(member)]
            self.bases[kind] = list(dict.fromkeys(parts))
        return self.bases[kind]


COMMANDS = WORDS | {
    "type": _Reader.read_type,
    "table": _Reader.read_table,
    "join": _Reader.read_join,
    "sound": _Reader.read_sound,
    "gloss": _Reader.read_gloss,
}
