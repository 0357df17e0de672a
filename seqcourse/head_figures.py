"""Pictures of heads: features dealt out, mixtures that cross, tables of heads and roles, what heads cost."""

from .drawing import COLOURS, DASHES, GOLD, finish, new_figure, style, weight_colours
from .heatmaps import plain
from .lines import plain as number


def draw_split(words, nhead, width):
    """Draw how `nhead` heads share the features of some words: side by side, then head by head.

    Raises ValueError when there is no word, or the heads cannot share the width evenly.
    """
    if not words or width % nhead:
        raise ValueError(f"{nhead} heads cannot share {width} features of {len(words)} words evenly")
    share = width // nhead
    with style():
        figure = new_figure(8.6, 0.32 * len(words) + 1.1, layout="constrained")
        panels = figure.subplots(1, nhead + 1, width_ratios=[nhead, *[1] * nhead])
        for place, ax in enumerate(panels):
            heads = range(nhead) if place == 0 else [place - 1]
            for column, head in enumerate(heads):
                for row in range(len(words)):
                    for feature in range(share):
                        x, y = column * share + feature, row
                        look = {"facecolor": COLOURS[head], "edgecolor": "white", "alpha": 0.75}
                        ax.add_patch(rectangle(x, y, look))
            columns = share * len(heads)
            ax.set(xlim=(0, columns), ylim=(len(words), 0), aspect="equal", xticks=[], yticks=[])
            ax.set_title(f"(T, D) = ({len(words)}, {width})" if place == 0 else f"head {place - 1}\n(T, K)")
            plain(ax)
        panels[0].set_yticks([row + 0.5 for row in range(len(words))], words)
        finish(figure)
    return figure


def rectangle(x, y, look):
    from matplotlib.patches import Rectangle

    return Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, linewidth=0.5, **look)


def draw_crossing(panels, names, apart):
    """Draw four points a panel, joined by two segments: the first with the last, the second with the third.

    panels: {title: (4, 2)}: a place, and the logit. `names` are those of the points, `apart` whether each
    should lie above the line at 0.
    """
    with style():
        figure = new_figure(4.3 * len(panels), 3.4, layout="constrained")
        for ax, (title, points) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for index, (one, other) in enumerate(((0, 3), (1, 2))):
                xs, ys = zip(points[one], points[other], strict=True)
                ax.plot(xs, ys, DASHES[index], color=COLOURS[index], linewidth=1.4)
            for (x, y), name, above in zip(points, names, apart, strict=True):
                ax.plot([x], [y], "^" if above else "v", color=COLOURS[int(above)], markersize=9)
                away = dict(xytext=(0, 9 if above else -17), textcoords="offset points", ha="center", size=9)
                ax.annotate(name, (x, y), **away)
            ax.axhline(0, color="#444444", linewidth=1)
            ax.margins(0.25, 0.2)
            ax.set(title=title, xticks=[], ylabel="logit: above 0 says they disagree")
        finish(figure)
    return figure


def draw_dots(groups, x="", line=None):
    """Draw the numbers of each group as dots in a row, {name: numbers}, with a line across at a number."""
    with style():
        figure = new_figure(7, 0.36 * len(groups) + 0.9, layout="constrained")
        ax = figure.subplots()
        for row, numbers in enumerate(groups.values()):
            lift = [row + 0.12 * (i - (len(numbers) - 1) / 2) for i in range(len(numbers))]
            ax.plot(list(numbers), lift, "o", color=COLOURS[0], markersize=5, alpha=0.8)
        if line is not None:
            ax.axvline(line, color=GOLD, linestyle="--")
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(ylim=(len(groups) - 0.5, -0.5), xlabel=x)
        finish(figure)
    return figure


def draw_points(groups, x="", y=""):
    """Draw points in one picture, a colour and a mark for each group: {name: (xs, ys)}."""
    with style():
        figure = new_figure(6, 3.4, layout="constrained")
        ax = figure.subplots()
        for index, (name, (xs, ys)) in enumerate(groups.items()):
            ax.plot(xs, ys, "os^D"[index % 4], color=COLOURS[index], markersize=5, alpha=0.8, label=name)
        ax.set(xlabel=x, ylabel=y)
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
        finish(figure)
    return figure


def draw_tables(tables, rows, columns):
    """Draw tables of numbers side by side, dark where large: {title: numbers}."""
    with style():
        figure = new_figure(8.6, 0.42 * len(rows) + 1.4, layout="constrained")
        for place, (title, table) in enumerate(tables.items()):
            ax = figure.add_subplot(1, len(tables), place + 1)
            ax.imshow(table, cmap=weight_colours(), vmin=0, vmax=1, aspect="auto")
            for y, line in enumerate(table):
                for x, value in enumerate(line):
                    colour = "white" if value > 0.5 else "black"
                    ax.text(x, y, f"{value:.2f}", ha="center", va="center", color=colour, size=9)
            ax.set_xticks(range(len(columns)), columns, size=9)
            ax.set_yticks(range(len(rows)), rows if place == 0 else [])
            ax.set_title(title)
            plain(ax)
        finish(figure)
    return figure


def draw_cost(runs):
    """Draw what heads cost, from the runs of benchmarks/cost_of_heads.py: operations, time and memory."""
    panels = {
        "operations (millions)": ("operations", 1e6),
        "time (milliseconds)": ("seconds", 1e-3),
        "memory (MB)": ("memory", 1e6),
    }
    with style():
        figure = new_figure(8.6, 3.0, layout="constrained")
        for ax, (title, (key, unit)) in zip(figure.subplots(1, 3), panels.items(), strict=True):
            for way, colour, dashes in zip(("explicit", "fused"), COLOURS, DASHES, strict=False):
                chosen = [run for run in runs if run["way"] == way]
                heads, values = [run["nhead"] for run in chosen], [run[key] / unit for run in chosen]
                if key != "operations" or way == "explicit":  # the products are the same
                    ax.plot(heads, values, "o" + dashes, color=colour, label=way, markersize=4)
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda value, _: number(value))
            ax.set(title=title, xlabel="heads", ylim=(0, None))
        handles, labels = ax.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
        finish(figure)
    return figure
