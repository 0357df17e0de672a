"""What a word of the toy corpora sounds like and means, for learners who do not know the language."""

from seqcourse.toy import toy_grammar


def pinyin(token):
    """The pinyin of a Chinese token of the toy corpus, or "" when it has none."""
    return toy_grammar().pinyin.get(token, "")


def gloss(token, language):
    """The English meaning of a token of the toy corpora (`language` "zh" or "fr"), or "" when it has none."""
    return toy_grammar().gloss.get((language, token), "")


def toy_words():
    """All words of the toy grammar, each a `Word`: its kind, its forms, its gender, its classifier."""
    choices = toy_grammar().choices.values()
    return list(dict.fromkeys(leaf[0] for _, options in choices for rule, leaf in options if rule is None))


def content_words(language):
    """The nouns, adjectives and verbs of the toy corpora in all their forms; language: "en", "zh" or "fr".

    What is left out are the small words, like 的, 只, *a*, *le*, which say how the others hang together.
    """
    kept = [word for word in toy_words() if word.kind in ("noun", "adj", "verb")]
    forms = [forms for word in kept for (of, _), forms in word.forms.items() if of == language]
    return {text for form in forms for text in texts(form)} - {"的"}


def texts(form):
    """The tokens of a word's form: a tuple of pairs (text, text before a vowel), or of such tuples."""
    if isinstance(form[0], str):
        return [form[0]]
    return [text for part in form for text in texts(part)]
