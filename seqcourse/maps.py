"""Attention maps of one pair side by side, each under its name."""

import torch

from .drawing import fit, new_figure, style
from .heatmaps import heatmap, outline
from .labels import labels, name_columns, name_rows
from .record import AttentionRecord

GAP = 0.14  # inches between maps


def gold_record(record):
    """The gold links of a record as a map of their own: each target token shares 1 among its source tokens.

    A token that is linked to nothing has a row of zeros. Raises ValueError for a record without gold links.
    """
    if record.gold is None:
        raise ValueError("the record knows no gold links: give `gold` to what records it")
    weights = torch.zeros(len(record.target), len(record.source))
    for column, row in record.gold:
        weights[row, column] = 1
    weights /= weights.sum(dim=-1, keepdim=True).clamp(min=1)
    languages = {"source_language": record.source_language, "target_language": record.target_language}
    return AttentionRecord(record.source, record.target, cross=weights[None, None], **languages)


def draw_maps(records, gloss=False):
    """Draw the cross-attention of several records of one pair side by side: {name: AttentionRecord}.

    Of several layers the last, of several heads their mean; gold links are outlined where a record has them.
    `gloss` is that of `draw_attention`. ValueError when there is no record, or their tokens differ.
    """
    if not records:
        raise ValueError("there is no map to draw")
    first = next(iter(records.values()))
    if any((record.source, record.target) != (first.source, first.target) for record in records.values()):
        raise ValueError("the records are of different sentences: maps side by side share rows and columns")
    maps = {name: record.cross[-1].mean(dim=0) for name, record in records.items()}
    with style():
        figure, image = side_by_side(
            maps, [record.gold for record in records.values()], *labels(first, "cross", gloss)
        )
        bar = figure.add_axes([1, 0, 0.1 / figure.get_size_inches()[0], 1])
        figure.colorbar(image, cax=bar, label="weight").ax.tick_params(labelsize=9)
        fit(figure)
    return figure


def side_by_side(maps, golds, rows, columns):
    """A figure with a panel for each map (T, S), {title: map}, its gold links outlined, and the last image.

    golds: for each map its links, or None. The rows are named at the first map, the columns at every one.
    """
    cell = min(0.3, (9 / len(maps) - GAP) / len(columns))  # inches
    size = max(6.5, min(9, cell * 72 / 1.3))  # points
    width, height = cell * len(columns), cell * len(rows)
    total = len(maps) * (width + GAP)
    figure = new_figure(total, height)
    for number, ((title, weights), gold) in enumerate(zip(maps.items(), golds, strict=True)):
        ax = figure.add_axes([number * (width + GAP) / total, 0, width / total, 1])
        image = heatmap(ax, weights.numpy())
        name_rows(ax, rows if number == 0 else [], size)
        name_columns(ax, columns, size, cell)
        ax.set_title(title)
        if gold is not None:
            outline(ax, gold, number == 0)
    return figure, image
