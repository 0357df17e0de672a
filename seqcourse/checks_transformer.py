"""Checks of the exercises of lesson 07: what is right, and mistakes that people make, each told by its name.

A bank holds answers by what is to be said of them, the right one first. Sizes are different primes.
"""

import torch
import torch.nn.functional as F
from torch import nn

from .attention import causal_mask, padding_mask
from .layers import DecoderLayer
from .transformer import TransformerConfig

PAD = 9  # not 0, so that a 0 written into an answer shows

PRE_NORM = {
    "Right.": lambda x, f, norm: x + f(norm(x)),
    "That is post-norm: the norm comes last. Here it comes before f.": lambda x, f, norm: norm(x + f(x)),
    "The residual must carry x itself, not the normed x.": lambda x, f, norm: norm(x) + f(norm(x)),
    "You norm what f wrote; norm what f reads.": lambda x, f, norm: x + norm(f(x)),
    "The residual is missing: where did x go?": lambda x, f, norm: f(norm(x)),
    "There is no norm in it.": lambda x, f, norm: x + f(x),
}


def past(tokens):
    return causal_mask(tokens.size(1)).expand(len(tokens), 1, -1, -1)  # (B, 1, T, T)


DECODER_MASK = {
    "Right.": lambda tokens, pad_id: past(tokens) & padding_mask(tokens, pad_id),
    "The future is hidden, but the padding is not.": lambda tokens, pad_id: past(tokens),
    "The padding is hidden, but the future is not.": lambda tokens, pad_id: padding_mask(
        tokens, pad_id
    ).expand_as(past(tokens)),
    "Upside down: True must mean may look.": lambda tokens, pad_id: (
        ~(past(tokens) & padding_mask(tokens, pad_id))
    ),
    "You show the future and hide the past: tril, not triu.": lambda tokens, pad_id: (
        past(tokens).mT & padding_mask(tokens, pad_id)
    ),
    "A word may look at itself: keep the diagonal.": lambda tokens, pad_id: (
        past(tokens).tril(-1) & padding_mask(tokens, pad_id)
    ),
    "You hide what padding looks at; hide the padding itself, a column.": lambda tokens, pad_id: (
        past(tokens) & padding_mask(tokens, pad_id).mT
    ),
    "One of the two is not enough: a word needs both, so &, not |.": lambda tokens, pad_id: (
        past(tokens) | padding_mask(tokens, pad_id)
    ),
    "You did not use pad_id: padding is not always 0.": lambda tokens, pad_id: (
        past(tokens) & padding_mask(tokens, 0)
    ),
}


def parts(D, F):
    """The parameters of an attention layer, of a LayerNorm and of a feed-forward half."""
    return 4 * (D * D + D), 2 * D, 2 * D * F + F + D


DECODER_LAYER_PARAMETERS = {
    "Right.": lambda D, F: 2 * parts(D, F)[0] + parts(D, F)[2] + 3 * parts(D, F)[1],
    "That is an encoder layer: a decoder layer also looks over at the source.": lambda D, F: (
        parts(D, F)[0] + parts(D, F)[2] + 2 * parts(D, F)[1]
    ),
    "A decoder layer attends twice: back, and over.": lambda D, F: sum(parts(D, F)) + 2 * parts(D, F)[1],
    "There are three sublayers, and each has its LayerNorm.": lambda D, F: (
        2 * parts(D, F)[0] + parts(D, F)[2] + 2 * parts(D, F)[1]
    ),
    "LayerNorm has parameters, too: γ and β, D numbers each.": lambda D, F: (
        2 * parts(D, F)[0] + parts(D, F)[2]
    ),
    "A LayerNorm has γ and β: 2D numbers.": lambda D, F: 2 * parts(D, F)[0] + parts(D, F)[2] + 3 * D,
    "The biases are missing.": lambda D, F: 8 * D * D + 2 * D * F + 6 * D,
    "Attention has an output layer, too: four matrices, not three.": lambda D, F: (
        6 * (D * D + D) + parts(D, F)[2] + 6 * D
    ),
    "There is one feed-forward half in a layer, not two.": lambda D, F: (
        2 * parts(D, F)[0] + 2 * parts(D, F)[2] + 6 * D
    ),
}


def mean_square(x, dim=-1):
    return x.square().mean(dim=dim, keepdim=True) + 1e-5


