"""A run keeps its budget, and one that was stopped, or killed, ends bit for bit like one that never was."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from seqcourse.checkpoint import load_checkpoint
from seqcourse.files import write_atomically
from seqcourse.fitting import Stream, fit
from seqcourse.recipe import Recipe
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


def test_a_run_that_is_stopped_again_and_again_ends_like_one_that_never_was(tmp_path):
    model, history = run()
    path = tmp_path / "checkpoint.pt"
    for step in (4, 8, 24):
        with pytest.raises(Stop):
            run(checkpoint=path, report=stop_at(step))
    torch.manual_seed(99)  # whatever happened in between
    resumed, resumed_history = run(checkpoint=path)
    assert same(model, resumed)
    assert history == resumed_history
    assert history[-1]["step"] == 37
    again, again_history = run(checkpoint=path)  # a finished run has nothing left to do
    assert same(model, again) and again_history == history


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


def test_another_run_s_checkpoint_is_refused_by_what_differs(tmp_path):
    path = tmp_path / "checkpoint.pt"
    run(steps=3, checkpoint=path)
    with pytest.raises(ValueError, match="other learning_rate, clip: "):
        run(steps=3, checkpoint=path, recipe=Recipe(max_tokens=61, clip=0.5, seed=5))
    with pytest.raises(ValueError, match="other pairs: "):
        run(steps=3, checkpoint=path, examples=make_examples(seed=7))


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    run(steps=3, checkpoint=path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a checkpoint"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="damaged"):
            run(steps=3, checkpoint=path)


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


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    resource = pytest.importorskip("resource", reason="a limit on file sizes stands in for a full disk")
    path = tmp_path / "file"
    write_atomically(path, b"old")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="nothing was changed.*file"):
            write_atomically(path, b"new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
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
