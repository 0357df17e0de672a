"""The tables and the figure of speed beside other libraries, from what the other scripts measured.

    python benchmarks/speed_report.py [--results data/results] [--figure benchmarks/speed.png]

Reads decoding_speed.json, training_speed.json and cost_growth.json, prints them as tables, and draws them.
"""

import argparse
import json
from pathlib import Path

from seqcourse.drawing import COLOURS, finish, new_figure, rendered, style
from seqcourse.files import write_atomically

OTHERS = ("transformers", "CTranslate2", "torch.nn.Transformer")
SEARCHES = {1: "greedy", 4: "beam 4"}
LABELS = {"length": "words of the source", "batch": "sentences at once", "d_model": "d_model"}


def ratio(found):
    """How many times as fast ours is, with its range; a dash where nothing was measured."""
    if found is None:
        return "–"
    low, high = found["range"]
    return f"{found['ours_is_times_as_fast']:.2f} ({low:.2f} to {high:.2f})"


def table(head, rows):
    lines = [f"| {' | '.join(map(str, row))} |" for row in [head, ["---", *["--:"] * (len(head) - 1)], *rows]]
    return "\n".join(lines)


def decoding_table(runs):
    rows = []
    for run in runs:
        programs = run["programs"]
        what = (
            f"{run['shape']}, {'greedy' if run['beam'] == 1 else 'beam ' + str(run['beam'])}, {run['batch']}"
        )
        ours = f"{programs['ours']['sentences_per_second']:.0f}"
        same = ", ".join(f"{programs[n]['same_translations']:.0%}" for n in OTHERS[:2])
        rows.append([what, ours, *(ratio(programs.get(name)) for name in OTHERS), same])
    return table(["weights, search, at once", "ours, a second", *OTHERS, "same as ours"], rows)


def training_table(result):
    names = ("torch.nn.Transformer", "MarianMT")
    parts = result["sizes"] | ({"natural batches": result["natural"]} if "natural" in result else {})
    rows = [
        [part, found["ours"]["tokens_per_second"], *(ratio(found[name]) for name in names)]
        for part, found in parts.items()
    ]
    return table(["", "ours, tokens a second", *names], rows)


def growth_table(runs):
    rows = []
    for run in runs:
        if "found" in run:
            found = {name: f for name, f in run["found"].items() if isinstance(f, dict)}
            told = [f"{name} {f['tokens_per_second']:.0f}" for name, f in found.items()]
            share = f"{found['ours']['share_of_the_machine']:.0%}"
            rows.append([f"{run['work']}, {run['changing']} {run[run['changing']]}", "; ".join(told), share])
        else:
            told = "; ".join(f"{name} {number:.0f}" for name, number in run["megabytes"].items())
            rows.append([f"{run['work']}, MB", told, ""])
    return table(["", "tokens a second", "ours, share of the machine"], rows)


def draw(decoding, growth):
    """Above, how many times as fast ours decodes; below, tokens a second against length, batch and width."""
    with style():
        figure = new_figure(11, 9.5, layout="constrained")
        top, training, writing = figure.subfigures(3, 1, height_ratios=[1.2, 1, 1])
        draw_ratios(top.subplots(), decoding)
        draw_growth(training, growth, "training")
        draw_growth(writing, growth, "decoding")
        finish(figure)
    return figure


def draw_ratios(ax, runs):
    for number, name in enumerate(OTHERS[:2]):
        places = [i + 0.4 * number - 0.2 for i in range(len(runs))]
        found = [run["programs"][name] for run in runs]
        height = [f["ours_is_times_as_fast"] for f in found]
        spread = [[h - f["range"][0] for h, f in zip(height, found, strict=True)]]
        spread.append([f["range"][1] - h for h, f in zip(height, found, strict=True)])
        colour, look = COLOURS[number + 1], {"capsize": 2, "ecolor": "#555555"}
        ax.bar(places, height, 0.38, color=colour, yerr=spread, error_kw=look, label=f"beside {name}")
    ax.axhline(1, color="black", linewidth=1)
    told = ["\n".join([*r["shape"].split(), SEARCHES[r["beam"]], str(r["batch"])]) for r in runs]
    ax.set_xticks(range(len(runs)), told)
    ax.set_ylabel("times as fast")
    ax.set_title("Decoding: ours beside others with the same weights; search, sentences at once")
    ax.legend()


def draw_growth(part, runs, work):
    axes = part.subplots(1, len(LABELS))
    for ax, (changing, label) in zip(axes, LABELS.items(), strict=True):
        found = [run for run in runs if run["work"] == work and run["changing"] == changing]
        sizes = [run[changing] for run in found]
        names = [name for name, value in found[0]["found"].items() if isinstance(value, dict)]
        for name, marker in zip(names, "os^", strict=True):
            speed = [run["found"][name]["tokens_per_second"] for run in found]
            ax.loglog(sizes, speed, marker=marker, label=name)
        ax.set_xticks(sizes, sizes)
        low, high = ax.get_ylim()
        ticks = [n * 10**power for power in range(2, 6) for n in (1, 2, 5) if low <= n * 10**power <= high]
        ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlabel(label)
    axes[0].set_ylabel("tokens a second")
    axes[0].set_title(f"{work.capitalize()}: tokens a second", loc="left")
    axes[-1].legend(fontsize=8)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=Path("data/results"), help="folder of the JSON files")
    parser.add_argument("--figure", type=Path, default=Path("benchmarks/speed.png"), help="where to draw")
    options = parser.parse_args()
    decoding, training, growth = (
        json.loads((options.results / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("decoding_speed", "training_speed", "cost_growth")
    )
    print(
        decoding_table(decoding["runs"]), training_table(training), growth_table(growth["runs"]), sep="\n\n"
    )
    write_atomically(options.figure, rendered(draw(decoding["runs"], growth["runs"]), "png"))
    print(f"\ndrawn in {options.figure}")


if __name__ == "__main__":
    main()
