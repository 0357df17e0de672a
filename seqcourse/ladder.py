"""The ladder: what `benchmarks/ladder.py` measured of every translator of the course, and pictures of it."""

import json
from statistics import fmean

from .drawing import COLOURS, DASHES, finish, new_figure, style
from .lines import shade
from .shipped import shipped

MARKERS = "os^Dvx"  # for lines that share their dashes


def ladder_runs(part, corpus="toy-en-zh"):
    """The stored runs of a part: {model: [a run for each seed, …]}, in the order they were planned.

    Parts are "counting", "rates", "equal steps", "equal seconds", "bottleneck", "patience" and "heads"; the
    benchmark says what they are. Raises ValueError for another one.
    """
    stored = json.loads(shipped("results/ladder.json").read_text(encoding="utf-8"))["runs"]
    parts = {run["part"] for run in stored if run["corpus"] == corpus}
    if part not in parts:
        raise ValueError(f"the ladder of {corpus} has no part {part!r}; it has {', '.join(sorted(parts))}")
    models = {}
    for run in stored:
        if (run["corpus"], run["part"]) == (corpus, part):
            models.setdefault(run["model"], []).append(run)
    return models


def draw_ladder(parts, x="BLEU"):
    """Draw a rung for each model, a panel for each part: a dot is a seed, a bar their mean.

    parts: {title: {model: [value of each seed, …]}}. Raises ValueError when there is nothing to draw.
    """
    models = list(dict.fromkeys(model for rungs in parts.values() for model in rungs))
    if not models:
        raise ValueError("there is no model on the ladder")
    with style():
        figure = new_figure(1.2 + 3.4 * len(parts), 0.9 + 0.36 * len(models), layout="constrained")
        axes = figure.subplots(1, len(parts), sharey=True, sharex=True, squeeze=False)[0]
        for ax, (title, rungs) in zip(axes, parts.items(), strict=True):
            for model, values in rungs.items():
                place = models.index(model)
                ax.barh(place, fmean(values), 0.6, color=COLOURS[5])
                ax.plot(values, [place] * len(values), "o", color=COLOURS[0], markersize=4)
            ax.set(title=title, xlabel=x)
            ax.grid(False, axis="y")
            ax.set_yticks(range(len(models)), labels=models)
        axes[0].set_xlim(left=0)  # of all panels, once all bars are there
        finish(figure)
    return figure


def draw_spread(lines, x="", y="", log=False, floor=0, taught=None):
    """Draw lines of means, from `floor` up, in a lighter shade from the lowest seed to the highest.

    lines: {name: {place: [value of each seed, …]}}, the places numbers, or names in their order; `log` spaces
    the places by their logarithm. The places (first, last) that were `taught` lie on a grey ground. Raises
    ValueError when there is no line.
    """
    if not lines:
        raise ValueError("there is no line to draw")
    names = list(dict.fromkeys(place for line in lines.values() for place in line))
    numbers = all(isinstance(place, int | float) for place in names)
    with style():
        figure = new_figure(7, 3.4, layout="constrained")
        ax = figure.subplots()
        for number, (name, line) in enumerate(lines.items()):
            places = [place if numbers else names.index(place) for place in line]
            colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
            low, high = [min(values) for values in line.values()], [max(values) for values in line.values()]
            ax.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
            means, marker = [fmean(values) for values in line.values()], MARKERS[number % len(MARKERS)]
            ax.plot(places, means, marker + dashes, color=colour, label=name, markersize=4)
        ax.set(xlabel=x, ylabel=y, ylim=(floor, None))
        if taught:
            shade(ax, taught if numbers else [names.index(place) for place in taught])
        if log:
            ax.set_xscale("log")
            ax.minorticks_off()
        if log or not numbers:
            ax.set_xticks(names if numbers else range(len(names)), labels=[str(name) for name in names])
        figure.legend(
            loc="outside upper center", ncols=min(5, len(ax.get_legend_handles_labels()[1])), frameon=False
        )
        finish(figure)
    return figure
