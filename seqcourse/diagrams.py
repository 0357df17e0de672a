"""Flow diagrams: boxes, and arrows between them that say which shape goes along. A unit is an inch."""

from typing import NamedTuple

from .drawing import COLOURS, finish, new_figure, style
from .labels import inches

SIZE = 9  # points
ATTENTION, THINKING, NORM, WORDS, PLAIN = COLOURS[0], COLOURS[2], COLOURS[4], COLOURS[3], "#777777"
GAP = 0.24  # between two boxes of a layer
DETOUR = 0.62  # how far above the boxes a residual connection passes


class Box(NamedTuple):
    """A box around (x, y); without text it is a point where arrows part, and "+" stands in a circle."""

    x: float
    y: float
    text: str = ""
    colour: str = PLAIN

    @property
    def half(self):
        """Half of its width, and half of its height."""
        if self.text in ("", "+"):
            return (0.0, 0.0) if not self.text else (0.12, 0.12)
        lines = self.text.split("\n")
        return max(inches(line, SIZE) for line in lines) / 2 + 0.12, 0.09 * len(lines) + 0.1


def draw_flow(boxes, arrows):
    """Draw boxes and arrows: boxes {name: Box}, arrows (from, to, label) or (from, to, label, detour).

    An arrow runs straight to the right, up or down; with a detour it goes up to that height, along, and down
    again. Raises ValueError when an arrow names a box that is not there.
    """
    for name in {name for start, end, *_ in arrows for name in (start, end)}:
        if name not in boxes:
            raise ValueError(f"there is no box {name!r} for an arrow; there is {', '.join(map(str, boxes))}")
    left, right = (min(b.x - b.half[0] for b in boxes.values()), max(b.x + b.half[0] for b in boxes.values()))
    heights = [b.y for b in boxes.values()] + [arrow[3] for arrow in arrows if len(arrow) > 3]
    bottom, top = min(heights) - 0.45, max(heights) + 0.45
    with style():
        figure = new_figure(right - left + 0.1, top - bottom)
        ax = figure.add_axes([0, 0, 1, 1])
        ax.set(xlim=(left - 0.05, right + 0.05), ylim=(bottom, top))
        ax.set_axis_off()
        for box in boxes.values():
            draw_box(ax, box)
        for start, end, label, *detour in arrows:
            draw_arrow(ax, route(boxes[start], boxes[end], *detour), label, head=bool(boxes[end].text))
        finish(figure)
    return figure


def draw_box(ax, box):
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Circle, FancyBboxPatch

    width, height = box.half
    look = dict(facecolor=to_rgba(box.colour, 0.18), edgecolor=box.colour, linewidth=1.2)
    if not box.text:
        ax.add_patch(Circle((box.x, box.y), 0.025, color="#444444"))
    elif box.text == "+":
        ax.add_patch(Circle((box.x, box.y), width, **look))
    else:
        corner, size = (box.x - width + 0.05, box.y - height + 0.05), (2 * width - 0.1, 2 * height - 0.1)
        ax.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=0.05", **look))
    ax.text(box.x, box.y, box.text, size=SIZE, ha="center", va="center", linespacing=1.25, parse_math=False)


def route(start, end, detour=None):
    """The corners of an arrow's way, from the edge of one box to the edge of the other."""
    if detour is not None:
        leave, arrive = (1 if detour > box.y else -1 for box in (start, end))
        return [
            (start.x, start.y + leave * start.half[1]), (start.x, detour),
            (end.x, detour), (end.x, end.y + arrive * end.half[1]),
        ]  # fmt: skip
    if abs(end.x - start.x) > abs(end.y - start.y):
        return [(start.x + start.half[0], start.y), (end.x - end.half[0], end.y)]
    up = 1 if end.y > start.y else -1
    return [(start.x, start.y + up * start.half[1]), (end.x, end.y - up * end.half[1])]


