"""Checkpoints: everything a run needs to go on as if it had never stopped."""

import io
import pickle
from pathlib import Path

import torch

from .files import write_atomically


def save_checkpoint(path, parts, **facts):
    """Save the state of each of `parts` (a dict of what has `state_dict`), the random state, and plain facts.

    The file is there whole or not at all; raises OSError when it cannot be written.
    """
    state = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save({"parts": state, "random": random_state(), "facts": facts}, buffer)
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
    """Put each part and the random numbers back to where they were; return the facts."""
    for name, part in parts.items():
        part.load_state_dict(saved["parts"][name])
    torch.set_rng_state(saved["random"]["cpu"])
    if torch.cuda.is_available() and saved["random"]["cuda"]:
        torch.cuda.set_rng_state_all(saved["random"]["cuda"])
    return saved["facts"]


def random_state():
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}
