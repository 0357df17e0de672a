"""Reading the file of a grammar: it becomes a `Grammar`, or a `GrammarError` says what is wrong where."""

import re

from seqcourse import inflection
from seqcourse.grammar import LANGUAGES, Grammar, GrammarError, Word
from seqcourse.grammar_expansion import expand
from seqcourse.grammar_rules import compile_sides, read_rule, read_token, read_tokens

COMMANDS = ("noun", "adj", "verb", "pron", "word", "type", "table", "join", "sound", "gloss")


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
            getattr(self, f"read_{command}")(rest.strip())

    def parts(self, rest):
        """`name: english | chinese | french` of a word."""
        name, colon, body = rest.partition(":")
        sides = [side.split() for side in body.split("|")]
        self.word_tags = tuple(sides.pop()) if len(sides) == 4 else ()
        if not colon or len(sides) != 3 or not all(sides):
            self.fail("a word is written  NAME: english | chinese pinyin | french")
        english, chinese, french = sides
        if len(chinese) < 2:
            self.fail(f"missing pinyin: write it after {chinese[0]}")
        return name.split(), english, chinese, french

    def add(self, symbol, kind, word, key):
        if self.kinds.setdefault(symbol, kind) != kind:
            self.fail(f"{symbol} is already the name of a {self.kinds[symbol]}")
        word.tags = self.word_tags
        entries = self.words.setdefault(symbol, [])
        for other, other_key, line in entries:
            if other.name == word.name and other_key == key and other.number == word.number:
                self.fail(f"duplicate word: {word.name} is already in line {line}")
        entries.append((word, key, self.line))
        for token, sound in word.pinyin.items():
            self.pinyin.setdefault(token, sound)
        for (language, _), forms in word.forms.items():
            for text in _texts(forms):
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
        gender, french = self.inflect(inflection.french_noun, french)
        forms = {("zh", "sg"): tokens, ("zh", "pl"): tokens}
        for number, form in self.inflect(inflection.english_noun, english).items():
            forms["en", number], forms["fr", number] = read_tokens(form), read_tokens(french[number])
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
        english = self.inflect(inflection.english_adjective, english)
        forms = {("en", "base"): read_tokens(english["base"]), ("en", "more"): read_tokens(english["more"])}
        forms |= {("zh", "base"): tokens, ("zh", "att"): tokens + (("的", None),) * with_de}
        forms["fr", "base@"] = tuple(
            read_tokens(form) for form in self.inflect(inflection.french_adjective, french)
        )
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
        english, french = (
            self.inflect(inflection.english_verb, english),
            self.inflect(inflection.french_verb, french),
        )
        forms = {("zh", "base"): tokens}
        if len(chinese) == 4:
            forms["zh", "res"], more = self.chinese(chinese[2:])
            sounds |= more
        elif len(chinese) != 2:
            self.fail(f"{chinese[0]} has word and pinyin, and perhaps a second form and its pinyin")
        forms |= {("en", form): read_tokens(english[form]) for form in ("ing", "past", "part")}
        forms["en", "base"] = read_tokens(english["base"])
        forms["en", "s@"] = tuple(read_tokens(english[form]) for form in ("base", "third", "base"))
        forms |= {("fr", "inf"): read_tokens(french["inf"]), ("fr", "part"): read_tokens(french["part"][0])}
        forms["fr", "third"], forms["fr", "vous"] = (
            read_tokens(french["present"][2]),
            read_tokens(french["present"][4]),
        )
        forms["fr", "part@"] = tuple(read_tokens(form) for form in french["part"])
        forms["fr", "present@"] = tuple(read_tokens(form) for form in french["present"])
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
            ("en", "base"): read_tokens(english[0]),
            ("en", "obj"): read_tokens(english[-1]),
        }
        forms |= {("fr", "base"): read_tokens(french[0]), ("fr", "obj"): read_tokens(french[-1])}
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
            ("en", "base"): read_tokens(english[0]),
            ("zh", "base"): tokens,
            ("fr", "base"): read_tokens(french[0]),
        }
        self.add(name, "word", Word(english[0].replace("_", " "), "word", forms, sounds), "")

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
        if kind in self.unions:
            parts = [base for member in self.unions[kind][0] for base in self.members(member)]
            return list(dict.fromkeys(parts))
        return [kind]


def _texts(forms):
    """The words in a form, or in a table of forms, as they stand before consonants and before vowels."""
    tokens = forms if isinstance(forms[0][0], str) else [token for form in forms for token in form]
    return [text for token in tokens for text in token if text]
