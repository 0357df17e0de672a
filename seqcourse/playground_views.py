"""What the playground shows, as HTML: translations, next words, and the explorer in a frame of its own."""

from difflib import SequenceMatcher
from html import escape
from typing import NamedTuple

from torch import Tensor

from .explorer import explore
from .labels import meaning, shortened, visible
from .lexicon import pinyin
from .translator import Translation

LIKELY = 8  # next words with a bar each
FAINT = "opacity:.7"
RIGHT, LEFT = "style='text-align:right;padding-right:1em'", "style='text-align:left'"
# The frame takes the notebook's light or dark theme, and the height of what is in it.
FOLLOW = """<style>body { margin: 0; }</style><script>
const marks = ["data-jp-theme-light", "data-vscode-theme-kind", "theme"];
const follow = () => ["documentElement", "body"].forEach((place) => marks.forEach((mark) => {
  const said = parent.document[place].getAttribute(mark);
  if (said !== null) document[place].setAttribute(mark, said);
}));
follow();
for (const place of ["documentElement", "body"])
  new MutationObserver(follow).observe(parent.document[place], { attributes: true, attributeFilter: marks });
const fit = () => { frameElement.style.height = document.body.offsetHeight + "px"; };
new ResizeObserver(fit).observe(document.body);
</script>"""

ABOUT_NEXT = (
    "<b>What is the next word?</b> The model gives each word a number, and the softmax makes probabilities "
    "of these. The temperature divides them before: below 1 the likeliest word gains, above 1 all become "
    "more alike. The translation above is found at temperature 1 and stays as it is. "
    "(&lt;s&gt; stands for the beginning of a sentence, &lt;/s&gt; for its end.)"
)


class Look(NamedTuple):
    """A translation as one model made it, and its scores for each next word: (T, V), `</s>` included."""

    title: str
    language: str
    found: Translation
    logits: Tensor | None


def seen(text, width=400):
    """Text as HTML that shows what is invisible, and runs nothing."""
    return escape(shortened(visible(text), width))


def explained(tokens, language, marked=()):
    """The tokens, each with its sound and meaning under it; those with a marked number stand out."""
    cells = []
    for number, token in enumerate(tokens):
        word = f"<mark>{seen(token)}</mark>" if number in marked else seen(token)
        note = meaning(token, language, True)
        cells.append(
            f"<span style='display:inline-block;text-align:center;margin:0 .6em .3em 0'>{word}<br>"
            f"<small style='{FAINT}'>{seen(note) if note else '&nbsp;'}</small></span>"
        )
    return "".join(cells)


def changed(before, after):
    """The places in `after` where it differs from `before`."""
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return {place for what, _, _, start, end in steps if what != "equal" for place in range(start, end)}


def translation(look, before=None):
    """A translation, its words explained, marked where they differ from another, and the next best ones."""
    found = look.found
    if look.logits is None:
        return "<p>There is nothing to translate yet.</p>"
    marked = changed(before.found.tokens, found.tokens) if before else ()
    notes = []
    if before and before.found.tokens == found.tokens:
        notes.append("The best translation is the same.")
    if found.unknown:
        unknown = ", ".join(f"<b>{seen(word, 40)}</b>" for word in found.unknown)
        notes.append(f"It does not know {unknown}, and can only guess.")
    best = "the best that the beam found <small style='font-weight:normal'>(nearer to 0 is better)</small>"
    rows = [f"<tr><th {RIGHT}>score</th><th {LEFT}>{best}</th></tr>"]
    for each in (found, *found.alternatives):
        said = f"{seen(each.text)} <small style='{FAINT}'>{sound(each, look.language)}</small>"
        rows.append(f"<tr><td {RIGHT}>{each.score:.2f}</td><td {LEFT}>{said}</td></tr>")
    words = explained(found.tokens, look.language, marked)
    return (
        f"<div style='flex:1 1 20em;margin:0 2em 1em 0'><b>{seen(look.title)}</b>"
        f"<div style='font-size:1.25em;margin:.4em 0'>{words}</div>"
        f"{'<br>'.join(notes)}<table>{''.join(rows)}</table></div>"
    )


def sound(found, language):
    """The pinyin of a Chinese translation, where it is known."""
    return (
        " ".join(seen(pinyin(token)) for token in found.tokens if pinyin(token)) if language == "zh" else ""
    )


def side_by_side(parts):
    return f"<div style='display:flex;flex-wrap:wrap'>{''.join(parts)}</div>"


def next_words(look, step, temperature, names):
    """The likeliest next words at a step, with bars, when the scores are divided by a temperature.

    names: a function from a list of ids to tokens. Returns HTML.
    """
    p = (look.logits[step] / temperature).softmax(-1)  # (V,)
    bits = -(p * p.clamp_min(1e-30).log2()).sum().item()
    best = p.topk(min(LIKELY, len(p)))
    bars = []
    for chance, number in zip(best.values.tolist(), best.indices.tolist(), strict=True):
        (token,) = names([number]) or ["</s>"]
        note = meaning(token, look.language, True)
        bars.append((seen(token, 20), seen(note, 26) if note else "", chance))
    bars.append(("all other words", "", max(0.0, 1 - best.values.sum().item())))
    rows = "".join(
        f"<tr><td style='text-align:right'>{word} <small style='{FAINT}'>{note}</small></td>"
        f"<td style='text-align:left;width:12em'><div style='background:#2f8fcb;height:.8em;"
        f"width:{100 * chance:.1f}%'></div></td><td>{chance:.3f}</td></tr>"
        for word, note, chance in bars
    )
    so_far = " ".join(seen(token, 20) for token in ["<s>", *look.found.tokens][: step + 1])
    return (
        f"<div style='flex:1 1 20em;margin:0 2em 1em 0'><b>{seen(look.title)}</b>: "
        f"after <b>{so_far}</b> comes …<table>{rows}</table><small>entropy {bits:.2f} bits</small></div>"
    )


def frame(looks):
    """The explorer of one look, or of two side by side, in a frame that scripts may run in."""
    records = [look.found.attention for look in looks]
    made = explore(*records, labels=[look.title for look in looks], gloss=True)
    page = escape(made.page().replace("<body>", "<body>" + FOLLOW, 1))
    look = "width:100%;height:520px;border:0"
    return f"<iframe title='attention explorer' srcdoc='{page}' style='{look}'></iframe>"
