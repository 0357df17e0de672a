"""Quality beside peers: what `benchmarks/quality.py` measured on Multi30k, as a table and as curves."""

import json
from statistics import fmean

from .drawing import COLOURS, DASHES, finish, new_figure, style
from .shipped import shipped

TARGETS = (20, 25, 30, 35)  # BLEU on the validation pairs


def quality_runs(direction, path=None):
    """The stored runs of a direction, such as "de-en": {system: [a run for each seed, …]}.

    Raises ValueError when there is none.
    """
    stored = json.loads((path or shipped("results/quality.json")).read_text(encoding="utf-8"))["runs"]
    systems = {}
    for run in stored:
        if run["direction"] == direction:
            systems.setdefault(run["system"], []).append(run)
    if not systems:
        known = sorted({run["direction"] for run in stored})
        raise ValueError(f"there is no run of {direction!r}; there are those of {', '.join(known) or 'none'}")
    return systems


def minutes_to(curve, score):
    """The minutes of training after which BLEU first reaches a score; None when it never does.

    curve: dicts with "seconds" and "BLEU". Between two looks it is taken to rise in a straight line, and
    before the first one from 0.
    """
    before = {"seconds": 0.0, "BLEU": 0.0}
    for entry in curve:
        if entry["BLEU"] >= score:
            share = (score - before["BLEU"]) / (entry["BLEU"] - before["BLEU"])
            return (before["seconds"] + share * (entry["seconds"] - before["seconds"])) / 60
        before = entry
    return None


def spread(values, digits=1):
    """Mean and range as text; a value that is missing from a seed makes it "–"."""
    if any(value is None for value in values):
        return "–"
    mean, low, high = (f"{value:.{digits}f}" for value in (fmean(values), min(values), max(values)))
    return mean if len(values) == 1 else f"{mean} ({low} to {high})"


def quality_table(systems):
    """A table in Markdown: for each system minutes to each BLEU, minutes in all, and BLEU of the test part.

    systems: {name: [a run for each seed, …]}, as `quality_runs` gives them.
    """
    heads = ["", "parameters", *(f"to {score}" for score in TARGETS), "in all", "test, greedy", "beam 4"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for name, runs in systems.items():
        cells = [f"{runs[0]['parameters'] / 1e6:.1f} M"]
        cells += [spread([minutes_to(run["curve"], score) for run in runs]) for score in TARGETS]
        cells += [spread([run["curve"][-1]["seconds"] / 60 for run in runs], 0)]
        cells += [spread([run["test"][way]["BLEU"] for run in runs]) for way in ("greedy", "beam 4")]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def draw_quality(systems):
    """Draw how BLEU on the validation pairs rises with the minutes of training: a line for each seed.

    systems: {name: [a run for each seed, …]}, as `quality_runs` gives them. Raises ValueError without a run.
    """
    if not any(systems.values()):
        raise ValueError("there is no run to draw")
    with style():
        figure = new_figure(7, 3.6, layout="constrained")
        ax = figure.subplots()
        for number, (name, runs) in enumerate(systems.items()):
            for place, run in enumerate(runs):
                minutes = [0, *(entry["seconds"] / 60 for entry in run["curve"])]
                scores = [0, *(entry["BLEU"] for entry in run["curve"])]
                colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
                label = None if place else name  # once in the legend
                ax.plot(minutes, scores, dashes, color=colour, linewidth=1.3, label=label)
        ax.set(xlabel="minutes of training, one core", ylabel="BLEU, validation", xlim=(0, None))
        ax.set_ylim(bottom=0)
        figure.legend(loc="outside upper center", ncols=min(3, len(systems)), frameon=False)
        finish(figure)
    return figure
