"""Which source words does a prediction rest on? Attention followed down, words erased, gradients summed."""

import math

import torch

from .attention import padding_mask


def rollout(weights):
    """Follow attention down through all layers: how much of each word is in each vector on top.

    weights: (layers, H, S, S), the lowest layer first -> (S, S), whose rows sum to 1
    Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """
    same = torch.eye(weights.size(-1))  # the residual: what a word keeps of itself
    shares = same
    for layer in weights.mean(dim=1):  # the mean of the heads, (S, S)
        shares = (0.5 * layer + 0.5 * same) @ shares
    return shares


def log_likelihoods(model, vectors, batch):
    """How likely each right word is, when the encoder is given these word vectors: (B, S, D) -> (B, T).

    `batch` says which of the source is padding, what is fed, and which words are right. The model is asked in
    the mode that it is in: `Translator` keeps it in evaluation mode, where dropout is silent.
    """
    encoder, mask = model.encoder, padding_mask(batch.src, model.config.pad_id)
    x = vectors * math.sqrt(vectors.size(-1)) + encoder.embedding.positions[: vectors.size(1)]
    for layer in encoder.layers:
        x = layer(x, mask)
    logits = model.decoder(batch.tgt_in, encoder.norm(x), mask)  # (B, T, V)
    return logits.log_softmax(dim=-1).gather(-1, batch.tgt_out[..., None])[..., 0]


def erasure(model, batch):
    """How much less likely each right word is without each source word, in nats: one pair -> (T, S).

    A word is erased by padding in its place, which nobody looks at; the places of the others stay.
    Li, Monroe & Jurafsky 2016, "Understanding Neural Networks through Representation Erasure", equation 1;
    theirs is divided by the log-likelihood.
    """
    S = batch.src.size(1)
    erased = batch.src.repeat(S + 1, 1)  # (S + 1, S), the last row whole
    erased.fill_diagonal_(model.config.pad_id)
    many = batch._replace(
        src=erased, tgt_in=batch.tgt_in.expand(S + 1, -1), tgt_out=batch.tgt_out.expand(S + 1, -1)
    )
    with torch.no_grad():
        found = log_likelihoods(model, model.encoder.embedding.words(erased), many)  # (S + 1, T)
    return (found[-1] - found[:-1]).T


def integrated_gradients(model, batch, steps=32):
    """How much each source word adds to the log-likelihood of each right word: one pair -> (T, S).

    The word vectors go from zeros, the baseline, to what they are, in `steps` equal steps; gradients are
    taken in the middle of each. A row sums to what all words together add (completeness), up to the error
    of so many steps. Sundararajan, Taly & Yan 2017, "Axiomatic Attribution for Deep Networks", equation 1.
    """
    words = model.encoder.embedding.words(batch.src).detach()  # (1, S, D)
    places = (torch.arange(steps, device=words.device) + 0.5) / steps
    path = (places[:, None, None] * words).requires_grad_()  # (steps, S, D)
    many = type(batch)(*(tensor.expand(steps, -1) for tensor in batch))
    rows = []
    for likelihood in log_likelihoods(model, path, many).mean(dim=0):  # of each right word
        (gradient,) = torch.autograd.grad(likelihood, path, retain_graph=True)
        rows.append((gradient.sum(dim=0) * words[0]).sum(dim=-1))  # (S,)
    return torch.stack(rows)
