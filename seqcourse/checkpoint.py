"""Checkpoints: everything a run needs to go on as if it had never stopped."""

import io
import pickle
from pathlib import Path

import torch

from .distributed import from_each, rank
from .files import write_atomically


def save_checkpoint(path, parts, **facts):
    """Save the state of each of `parts` (a dict of what has `state_dict`), the random state, and plain facts.

    Of several processes the first one writes, and the random state of each is kept. The file is there whole
    or not at all; raises OSError when it cannot be written.
    """
    random = from_each(random_state())
    if rank() > 0:
        return
    state = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save({"parts": state, "random": random, "facts": facts}, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path):
    """What `save_checkpoint` saved, as tensors and numbers. Raises ValueError when the file is damaged."""
    try:
        return torch.load(Path(path), map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError, KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"{path} is damaged or no checkpoint of ours; delete it to begin the run again"
        ) from error


def restore(saved, parts):
    """Put each part and the random numbers back to where they were; return the facts.

    A process that the run did not have before keeps the random numbers it has.
    """
    for name, part in parts.items():
        part.load_state_dict(saved["parts"][name])
    if rank() < len(saved["random"]):
        random = saved["random"][rank()]
        torch.set_rng_state(random["cpu"])
        if torch.cuda.is_available() and random["cuda"] is not None:
            torch.cuda.set_rng_state(random["cuda"])
    return saved["facts"]


def random_state():
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    return {"cpu": torch.get_rng_state(), "cuda": cuda}
