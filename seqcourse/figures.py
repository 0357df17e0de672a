"""The pictures of the course: attention, losses, scores, schedules, masks, positions.

Each function returns a matplotlib Figure and changes nothing else; a notebook shows a cell's last Figure.
"""

from .curves import draw_loss, draw_schedule, draw_scores
from .drawing import COLOURS, SHADE, finish, fit, new_figure, style
from .heatmaps import draw_attention, draw_heads, plain
from .labels import name_columns, name_rows, printable

__all__ = [
    "draw_attention",
    "draw_heads",
    "draw_loss",
    "draw_mask",
    "draw_positions",
    "draw_schedule",
    "draw_scores",
]


def draw_mask(mask, row_tokens=None, column_tokens=None):
    """Draw who may look at whom: rows look, columns are looked at; blue = may look, grey = may not.

    mask: (T, S), boolean, True = may look; leading axes of size 1 are dropped. Without tokens, positions are
    numbered from 0. Raises ValueError for another kind of mask, or when tokens do not fit it.
    """
    import torch
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    mask = torch.as_tensor(mask)
    while mask.dim() > 2 and len(mask) == 1:
        mask = mask[0]
    if mask.dtype != torch.bool or mask.dim() != 2 or not mask.numel():
        raise ValueError(f"a mask is boolean and (T, S), not {mask.dtype} of shape {tuple(mask.shape)}")
    names = []
    for size, tokens in zip(mask.shape, (row_tokens, column_tokens), strict=True):
        if tokens is not None and len(tokens) != size:
            raise ValueError(f"{len(tokens)} tokens do not name a mask of shape {tuple(mask.shape)}")
        names.append([printable(token) for token in tokens] if tokens else [str(i) for i in range(size)])
    size = max(6.5, min(10, 10.5 - 0.07 * max(mask.shape)))  # points
    cell = max(1.25 * size / 72, min(0.34, 5 / max(mask.shape)))  # inches
    with style():
        figure = new_figure(cell * mask.shape[1], cell * mask.shape[0])
        ax = figure.add_axes([0, 0, 1, 1])
        ax.imshow(
            mask.cpu().numpy(), cmap=ListedColormap([SHADE, COLOURS[0]]), vmin=0, vmax=1, interpolation="none"
        )
        plain(ax)
        ax.set_xticks([x - 0.5 for x in range(1, mask.shape[1])], minor=True)
        ax.set_yticks([y - 0.5 for y in range(1, mask.shape[0])], minor=True)
        ax.grid(which="minor", color="white", linewidth=0.8)
        name_rows(ax, names[0], size)
        name_columns(ax, names[1], size, cell)
        ax.tick_params(which="minor", length=0)
        ax.set(xlabel="is looked at", ylabel="looks")
        keys = [Patch(color=COLOURS[0], label="may look"), Patch(color=SHADE, label="may not")]
        ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0, frameon=False)
        fit(figure)
    return figure


def draw_positions(table):
    """Draw a table of position vectors, and how much each position's vector is like each other's.

    table: (length, D). Left, a row for each position; the features of the sinusoidal table are waves, fast to
    slow. Right, the dot products of all pairs, large along the diagonal, where positions are close.
    Vaswani et al. 2017, section 3.5. Raises ValueError for a table of another shape.
    """
    import torch

    table = torch.as_tensor(table).detach().float().cpu()
    if table.dim() != 2 or not table.numel():
        raise ValueError(f"a table of positions is (length, D), not {tuple(table.shape)}")
    products = table @ table.T  # (length, length)
    with style():
        figure = new_figure(9, 3.8, layout="constrained")
        pictures = (
            (table, "position vectors", "feature", "value"),
            (products, "dot products of positions", "position", "dot product"),
        )
        for ax, (values, title, columns, meaning) in zip(figure.subplots(1, 2), pictures, strict=True):
            most = values.abs().max().item() or 1.0
            image = ax.imshow(
                values.numpy(), cmap="RdBu_r", vmin=-most, vmax=most, interpolation="none", aspect="auto"
            )
            plain(ax)
            ax.set(title=title, xlabel=columns, ylabel="position")
            figure.colorbar(image, ax=ax, label=meaning)
        finish(figure)
    return figure
