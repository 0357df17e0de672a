"""The views of bertviz for a record of attention: complete, harmless, and without a network."""

import json
import math
import warnings

from .bertviz_page import BertvizView, bertviz_page
from .labels import meaning, shortened, visible
from .record import AttentionRecord

MOST = 60_000  # weights in a view: a line on the screen for each, and up to 7 bytes
WIDTH = 12  # Latin letters that bertviz has room for beside its lines
LOOKS = {
    "encoder": "the token on the left reads, and looks at those on the right",
    "decoder": "the token on the left is produced, and looks at those fed so far",
    "cross": "the token on the left is produced, and looks at the source",
}

HOW = {
    "head_view": "Point at a token to see its lines; click on a colour to hide a head, twice for it alone.",
    "model_view": "Click on a head to see it large, and once more to close it.",
}


def bertviz_head_view(record, kinds=None, gloss=False):
    """bertviz's lines from each token to those it looks at: a layer at a time, a colour for each head.

    Hover over a token to see its lines alone; click on a colour to hide that head, twice to see it alone.
    `kinds` are those of the record to show, by default all; each has its own layers and heads. `gloss` is
    that of `draw_attention`. Raises TypeError when this is no record, ValueError when it lacks a kind or has
    more weights than a browser can draw, ImportError when bertviz is not there. Vig 2019, "A Multiscale
    Visualization of Attention in the Transformer Model".
    """

    def height(sizes):
        tallest = max(22.5 * tokens + 130 for _, _, tokens in sizes)
        return math.ceil(len(sizes) / 2) * tallest  # two stand side by side, or three

    return view("head_view", record, kinds, gloss, height)


def bertviz_model_view(record, kinds=None, gloss=False):
    """bertviz's picture of all heads of all layers at once; a click on one of them enlarges it.

    Arguments and errors are those of `bertviz_head_view`.
    """

    def height(sizes):
        maps = [
            (layers * (84 / max(heads, 6) * tokens + 10), 18 * tokens + 55) for layers, heads, tokens in sizes
        ]
        return sum(max(heights) + 80 for heights in maps)

    return view("model_view", record, kinds, gloss, height, display_mode="light")


def view(name, record, kinds, gloss, height, **options):
    """A view for each kind of attention, on one page: bertviz's own drops layers where depths differ."""
    kinds = checked(record, kinds)
    draw = function_of_bertviz(name)
    sections = [(f"{kind} attention: {LOOKS[kind]}", *drawn(draw, record, kind, **options)) for kind in kinds]
    sizes = [(*getattr(record, kind).shape[:2], max(map(len, record.tokens(kind)))) for kind in kinds]
    page = bertviz_page(name, [HOW[name], explained(record, kinds, gloss)], sections)
    return BertvizView(name, round(min(900, 64 + height(sizes))), page)


def checked(record, kinds):
    """The kinds to show; raises TypeError or ValueError unless the record has them, and few weights."""
    if not isinstance(record, AttentionRecord):
        raise TypeError(
            f"a view needs an AttentionRecord (translation.attention), not {type(record).__name__}"
        )
    kinds = record.kinds() if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    missing = [kind for kind in kinds if kind not in record.kinds()]
    if missing or not kinds:
        lacks = ", ".join(map(repr, missing)) or "which kind of"
        raise ValueError(f"the record has no {lacks} attention; it has: {', '.join(record.kinds())}")
    sizes = {kind: getattr(record, kind).numel() for kind in kinds}
    if sum(sizes.values()) > MOST:
        each = ", ".join(f"{kind} {size:,}" for kind, size in sizes.items())
        raise ValueError(
            f"bertviz draws a line for each weight: {sum(sizes.values()):,} here ({each}), and over {MOST:,} "
            "a browser stands still. Name fewer kinds, as in kinds=['cross'], take a shorter sentence, or "
            "use explore(record), which has room for more"
        )
    return kinds


def function_of_bertviz(name):
    """`head_view` or `model_view`; raises ImportError, with what to do, when bertviz is not installed."""
    try:
        import bertviz
    except ImportError as error:
        advice = "pip install bertviz, or use explore(record), which needs nothing"
        raise ImportError(f"bertviz is not installed ({error}): {advice}") from error
    return getattr(bertviz, name)


def drawn(draw, record, kind, **options):
    """bertviz's markup and program for one kind, with our tokens, weights of four digits, and a lasting name.

    bertviz gets numbers for tokens, as cross attention, whose rows and columns may differ: so nothing that a
    token says can end its script. Raises RuntimeError when bertviz writes otherwise than it is known to.
    """
    weights = getattr(record, kind)  # (layers, heads, rows, columns)
    rows, columns = ([shortened(visible(token), WIDTH) for token in side] for side in record.tokens(kind))
    numbers = [list(map(str, range(len(side)))) for side in (rows, columns)]
    names = {"decoder_tokens": numbers[0], "encoder_tokens": numbers[1], "prettify_tokens": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # bertviz leaves its file open
        page = draw(cross_attention=list(weights[:, None]), html_action="return", **names, **options).data
    markup, _, program = page.partition('<script type="text/javascript">')
    ask, holds, rest = program.rpartition("</script>")[0].partition("const params = ")
    if "<div id=" not in markup or "requirejs(['jquery', 'd3']," not in ask or not holds:
        from importlib.metadata import version

        raise RuntimeError(
            f"bertviz {version('bertviz')} draws otherwise than 1.4.1, for which this is made: "
            "pip install bertviz==1.4.1, or use explore(record)"
        )
    params, end = json.JSONDecoder().raw_decode(rest)
    (shown,) = params["attention"]
    shown |= {"attn": rounded(weights), "left_text": rows, "right_text": columns}
    markup = markup[markup.index("<div id=") :].replace(params["root_div_id"], kind)
    params["root_div_id"] = kind
    if "total_heads" in params:
        params["total_heads"] = max(6, weights.size(1))  # three heads are drawn no larger than six
    data = json.dumps(params, separators=(",", ":")).replace("<", r"\u003c")
    return markup, f"{ask}{holds}{data};\n{rest[end:].partition(chr(10))[2]}"


def rounded(weights):
    """The weights as lists, with four digits."""
    return ((weights.double() * 10_000).round() / 10_000).tolist()


def explained(record, kinds, gloss):
    """What the gloss says of the tokens that are shown, in one line."""
    sides = {"source": record.source, "target": record.target}
    languages = {"source": record.source_language, "target": record.target_language}
    shown = {"encoder": ["source"], "decoder": ["target"], "cross": ["source", "target"]}
    said = {
        token: meaning(token, languages[side], gloss)
        for side in dict.fromkeys(side for kind in kinds for side in shown[kind])
        for token in sides[side]
    }
    notes = {
        shortened(visible(token), WIDTH): shortened(visible(note), 30) for token, note in said.items() if note
    }
    return " · ".join(f"{token} {note}" for token, note in notes.items())
