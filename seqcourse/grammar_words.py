"""Reading the words of a grammar's file: a line gives the reader of the file a `Word` with all its forms."""

from seqcourse import inflection
from seqcourse.grammar import Word
from seqcourse.grammar_rules import read_tokens


def parts(reader, rest):
    """`name: english | chinese | french` of a word."""
    name, colon, body = rest.partition(":")
    sides = [side.split() for side in body.split("|")]
    reader.word_tags = tuple(sides.pop()) if len(sides) == 4 else ()
    if not colon or len(sides) != 3 or not all(sides):
        reader.fail("a word is written  NAME: english | chinese pinyin | french")
    english, chinese, french = sides
    if len(chinese) < 2:
        reader.fail(f"missing pinyin: write it after {chinese[0]}")
    return name.split(), english, chinese, french


def add(reader, symbol, kind, word, key):
    if reader.kinds.setdefault(symbol, kind) != kind:
        reader.fail(f"{symbol} is already the name of a {reader.kinds[symbol]}")
    word.tags = reader.word_tags
    entries = reader.words.setdefault(symbol, [])
    for other, other_key, line in entries:
        if other.name == word.name and other_key == key and other.number == word.number:
            reader.fail(f"duplicate word: {word.name} is already in line {line}")
    entries.append((word, key, reader.line))
    for token, sound in word.pinyin.items():
        reader.pinyin.setdefault(token, sound)
    for (language, _), forms in word.forms.items():
        for text in _texts(forms):
            known = reader.gloss.setdefault((language, text), [])
            if language != "en" and word.name not in known:
                known.append(word.name)


def tokens_and_pinyin(reader, pairs):
    """`word pinyin` of one or several words joined by _, as tokens, and the pinyin of each."""
    word, sound = pairs
    tokens, sounds = word.split("_"), sound.split("_")
    if len(tokens) != len(sounds):
        reader.fail(f"missing pinyin: {word} has {len(tokens)} words, {sound} has {len(sounds)}")
    return tuple((token, None) for token in tokens), dict(zip(tokens, sounds, strict=True))


def inflect(reader, function, forms):
    try:
        return function(*forms)
    except (TypeError, ValueError) as error:
        reader.fail(f"{' '.join(forms)}: {error}")


def read_noun(reader, rest):
    names, english, chinese, french = parts(reader, rest)
    if len(names) != 1 or names[0] in reader.unions:
        reader.fail("a noun has one type of its own: noun TYPE: ...")
    if len(chinese) != 3:
        reader.fail(f"missing classifier: write  {chinese[0]} pinyin classifier")
    tokens, sounds = tokens_and_pinyin(reader, chinese[:2])
    gender, french = inflect(reader, inflection.french_noun, french)
    forms = {("zh", "sg"): tokens, ("zh", "pl"): tokens}
    for number, form in inflect(reader, inflection.english_noun, english).items():
        forms["en", number], forms["fr", number] = read_tokens(form), read_tokens(french[number])
    word = Word(english[0], "noun", forms, sounds, gender=gender, classifier=chinese[2])
    reader.literals.append(("zh", chinese[2], reader.line))
    reader.types.setdefault(names[0], 0)
    reader.types[names[0]] += 1
    add(reader, "noun", "noun", word, names[0])


def read_adj(reader, rest):
    (name, *types), english, chinese, french = parts(reader, rest)
    chinese = list(chinese)
    with_de = chinese[0].endswith("+的")
    tokens, sounds = tokens_and_pinyin(reader, (chinese[0].removesuffix("+的"), chinese[1]))
    english = inflect(reader, inflection.english_adjective, english)
    forms = {("en", "base"): read_tokens(english["base"]), ("en", "more"): read_tokens(english["more"])}
    forms |= {("zh", "base"): tokens, ("zh", "att"): tokens + (("的", None),) * with_de}
    forms["fr", "base@"] = tuple(
        read_tokens(form) for form in inflect(reader, inflection.french_adjective, french)
    )
    word = Word(english["base"], "adj", forms, sounds)
    for a in types:
        add(reader, name, "adj", word, a)


def read_verb(reader, rest):
    header, english, chinese, french = parts(reader, rest)
    name, frame = header[0], " ".join(header[1:])
    who, arrow, what = (part.strip() for part in frame.partition("->"))
    if not who or " " in who + what or (arrow and not what):
        reader.fail("a verb is written  verb KIND who -> what: ...  or  verb KIND who: ...")
    tokens, sounds = tokens_and_pinyin(reader, chinese[:2])
    english, french = (
        inflect(reader, inflection.english_verb, english),
        inflect(reader, inflection.french_verb, french),
    )
    forms = {("zh", "base"): tokens}
    if len(chinese) == 4:
        forms["zh", "res"], more = tokens_and_pinyin(reader, chinese[2:])
        sounds |= more
    elif len(chinese) != 2:
        reader.fail(f"{chinese[0]} has word and pinyin, and perhaps a second form and its pinyin")
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
    add(reader, name, "verb", Word(english["base"].replace("_", " "), "verb", forms, sounds), f"{who}>{what}")


def read_pron(reader, rest):
    header, english, chinese, french = parts(reader, rest)
    if (
        len(header) != 3
        or header[1] not in ("1sg", "2sg", "3sg", "1pl", "2pl", "3pl")
        or header[2] not in "mf"
    ):
        reader.fail("a pronoun is written  pron NAME 3sg m: he him | 他 tā | il le")
    tokens, sounds = tokens_and_pinyin(reader, chinese[:2])
    forms = {
        ("zh", "base"): tokens,
        ("en", "base"): read_tokens(english[0]),
        ("en", "obj"): read_tokens(english[-1]),
    }
    forms |= {("fr", "base"): read_tokens(french[0]), ("fr", "obj"): read_tokens(french[-1])}
    word = Word(english[0], "pron", forms, sounds, header[2], header[1][1:], int(header[1][0]))
    add(reader, header[0], "pron", word, "")


def read_word(reader, rest):
    (name, *more), english, chinese, french = parts(reader, rest)
    tokens, sounds = tokens_and_pinyin(reader, chinese[:2])
    if more or len(english) != 1 or len(french) != 1:
        reader.fail(
            "a word is written  word NAME: english | chinese pinyin | french, with _ inside an expression"
        )
    forms = {
        ("en", "base"): read_tokens(english[0]),
        ("zh", "base"): tokens,
        ("fr", "base"): read_tokens(french[0]),
    }
    add(reader, name, "word", Word(english[0].replace("_", " "), "word", forms, sounds), "")


def _texts(forms):
    """The words in a form, or in a table of forms, as they stand before consonants and before vowels."""
    tokens = forms if isinstance(forms[0][0], str) else [token for form in forms for token in form]
    return [text for token in tokens for text in token if text]


WORDS = {"noun": read_noun, "adj": read_adj, "verb": read_verb, "pron": read_pron, "word": read_word}
