"""What becomes of a run's history: lines for people, and the same figures for TensorBoard and W&B."""

import sys
import types

import command_line_runs
import pytest
from command_line_runs import TINY

from seqcourse.reporting import FIGURES, reporter

place, run = command_line_runs.place, command_line_runs.run  # fixtures

ENTRIES = [
    {"step": step, "steps": 34, "epoch": 0, "seconds": 1.0}
    | {"train_loss": 7 - step / 10, "valid_loss": 6 - step / 10, "learning_rate": step / 1000}
    for step in (17, 34)
]


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in for the package: it keeps the projects it was asked for, what was logged, and the ends."""
    fake = types.ModuleType("wandb")
    fake.projects, fake.logged, fake.finished = [], [], []
    fake.Error = type("Error", (Exception,), {})
    run = types.SimpleNamespace(
        log=lambda figures, step: fake.logged.append((step, figures)),
        finish=lambda: fake.finished.append(len(fake.logged)),
    )
    fake.init = lambda project: fake.projects.append(project) or run
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return fake


def tensorboard_figures(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {name: [(event.step, event.value) for event in events.Scalars(name)] for name in FIGURES}


def test_wandb_and_tensorboard_get_the_same_figures(wandb, tmp_path, capsys):
    report = reporter(tmp_path, "translators")
    for entry in ENTRIES:
        report(entry)
    assert wandb.projects == ["translators"]
    assert wandb.logged == [(entry["step"], {name: entry[name] for name in FIGURES}) for entry in ENTRIES]
    assert wandb.finished == [2]  # once, after the last step
    for name, series in tensorboard_figures(tmp_path).items():
        assert [step for step, _ in series] == [17, 34]
        assert [value for _, value in series] == pytest.approx([entry[name] for entry in ENTRIES])
    assert capsys.readouterr().err.count("validation") == 2  # and the lines are still printed


def test_a_training_logs_to_both_when_both_are_asked(run, wandb, place):
    code, out, _ = run("train", "own.tsv", "--steps", 3, *TINY, "--wandb", "mine", "--tensorboard", "logs")
    assert code == 0 and wandb.projects == ["mine"]
    assert [step for step, _ in wandb.logged] == [1, 2, 3]
    theirs = tensorboard_figures(place / "logs")
    for name in FIGURES:
        assert [value for _, value in theirs[name]] == pytest.approx([row[name] for _, row in wandb.logged])


def test_nobody_who_does_not_ask_for_wandb_meets_it(run, wandb):
    assert run("train", "own.tsv", "--steps", 1, *TINY)[0] == 0
    assert wandb.projects == []


@pytest.mark.parametrize("module", [None, types.ModuleType("wandb")])  # not there; a folder of that name
def test_without_the_package_it_is_said_what_to_install(run, monkeypatch, module):
    monkeypatch.setitem(sys.modules, "wandb", module)
    code, out, err = run("train", "own.tsv", "--steps", 1, "--wandb", "mine", *TINY)
    assert (code, out) == (2, "")
    assert err.endswith("seqcourse: --wandb needs a package more: pip install wandb\n")


def test_a_refused_log_in_leads_to_the_offline_mode(run, wandb):
    def refuse(project):
        raise wandb.Error("no key")

    wandb.init = refuse
    code, out, err = run("train", "own.tsv", "--steps", 1, "--wandb", "mine", *TINY)
    assert (code, out) == (2, "")
    assert "seqcourse: W&B: no key (with WANDB_MODE=offline it needs no account)" in err
