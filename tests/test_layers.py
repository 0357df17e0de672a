"""The parts of the Transformer, each alone: what they drop, what they add, and what they begin with."""

import pytest
import torch
from torch import nn

from seqcourse.attention import MultiHeadAttention
from seqcourse.layers import Sublayer
from seqcourse.positions import sinusoidal_positions
from seqcourse.transformer import Embedding, Transformer, TransformerConfig

B, T, H, K, V = 2, 5, 3, 11, 23
D = H * K


def make_config(**changes):
    layers = dict(num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=29, max_length=31)
    return TransformerConfig(V, V, D, H, **{**layers, **changes})


def dropped_or_scaled_up(found, whole, p):
    """Each value is 0 or, so that the mean stays, 1 / (1 - p) of what it was: some are this, some that."""
    zero = found == 0
    torch.testing.assert_close(found, whole.masked_fill(zero, 0.0) / (1 - p), atol=1e-5, rtol=1e-5)
    return 0 < zero.sum() < zero.numel()


def test_a_word_vector_is_scaled_by_the_root_of_the_width_and_its_position_is_added():
    embedding, tokens = Embedding(V, make_config()).eval(), torch.randint(V, (B, T))
    for start in (0, 13):
        x = embedding(tokens, start)
        for b in range(B):
            for t in range(T):
                word = embedding.words.weight[tokens[b, t]]
                expected = D**0.5 * word + sinusoidal_positions(start + t + 1, D)[-1]
                torch.testing.assert_close(x[b, t], expected)


def test_dropout_drops_values_of_the_embedding_and_nothing_in_evaluation():
    embedding, tokens = Embedding(V, make_config(dropout=0.3)), torch.randint(V, (B, T))
    whole = embedding.eval()(tokens)
    assert dropped_or_scaled_up(embedding.train()(tokens), whole, 0.3)
    assert torch.equal(embedding.eval()(tokens), whole)


@pytest.mark.parametrize("norm_first", [False, True])
def test_dropout_drops_what_a_sublayer_adds_and_never_the_way_past_it(norm_first):
    sublayer = Sublayer(make_config(dropout=0.3, norm_first=norm_first))
    norm, sublayer.norm = sublayer.norm, nn.Identity()  # so that x + f(x) is what comes out
    x, added = torch.randn(B, T, D), torch.randn(B, T, D)
    assert dropped_or_scaled_up(sublayer.train()(x, lambda y: added) - x, added, 0.3)
    torch.testing.assert_close(sublayer.eval()(x, lambda y: added), x + added)
    sublayer.norm = norm
    once, again = (sublayer(x, nn.Tanh()) for _ in range(2))
    assert torch.equal(once, again)


def test_heads_that_cannot_share_the_width_are_refused():
    with pytest.raises(ValueError, match="4 heads cannot share 33 features"):
        MultiHeadAttention(33, 4)


@pytest.mark.parametrize("tie_output", [False, True])
def test_training_begins_with_glorot_s_weights_no_biases_and_words_of_a_length_near_one(tie_output):
    model = Transformer(make_config(tie_output=tie_output))
    words = [model.encoder.embedding.words.weight, model.decoder.embedding.words.weight]
    for weight in words:
        assert abs(weight.norm(dim=1).square().mean() - 1) < 0.2
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    for layer in layers:
        assert (layer.bias == 0).all()
        if not any(layer.weight is weight for weight in words):
            bound = (6 / (layer.in_features + layer.out_features)) ** 0.5  # uniform between -bound and bound
            assert 0.97 * bound < layer.weight.abs().max() <= bound
            assert abs(layer.weight.square().mean() - bound**2 / 3) < 0.1 * bound**2
