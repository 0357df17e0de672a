"""Positions: waves, learned numbers and rotation, each within the model, in training and step by step."""

import cmath
import math
from itertools import product

import pytest
import torch
from small_course import untrained
from torch import nn

from seqcourse.attention import MultiHeadAttention, attention, causal_mask, merge_heads, split_heads
from seqcourse.positions import POSITIONS, angles, position_table, rotate, sinusoidal_positions
from seqcourse.torch_twin import torch_twin
from seqcourse.transformer import Embedding, Transformer, TransformerConfig
from seqcourse.translator import Translator

B, S, T, H, K = 2, 7, 5, 3, 10
D = H * K


def make_model(**changes):
    torch.manual_seed(0)
    sizes = dict(num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=29, max_length=31, dropout=0.0)
    model = Transformer(TransformerConfig(23, 19, D, H, **{**sizes, **changes}))
    for parameter in model.parameters():  # no zero bias, no unit norm: an error there must show
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


def close(a, b, atol=1e-5):
    torch.testing.assert_close(a, b, atol=atol, rtol=1e-5)


@pytest.mark.parametrize("start", [0, 13])
def test_rotation_is_multiplication_by_complex_numbers_of_length_one(start):
    x = torch.randn(B, H, T, K)
    found = rotate(x, start)
    for b, h, t, pair in product(range(B), range(H), range(T), range(K // 2)):
        point = complex(x[b, h, t, 2 * pair], x[b, h, t, 2 * pair + 1])
        turned = point * cmath.exp(1j * (start + t) / 10000 ** (2 * pair / K))
        assert cmath.isclose(complex(*found[b, h, t, 2 * pair : 2 * pair + 2]), turned, abs_tol=1e-5)


def test_rotation_equals_the_equation_of_the_paper():
    """Su et al. 2021, equation 34: x ⊙ cos + (-x2, x1, -x4, x3, …) ⊙ sin, each angle written twice."""
    x = torch.randn(B, T, K)
    twice = angles(torch.arange(T, dtype=torch.float32), K).repeat_interleave(2, dim=-1)
    swapped = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)
    close(rotate(x), x * twice.cos() + swapped * twice.sin())


def test_rotation_keeps_lengths_and_begins_with_doing_nothing():
    x = torch.randn(B, H, T, K)
    close(rotate(x).norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(rotate(x)[..., 0, :], x[..., 0, :])
    assert rotate(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("far", [3, 400])
def test_scores_of_turned_queries_and_keys_depend_on_the_distance_only(far):
    q, k = torch.randn(1, K).expand(T, K), torch.randn(1, K).expand(S, K)  # the same word at every place
    scores = rotate(q) @ rotate(k).T  # (T, S)
    close(rotate(q, far) @ rotate(k, far).T, scores, atol=1e-3)
    for t, s in product(range(1, T), range(1, S)):
        close(scores[t, s], scores[t - 1, s - 1])
    assert (scores[1:, 0] - scores[0, 0]).abs().min() > 1e-3


def test_the_scores_of_waves_depend_on_the_distance_only_as_well():
    products = sinusoidal_positions(T + S, D) @ sinusoidal_positions(T + S, D).T
    for distance in range(T):
        close(products.diagonal(distance), products[0, distance].expand(T + S - distance), atol=1e-4)


def test_a_layer_with_rotary_positions_turns_queries_and_keys_and_nothing_else():
    torch.manual_seed(0)
    layer, x, record = MultiHeadAttention(D, H, rotary=True), torch.randn(B, S, D), []
    q, k, v = (split_heads(part(x), H) for part in (layer.query, layer.key, layer.value))
    expected, weights = attention(rotate(q), rotate(k), v, causal_mask(S))
    close(layer(x, x, causal_mask(S)), layer.output(merge_heads(expected)))
    close(layer(x, x, causal_mask(S), record), layer.output(merge_heads(expected)))
    close(record[0], weights)


def test_a_layer_with_rotary_positions_sees_distances_and_no_places():
    torch.manual_seed(0)
    layer, x, padding = MultiHeadAttention(D, H, rotary=True), torch.randn(B, S, D), torch.zeros(B, 3, D)
    moved = torch.cat((padding, x), dim=1)  # every word three places further on
    mask = (torch.arange(S + 3) >= 3).expand(S + 3, -1)
    close(layer(moved, moved, mask)[:, 3:], layer(x, x))
    assert not torch.allclose(layer(x.flip(1), x.flip(1)).flip(1), layer(x, x), atol=1e-3)


def test_only_self_attention_is_turned():
    model = make_model(positions="rotary")
    layers = [*model.encoder.layers, *model.decoder.layers]
    assert all(layer.self_attention.rotary for layer in layers)
    assert not any(layer.cross_attention.rotary for layer in model.decoder.layers)
    assert (model.encoder.embedding.positions == 0).all()


@pytest.mark.parametrize("positions", POSITIONS)
def test_step_by_step_equals_all_at_once(positions):
    model = make_model(positions=positions)
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    src[1, 4:] = 0
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(T):
        logits, state = model.step(tgt_in[:, t], state)
        close(logits, expected[:, t])


@pytest.mark.parametrize("positions", POSITIONS)
def test_neither_the_future_nor_padding_nor_a_record_changes_anything(positions):
    model = make_model(positions=positions)
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    src[1, 4:] = 0
    logits = model(src, tgt_in)
    changed = tgt_in.clone()
    changed[:, 3:] = (changed[:, 3:] + 1) % 19
    assert torch.equal(model(src, changed)[:, :3], logits[:, :3])
    close(model(src[1:, :4], tgt_in[1:]), logits[1:])
    close(model(src, tgt_in, record={"encoder": [], "decoder": [], "cross": []}), logits)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary"])
def test_with_positions_the_order_of_the_source_counts(positions):
    model = make_model(positions=positions)
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    assert not torch.allclose(model(src.flip(1), tgt_in), model(src, tgt_in), atol=1e-3)


def test_learned_positions_are_added_and_learn_at_the_places_that_were_used():
    embedding = Embedding(23, TransformerConfig(23, 19, D, H, positions="learned", max_length=31, dropout=0))
    tokens, down = torch.randint(23, (B, T)), torch.randn(B, T, D)
    words = math.sqrt(D) * embedding.words.weight[tokens]
    close(embedding(tokens, start=4), words + embedding.positions[4 : 4 + T])
    (embedding(tokens, start=4) * down).sum().backward()
    close(embedding.positions.grad[4 : 4 + T], down.sum(0))
    assert (embedding.positions.grad[:4] == 0).all() and (embedding.positions.grad[4 + T :] == 0).all()


def test_learned_positions_begin_about_as_long_as_the_waves_and_unlike_each_other():
    learned, waves = position_table("learned", 211, 64), position_table("sinusoidal", 211, 64)
    assert isinstance(learned, nn.Parameter) and not isinstance(waves, nn.Parameter)
    assert abs(learned.norm(dim=-1).mean() / waves.norm(dim=-1).mean() - 1) < 0.05
    cosines = nn.functional.normalize(learned, dim=-1) @ nn.functional.normalize(learned, dim=-1).T
    assert (cosines - torch.eye(211)).abs().mean() < 0.2


def test_only_learned_positions_are_parameters_and_each_language_has_its_own():
    names = {
        positions: set(dict(make_model(positions=positions).named_parameters())) for positions in POSITIONS
    }
    own = {"encoder.embedding.positions", "decoder.embedding.positions"}
    assert names["learned"] - names["sinusoidal"] == own
    assert names["rotary"] == names["none"] == names["sinusoidal"]
    assert set(make_model().state_dict()) == set(make_model(positions="rotary").state_dict())


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_sentence_beyond_the_places_that_there_are_says_so(positions):
    model = make_model(positions=positions, max_length=6)
    with pytest.raises(ValueError, match="7 tokens are more than the model's max_length of 6"):
        model(torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T)))


def test_rotation_needs_heads_of_an_even_width():
    with pytest.raises(
        ValueError, match="turn pairs of features, but a head has 11: change nhead or d_model"
    ):
        TransformerConfig(23, 19, 33, 3, positions="rotary")


def test_torch_has_no_rotary_positions_and_the_twin_says_so():
    with pytest.raises(ValueError, match="no rotary positions"):
        torch_twin(make_model(positions="rotary"))


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_folder_keeps_a_model_with_any_positions(positions, tmp_path):
    ours = untrained(positions=positions)
    ours.save(tmp_path)
    again = Translator.load(tmp_path, device="cpu").model
    src, tgt_in = torch.randint(4, 9, (B, S)), torch.randint(4, 9, (B, T))
    assert again.config == ours.model.config
    assert torch.equal(again(src, tgt_in), ours.model.eval()(src, tgt_in))
