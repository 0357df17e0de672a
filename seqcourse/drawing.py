"""What all pictures share: colours, letters (Chinese ones, too), and how they reach a notebook or a file."""

import io
from contextlib import contextmanager
from functools import cache, partial

from .shipped import shipped

FONTS = ["Seqcourse Sans SC", "DejaVu Sans"]  # what the first lacks, the second draws
# told apart by all eyes: Okabe & Ito 2008, "Color Universal Design"
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
GOLD = COLOURS[1]
DASHES = ["-", "--", "-.", ":"]  # so that lines differ in print, too
SHADE = "#dddddd"
LIGHT = "#f0f0f0"  # behind lines
WEIGHTS = ["#ffffff", "#8cc8ee", "#2f8fcb", "#00599b", "#00223f"]  # from 0 to 1; white spares ink


@contextmanager
def style():
    """Draw in the course's style, whatever the reader's own settings are; they are back in place after it."""
    from cycler import cycler
    from matplotlib import style as styles

    register_font()
    ours = {
        "font.family": FONTS,
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#e0e0e0",
        "figure.dpi": 100,
        "svg.hashsalt": "seqcourse",  # the same picture gives the same bytes
    }
    with styles.context(["default", ours]):
        yield


@cache
def weight_colours():
    """The colour map of weights, from white for 0 to dark blue for 1."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("seqcourse weights", WEIGHTS)


@cache
def register_font():
    """Tell matplotlib of the Chinese letters that come with the course."""
    from matplotlib.font_manager import fontManager

    fontManager.addfont(shipped("fonts/SeqcourseSansSC.otf"))


def new_figure(width, height, **options):
    """An empty matplotlib Figure, in inches, which a notebook shows when it is the last value of a cell."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), **options)
    figure._repr_png_ = partial(rendered, figure, "png")  # what Jupyter asks for; pyplot keeps no track of it
    return figure


def rendered(figure, suffix):
    """The bytes of a .png or .svg of the figure, nothing cut off."""
    buffer = io.BytesIO()
    with style():
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(buffer, format=suffix, bbox_inches="tight", pad_inches=0.08, metadata=metadata)
    return buffer.getvalue()


def finish(figure):
    """Settle layout and ticks while our style still holds, so that later settings do not move them."""
    for ax in figure.axes:
        ax.tick_params(labelsize=10)
    figure.draw_without_rendering()


def fit(figure, pad=0.08):
    """Make the figure as large as all that is drawn in it; its axes keep their size."""
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()  # inches
    new_width, new_height = box.width + 2 * pad, box.height + 2 * pad
    for ax in figure.axes:
        place = ax.get_position()
        left, bottom = place.x0 * width - box.x0 + pad, place.y0 * height - box.y0 + pad
        size = place.width * width / new_width, place.height * height / new_height
        ax.set_position([left / new_width, bottom / new_height, *size])
    figure.set_size_inches(new_width, new_height)
