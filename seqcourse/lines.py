"""Numbers as lines: several in one picture, or each in a panel of its own beside a reference."""

from .drawing import COLOURS, DASHES, LIGHT, finish, new_figure, style


def draw_lines(lines, x="", y="", log=False, floor=None, taught=None):
    """Draw lines in one picture: {name: values}, or {name: (places, values)}; without places, from 0 on.

    x and y name the axes; `log` spaces the values by their logarithm; the values' axis starts at `floor`. The
    places (first, last) that were `taught` lie on a grey ground. Raises ValueError without a line.
    """
    if not lines:
        raise ValueError("there is no line to draw")
    with style():
        figure = new_figure(7, 3.4, layout="constrained")
        ax = figure.subplots()
        for number, (name, line) in enumerate(lines.items()):
            places, values = line if isinstance(line, tuple) else (range(len(line)), line)
            mark = "." if len(values) < 50 else ""
            dashes = DASHES[number % len(DASHES)]
            ax.plot(places, values, mark + dashes, color=COLOURS[number % len(COLOURS)], label=name)
        ax.set(xlabel=x, ylabel=y)
        if log:
            by_logarithm(ax)
        if floor is not None:
            ax.set_ylim(bottom=floor)
        if taught:
            shade(ax, taught)
        figure.legend(
            loc="outside upper center", ncols=min(4, len(ax.get_legend_handles_labels()[1])), frameon=False
        )
        finish(figure)
    return figure


def shade(ax, taught):
    """Lay a grey ground under the places from the first to the last one that training has seen."""
    ax.axvspan(*taught, color=LIGHT, linewidth=0, zorder=0, label="seen in training")


def by_logarithm(ax):
    """Space the values by their logarithm, and write them as plain numbers: our letters have no exponents."""
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda value, _: plain(value) if value >= 1e-7 else f"{value:g}")
    ax.yaxis.set_minor_formatter(lambda value, _: "")


def plain(value):
    return f"{value:.7f}".rstrip("0").rstrip(".")


def draw_beside(groups, reference, x="", y="", log=False, columns=4):
    """Draw a panel for each group of lines, with the lines of one group, the reference, in grey behind.

    groups: {name: [(places, values), …]}, reference: a name among them. All panels have the same axes.
    Raises ValueError when there is no such group, or no other.
    """
    names = [name for name in groups if name != reference]
    if reference not in groups or not names:
        raise ValueError(f"{reference!r} must be one of several groups, which are {', '.join(groups)}")
    rows = -(-len(names) // columns)
    with style():
        figure = new_figure(2.4 * columns, 1.9 * rows + 0.3, layout="constrained")
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
        for name, ax in zip(names, axes, strict=False):
            for places, values in groups[reference]:
                ax.plot(places, values, color="#cccccc", linewidth=3)
            for places, values in groups[name]:
                mark = "." if len(values) == 1 else ""  # one point makes no line
                ax.plot(places, values, mark + "-", color=COLOURS[0], linewidth=1.2)
            ax.set_title(name)
            if log:
                by_logarithm(ax)
        for ax in list(axes):  # panels to spare; those above them name the places
            ax.set_visible(False)
        for ax in figure.axes[len(names) - columns : len(names)]:
            ax.tick_params(labelbottom=True)
        figure.supxlabel(x, size=10)
        figure.supylabel(y, size=10)
        finish(figure)
    return figure
