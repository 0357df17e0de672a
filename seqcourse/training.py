"""Learning from examples: the loss of one word, one pass to learn, one pass to measure."""

import torch
import torch.nn.functional as F
from torch import nn


def token_loss(model, batch, label_smoothing=0.0):
    """How surprised the model is by the next word: mean cross-entropy in nats, and the number of words.

    Padding counts for nothing. With `label_smoothing` ε all words share ε of the probability asked for, the
    right one has the rest (Szegedy et al. 2016, section 7). On CUDA the model computes in bfloat16.
    """
    cuda = batch.src.is_cuda
    with torch.autocast("cuda", dtype=torch.bfloat16, enabled=cuda):
        logits = model(batch.src, batch.tgt_in)  # (B, T, V)
    pad_id = model.config.pad_id
    loss = F.cross_entropy(
        logits.float().flatten(0, 1),
        batch.tgt_out.flatten(),
        ignore_index=pad_id,
        label_smoothing=label_smoothing,
    )
    return loss, (batch.tgt_out != pad_id).sum().item()


def train_model(model, batches, optimizer, schedule=None, label_smoothing=0.0, clip=1.0):
    """Learn from every batch once; return the mean loss per target token.

    `schedule`, if given, is one of torch.optim.lr_scheduler and moves on with every batch. `clip` is the
    largest norm the gradient may have (Pascanu et al. 2013, algorithm 1). Raises ValueError when there is no
    batch, and FloatingPointError when the loss is no longer a number.
    """
    model.train()
    total = tokens = 0
    for batch in batches:
        loss, count = token_loss(model, batch, label_smoothing)
        if not loss.isfinite():
            raise FloatingPointError(
                "the loss is no longer a number: try a lower learning rate or a longer warm-up"
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        total, tokens = total + loss.item() * count, tokens + count
    return mean(total, tokens)


@torch.no_grad()
def evaluate_model(model, batches):
    """The mean loss per target token over all batches, in nats, with nothing learnt and no dropout.

    Raises ValueError when there is no batch.
    """
    training = model.training
    model.eval()
    total = tokens = 0
    for batch in batches:
        loss, count = token_loss(model, batch)
        total, tokens = total + loss.item() * count, tokens + count
    model.train(training)
    return mean(total, tokens)


def mean(total, tokens):
    if tokens == 0:
        raise ValueError("there is no batch with a word to learn from: is the corpus empty?")
    return total / tokens
