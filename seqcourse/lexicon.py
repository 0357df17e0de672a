"""What a word of the toy corpora sounds like and means, for learners who do not know the language."""

from seqcourse.toy import toy_grammar


def pinyin(token):
    """The pinyin of a Chinese token of the toy corpus, or "" when it has none."""
    return toy_grammar().pinyin.get(token, "")


def gloss(token, language):
    """The English meaning of a token of the toy corpora (`language` "zh" or "fr"), or "" when it has none."""
    return toy_grammar().gloss.get((language, token), "")
