"""Explanations as pictures: several maps of one pair side by side, and two measures of each head."""

from .drawing import COLOURS, finish, fit, new_figure, style
from .heatmaps import GAP, heatmap, outline
from .labels import labels, name_columns, name_rows


def draw_maps(maps, record, gloss=False):
    """Draw several maps (T, S) of a record's pair side by side: {title: map}; gold links are outlined.

    Each row is divided by its largest number, and what is below 0, speaking against the word, stays white.
    `gloss` is that of `draw_attention`. ValueError when a map does not fit the tokens, or there is none.
    """
    rows, columns = labels(record, "cross", gloss)
    wrong = [title for title, weights in maps.items() if tuple(weights.shape) != (len(rows), len(columns))]
    if wrong or not maps:
        raise ValueError(f"{len(rows)} rows and {len(columns)} columns do not fit {wrong or 'no map'}")
    cell = min(0.3, 9.5 / len(maps) / len(columns))  # inches
    size = max(6, min(9, cell * 72 / 1.3))  # points
    width, height = cell * len(columns), cell * len(rows)
    total = len(maps) * (width + GAP)
    with style():
        figure = new_figure(total, height)
        for number, (title, weights) in enumerate(maps.items()):
            ax = figure.add_axes([number * (width + GAP) / total, 0, width / total, 1])
            largest = weights.max(dim=1, keepdim=True).values.clamp(min=1e-9)
            heatmap(ax, (weights / largest).clamp(min=0).numpy())
            name_rows(ax, rows if number == 0 else [], size)
            name_columns(ax, columns, size, cell)
            ax.set_title(title)
            if record.gold is not None:
                outline(ax, record.gold)
                ax.texts[-1].set_visible(number == 0)  # the words "outlined: gold links" stand once
        fit(figure)
    return figure


def draw_dots(groups, x, y):
    """Draw a dot for each (place, value, name), with its name beside it, in a colour for each group.

    groups: {name: [(place, value, name), …]}. Raises ValueError when there is no dot.
    """
    if not any(groups.values()):
        raise ValueError("there is no dot to draw")
    with style():
        figure = new_figure(6.5, 3.6, layout="constrained")
        ax = figure.subplots()
        for number, (name, dots) in enumerate(groups.items()):
            colour = COLOURS[number % len(COLOURS)]
            ax.plot([d[0] for d in dots], [d[1] for d in dots], "os^D"[number % 4], color=colour, label=name)
            for place, value, label in dots:
                ax.annotate(label, (place, value), xytext=(5, 3), textcoords="offset points", size=8)
        ax.set(xlabel=x, ylabel=y)
        figure.legend(loc="outside upper center", ncols=min(4, len(groups)), frameon=False)
        finish(figure)
    return figure
