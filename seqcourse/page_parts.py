"""The parts of the explorer's page: script, style, data, and a plain table where scripts are stripped."""

import json
from functools import cache
from html import escape
from pathlib import Path

from .labels import meaning, shortened, visible
from .squeezing import squeezed_script, squeezed_style

BROWSER = Path(__file__).parent / "browser"
SCRIPTS = "weights colours guess map heads table panel export explorer".split()
# Nothing may be fetched: a page that we wrote asks the network for nothing, whatever stands in it.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>body {{ margin: 0 }} @media screen {{ body .attn .frame {{ max-height: min(680px, 95vh) }} }}
@media (prefers-color-scheme: dark) {{ body {{ background: #16191d }} }}</style>
</head>
<body>
{body}
</body>
</html>
"""


@cache
def script():
    """The JavaScript of `browser/`, squeezed."""
    files = [(BROWSER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return squeezed_script("".join(files), keep={"startAll"})


@cache
def stylesheet():
    """The style sheet of `browser/`, squeezed."""
    return squeezed_style((BROWSER / "explorer.css").read_text(encoding="utf-8"))


def as_json(value):
    """JSON that can stand in a script: nothing in it closes the script, or opens a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def written(text, width=20):
    """A text as it is shown: shortened, and what is invisible spelt out."""
    return shortened(visible(text), width) if text else ""


def annotation(token, language, gloss):
    """What a gloss says of a token, as it is shown, or ""."""
    return written(str(meaning(token, language, gloss) or ""), 26)


def plain_table(record, name, gloss):
    """What is left where scripts are stripped: the last layer of the last kind, the mean of its heads."""
    kind = record.kinds()[-1]
    weights = getattr(record, kind)
    gold = record.gold if kind == "cross" and record.gold else ()
    rows, columns = (
        [heading(token, language, gloss) for token in tokens]
        for tokens, language in zip(record.tokens(kind), record.languages(kind), strict=True)
    )
    title = f"{written(name, 60) + ': ' if name else ''}{kind} attention, layer {len(weights) - 1}, mean of "
    title += f"heads, in percent{', * where a gold link is' if gold else ''}. Run the cell to explore it."
    lines = [f"<tr><td>{''.join(columns)}"]
    for t, row in enumerate(weights[-1].mean(0).tolist()):
        cells = []
        for s, weight in enumerate(row):
            text = (f"{100 * weight:.0f}" if weight >= 0.005 else "") + ("*" if (s, t) in gold else "")
            cells.append("<td>" + (f"<b>{text}</b>" if weight == max(row) > 0 else text))
        lines.append(f"<tr>{rows[t]}{''.join(cells)}")
    return f"<table><caption>{escape(title)}</caption>{''.join(lines)}</table>"


def heading(token, language, gloss):
    note = annotation(token, language, gloss)
    return f"<th>{escape(shortened(visible(token), 20))}{f' <small>{escape(note)}</small>' if note else ''}"
