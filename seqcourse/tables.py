"""Rectangles as pictures: tables of probabilities with their numbers, batches with their words."""

from .drawing import FONTS, SHADE, fit, new_figure, style, weight_colours
from .heatmaps import plain
from .labels import inches, name_columns, name_rows, printable

CELL = 0.46  # inches


def draw_tables(tables, rows, columns, x="", y=""):
    """Draw tables of probabilities side by side, each square with its number: {title: (rows, columns)}.

    `rows` and `columns` are the names that all tables share; x and y name the axes. Raises ValueError when a
    table does not fit its names, or there is none.
    """
    import torch

    tables = {title: torch.as_tensor(table).double() for title, table in tables.items()}
    wrong = [tuple(t.shape) for t in tables.values() if t.shape != (len(rows), len(columns))]
    if wrong or not tables:
        raise ValueError(f"{len(rows)} rows and {len(columns)} columns do not name {wrong or 'no table'}")
    width, height, gap = CELL * len(columns), CELL * len(rows), 0.3
    total = len(tables) * (width + gap) - gap
    with style():
        figure = new_figure(total, height)
        for number, (title, table) in enumerate(tables.items()):
            ax = figure.add_axes([number * (width + gap) / total, 0, width / total, 1])
            ax.imshow(table.numpy(), cmap=weight_colours(), vmin=0, vmax=1, aspect="auto")
            plain(ax)
            name_rows(ax, [printable(str(name), 40) for name in rows] if number == 0 else [], 9)
            name_columns(ax, [printable(str(name), 40) for name in columns], 9, CELL)
            for r, c in torch.cartesian_prod(*map(torch.arange, table.shape)).tolist():
                if (value := table[r, c].item()) >= 0.005:
                    ink = "white" if value > 0.5 else "black"
                    ax.text(c, r, f"{value:.2f}", ha="center", va="center", size=8, color=ink)
            ax.set_title(title)
            ax.set_xlabel(x)
            ax.set_ylabel(y if number == 0 else "")
        fit(figure)
    return figure


def draw_words(grids, dull=("<pad>",)):
    """Draw batches as rectangles of words, one below the other: {title: rows of tokens}, rows equally long.

    Words in `dull` stand on grey: what is there only to fill the rectangle. Raises ValueError when the rows
    of a grid are not equally long, or there is none.
    """
    for title, grid in grids.items():
        if not grid or len(set(map(len, grid))) != 1:
            raise ValueError(
                f"{title}: the rows have {', '.join(str(len(row)) for row in grid) or 'no'} words"
            )
    cell = 0.16 + max(inches(word, 9) for grid in grids.values() for row in grid for word in row)
    line, gap = 0.27, 0.42
    width = cell * max(len(grid[0]) for grid in grids.values())
    total = sum(line * len(grid) + gap for grid in grids.values())
    with style():
        figure = new_figure(width, total)
        top = total
        for title, grid in grids.items():
            own, high = cell * len(grid[0]), line * len(grid)
            top -= gap
            ax = figure.add_axes([0, (top - high) / total, own / width, high / total])
            top -= high
            ax.set(xlim=(0, len(grid[0])), ylim=(len(grid), 0), xticks=[], yticks=[])
            plain(ax)
            ax.set_title(f"{title}  ({len(grid)}, {len(grid[0])})", loc="left", size=10)
            for r, row in enumerate(grid):
                for c, word in enumerate(row):
                    if word in dull:
                        ax.axvspan(c, c + 1, 1 - (r + 1) / len(grid), 1 - r / len(grid), color=SHADE, lw=0)
                    ink = "#777777" if word in dull else "black"
                    ax.text(c + 0.5, r + 0.5, printable(word), ha="center", va="center", size=9, color=ink,
                            family=FONTS, parse_math=False)  # fmt: skip
        fit(figure)
    return figure
