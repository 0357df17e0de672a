"""Explanations as pictures: several maps of one pair side by side, and two measures of each head."""

from .drawing import COLOURS, finish, fit, new_figure, style
from .labels import labels
from .maps import side_by_side

# Beside a dot, in points: above right, below right, above left, below left.
SIDES = ((6, 3), "left"), ((6, -10), "left"), ((-6, 3), "right"), ((-6, -10), "right")


def draw_maps(maps, record, gloss=False):
    """Draw several maps (T, S) of a record's pair side by side: {title: map}; gold links are outlined.

    Each row is divided by its largest number, and what is below 0, speaking against the word, stays white.
    `gloss` is that of `draw_attention`. ValueError when a map does not fit the tokens, or there is none.
    """
    rows, columns = labels(record, "cross", gloss)
    wrong = [title for title, weights in maps.items() if tuple(weights.shape) != (len(rows), len(columns))]
    if wrong or not maps:
        raise ValueError(f"{len(rows)} rows and {len(columns)} columns do not fit {wrong or 'no map'}")
    with style():
        shown = {title: share_of_largest(weights) for title, weights in maps.items()}
        figure, _ = side_by_side(shown, [record.gold] * len(maps), rows, columns)
        fit(figure)
    return figure


def share_of_largest(weights):
    """Each number over the largest of its row, and 0 for what is below 0: (T, S) -> (T, S)."""
    largest = weights.max(dim=1, keepdim=True).values.clamp(min=1e-9)
    return (weights / largest).clamp(min=0)


def draw_dots(groups, x, y):
    """Draw a dot for each (place, value, name), with its name beside it, in a colour for each group.

    groups: {name: [(place, value, name), …]}. Raises ValueError when there is no dot.
    """
    if not any(groups.values()):
        raise ValueError("there is no dot to draw")
    with style():
        figure = new_figure(6.5, 3.6, layout="constrained")
        ax, names = figure.subplots(), []
        for number, (name, dots) in enumerate(groups.items()):
            colour = COLOURS[number % len(COLOURS)]
            ax.plot([d[0] for d in dots], [d[1] for d in dots], "os^D"[number % 4], color=colour, label=name)
            for place, value, label in dots:
                at = {"xytext": SIDES[0][0], "textcoords": "offset points"}
                names.append(ax.annotate(label, (place, value), **at, size=8))
        ax.set(xlabel=x, ylabel=y)
        figure.legend(loc="outside upper center", ncols=min(4, len(groups)), frameon=False)
        put_apart(names, ax)
        finish(figure)
    return figure


def put_apart(names, ax):
    """Put each name at the first side of its dot where it lies over no dot and no name before it."""
    ax.figure.draw_without_rendering()
    dots, taken = ax.transData.transform([name.xy for name in names]), []
    for name in names:
        for place, side in SIDES:
            name.set(position=place, ha=side)
            box = name.get_window_extent()
            if not box.padded(4).count_contains(dots) and not box.padded(4).count_overlaps(taken):
                break
        taken.append(box)
