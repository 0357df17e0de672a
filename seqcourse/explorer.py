"""Attention that one can touch: a page, or a part of one, that needs no network and no kernel."""

import json
import re
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

import numpy as np

from .labels import meaning, shortened, visible
from .packing import packed
from .record import AttentionRecord

BROWSER = Path(__file__).parent / "browser"
SCRIPTS = ("weights.js", "colours.js", "map.js", "heads.js", "panel.js", "export.js", "explorer.js")
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
</head>
<body>
{body}
</body>
</html>
"""


def explore(record, beside=None, labels=None, gloss=False):
    """Look into a record with mouse and keyboard: every kind, layer and head, live and in a saved notebook.

    `beside` is a second record, of another model or another moment, with the same kinds of attention;
    `labels` names the records, one each. `gloss=True` writes pinyin and meaning beside the words; a dict or
    a function from token to text says it in yours. Raises TypeError for what is no record, ValueError when
    the two do not go together or the labels do not fit.
    """
    records = [record] if beside is None else [record, beside]
    for each in records:
        if not isinstance(each, AttentionRecord):
            raise TypeError(f"explore shows an AttentionRecord, not {type(each).__name__}; {HOW}")
    if beside is not None and record.kinds() != beside.kinds():
        one, two = (", ".join(each.kinds()) for each in records)
        raise ValueError(f"records side by side need the same kinds of attention, not {one} beside {two}")
    names = (
        [labels] if isinstance(labels, str) else list(labels or ([""] if beside is None else ["one", "two"]))
    )
    if len(names) != len(records) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"labels names each record: {len(records)} needed, not {labels!r:.60}")
    if not (isinstance(gloss, (bool, dict)) or callable(gloss)):
        raise ValueError(f"gloss is True, False, a dict or a function, not {gloss!r:.60}")
    return Explorer(records, names, gloss)


HOW = "Translator.translate(…, attention=True) gives one, as .attention"


class Explorer:
    """What `explore` gives: a notebook shows it, and `page` is a whole HTML document."""

    def __init__(self, records, names, gloss):
        pairs = list(zip(records, names, strict=True))
        data = as_json({"records": [contents(record, name, gloss) for record, name in pairs]})
        self.id = sha256(data.encode()).hexdigest()[:12]
        tables = "".join(table(record, name, gloss) for record, name in pairs)
        self.html = (
            f'<div class="attn tex2jax_ignore mathjax_ignore" data-explorer="{self.id}">{tables}'
            f"</div><style>{stylesheet()}</style>"
            f'<script>(()=>{{{script()}\nstartAll("{self.id}",{data})}})()</script>'
        )
        first = records[0]
        self.summary = f"attention ({', '.join(first.kinds())}): {len(first.source)} source tokens"
        self.summary += f", {len(first.target)} target tokens"

    def __repr__(self):
        return self.summary

    def _repr_html_(self):
        return self.html

    def page(self):
        """A whole HTML document, which opens offline in any browser."""
        return PAGE.format(policy=POLICY, title="Attention", body=self.html)


@cache
def script():
    """The JavaScript of `browser/`, without what only its readers need: comments, and most spaces."""
    text = "".join((BROWSER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return LITERAL.sub(lambda found: found[1] or re.sub(r"\s*([^\w\s$])\s*", r"\1", found[3] or ""), text)


# a string, a template or a regular expression; a comment; or other code
LITERAL = re.compile(
    r"""("[^"\n]*"|'[^'\n]*'|`[^`]*`|/(?![/ ])[^/\n]+/)|(//[^\n]*)|((?:[^"'`/]|/ )+)""",
)


@cache
def stylesheet():
    text = (BROWSER / "explorer.css").read_text(encoding="utf-8")
    return re.sub(r"\s*([{};,])\s*", r"\1", text).replace(": ", ":")


def as_json(value):
    """JSON that can stand in a script: nothing in it closes the script, or opens a comment."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def contents(record, name, gloss):
    """What the script is told of a record."""
    kinds = {}
    for kind in record.kinds():
        weights = getattr(record, kind).numpy()
        causal = kind == "decoder" and not np.triu(weights, 1).any()  # the future, left out
        text = packed(weights, causal)
        kinds[kind] = {"shape": weights.shape, "causal": causal, "text": text}
    return {
        "name": "".join(visible(name)) if name else "",
        "source": named(record.source, record.source_language, gloss),
        "target": named(record.target, record.target_language, gloss),
        "gold": None if record.gold is None else sorted(record.gold),
        "kinds": kinds,
    }


def named(tokens, language, gloss):
    """For each token what is written at the map, what it means, and all of it where that was too long."""
    names = []
    for token in tokens:
        characters = visible(token)
        short, note = shortened(characters, 20), noted(token, language, gloss)
        whole = "".join(characters)
        names.append([short, note, whole] if short != whole else [short, note] if note else [short])
    return names


def noted(token, language, gloss):
    note = meaning(token, language, gloss)
    return shortened(visible(str(note)), 26) if note else ""


def table(record, name, gloss):
    """What is left where scripts are stripped: the last layer of the last kind, the mean of its heads."""
    kind = record.kinds()[-1]
    weights = getattr(record, kind)[-1].mean(0).numpy()
    layers = len(getattr(record, kind))
    sides = [[escape(shortened(visible(token), 20)) for token in tokens] for tokens in record.tokens(kind)]
    title = f"{name + ': ' if name else ''}{kind} attention, layer {layers - 1}, mean of heads, in percent"
    head = "".join(f"<th>{token}" for token in sides[1])
    lines = []
    for token, row in zip(sides[0], weights, strict=True):
        most = row.max()
        cells = (
            f"<td><b>{100 * w:.0f}</b>" if w == most > 0 else f"<td>{100 * w:.0f}" if w >= 0.005 else "<td>"
            for w in row
        )
        lines.append(f"<tr><th>{token}{''.join(cells)}")
    return (
        f"<table><caption>{escape(title)}. Run the cell, or trust the notebook, to explore it.</caption>"
        f"<tr><td>{head}{''.join(lines)}</table>"
    )
