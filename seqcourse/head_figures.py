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
    from matplotlib.patheffects import withStroke

    with style():
        figure = new_figure(4.3 * len(panels), 3.6, layout="constrained")
        for ax, (title, points) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            for pair in ((0, 3), (1, 2)):
                above = apart[pair[0]]
                xs, ys = zip(*(points[index] for index in pair), strict=True)
                says = "they disagree: should lie above 0" if above else "they agree: should lie below 0"
                look = {
                    "color": COLOURS[int(above)],
                    "linewidth": 1.4,
                    "markersize": 9,
                    "markeredgewidth": 1.6,
                }
                look["fillstyle"] = "none" if above else "full"  # so that both show where they coincide
                ax.plot(xs, ys, "v^"[above] + DASHES[int(above)], label=says, **look)
                for index, other in (pair, pair[::-1]):
                    x, y = points[index]
                    side = 1 if x > points[other][0] else -1  # each name stands off its segment
                    away = dict(xytext=(8 * side, 4 if above else -11), textcoords="offset points", size=9)
                    away["path_effects"] = [withStroke(linewidth=2.5, foreground="white")]
                    ax.annotate(names[index], (x, y), ha="left" if side > 0 else "right", **away)
            ax.axhline(0, color="#444444", linewidth=1)
            ax.margins(0.32, 0.15)
            ax.set(title=title, xticks=[], ylabel="logit: above 0 says they disagree")
            ax.set_xlabel("where else the mixtures differ most")
        handles, labels = ax.get_legend_handles_labels()
        columns = 2 if len(panels) > 1 else 1
        figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False)
        finish(figure)
    return figure


def draw_dots(groups, x="", bound=None):
    """Draw the numbers of each group as dots in a row, {name: numbers}, and a bound: (its name, number)."""
    with style():
        figure = new_figure(7, 0.36 * len(groups) + 0.9, layout="constrained")
        ax = figure.subplots()
        for row, numbers in enumerate(groups.values()):
            lift = [row + 0.12 * (i - (len(numbers) - 1) / 2) for i in range(len(numbers))]
            ax.plot(list(numbers), lift, "o", color=COLOURS[0], markersize=5, alpha=0.8)
        if bound:
            ax.axvline(bound[1], color=GOLD, linestyle="--", label=bound[0])
            figure.legend(loc="outside upper center", frameon=False)
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(ylim=(len(groups) - 0.5, -0.5), xlabel=x)
        finish(figure)
    return figure


def draw_points(groups, x="", y=""):
    """Draw points, {name: (xs, ys)}, a colour and a mark for each group, and the line nearest to it."""
    import numpy as np

    with style():
        figure = new_figure(7, 3.6, layout="constrained")
        ax = figure.subplots()
        for index, (name, (xs, ys)) in enumerate(groups.items()):
            ax.plot(xs, ys, "os^Dv"[index % 5], color=COLOURS[index], markersize=5, alpha=0.8, label=name)
            slope, start = np.polyfit(xs, ys, 1)
            ends = np.array([min(xs), max(xs)])
            ax.plot(ends, start + slope * ends, DASHES[index % 4], color=COLOURS[index], linewidth=1.2)
        ax.set(xlabel=x, ylabel=y)
        figure.legend(loc="outside upper center", ncols=5, frameon=False)
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
            ax.set_yticks(*(range(len(rows)), rows) if place == 0 else ([],))
            ax.set_title(title)
            plain(ax)
        finish(figure)
    return figure


def draw_cost(runs):
    """Draw what heads cost, from the runs of benchmarks/cost_of_heads.py: operations, time and memory."""
    panels = {
        "operations (millions)": ("operations", 1e6),
        "time forwards, one thread (ms)": ("seconds", 1e-3),
        "kept for the way back (MB)": ("memory", 1e6),
    }
    with style():
        figure = new_figure(8.6, 3.0, layout="constrained")
        for ax, (title, (key, unit)) in zip(figure.subplots(1, 3), panels.items(), strict=True):
            for index, way in enumerate(("explicit", "fused")):
                chosen = [run for run in runs if run["way"] == way]
                heads, values = [run["nhead"] for run in chosen], [run[key] / unit for run in chosen]
                look = {"color": COLOURS[index], "linewidth": (4, 1.6)[index], "alpha": (0.6, 1)[index]}
                ax.plot(heads, values, "o" + DASHES[index], label=way, markersize=(6, 4)[index], **look)
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda value, _: number(value))
            ax.set(title=title, xlabel="heads", ylim=(0, None))
        handles, labels = ax.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
        finish(figure)
    return figure
