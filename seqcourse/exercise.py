"""Exercises that know your mistake: an answer is compared with the right one, then with known wrong ones."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape

import torch

from .attempts import attempt, is_stub
from .comparing import difference, same
from .progress import note

DRAWS = 3  # how often a check draws each case
COLOURS = {"right": "#2a9d5c", "not written": "#888888", "mistake": "#d97706", "something else": "#d97706"}


@dataclass(frozen=True)
class Mistake:
    """A wrong twin of the right answer: what it is called, what helps, and where people make it."""

    name: str
    hint: str
    answer: Callable
    seen: str


@dataclass(frozen=True)
class Result:
    """What a check says: its state ("right", "mistake", "not written" or "something else"), and why.

    It shows itself in a notebook and at a terminal. Whatever stems from the learner's code is escaped.
    """

    state: str
    says: str
    hint: str = ""
    printed: str = ""

    def __repr__(self):
        lines = [self.says]
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        if self.printed:
            lines += ["It printed:", *("  " + line for line in self.printed.splitlines())]
        return "\n".join(lines)

    def _repr_html_(self):
        parts = [f"<b>{escape(self.says)}</b>"]
        if self.hint:
            parts.append(f"<details><summary>Hint</summary>{escape(self.hint)}</details>")
        if self.printed:
            parts.append(f"<details><summary>It printed</summary><pre>{escape(self.printed)}</pre></details>")
        style = f"border-left: 4px solid {COLOURS[self.state]}; padding: 0.3em 0.8em"
        return f'<div style="{style}">{"".join(parts)}</div>'


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson, as its check knows it.

    `reference` is the right answer, `right` are other right ones, `mistakes` the wrong twins. `cases` are
    functions that draw the arguments of a call, each by its name, easy ones first: "a batch of one", "a
    padded batch". Draw from torch's random numbers or Python's: both are seeded. `call(answer, *arguments)`
    is how an answer is asked; what it returns is compared. `remark(ask)`, if given, looks at an answer that
    nothing else explains: ask(*arguments) calls it, and the remark is a sentence or "".
    """

    lesson: str  # two digits
    name: str
    reference: Callable
    cases: dict[str, Callable]
    mistakes: list[Mistake] = field(default_factory=list)
    right: list[Callable] = field(default_factory=list)
    call: Callable = lambda answer, *arguments: answer(*arguments)
    remark: Callable | None = None
    atol: float = 1e-5
    seconds: float = 5.0  # for each call

    def check(self, mine, seed=0):
        """Say what there is to say of a learner's function: a `Result`. What the function raises is told."""
        result = self.judge(mine, seed)
        if result.state != "not written":
            note(f"{self.lesson} {self.name}", result.state == "right")
        return result

    def judge(self, mine, seed=0):
        """The `Result` of a check, written down nowhere."""
        if not callable(mine):
            return Result(
                "something else", "Give the check the function itself, by its name, without brackets."
            )
        if is_stub(mine):
            return Result("not written", "Not written yet.")
        answers, wrong, printed = [], [], ""
        for label, n in self.draws(seed):
            tried = self.ask(mine, label, n)
            printed = printed if answers else tried.printed  # what the first call printed
            if tried.trouble:
                where = f" This was with {label}." if answers and len(self.cases) > 1 else ""
                return Result("something else", tried.trouble + where, printed=tried.printed)
            answers.append(tried.answer)
            if not same(tried.answer, self.solve(self.reference, label, n), self.atol):
                wrong.append((label, n, tried.answer))
        if not wrong:
            return Result("right", "Right.", printed=printed)
        for mistake in self.mistakes:
            if self.is_twin(mistake, answers, seed):
                return Result("mistake", f"Not yet: {mistake.name}.", mistake.hint, printed)
        return Result("something else", "Not yet. " + self.describe(mine, wrong), printed=printed)

    def draws(self, seed):
        """Every case, some times over: pairs of its name and a seed."""
        return [(label, n) for n in range(seed, seed + DRAWS) for label in self.cases]

    def ask(self, mine, label, n):
        """An `Attempt` at one case; changing what was handed over is trouble, too."""
        with seeded(n):
            arguments = self.cases[label]()
            tried = attempt(self.call, mine, arguments, self.seconds)
        with seeded(n):
            untouched = self.cases[label]()
        if not tried.trouble and any(changed(a, b) for a, b in zip(arguments, untouched, strict=True)):
            return replace(
                tried, trouble="It changes what it is given in place (as x += 1 does): make a new one."
            )
        return tried

    def solve(self, answer, label, n):
        with seeded(n):
            return self.call(answer, *self.cases[label]())

    def is_twin(self, mistake, answers, seed):
        """Whether a mistake gives the same answers, one after the other."""
        return all(
            same(answer, self.solve(mistake.answer, label, n), self.atol)
            for answer, (label, n) in zip(answers, self.draws(seed), strict=True)
        )

    def describe(self, mine, wrong):
        """What one sees of an answer that is wrong in a way of its own."""
        if self.remark:
            told = attempt(self.remark, lambda *given: self.call(mine, *given), [], self.seconds)
            if told.answer:
                return told.answer
        label, n, answer = wrong[0]
        says = difference(answer, self.solve(self.reference, label, n), self.atol)
        fine = [case for case in self.cases if case not in {label for label, *_ in wrong}]
        return says + (f" This was with {label}; it is right with {' and '.join(fine)}." if fine else "")


class seeded:
    """Within it, torch's and Python's random numbers start from a seed; after it, they go on as before."""

    def __init__(self, seed):
        self.seed = seed

    def __enter__(self):
        self.before = torch.get_rng_state(), random.getstate()
        torch.manual_seed(self.seed)
        random.seed(self.seed)

    def __exit__(self, *error):
        torch.set_rng_state(self.before[0])
        random.setstate(self.before[1])


def changed(given, untouched):
    """Whether what was handed to a function is another now; only what can be compared counts."""
    comparable = torch.Tensor | list | dict | torch.nn.Module
    return isinstance(given, comparable) and not same(given, untouched, atol=0.0)