def draw_arrow(ax, points, label, head=True):
    """An arrow along these points; its label stands over the middle, beside it where it runs up or down."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    look = dict(
        arrowstyle="-|>" if head else "-",
        mutation_scale=9,
        color="#444444",
        linewidth=1,
        shrinkA=0,
        shrinkB=0,
    )
    ax.add_patch(FancyArrowPatch(path=Path(points), **look))
    (x, y), (to_x, to_y) = points[(len(points) - 1) // 2 :][:2]
    upright = abs(to_x - x) < abs(to_y - y)
    place = (x + 0.06, (y + to_y) / 2) if upright else ((x + to_x) / 2, y + 0.06)
    where = dict(ha="left", va="center") if upright else dict(ha="center", va="bottom")
    ax.text(*place, label, size=SIZE - 1, color="#444444", parse_math=False, **where)


def layer_flow(sublayers, shape, norm_first):
    """Boxes and arrows of a layer, from left to right: sublayers (name, colour, memory or "")."""
    boxes, arrows = {}, []

    def add(key, text, colour=PLAIN):
        """The next box to the right, with an arrow from the one before."""
        before = list(boxes)[-1] if boxes else None
        edge = boxes[before].x + boxes[before].half[0] + GAP if boxes else 0.0
        boxes[key] = Box(edge + Box(0, 0, text).half[0], 0, text, colour)
        if before:
            arrows.append((before, key, ""))

    add("in", f"x\n{shape}")
    for name, colour, _ in sublayers:
        norm = (f"norm {name}", "LayerNorm", NORM)
        add(f"branch {name}", "")
        for box in [*([norm] if norm_first else []), (name, name.replace(" ", "\n"), colour)]:
            add(*box)
        add(f"add {name}", "+")
        arrows.append((f"branch {name}", f"add {name}", "residual", DETOUR))
        if not norm_first:
            add(*norm)
    add("out", f"x\n{shape}")
    for name, _, memory in sublayers:
        if memory:
            boxes["memory"] = Box(boxes[name].x, -1.05, memory)
            arrows.append(("memory", name, "keys, values"))
    return boxes, arrows


def draw_encoder_layer(norm_first=True):
    """Draw the encoder layer, from left to right: looking at the sentence, then thinking."""
    sublayers = [("self-attention", ATTENTION, ""), ("feed-forward", THINKING, "")]
    return draw_flow(*layer_flow(sublayers, "(B, S, D)", norm_first))


def draw_decoder_layer(norm_first=True):
    """Draw the decoder layer: looking back, looking over at the source, thinking, in this order."""
    sublayers = [
        ("causal self-attention", ATTENTION, ""),
        ("cross-attention", ATTENTION, "memory\n(B, S, D)"),
        ("feed-forward", THINKING, ""),
    ]
    return draw_flow(*layer_flow(sublayers, "(B, T, D)", norm_first))


def draw_transformer():
    """Draw the Transformer: above the encoder reads, below the decoder writes. Vaswani et al., figure 1."""
    boxes, arrows = {}, []
    sides = [
        ("S", 1.25, "source", "encoder layers\nN times"),
        ("T", 0.0, "<s>, target so far", "decoder layers\nN times, causal"),
    ]
    for length, y, tokens, layers in sides:
        shape = f"(B, {length}, D)"
        row = [
            (0.0, f"{tokens}\n(B, {length})", PLAIN, ""), (1.75, "word vectors\n× √D", WORDS, ""),
            (3.3, "+ positions", WORDS, shape), (5.15, layers, ATTENTION, shape),
            (7.0, "LayerNorm", NORM, shape),
        ]  # fmt: skip
        row += [(8.6, "memory\n(B, S, D)", PLAIN, "")] if length == "S" else [(8.6, "output", WORDS, shape)]
        for number, (x, text, colour, label) in enumerate(row):
            boxes[length, number] = Box(x, y, text, colour)
            if number:
                arrows.append(((length, number - 1), (length, number), label))
    boxes["logits"] = Box(10.1, 0, "logits\n(B, T, V)")
    arrows.append((("T", 5), "logits", ""))
    arrows.append((("S", 5), ("T", 3), "keys, values", 0.62))
    arrows.append((("T", 1), ("T", 5), "the same table of vectors, where the output is tied", -0.75))
    return draw_flow(boxes, arrows)


def draw_encoder_decoder(read, fed, written):
    """Draw two recurrent networks word by word, and the one arrow between them: three lists of words.

    Raises ValueError unless as many words are written as are fed.
    """
    if len(fed) != len(written):
        raise ValueError(f"{len(fed)} words are fed, and {len(written)} written")
    boxes, arrows = {}, []
    for i, word in enumerate([*read, *fed]):
        reads, x = i < len(read), 0.92 * i + (0 if i < len(read) else 0.5)
        boxes["in", i] = Box(x, -0.8, word, WORDS)
        boxes["cell", i] = Box(x, 0, "LSTM" if reads else "LSTM′", THINKING if reads else ATTENTION)
        arrows.append((("in", i), ("cell", i), ""))
        if i:
            arrows.append((("cell", i - 1), ("cell", i), "state" if i == len(read) else ""))
        if not reads:
            boxes["out", i] = Box(x, 0.8, written[i - len(read)], WORDS)
            arrows.append((("cell", i), ("out", i), ""))
    return draw_flow(boxes, arrows)
