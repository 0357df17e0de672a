"""A run keeps its budget, and one that was stopped, or killed, ends bit for bit like one that never was."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count, islice
from types import SimpleNamespace

import pytest
import torch

from seqcourse.batching import batch_by_tokens
from seqcourse.checkpoint import load_checkpoint, save_checkpoint
from seqcourse.files import write_atomically
from seqcourse.fitting import LOOKS, MOST_STEPS, Stream, fit, rate, steps_within
from seqcourse.recipe import Recipe
from seqcourse.schedules import inverse_square_root
from seqcourse.training import evaluate_model, train_model
from seqcourse.transformer import Transformer, TransformerConfig

V = 23
RECIPE = Recipe(max_tokens=61, learning_rate=1e-2, seed=5)


def make_model():
    torch.manual_seed(1)
    sizes = dict(d_model=15, nhead=3, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=11)
    return Transformer(TransformerConfig(V, V, **sizes, dropout=0.2, max_length=31))


def make_examples(count=97, seed=0):
    """To learn: the target is the source backwards."""
    rng = random.Random(seed)
    sources = [[rng.randrange(4, V) for _ in range(rng.randrange(1, 8))] for _ in range(count)]
    return [([*source, 3], source[::-1]) for source in sources]


def run(steps=37, checkpoint=None, report=lambda entry: None, recipe=RECIPE, examples=None, **budget):
    model = make_model()
    torch.seed()  # a run depends on nothing that was random before it
    budget = budget or {"steps": steps}
    history = fit(
        model,
        examples or make_examples(),
        make_examples(11, 1),
        recipe,
        checkpoint=checkpoint,
        report=report,
        **budget,
    )
    return model, [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


def same(a, b):
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


class Stop(Exception):
    pass


def stop_at(step):
    def report(entry):
        if entry["step"] >= step:
            raise Stop

    return report


def test_a_run_is_this_loop():
    recipe = Recipe(61, 1e-2, "inverse-square-root", warmup=0.3, label_smoothing=0.2, clip=0.3, seed=7)
    model, history = run(steps=37, recipe=recipe)
    twin, examples = make_model(), make_examples()
    optimizer = torch.optim.AdamW(twin.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    epochs = ((epoch, batch_by_tokens(examples, 61, seed=(7, epoch))) for epoch in count())
    batches = list(islice(((epoch, batch) for epoch, batches in epochs for batch in batches), 37))
    torch.manual_seed(7)
    for step, (_, batch) in enumerate(batches, start=1):
        optimizer.param_groups[0]["lr"] = 1e-2 * inverse_square_root(step, 37, warmup=11)
        train_model(twin, [batch], optimizer, label_smoothing=0.2, clip=0.3)
    assert same(model, twin)
    valid = evaluate_model(twin, batch_by_tokens(make_examples(11, 1), 61))
    assert [history[-1][name] for name in ("step", "epoch", "valid_loss")] == [37, batches[-1][0], valid]


def test_a_run_that_is_stopped_again_and_again_ends_like_one_that_never_was(tmp_path):
    model, history = run()
    path = tmp_path / "checkpoint.pt"
    for step in (4, 8, 24):
        with pytest.raises(Stop):
            run(checkpoint=path, report=stop_at(step))
        saved = load_checkpoint(path)["facts"]["history"]
        assert saved[-1]["step"] >= step  # what was reported was saved
    resumed, resumed_history = run(checkpoint=path)
    assert same(model, resumed)
    assert history == resumed_history
    assert history[-1]["step"] == 37
    again, again_history = run(checkpoint=path)  # a finished run has nothing left to do
    assert same(model, again) and again_history == history


def test_a_run_is_saved_before_its_first_step(tmp_path):
    path, model = tmp_path / "checkpoint.pt", make_model()
    model.register_forward_pre_hook(lambda model, tokens: stop_at(0)({"step": 0}))
    with pytest.raises(Stop):
        fit(model, make_examples(), make_examples(11, 1), RECIPE, steps=37, checkpoint=path)
    facts = load_checkpoint(path)["facts"]
    assert (facts["steps"], facts["history"]) == (37, [])


def test_a_resumed_run_goes_on_counting_its_seconds(tmp_path):
    path, seen = tmp_path / "checkpoint.pt", []
    with pytest.raises(Stop):
        run(checkpoint=path, report=stop_at(4))
    saved = load_checkpoint(path)
    saved["facts"]["history"][-1]["seconds"] = 1000.0
    torch.save(saved, path)
    run(checkpoint=path, report=seen.append)
    assert 1000 < seen[0]["seconds"] < seen[-1]["seconds"]


def test_the_seed_decides_and_learning_happens():
    a, history = run()
    b, _ = run()
    c, _ = run(recipe=Recipe(max_tokens=61, learning_rate=1e-2, seed=6))
    assert same(a, b) and not same(a, c)
    assert history[-1]["valid_loss"] < history[0]["valid_loss"] - 0.1
    assert history[-1]["learning_rate"] < 1e-4  # one cycle ends low


def test_every_epoch_sees_every_example_once_in_another_order():
    stream = Stream(make_examples(), RECIPE, "cpu")
    epochs = []
    for epoch in range(3):
        rows = [tuple(row[row != 0].tolist()) for row in next(stream).src]
        assert (stream.epoch, stream.position) == (epoch, 1)
        for _ in stream.batches[1:]:
            rows += [tuple(row[row != 0].tolist()) for row in next(stream).src]
        epochs.append(rows)
    expected = sorted(tuple(source) for source, _ in make_examples())
    assert [sorted(rows) for rows in epochs] == [expected] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_minutes_become_steps_once_and_the_timing_leaves_no_trace(tmp_path):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(Stop):
        run(checkpoint=path, minutes=0.02, report=stop_at(1))
    steps = load_checkpoint(path)["facts"]["steps"]
    assert steps > 1
    timed, history = run(checkpoint=path, minutes=0.5)
    assert history[-1]["step"] == steps
    assert same(timed, run(steps=steps)[0])


class Clock:
    """In place of training, a clock: a step takes 0.1 s, the very first ones 1 s, and a look 2 s."""

    def __init__(self, monkeypatch):
        self.now, self.cost = 0.0, 1.0
        monkeypatch.setattr("seqcourse.fitting.time", SimpleNamespace(perf_counter=lambda: self.now))
        monkeypatch.setattr("seqcourse.fitting.train_model", self.train)
        monkeypatch.setattr("seqcourse.fitting.evaluate_model", self.look)

    def train(self, model, batches, *settings):
        self.now, self.cost = self.now + self.cost * len(list(batches)), 0.1
        return 1.0

    def look(self, model, batches):
        self.now += 2.0
        return 1.0


def test_timing_steps_and_looks_fill_the_minutes(monkeypatch):
    clock, batches = Clock(monkeypatch), batch_by_tokens(make_examples(), 13)
    steps = steps_within(120, make_model(), batches, [], RECIPE)
    needed = clock.now + 0.1 * steps + 2.0 * (LOOKS + steps / MOST_STEPS)
    assert 0 <= 120 - needed < 0.1 + 2.0 / MOST_STEPS
    assert steps_within(1, make_model(), batches, [], RECIPE) == 1


@pytest.mark.parametrize("steps", [10, 11, 37, 7001])
def test_a_run_looks_at_least_ten_times_and_never_after_more_than_500_steps(monkeypatch, steps):
    Clock(monkeypatch)
    looks = [0, *(entry["step"] for entry in run(steps)[1])]
    assert looks[-1] == steps and len(looks) > LOOKS
    assert all(0 < b - a <= 500 for a, b in zip(looks, looks[1:], strict=False))


def test_without_warm_up_the_first_step_has_the_highest_rate():
    assert rate(Recipe(warmup=0.0), 97)(0) == 1


def test_another_run_s_checkpoint_is_refused_by_what_differs(tmp_path):
    path = tmp_path / "checkpoint.pt"
    run(steps=3, checkpoint=path)
    with pytest.raises(ValueError, match="other learning_rate, clip: "):
        run(steps=3, checkpoint=path, recipe=Recipe(max_tokens=61, clip=0.5, seed=5))
    with pytest.raises(ValueError, match="other pairs: "):
        run(steps=3, checkpoint=path, examples=make_examples(seed=7))
    with pytest.raises(ValueError, match="other pairs: "):
        fit(make_model(), make_examples(), make_examples(11, 2), RECIPE, steps=3, checkpoint=path)
    wider = Transformer(replace(make_model().config, dim_feedforward=13))
    with pytest.raises(ValueError, match="other model: "):
        fit(wider, make_examples(), make_examples(11, 1), RECIPE, steps=3, checkpoint=path)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    run(steps=3, checkpoint=path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            run(steps=3, checkpoint=path)


class Program:
    """What a pickle may hold: a call that is made when somebody loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_holds_a_program_is_refused_and_the_program_not_run(tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save({"parts": {}, "random": {}, "facts": Program(tmp_path / "made")}, path)
    with pytest.raises(ValueError, match="no checkpoint of ours"):
        load_checkpoint(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "budget",
    [{}, {"steps": 0}, {"minutes": float("nan")}, {"minutes": float("inf")}, {"steps": 3, "minutes": 1}],
)
def test_a_budget_is_steps_or_minutes_and_more_than_none(budget):
    with pytest.raises(ValueError, match="either steps or minutes"):
        fit(make_model(), make_examples(), make_examples(), **budget)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2**63},
        {"max_tokens": 0},
        {"learning_rate": -1.0},
        {"warmup": 1.0},
        {"schedule": "noam"},
        {"clip": 0.0},
    ],
)
def test_a_recipe_that_makes_no_sense_names_the_field(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Recipe(**change)


@pytest.mark.parametrize("write", [write_atomically, lambda path, data: save_checkpoint(path, {}, data=data)])
def test_a_file_is_written_whole_or_not_at_all(tmp_path, write):
    resource = pytest.importorskip("resource", reason="a limit on file sizes stands in for a full disk")
    path = tmp_path / "file"
    write(path, b"old")
    old = path.read_bytes()
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="nothing was changed.*file"):
            write(path, b"new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    with open(path, "rb") as reader:
        write(path, b"new")
        assert reader.read() == old  # who is reading goes on with the old file, whole
    assert path.read_bytes() != old
    assert list(tmp_path.iterdir()) == [path]


def saved_at(folder):
    path = folder / "checkpoint.pt"
    return path.stat().st_mtime_ns if path.exists() else None


def start_training(corpus, folder, *options):
    command = [sys.executable, "-m", "seqcourse", "train", str(corpus), "--out", str(folder), *options]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, **quiet)


SMALL = "--steps 200 --d-model 24 --layers 1 --dim-feedforward 29 --max-tokens 211".split()


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of Unix")
def test_a_killed_run_ends_like_one_that_was_not(tmp_path):
    rng, words = random.Random(0), ["one", "two", "three", "four", "five"]
    sentences = [" ".join(rng.choices(words, k=rng.randrange(2, 7))) for _ in range(300)]
    corpus = tmp_path / "backwards.tsv"
    corpus.write_text("".join(f"{s}\t{' '.join(s.split()[::-1])}\n" for s in sentences), encoding="utf-8")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start_training(corpus, whole, *SMALL).wait() == 0
    process = start_training(corpus, killed, *SMALL)
    for _ in range(2):
        before = saved_at(killed)
        while saved_at(killed) == before and process.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.1))
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()
        process.wait()
        load_checkpoint(killed / "checkpoint.pt")  # readable at any moment
        process = start_training(corpus, killed, "--resume")
    assert process.wait() == 0
    for name in ("model.safetensors", "config.json", "source.json", "target.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    histories = [json.loads((folder / "training.json").read_text("utf-8")) for folder in (killed, whole)]
    for entry in (*histories[0], *histories[1]):
        entry.pop("seconds")
    assert histories[0] == histories[1]
