"""Many processes, one run: each learns from its share of a batch, and all take the same step.

`torchrun` starts the processes and tells each its number. Without it there is one, and nothing here does
anything but cut batches into pieces.
"""

import os
import signal
from contextlib import contextmanager, nullcontext

import torch
from torch import distributed as dist
from torch import nn

from .batching import Batch
from .training import mean, token_loss


@contextmanager
def joined():
    """Within `with joined():`, this process works with those that torchrun started beside it.

    On CUDA each process takes the device of its local number. Raises ConnectionError when another process has
    ended before its work was done. torchrun then asks the others to end: that is a KeyboardInterrupt here.
    """
    if not {"RANK", "WORLD_SIZE"} <= set(os.environ):
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
        dist.barrier()
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error).lower():
            raise ConnectionError("another process of this run has ended, and none goes on alone") from error
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we are ending
    dist.destroy_process_group()


def processes():
    """How many processes work on this run."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank():
    """The number of this process, from 0. The first one alone writes files and reports."""
    return dist.get_rank() if dist.is_initialized() else 0


def wait_for_all():
    """Go on when every process has come as far as this."""
    if processes() > 1:
        dist.barrier()


def from_first(make):
    """What `make()` returns in the first process, in all of them; the others do not call it."""
    made = [make() if rank() == 0 else None]
    if processes() > 1:
        dist.broadcast_object_list(made)
    return made[0]


def from_each(thing):
    """The `thing` of each process, a list in the order of their numbers."""
    things = [thing] * processes()
    if processes() > 1:
        dist.all_gather_object(things, thing)
    return things


def together(model):
    """A model whose gradients become the mean over the processes when `backward` ends."""
    if processes() == 1:
        return model
    device = next(model.parameters()).device
    spread = nn.parallel.DistributedDataParallel(
        model, device_ids=[device] if device.type == "cuda" else None
    )
    spread.config = model.config
    return spread


def train_in_pieces(model, batches, optimizer, schedule=None, label_smoothing=0.0, clip=1.0, pieces=1):
    """`train_model` for batches that are too large for one process, or for its memory.

    Each batch is cut into `pieces` for each process, and its gradient is the mean over all its target tokens,
    whoever has them: what is learnt does not depend on how it is cut, but for rounding and for dropout.
    `model` comes from `together`. Returns the mean loss per target token over all processes, and raises what
    `train_model` raises. Li et al. 2020, "PyTorch Distributed", section 3.2 (averaging, no_sync).
    """
    model.train()
    many, first = processes(), rank() * pieces
    totals = torch.zeros(2, dtype=torch.float64, device=next(model.parameters()).device)
    for batch in batches:
        words = (batch.tgt_out != model.config.pad_id).sum().item()  # in the whole batch
        optimizer.zero_grad()
        for number in range(first, first + pieces):
            piece, weight = piece_of(batch, number, many * pieces)
            last = number == first + pieces - 1
            with nullcontext() if many == 1 or last else model.no_sync():  # processes meet in the last piece
                loss, count = token_loss(model, piece, label_smoothing)
                share = weight * count / words
                (loss * share * many).backward()  # the mean over processes divides by how many there are
            if not loss.isfinite():
                raise FloatingPointError("the loss is no longer a number: try a lower learning rate")
            totals += totals.new_tensor([loss.item() * weight * count, weight * count])
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
    if many > 1:
        dist.all_reduce(totals)
    return mean(*totals.tolist())


def piece_of(batch, number, pieces):
    """Every so many-th pair of a batch, and its weight: 1, or 0 for a pair that stands in for none."""
    rows = slice(number, None, pieces)
    empty = number >= len(batch.src)
    return Batch(*(part[:1] if empty else part[rows] for part in batch)), 0 if empty else 1