RMS_NORM = {
    "Right.": lambda x, gamma: gamma * x / mean_square(x).sqrt(),
    "That is LayerNorm: do not subtract the mean.": lambda x, gamma: F.layer_norm(x, gamma.shape, gamma),
    "The standard deviation subtracts the mean before it squares; take the mean of x².": lambda x, gamma: (
        gamma * x / (x.var(dim=-1, keepdim=True, correction=0) + 1e-5).sqrt()
    ),
    "You divide by the mean square; divide by its root.": lambda x, gamma: gamma * x / mean_square(x),
    "You divide by the root of the sum; take the mean of the squares.": lambda x, gamma: (
        gamma * F.normalize(x, dim=-1)
    ),
    "gamma is missing.": lambda x, gamma: x / mean_square(x).sqrt(),
    "Each word has a mean of its own: keep dim=-1, keepdim=True.": lambda x, gamma: (
        gamma * x / (x.square().mean() + 1e-5).sqrt()
    ),
    "That is the mean over the positions, dim=1; the features are dim=-1.": lambda x, gamma: (
        gamma * x / mean_square(x, dim=1).sqrt()
    ),
}


def judge(mine, bank, arguments, atol=1e-5):
    """What a check says of the function `mine`: whose answer in the bank is the same as its own?"""
    kept = [a.clone() if isinstance(a, torch.Tensor) else a for a in arguments]
    said, right = mine(*arguments), next(iter(bank.values()))(*kept)
    if said is None:
        return "Not written yet."
    for before, now in zip(kept, arguments, strict=True):
        if isinstance(before, torch.Tensor) and not torch.equal(before, now):
            return "Your function changes its input in place (such as x += …): make a new tensor."
    if isinstance(right, torch.Tensor):
        if not isinstance(said, torch.Tensor) or (said.shape, said.dtype) != (right.shape, right.dtype):
            wanted = f"{right.dtype} of shape {tuple(right.shape)}"
            got = f"{said.dtype} of shape {tuple(said.shape)}" if hasattr(said, "dtype") else repr(said)
            return f"Give back a tensor, here {wanted}; yours is {got}."
        if said.isnan().any():
            return "There is NaN in it: somewhere 0 is divided by 0."
    for says, twin in bank.items():
        other = twin(*kept)
        same = torch.allclose(said, other, atol=atol) if isinstance(right, torch.Tensor) else said == other
        if same:
            return says
    return "Not yet: it is none of the mistakes we know. Read the formula once more, or open the hint."


def check_pre_norm(mine):
    """What to say of a sublayer, mine(x, f, norm)."""
    torch.manual_seed(0)
    x, f = 3 * torch.randn(2, 5, 7) + 1, nn.Sequential(nn.Linear(7, 7), nn.Tanh())
    return judge(mine, PRE_NORM, (x, f, nn.LayerNorm(7)))


def check_decoder_mask(mine):
    """What to say of the mask of a decoder, mine(tgt_in, pad_id)."""
    torch.manual_seed(0)
    tokens = torch.randint(4, 9, (3, 7))
    tokens[0, :2], tokens[2, :3], tokens[1, 3] = PAD, PAD, 0
    return judge(mine, DECODER_MASK, (tokens, PAD))


def check_decoder_layer_parameters(mine):
    """What to say of a formula, mine(D, F)."""
    return judge(mine, DECODER_LAYER_PARAMETERS, (35, 53))


def check_rms_norm(mine):
    """What to say of RMSNorm, mine(x, gamma)."""
    torch.manual_seed(0)
    return judge(mine, RMS_NORM, (2 * torch.randn(3, 5, 7) + 1, torch.rand(7) + 0.5), atol=1e-3)


def check_decoder_layer(mine):
    """What to say of a mended decoder layer, mine(layer, x, memory, memory_mask)."""
    torch.manual_seed(0)
    config = TransformerConfig(23, 23, 14, 7, dim_feedforward=11, dropout=0.0, norm_first=True)
    layer, x, memory = DecoderLayer(config), torch.randn(3, 5, 14), torch.randn(3, 11, 14)
    changed = torch.cat((x[:, :2], torch.randn(3, 3, 14)), dim=1)

    def decoder_layer(mask):
        return lambda layer, x, memory, memory_mask: layer(x, memory, mask, memory_mask)

    bank = {"Right.": decoder_layer(causal_mask(5))}
    says = judge(mine, bank, (layer, x, memory, None))
    if not says.startswith("Not yet"):
        return says
    if not torch.allclose(
        mine(layer, x, memory, None)[:, :2], mine(layer, changed, memory, None)[:, :2], atol=1e-5
    ):
        return "It still leaks: change the words from the third on, and the first two move."
    strict = {
        "Nothing leaks, but that mask was right: a word may look at itself.": decoder_layer(
            causal_mask(5).tril(-1)
        )
    }
    says = judge(mine, strict, (layer, x, memory, None))
    if says.startswith("Not yet"):
        return "Nothing leaks, but it is no longer our decoder layer: compare with DecoderLayer.forward."
    return says
