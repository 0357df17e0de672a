"""torch.nn.Transformer with the weights of our Transformer, so that the two can be compared."""

import warnings

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATION = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}


def torch_twin(model):
    """An `nn.Transformer` that has the weights of our `Transformer`, without dropout.

    It takes vectors (B, S, D) and (B, T, D), not tokens, and its masks say who may NOT look. After a
    post-norm stack torch has one LayerNorm more than the paper; the twin has none there. Raises ValueError
    for a model with rotary positions.
    """
    c = model.config
    if c.positions == "rotary":
        raise ValueError("torch.nn.Transformer has no rotary positions: compare another model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces a shortcut that it will not take
        twin = nn.Transformer(
            c.d_model, c.nhead, c.num_encoder_layers, c.num_decoder_layers, c.dim_feedforward, dropout=0.0,
            activation=ACTIVATION[c.activation], batch_first=True, norm_first=c.norm_first,
        )  # fmt: skip
    for ours, theirs in ((model.encoder, twin.encoder), (model.decoder, twin.decoder)):
        theirs.norm = ours.norm
        for one, other in zip(ours.layers, theirs.layers, strict=True):
            copy_layer(one, other)
    return twin.to(next(model.parameters()).device)


def copy_layer(ours, theirs):
    """Give a layer of torch the weights of an encoder layer or decoder layer of ours."""
    copy_attention(ours.self_attention, theirs.self_attn)
    if hasattr(ours, "cross_attention"):
        copy_attention(ours.cross_attention, theirs.multihead_attn)
    theirs.linear1.load_state_dict(ours.feed_forward[0].state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward[2].state_dict())
    sublayers = [part for part in ours.children() if hasattr(part, "norm")]  # in the order of the layer
    for number, sublayer in enumerate(sublayers, 1):
        getattr(theirs, f"norm{number}").load_state_dict(sublayer.norm.state_dict())


def copy_attention(ours, theirs):
    """The same for attention; torch keeps the three matrices of query, key and value in one."""
    three = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.data = torch.cat([linear.weight.data for linear in three])
    theirs.in_proj_bias.data = torch.cat([linear.bias.data for linear in three])
    theirs.out_proj.load_state_dict(ours.output.state_dict())
