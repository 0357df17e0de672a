"""Attention that one can touch: a page, or a part of one, that needs no network and no kernel."""

from dataclasses import replace
from hashlib import sha256
from html import escape

import numpy as np

from .labels import shortened, visible
from .packing import packed
from .page_parts import PAGE, annotation, as_json, plain_table, script, stylesheet, written
from .record import AttentionRecord


def explore(record, beside=None, labels=None, gloss=False, guess=False):
    """Look into a record with mouse and keyboard: every kind, layer and head, live and in a saved notebook.

    `beside` is a second record, of another model or another moment, with the same kinds of attention;
    `labels` names the records, one each. `gloss=True` writes pinyin and meaning beside the words; a dict or
    a function from token to text says it in yours. `guess=True` begins with guessing the alignment, before
    any gold link is shown. Raises TypeError for what is no record, ValueError when its weights do not fit,
    the two do not go together, labels or gloss make no sense, or there is no cross-attention to guess at.
    """
    records = [record] if beside is None else [record, beside]
    for each in records:
        if not isinstance(each, AttentionRecord):
            kind = type(each).__name__
            raise TypeError(
                f"explore shows attention records, such as .attention of a translation, not {kind}"
            )
    if beside is not None and record.kinds() != beside.kinds():
        one, two = (", ".join(each.kinds()) for each in records)
        raise ValueError(f"records side by side need the same kinds of attention, not {one} beside {two}")
    if labels is None:
        labels = [""] if beside is None else ["one", "two"]
    names = [labels] if isinstance(labels, str) else list(labels)
    if len(names) != len(records) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"labels must name each record, {len(records)} in all, not {labels!r:.60}")
    if not (isinstance(gloss, (bool, dict)) or callable(gloss)):
        raise ValueError(f"gloss must be True, False, a dict or a function, not {gloss!r:.60}")
    if guess and "cross" not in record.kinds():
        raise ValueError("guess=True asks for links between two sentences: a record with cross-attention")
    # Copies, whose weights are checked again.
    return Explorer([replace(each) for each in records], names, gloss, guess)


# Presses the button of each panel of an explorer once, however often the script runs. Meanwhile nothing
# there can take the focus, or a page would open at this place.
GUESS = """
for(const root of document.querySelectorAll('[data-explorer="%s"]'))if(!root.guessing){
root.guessing=root.inert=true;
for(const button of root.querySelectorAll("button"))
if(button.textContent==="Guess the alignment")button.click();
root.inert=false}"""


class Explorer:
    """What `explore` gives: a notebook shows it, and `page()` is a whole HTML document."""

    def __init__(self, records, names, gloss, guess=False):
        pairs = list(zip(records, names, strict=True))
        data = as_json([contents(record, name, gloss) for record, name in pairs])
        tables = "".join(
            plain_table(replace(record, gold=None) if guess else record, name, gloss)
            for record, name in pairs
        )
        self.id = sha256(data.encode() + b"guess" * guess).hexdigest()[:12]
        # MathJax leaves a token such as $x$ alone where the class says so.
        first_act = GUESS % self.id if guess else ""
        self.html = (
            f'<div class="attn tex2jax_ignore mathjax_ignore" data-explorer="{self.id}">{tables}</div>'
            f"<style>{stylesheet()}</style>"
            f'<script>(()=>{{{script()}\nstartAll("{self.id}",{data}){first_act}}})()</script>'
        )
        first = records[0]
        self.title = f"Attention: {written(' '.join(first.source), 60)}"
        self.sizes = (
            f"{', '.join(first.kinds())}; {len(first.source)} source, {len(first.target)} target tokens"
        )

    def __repr__(self):
        return f"attention to explore: {self.sizes}"

    def _repr_html_(self):
        return self.html

    def page(self):
        """A whole HTML document, which opens offline in any browser."""
        return PAGE.format(title=escape(self.title), body=self.html)


def contents(record, name, gloss):
    """What the script is told of a record."""
    kinds = {}
    for kind in record.kinds():
        weights = getattr(record, kind).numpy()
        causal = kind == "decoder" and not np.triu(weights, 1).any()  # the future, which is left out
        kinds[kind] = {"shape": weights.shape, "causal": causal, "text": packed(weights, causal)}
    return {
        "name": written(name, 60),
        "source": named(record.source, record.source_language, gloss),
        "target": named(record.target, record.target_language, gloss),
        "languages": {"source": written(record.source_language), "target": written(record.target_language)},
        "gold": None if record.gold is None else sorted(record.gold),
        "kinds": kinds,
    }


def named(tokens, language, gloss):
    """For each token what is written at the map, what it means, and all of it where that was too long."""
    names = []
    for token in tokens:
        whole = "".join(visible(token))
        name = [shortened(visible(token), 20), annotation(token, language, gloss), whole]
        names.append(name if name[0] != whole else name[: 2 if name[1] else 1])
    return names
