"""Pictures of attention from within: one word's looks, turned pairs of features, and what a layer costs."""

import math

from .drawing import COLOURS, DASHES, finish, fit, new_figure, style
from .heatmaps import heatmap
from .labels import inches, name_columns, name_rows, printable

MARKERS = "os^D"


def draw_looks(words, weights, asks):
    """Draw one word's looks: below all words, above the one that asks, and lines as thick as the weights.

    weights: (S,), one for each word; asks: the place of the word that asks. Raises ValueError when there is
    not one weight a word, or no such place.
    """
    if len(weights) != len(words) or asks not in range(len(words)):
        raise ValueError(
            f"{len(weights)} weights and place {asks} do not fit {len(words)} words: one weight a word"
        )
    weights, names = [float(weight) for weight in weights], [printable(word) for word in words]
    room = [max(0.75, inches(name, 11) + 0.3) for name in names]
    places = [sum(room[:i]) + room[i] / 2 for i in range(len(room))]
    with style():
        figure = new_figure(sum(room) + 0.2, 1.9)
        ax = figure.add_axes([0, 0, 1, 1])
        ax.set(xlim=(-0.1, sum(room) + 0.1), ylim=(-0.35, 1.55))
        ax.set_axis_off()
        for place, name, weight in zip(places, names, weights, strict=True):
            ends = [place, places[asks]], [0.32, 1.12]
            ax.plot(*ends, color=COLOURS[0], linewidth=0.3 + 11 * weight, alpha=0.55, solid_capstyle="butt")
            ax.text(place, 0.15, name, size=11, ha="center", va="center", parse_math=False)
            ax.text(place, -0.15, f"{weight:.2f}", size=9, ha="center", va="center", color="#555555")
        above = dict(size=11, ha="center", va="center", color=COLOURS[0], parse_math=False)
        ax.text(places[asks], 1.3, f"{names[asks]}, asking", **above)
        finish(figure)
    return figure


def draw_map(weights, words, columns=None, title=""):
    """Draw who looks at whom: a row for each word that looks, dark where its weight is large.

    weights: (T, S); words: T names for the rows, and for the columns unless these have names of their own.
    Raises ValueError when names and weights do not fit.
    """
    columns = words if columns is None else columns
    if tuple(weights.shape) != (len(words), len(columns)):
        raise ValueError(
            f"{len(words)} rows and {len(columns)} columns do not name weights {tuple(weights.shape)}"
        )
    cell, size = max(0.17, min(0.36, 5 / len(columns))), 9  # inches, points
    with style():
        figure = new_figure(cell * len(columns), cell * len(words))
        ax = figure.add_axes([0, 0, 1, 1])
        image = heatmap(ax, weights.detach().cpu().numpy())
        name_rows(ax, [printable(word) for word in words], size)
        name_columns(ax, [printable(word) for word in columns], size, cell)
        ax.set(title=title, xlabel="is looked at", ylabel="looks")
        bar = ax.inset_axes([1 + 0.15 / (cell * len(columns)), 0, 0.12 / (cell * len(columns)), 1])
        figure.colorbar(image, cax=bar, label="weight")
        fit(figure)
    return figure


def draw_turns(turned, titles):
    """Draw pairs of features as points in the plane, a panel each, and where they stand from place to place.

    turned: {place: (K,)}, the same vector turned for each place; titles: one for each of the first panels,
    which show features 0 and 1, then 2 and 3, and so on. Raises ValueError for more titles than pairs.
    """
    if not turned or 2 * len(titles) > min(len(vector) for vector in turned.values()):
        raise ValueError(f"{len(titles)} panels need vectors of {2 * len(titles)} features at least")
    with style():
        figure = new_figure(2.9 * len(titles), 3.0, layout="constrained")
        for pair, (ax, title) in enumerate(
            zip(figure.subplots(1, len(titles), squeeze=False)[0], titles, strict=True)
        ):
            points = {place: vector[2 * pair : 2 * pair + 2].tolist() for place, vector in turned.items()}
            reach = 1.3 * max(math.hypot(*point) for point in points.values())
            for number, (place, (a, b)) in enumerate(points.items()):
                shade = 0.25 + 0.75 * (number + 1) / len(points)
                ax.annotate(
                    "", (a, b), (0, 0), arrowprops=dict(arrowstyle="-|>", color=COLOURS[0], alpha=shade)
                )
                ax.text(1.14 * a, 1.14 * b, str(place), size=9, ha="center", va="center")
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach), title=title, aspect="equal")
            ax.set(xlabel=f"feature {2 * pair}", ylabel=f"feature {2 * pair + 1}")
        finish(figure)
    return figure


def slope(points):
    """The slope of the straight line through points (x, y) on paper where both axes are logarithmic.

    By least squares: 1 for what grows as x, 2 for what grows as its square. Raises ValueError for one point.
    """
    if len(points) < 2:
        raise ValueError("a slope needs two points or more")
    x, y = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    middle, height = sum(x) / len(x), sum(y) / len(y)
    rise = sum((a - middle) * (b - height) for a, b in zip(x, y, strict=True))
    return rise / sum((a - middle) ** 2 for a in x)


def draw_costs(panels, x="", last=3):
    """Draw costs against a size, both axes logarithmic, a panel each, with the slope of each line's end.

    panels: {what is counted: {name: [(size, cost), …]}}. The slope is that of the `last` points. Raises
    ValueError when there is no panel.
    """
    if not panels:
        raise ValueError("there is no cost to draw")
    with style():
        figure = new_figure(4.6 * len(panels), 3.6, layout="constrained")
        for ax, (y, lines) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for number, (name, points) in enumerate(lines.items()):
                end = round(slope(points[-last:]), 1) + 0.0  # -0.0 becomes 0.0
                ax.plot(
                    *zip(*points, strict=True), MARKERS[number % 4] + DASHES[number % 4], markersize=4,
                    color=COLOURS[number % len(COLOURS)], label=f"{name}: slope {end:.1f}",
                )  # fmt: skip
            ax.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
            sizes = sorted({size for points in lines.values() for size, _ in points})
            ax.set_xticks(sizes[::2], labels=[str(size) for size in sizes[::2]])
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            ax.minorticks_off()
            ax.legend(frameon=False)
        finish(figure)
    return figure
