"""The tree of a beam search: every branch it looked at, which ones it kept, and where they ended."""

import math
from typing import NamedTuple

from .decoding import Hypothesis, beam_search, longest, without_eos
from .drawing import COLOURS, FONTS, GOLD, finish, new_figure, style
from .labels import meaning, printable

COLUMN, ROW = 1.5, 0.46  # inches for a step and for a branch
GREY = "#8a8a8a"


class Branch(NamedTuple):
    """A beginning that the search looked at: its words, their log-probability, and what became of it."""

    words: tuple[str, ...]
    score: float
    kept: bool
    final: float | None = None  # of a branch that ended: its score after the length penalty


class BeamTree(NamedTuple):
    """`steps[t]` are the branches of t + 1 words, best first; `hypotheses` what beam search returns."""

    steps: list[list[Branch]]
    hypotheses: list[Hypothesis]

    @property
    def best(self):
        """The branch that became the translation."""
        ended = [branch for step in self.steps for branch in step if branch.final is not None]
        return max(ended, key=lambda branch: branch.final)


def grow_tree(model, src, words, beam_width=3, length_penalty=1.0):
    """Search for the translation of one sentence, (1, S), and return the `BeamTree` of what was looked at.

    words: a function from a list of token ids to what is written at the branches, such as a tokenizer's
    `tokens`. Raises ValueError for more than one sentence.
    """
    if len(src) != 1:
        raise ValueError(f"a tree shows the search for one sentence, not for {len(src)}")
    record, eos_id, limit = [], model.config.eos_id, longest(model, src).item()
    (found,) = beam_search(model, src, beam_width, length_penalty, n_best=beam_width, record=record)
    final = {tuple(hypothesis.tokens): hypothesis.score for hypothesis in found}
    steps = []
    for _, ways, places in record:
        steps.append([])
        for rank, (score, _, ids) in enumerate(ways):
            if score == -math.inf:  # a branch that the model rules out is none
                continue
            ended = rank < places and (ids[-1] == eos_id or len(ids) == limit)
            end = final[tuple(without_eos(ids, eos_id))] if ended else None
            steps[-1].append(Branch(tuple(words(ids)), score, rank < places, end))
    return BeamTree(steps, found)


def draw_beam(tree, step=None, gloss=False, language="zh"):
    """Draw a `BeamTree` from left to right, up to a step (they count from 0), or all of it.

    On each branch stands the log-probability of its word, beside the word that of the whole beginning.
    Dashed branches were dropped; a green frame ended, and below it stands its score after the length penalty.
    `gloss` is that of `draw_attention`. Raises ValueError for a step that is not there.
    """
    if step is not None and step not in range(len(tree.steps)):
        raise ValueError(f"there is no step {step}: the search took steps 0 to {len(tree.steps) - 1}")
    last = len(tree.steps) - 1 if step is None else step
    places, tallest = places_of(tree), max(map(len, tree.steps))
    scores = {(): 0.0} | {branch.words: branch.score for column in tree.steps for branch in column}
    with style():
        figure = new_figure(COLUMN * (len(tree.steps) + 0.75), ROW * (tallest + 1.6))
        ax = figure.add_axes([0, 0, 1, 1])
        ax.set(xlim=(-0.35, len(tree.steps) + 0.4), ylim=(tallest / 2 + 0.9, -tallest / 2 - 0.7))
        ax.axis("off")
        ax.text(0, -0.12, "<s>", ha="center", va="center", bbox=box(COLOURS[0]))
        for column in tree.steps[: last + 1]:
            for branch in column:
                chosen = last == len(tree.steps) - 1 and branch.words == tree.best.words[: len(branch.words)]
                draw_branch(ax, branch, places, branch.score - scores[branch.words[:-1]], chosen)
                name_branch(ax, branch, places[branch.words], meaning(branch.words[-1], language, gloss))
        ax.set_title(headline(tree, last), y=0.93)
        draw_key(ax)
        finish(figure)
    return figure


def places_of(tree):
    """Where each branch stands, {words: (x, y)}: children beside their parents, so that no two cross."""
    places, order = {(): (0, 0.0)}, {(): 0}
    for x, column in enumerate(tree.steps, start=1):
        ordered = sorted(column, key=lambda branch: (order[branch.words[:-1]], -branch.score))
        order = {branch.words: rank for rank, branch in enumerate(ordered)}
        for rank, branch in enumerate(ordered):
            places[branch.words] = (x, rank - (len(ordered) - 1) / 2)
    return places


def draw_branch(ax, branch, places, log_p, chosen):
    """The line from a branch's parent to its word, with the log-probability of the word."""
    (x0, y0), (x1, y1) = places[branch.words[:-1]], places[branch.words]
    colour = GOLD if chosen else COLOURS[0] if branch.kept else GREY
    line = {"linewidth": 2.6 if chosen else 1.4} if branch.kept else {"linewidth": 0.8, "linestyle": "--"}
    start, end, y0, y1 = x0 + (0.27 if branch.words[:-1] else 0.12), x1 - 0.27, y0 - 0.12, y1 - 0.12
    ax.plot([start, end], [y0, y1], color=colour, zorder=1, **line)
    rim = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    x, y = start + 0.62 * (end - start), y0 + 0.62 * (y1 - y0)  # clear of the words at both ends
    ax.text(x, y, f"{log_p:.2f}", size=7.5, color=colour, ha="center", va="center", bbox=rim, zorder=2)


def name_branch(ax, branch, place, note):
    """The word at the end of a branch with its meaning, and the score of all words up to it."""
    x, y = place
    colour = COLOURS[2] if branch.final is not None else COLOURS[0] if branch.kept else GREY
    if branch.final is not None:
        note = f"score {branch.final:.2f}"
    shared = {"ha": "center", "va": "center", "zorder": 3, "parse_math": False}
    shared |= {"family": FONTS, "color": "black" if branch.kept else GREY}
    ax.text(
        x,
        y - 0.12,
        f"{printable(branch.words[-1], 12)}  {branch.score:.2f}",
        size=9,
        bbox=box(colour),
        **shared,
    )
    ax.text(x, y + 0.26, printable(note, 20) if note else "", size=7, **shared)


def box(colour):
    return {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": colour}


def headline(tree, step):
    """What happened in a step, in words."""
    column, ended = tree.steps[step], [b for s in tree.steps[: step + 1] for b in s if b.final is not None]
    kept = sum(branch.kept for branch in column)
    done = f"; {len(ended)} ended so far" if ended else ""
    return f"after step {step + 1}: {len(column)} ways to go on, {kept} kept{done}"


def draw_key(ax):
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=COLOURS[0], linewidth=1.4, label="kept"),
        Line2D([], [], color=GREY, linewidth=0.8, linestyle="--", label="dropped"),
        Line2D([], [], color=GOLD, linewidth=2.6, label="the translation"),
        Line2D([], [], color=COLOURS[2], marker="s", linestyle="", fillstyle="none", label="ended"),
    ]
    ax.legend(handles=lines, loc="lower center", ncols=4, frameon=False, fontsize=9)
