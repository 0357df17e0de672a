"""Attention as pictures: who looked where, token by token, for one head or for all of them at once."""

import math

from .drawing import GOLD, fit, new_figure, style, weight_colours
from .labels import labels, name_columns, name_rows

ROWS = {"cross": "produces", "decoder": "produces", "encoder": "reads"}
COLUMNS = {"cross": "looks at (source)", "decoder": "looks at (fed so far)", "encoder": "looks at (source)"}

GAP = 0.1  # inches between the maps of a grid


def draw_attention(record, kind="cross", layer=None, head=None, gloss=False, ax=None):
    """Draw where each token looked: a row for each step, dark where the weight is large; a row sums to 1.

    Layers and heads count from 0; without a number, the last layer and the mean of its heads are drawn. Gold
    links, where the record has them, are outlined. `gloss=True` writes pinyin and meaning beside the words;
    a dict or a function from token to text says it in yours. Given `ax`, the map goes into your own figure,
    without the colour bar. Raises ValueError for what the record lacks.
    """
    weights, name = chosen(record, kind, layer, head)
    rows, columns = labels(record, kind, gloss)
    size = max(6.5, min(10, 10.5 - 0.07 * max(weights.shape)))  # points
    cell = max(1.25 * size / 72, min(0.42, 6 / len(columns)))  # inches
    with style():
        alone = ax is None
        if alone:
            ax = new_figure(cell * len(columns), cell * len(rows)).add_axes([0, 0, 1, 1])
        else:
            place = ax.get_window_extent()  # pixels
            cell = min(place.width / len(columns), place.height / len(rows)) / ax.figure.dpi
        image = heatmap(ax, weights)
        name_rows(ax, rows, size)
        name_columns(ax, columns, size, cell)
        ax.set_title(f"{kind} attention, {name}")
        ax.set_xlabel(COLUMNS[kind])
        ax.set_ylabel(ROWS[kind])
        if record.gold is not None and kind == "cross":
            outline(ax, record.gold)
        if alone:
            width = cell * len(columns)
            bar = ax.inset_axes([1 + 0.15 / width, 0, 0.12 / width, 1])
            ax.figure.colorbar(image, cax=bar, label="weight").ax.tick_params(labelsize=9)
            fit(ax.figure)
    return ax.figure


def draw_heads(record, kind="cross", gloss=False):
    """Draw every head of every layer, a small map each: layers downwards, heads across, both counted from 0.

    Where the maps are too small to name every token, every second or third is named. `gloss` is that of
    `draw_attention`.
    """
    weights = weights_of(record, kind)  # (layers, heads, rows, columns)
    layers, heads, *_ = weights.shape
    rows, columns = labels(record, kind, gloss, width=12)
    cell, gap = cell_size(layers, heads, len(rows), len(columns)), GAP
    size = max(6, min(9, cell * 72 / 1.3))  # points
    every = math.ceil(1.05 * size / 72 / cell)  # every second or third token where there is no room for all
    width, height = cell * len(columns), cell * len(rows)
    total_width, total_height = heads * (width + gap), layers * (height + gap)
    with style():
        figure = new_figure(total_width, total_height)
        for layer in range(layers):
            for head in range(heads):
                corner = (
                    head * (width + gap) / total_width,
                    1 - (layer * (height + gap) + height) / total_height,
                )
                ax = figure.add_axes([*corner, width / total_width, height / total_height])
                image = heatmap(ax, weights[layer, head])
                name_rows(ax, rows if head == 0 else [], size, every)
                name_columns(ax, columns if layer == 0 else [], size, cell, every)
                if head == 0:
                    ax.set_ylabel(f"layer {layer}")
                if layer == 0:
                    ax.set_title(f"head {head}")
        bar = figure.add_axes([1, 1 - height / total_height, 0.1 / total_width, height / total_height])
        figure.colorbar(image, cax=bar, label="weight").ax.tick_params(labelsize=9)
        fit(figure)
    return figure


def cell_size(layers, heads, rows, columns):
    """Inches for a cell in a grid of maps: room for every token's name within 10 inches of width, or less."""
    across = (8.2 / heads - GAP) / columns
    if across < 0.088:  # names need this much
        across = min(0.088, (9.25 / heads - GAP) / columns)
    return min(0.25, across, (14 / layers - GAP) / rows)


def weights_of(record, kind):
    """The weights of a kind, as a NumPy array; raises ValueError when the record has none."""
    record.tokens(kind)  # refuses a kind that is none
    if kind not in record.kinds():
        raise ValueError(f"the record has no {kind} attention; it has: {', '.join(record.kinds())}")
    return getattr(record, kind).numpy()


def chosen(record, kind, layer, head):
    """One map (rows, columns) and its name; raises ValueError for a layer or a head that is not there."""
    weights = weights_of(record, kind)
    layers, heads, *_ = weights.shape
    layer = layers - 1 if layer is None else layer
    for name, number, there in (("layer", layer, layers), ("head", head, heads)):
        if number is not None and number not in range(there):
            raise ValueError(f"there is no {name} {number}: {kind} attention has {name}s 0 to {there - 1}")
    if head is None:
        return weights[layer].mean(
            0
        ), f"layer {layer}, mean of {heads} heads" if heads > 1 else f"layer {layer}"
    return weights[layer, head], f"layer {layer}, head {head}"


def heatmap(ax, weights):
    """Weights as squares from white (0) to dark blue (1), the first row on top."""
    image = ax.imshow(weights, cmap=weight_colours(), vmin=0, vmax=1, interpolation="none", aspect="equal")
    plain(ax)
    return image


def plain(ax):
    """A thin frame, and no lines across."""
    ax.grid(False)
    ax.spines[:].set(visible=True, color="#999999", linewidth=0.6)


def outline(ax, links, explain=True):
    """Squares around the cells (source index, target index); `explain` adds a line of words."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    rim = [withStroke(linewidth=3.2, foreground="white")]  # so that the squares stand out of dark cells, too
    for column, row in sorted(links):
        square = Rectangle((column - 0.45, row - 0.45), 0.9, 0.9, fill=False, edgecolor=GOLD, linewidth=1.5)
        square.set_path_effects(rim)
        ax.add_patch(square)
    if explain:
        ax.text(1, -0.02, "outlined: gold links", color=GOLD, ha="right", va="top", transform=ax.transAxes)
