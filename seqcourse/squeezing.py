"""JavaScript and CSS without what only their readers need."""

import re
from collections import Counter
from string import ascii_letters

# A string, a template or a regular expression; or a comment.
PIECES = re.compile(r"""("[^"\n]*"|'[^'\n]*'|`[^`]*`|/(?![/ ])[^/\n]+/)|//[^\n]*""")
DECLARED = re.compile(r"\b(?:let|function|class) (\w+)|(\w+)=>|\(([\w,]+)\)(?:=>|\{)")
# A property, a key, or a word in braces that may be one: { row, column }.
PROPERTY = re.compile(r"(?<!\.)\.(\w+)|(\w+):|\{([\w,.=-]*)\}")


def squeezed_script(text, keep=()):
    """JavaScript, its statements ended by semicolons, without comments and most spaces, with short names.

    A name is shortened where it is certain to be one of the script's own: declared, and never a property, a
    key, or a word of a string. The names in `keep` are not.
    """
    strings = [piece for piece in PIECES.findall(text) if piece]
    code = PIECES.sub(lambda piece: "\0" if piece[1] else "", text)
    code = re.sub(r"\s*([^\w\s$])\s*", r"\1", code.strip()).replace(";}", "}").replace(",}", "}")
    code = re.sub(r"(?<!\w)\((\w+)\)=>", r"\1=>", re.sub(r"\b0\.", ".", code))
    code = re.sub(r"\bconst\b ?", "let ", code).replace("let [", "let[").replace("let {", "let{")
    code = with_short_names(code, {*re.findall(r"\w+", " ".join(strings)), *keep})
    left = iter(strings)
    return re.sub("\0", lambda _: next(left), code)


def with_short_names(code, keep):
    own = words(DECLARED, code) - words(PROPERTY, code) - keep
    often = Counter(re.findall(r"\w+", code))
    own = sorted(own, key=lambda name: (-often[name] * (len(name) - 2), name))
    short = {name: f"${letter}" for name, letter in zip(own, ascii_letters, strict=False) if len(name) > 2}
    return re.sub(r"\w+", lambda word: short.get(word[0], word[0]), code)


def words(pattern, code):
    """The words in the groups of all matches."""
    return {word for groups in pattern.findall(code) for word in re.findall(r"\w+", " ".join(groups))}


def squeezed_style(text):
    """A style sheet without most spaces."""
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(": ", ":").replace(";}", "}")
