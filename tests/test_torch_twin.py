"""The twin of torch computes what our Transformer computes, with each of its weights."""

import pytest
import torch

from seqcourse.attention import causal_mask
from seqcourse.torch_twin import torch_twin
from seqcourse.transformer import Transformer, TransformerConfig

B, S, T = 2, 7, 5


def make_model(norm_first, activation="gelu"):
    torch.manual_seed(0)
    config = TransformerConfig(23, 19, 33, 3, 2, 3, 29, 0.0, activation, norm_first=norm_first, max_length=11)
    model = Transformer(config)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model


def twice(model, twin):
    """The logits of both, for the same tokens."""
    torch.manual_seed(1)
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    x, y = model.encoder.embedding(src), model.decoder.embedding(tgt_in)
    return model(src, tgt_in), model.decoder.output(twin(x, y, tgt_mask=~causal_mask(T)))


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_twin_gives_the_same_logits(norm_first, activation):
    model = make_model(norm_first, activation)
    ours, theirs = twice(model, torch_twin(model))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("norm_first", [False, True])
def test_every_weight_of_the_layers_is_copied(norm_first):
    model = make_model(norm_first)
    twin = torch_twin(model)
    for name, parameter in [
        *model.encoder.layers.named_parameters(),
        *model.decoder.layers.named_parameters(),
    ]:
        if name.endswith("key.bias"):
            continue  # it adds the same to all scores of a row, which changes no softmax
        before = parameter.data.clone()
        parameter.data += 0.5 * torch.randn_like(parameter)
        assert not torch.allclose(*twice(model, twin), atol=1e-4), name
        parameter.data = before
