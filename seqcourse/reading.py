"""What `benchmarks/reading.py` measured of heads, explanations and pronouns."""

import json

from .shipped import shipped


def reading_runs(part, of):
    """The stored runs of a part, one for each seed and one for the shipped translator: a list of dicts.

    Parts are "aligning", "symmetrising", "ablation", "explaining" and "pronoun"; the benchmark says what they
    are, and of which models or corpora there are runs. Raises ValueError when there is none.
    """
    runs = json.loads(shipped("results/reading.json").read_text(encoding="utf-8"))["runs"]
    found = [run for run in runs if (run["part"], run["of"]) == (part, of)]
    if not found:
        there = sorted({f"{run['part']} of {run['of']}" for run in runs})
        raise ValueError(f"there are no runs of {part} of {of}; there are: {', '.join(there)}")
    return found
