"""What is stored of heads and explanations is whole: every part has its runs, and no number is missing."""

import json

import pytest

from seqcourse.reading import reading_runs
from seqcourse.shipped import shipped

PARTS = [
    ("aligning", "as shipped"),
    ("aligning", "one head"),
    ("ablation", "toy-en-zh"),
    ("ablation", "toy-en-fr"),
    ("explaining", "toy-en-zh"),
    ("explaining", "toy-en-fr"),
    ("pronoun", "toy-en-fr"),
]


def numbers(value):
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, float) else []


@pytest.mark.parametrize("part, of", PARTS)
def test_every_part_has_runs_with_a_seed_each(part, of):
    runs = reading_runs(part, of)
    seeds = [run["seed"] for run in runs]
    assert len(set(seeds)) == len(seeds) >= 1
    assert all((run["part"], run["of"]) == (part, of) for run in runs)
    assert all(number == number for number in numbers(runs))  # none is NaN


def test_the_parts_named_here_are_all_there_are():
    runs = json.loads(shipped("results/reading.json").read_text(encoding="utf-8"))["runs"]
    assert {(run["part"], run["of"]) for run in runs} == set(PARTS)


def test_a_part_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        ValueError, match="no runs of dreaming of toy-en-zh; there are: ablation of toy-en-fr"
    ):
        reading_runs("dreaming", "toy-en-zh")
