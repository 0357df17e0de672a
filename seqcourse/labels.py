"""What is written at rows and columns: tokens, however odd, and what they mean."""

from functools import cache
from unicodedata import combining, east_asian_width

from .drawing import FONTS, register_font


def labels(record, kind, gloss=False, width=20):
    """What is written at the rows and at the columns: each token, and what `gloss` says of it."""
    sides = []
    for tokens, language in zip(record.tokens(kind), record.languages(kind), strict=True):
        notes = [meaning(token, language, gloss) for token in tokens]
        names = [printable(token, width) for token in tokens]
        pairs = zip(names, notes, strict=True)
        sides.append([f"{name} {printable(note, 26)}" if note else name for name, note in pairs])
    return sides


def meaning(token, language, gloss):
    """What a gloss (True for the toy corpora's, a function, a dict, or False) says of a token, or ""."""
    if gloss is True:
        from . import lexicon

        sound = lexicon.pinyin(token) if language == "zh" else ""
        return f"{sound} {lexicon.gloss(token, language)}".strip()
    if not gloss:
        return ""
    return gloss(token) if callable(gloss) else gloss.get(token, "")


@cache
def drawable():
    """The characters for which there is a letter."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    register_font()
    return {
        chr(code) for font in FONTS for code in get_font(findfont(FontProperties(family=font))).get_charmap()
    }


def printable(token, width=20):
    """The token as a label of at most `width` Latin letters; what is invisible is spelt as Python spells it.

    A character without a letter in our fonts becomes □; empty and blank tokens stand in quotes.
    """
    drawn = (part if len(part) > 1 or part in drawable() else "□" for part in visible(token))
    return shortened(drawn, width)


def visible(token):
    """The characters of a token, as they are or spelt as Python spells them; blank tokens in quotes.

    Spelt are the invisible ones, and accents beyond the third on one letter, which would hide others.
    """
    if not token.strip(" "):
        token = repr(token)
    parts, accents = [], 0
    for character in token:
        accents = accents + 1 if combining(character) else 0
        if accents > 3:
            parts.append(ascii(character)[1:-1])
        else:
            parts.append(character if character.isprintable() else repr(character)[1:-1])
    return parts


def shortened(parts, width):
    """As many of the parts as `width` Latin letters hold, as text; "…" where something is left out."""
    kept, room = [], width
    for part in parts:
        kept.append(part)
        room -= sum(map(wide, part))
        if room < 0:
            while sum(map(wide, "".join(kept))) > width - 1:
                kept.pop()
            return "".join(kept) + "…"
    return "".join(kept)


def wide(character):
    """The width of a character in Latin letters: 2 for a Chinese one."""
    return 2 if east_asian_width(character) in "WF" else 1


def inches(label, size):
    """About how long a label is, in inches, at a font size in points."""
    return sum(map(wide, label)) * 0.53 * size / 72


def name_rows(ax, names, size, every=1):
    """Names to the left of the rows: of each row, or of every second, third …"""
    places = range(0, len(names), every)
    ax.set_yticks(places, labels=names[::every], family=FONTS, size=size, parse_math=False)
    ax.tick_params(axis="y", length=0)


def name_columns(ax, names, size, cell, every=1):
    """Names above the columns, upright where there is room for each."""
    upright = all(inches(name, size) < 0.95 * cell for name in names)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    places = range(0, len(names), every)
    ax.set_xticks(places, labels=names[::every], family=FONTS, size=size, parse_math=False)
    ax.tick_params(axis="x", length=0, rotation=0 if upright else 90)
