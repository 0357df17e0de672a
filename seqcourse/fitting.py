"""Training with a budget: progress, validation, checkpoints, and going on after a crash."""

import copy
import hashlib
import math
import sys
import time
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch.optim.lr_scheduler import LambdaLR

from .batching import batch_by_tokens
from .checkpoint import load_checkpoint, restore, save_checkpoint
from .distributed import from_first, processes, rank, together, train_in_pieces
from .recipe import Recipe
from .schedules import SCHEDULES
from .training import evaluate_model, train_model

LOOKS = 10  # how often, at least, a run looks at the validation pairs and saves
MOST_STEPS = 500  # between two looks


class Stream:
    """The batches of epoch after epoch, without end; its state says where it stands."""

    def __init__(self, examples, recipe, device):
        self.examples, self.recipe, self.device = examples, recipe, device
        self.load_state_dict({"epoch": 0, "position": 0})

    def state_dict(self):
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state):
        self.epoch, self.position = state["epoch"], state["position"]
        self.batches = batch_by_tokens(
            self.examples, self.recipe.max_tokens, seed=(self.recipe.seed, self.epoch)
        )

    def __iter__(self):
        return self

    def __next__(self):
        if self.position == len(self.batches):
            self.load_state_dict({"epoch": self.epoch + 1, "position": 0})
        self.position += 1
        return self.batches[self.position - 1].to(self.device)


def fit(model, train, valid, recipe=None, *, steps=None, minutes=None, checkpoint=None, report=None):
    """Train for a number of steps, or of minutes; return the history, a list of dicts.

    train, valid: examples from `encode_pairs`. The optimizer is AdamW (Loshchilov & Hutter 2019). Minutes are
    turned into steps once, after a short timing. With `checkpoint`, a path, the run is saved there at least
    ten times; when the file exists, training goes on from it, and ends bit for bit as if it had never stopped
    (on the CPU, with as many threads and processes). `report` is called with each entry of the history;
    without it, a line goes to standard error. Raises ValueError when there is no budget, or the checkpoint is
    of another run.
    """
    check_budget(steps, minutes)
    recipe = recipe or Recipe()
    identity = {**asdict(recipe), "model": repr(model.config), "pairs": fingerprint(train, valid)}
    torch.manual_seed(recipe.seed + rank())  # what dropout drops differs from process to process
    device = next(model.parameters()).device
    valid = [batch.to(device) for batch in batch_by_tokens(valid, recipe.max_tokens)]
    stream, optimizer = Stream(train, recipe, device), adamw(model, recipe)
    saved = load_checkpoint(checkpoint) if checkpoint and Path(checkpoint).exists() else None
    if saved:
        check_same_run(identity, saved["facts"]["identity"], checkpoint)
        steps = saved["facts"]["steps"]
    elif minutes is not None:
        steps = steps_within(60 * minutes, model, stream.batches, valid, recipe)
        steps = from_first(lambda: steps)
    schedule = LambdaLR(optimizer, rate(recipe, steps))
    run = {"model": model, "optimizer": optimizer, "schedule": schedule, "stream": stream}
    history = restore(saved, run)["history"] if saved else []
    learner, learn = together(model), way_to_learn(recipe)
    every = min(MOST_STEPS, max(1, steps // LOOKS))

    def save():
        if checkpoint:
            save_checkpoint(checkpoint, run, steps=steps, history=history, identity=identity)

    if not saved:
        save()
    done, seconds = (history[-1]["step"], history[-1]["seconds"]) if history else (0, 0.0)
    began = time.perf_counter() - seconds
    with progress_bar(steps, done) as bar:
        while done < steps:
            batches = counted(islice(stream, min(every, steps - done)), bar)
            loss = learn(learner, batches, optimizer, schedule, recipe.label_smoothing, recipe.clip)
            done = min(done + every, steps)
            entry = {"step": done, "steps": steps, "epoch": stream.epoch, "train_loss": loss}
            entry |= {"valid_loss": evaluate_model(model, valid), "learning_rate": schedule.get_last_lr()[0]}
            history.append(entry | {"seconds": time.perf_counter() - began})
            save()
            if rank() == 0:
                (report or print_line)(history[-1])
    return history


def way_to_learn(recipe):
    """`train_model`, or where a batch is cut, `train_in_pieces`."""
    if processes() == recipe.accumulate == 1:
        return train_model
    return partial(train_in_pieces, pieces=recipe.accumulate)


def check_budget(steps, minutes):
    """Raise ValueError unless there is one budget, in steps or in minutes."""
    budget = [number for number in (steps, minutes) if number is not None]
    if len(budget) != 1 or not 0 < budget[0] < math.inf:
        raise ValueError("say how long to train: either steps or minutes, above 0 and not endless")


def adamw(model, recipe):
    return torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )


def rate(recipe, steps):
    warmup = max(1, round(recipe.warmup * steps))
    return lambda done: SCHEDULES[recipe.schedule](done + 1, steps, warmup)


def fingerprint(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def check_same_run(ours, theirs, checkpoint):
    different = [name for name in ours if ours[name] != theirs.get(name)]
    if different:
        raise ValueError(
            f"{checkpoint} belongs to a run with other {', '.join(different)}: "
            "give it what it began with, or train into another folder"
        )


def steps_within(seconds, model, batches, valid, recipe):
    """How many steps fit into a time: measured on a copy, so that the run itself starts untouched."""
    began, random = time.perf_counter(), torch.get_rng_state()
    model = together(copy.deepcopy(model))
    optimizer, learn = adamw(model, recipe), way_to_learn(recipe)
    learn(model, batches[:3], optimizer)  # the first steps are slower: memory, threads
    sample, start = batches[3:33] or batches, time.perf_counter()
    learn(model, sample, optimizer)
    step = (time.perf_counter() - start) / len(sample)
    start = time.perf_counter()
    evaluate_model(model, valid)
    look = time.perf_counter() - start
    torch.set_rng_state(random)
    left = seconds - (time.perf_counter() - began) - LOOKS * look
    return max(1, int(left / (step + look / MOST_STEPS)))


def progress_bar(steps, done):
    from tqdm.auto import tqdm

    look = {"desc": "training", "unit": "step", "leave": False, "file": sys.stderr}
    return tqdm(total=steps, initial=done, disable=rank() > 0, **look)


def counted(batches, bar):
    for batch in batches:
        yield batch
        bar.update()


def print_line(entry):
    from tqdm.auto import tqdm

    tqdm.write(describe(entry), file=sys.stderr)


def describe(entry):
    """One line about where a run stands."""
    return (
        f"step {entry['step']}/{entry['steps']}  epoch {entry['epoch'] + 1}  loss {entry['train_loss']:.3f}"
        f"  validation {entry['valid_loss']:.3f}  {entry['seconds']:.0f} s"
    )
