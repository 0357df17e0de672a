"""The banks of exercises are held to account: every twin is called by its name, nothing right is rejected."""

import csv
import importlib
from collections import Counter
from pathlib import Path

import pytest

import seqcourse
from seqcourse.comparing import same
from seqcourse.exercise import DRAWS, Exercise
from seqcourse.shipped import shipped

PACKAGE = Path(seqcourse.__file__).parent
SEEDS = range(0, 21, DRAWS)  # of checks: each draws every case so many times, all of them different


def exercises():
    """All exercises of the package, lesson by lesson."""
    for path in sorted(PACKAGE.glob("exercises_*.py")):
        for each in vars(importlib.import_module(f"seqcourse.{path.stem}")).values():
            if isinstance(each, Exercise):
                yield each


EXERCISES = {f"{each.lesson} {each.name}": each for each in exercises()}
TWINS = [(name, mistake.name) for name, each in EXERCISES.items() for mistake in each.mistakes]


@pytest.mark.parametrize("name", EXERCISES)
def test_right_answers_are_right(name):
    exercise = EXERCISES[name]
    for answer in (exercise.reference, *exercise.right):
        for seed in SEEDS:
            result = exercise.judge(answer, seed)
            assert result.state == "right", f"seed {seed}: {result}"


@pytest.mark.parametrize("name, mistake", TWINS)
def test_every_twin_is_called_by_its_name(name, mistake):
    exercise = EXERCISES[name]
    twin = next(each for each in exercise.mistakes if each.name == mistake)
    for seed in SEEDS:
        result = exercise.judge(twin.answer, seed)
        assert (result.state, result.says) == ("mistake", f"Not yet: {mistake}."), f"seed {seed}: {result}"
        assert result.hint == twin.hint


@pytest.mark.parametrize("name", EXERCISES)
def test_an_empty_stub_is_not_written_yet_and_nonsense_is_not_right(name):
    exercise = EXERCISES[name]
    assert exercise.judge(lambda *given: None).state == "not written"
    for nonsense in (lambda *given: "nonsense", lambda *given: given[0], lambda *given: 1 / 0, 3, None):
        assert exercise.judge(nonsense).state == "something else"


@pytest.mark.parametrize("name", EXERCISES)
def test_the_same_seed_draws_the_same_case_and_another_seed_another(name):
    exercise = EXERCISES[name]
    for label in exercise.cases:
        first, again, other = (exercise.solve(exercise.reference, label, seed) for seed in (0, 0, 1))
        assert same(first, again, atol=0)
    answers = [exercise.solve(exercise.reference, label, n) for n in range(3) for label in exercise.cases]
    facts = isinstance(answers[0], dict)  # what an answer does, which is the same for every draw
    assert facts or not all(same(answers[0], answer, 0) for answer in answers), "draw at random"


@pytest.mark.parametrize("name", EXERCISES)
def test_every_mistake_has_a_name_a_hint_and_a_reason(name):
    mistakes = EXERCISES[name].mistakes
    assert mistakes, "an exercise without mistakes knows nobody's"
    for mistake in mistakes:
        assert mistake.hint.endswith((".", ")", "?")) and mistake.seen and not mistake.name.endswith(".")
    assert max(Counter(mistake.name for mistake in mistakes).values()) == 1


def test_the_list_of_lessons_counts_their_exercises():
    with open(shipped("lessons.tsv"), encoding="utf-8", newline="") as file:
        said = {row["file"][:2]: int(row["exercises"]) for row in csv.DictReader(file, delimiter="\t")}
    there = Counter(exercise.lesson for exercise in EXERCISES.values())
    assert {lesson: count for lesson, count in said.items() if count} == dict(there)
