"""Pinyin cut into syllables: one for each Chinese character."""

import re
import unicodedata

TONES = "[\u0300\u0301\u0304\u030c]"  # falling, rising, level and dipping, as marks of their own
INITIAL = "(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])"
FINALS = """iang iong uang ueng iao ian ing uai uan üan ang eng ong ai ei ao ou an en er in
            ia ie iu ua uo ui un ue üe ün a o e i u ü""".split()  # the longest first
FINAL = f"(?:{'|'.join(FINALS)})"


def syllables(word, count):
    """The `count` syllables of a word in pinyin with tone marks: `xiàlái` is `xià`, `lái`.

    Inside a word a syllable begins with a consonant or, as in `Xī'ān`, after an apostrophe. ValueError if
    the word cannot be cut into so many, or a syllable has two tones.
    """
    word = unicodedata.normalize("NFC", word)
    plain = "".join(without_tone(letter) for letter in word.lower())
    pattern = f"({INITIAL}?{FINAL})" + f"((?:{INITIAL}|'){FINAL})" * (count - 1)
    found = re.fullmatch(pattern, plain) if count > 0 else None
    parts = [word[slice(*found.span(i))] for i in range(1, count + 1)] if found else []
    if not parts or any(len(re.findall(TONES, unicodedata.normalize("NFD", part))) > 1 for part in parts):
        raise ValueError(f"{word!r} is not pinyin of {count} syllable{'s' * (count != 1)}")
    return [part.lstrip("'") for part in parts]


def without_tone(letter):
    """A letter without its tone; ü keeps its dots."""
    return unicodedata.normalize("NFC", re.sub(TONES, "", unicodedata.normalize("NFD", letter)))
