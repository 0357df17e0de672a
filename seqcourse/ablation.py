"""Heads silenced: what a Transformer does without some of its attention."""

from contextlib import ExitStack, contextmanager

from .attention import merge_heads, split_heads
from .record import KINDS


@contextmanager
def silenced(layer, heads):
    """Within `with silenced(layer, heads):`, these heads of a `MultiHeadAttention` add nothing.

    heads: their numbers, from 0. Their mixtures become zero before the heads are merged; the weights are
    still computed, and a record shows them.
    Michel, Levy & Neubig 2019, "Are Sixteen Heads Really Better than One?", section 2.3.
    """

    def zero(output, inputs):
        mixtures = split_heads(inputs[0], layer.nhead)  # (B, T, D) -> (B, H, T, K)
        kept = mixtures.new_ones(layer.nhead, 1, 1)
        kept[heads] = 0
        return (merge_heads(mixtures * kept),)

    handle = layer.output.register_forward_pre_hook(zero)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def without_heads(model, heads):
    """Within `with without_heads(model, heads):`, these heads of a Transformer are `silenced`.

    heads: (kind, layer, head) each, with kind "encoder", "decoder" or "cross"; layers and heads count from 0.
    Raises ValueError for a head that is not there.
    """
    numbers = {}
    for kind, layer, head in heads:
        numbers.setdefault(attention_layer(model, kind, layer, head), set()).add(head)
    with ExitStack() as stack:
        for attention, silent in numbers.items():
            stack.enter_context(silenced(attention, sorted(silent)))
        yield


def attention_layer(model, kind, layer, head):
    """The `MultiHeadAttention` in which this head stands; raises ValueError when there is none."""
    layers = attention_layers(model, kind)
    if layer not in range(len(layers)):
        raise ValueError(f"there is no layer {layer}: {kind} attention has layers 0 to {len(layers) - 1}")
    if head not in range(layers[layer].nhead):
        raise ValueError(
            f"there is no head {head}: {kind} attention has heads 0 to {layers[layer].nhead - 1}"
        )
    return layers[layer]


def attention_layers(model, kind):
    """The `MultiHeadAttention` of each layer of a Transformer, for one kind of attention."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of attention; there is: {', '.join(KINDS)}")
    if not hasattr(model, "encoder") or not hasattr(model.encoder, "layers"):
        raise ValueError(f"a {type(model).__name__} has no heads to silence")
    layers = model.encoder.layers if kind == "encoder" else model.decoder.layers
    return [layer.cross_attention if kind == "cross" else layer.self_attention for layer in layers]


def all_heads(model):
    """Every head of a Transformer, as (kind, layer, head)."""
    return [
        (kind, number, head)
        for kind in KINDS
        for number, attention in enumerate(attention_layers(model, kind))
        for head in range(attention.nhead)
    ]
