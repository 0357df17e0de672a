"""Attributions keep their promises: they add up, agree with slow loops, and give padding no part."""

import pytest
import torch

from seqcourse.attribution import erasure, integrated_gradients, log_likelihoods, rollout
from seqcourse.batching import make_batch
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.vocabulary import BOS, PAD

LAYERS, H, S, T = 3, 5, 7, 5


def weights(layers=LAYERS):
    torch.manual_seed(0)
    return torch.randn(layers, H, S, S).softmax(dim=-1)


def small(positions="sinusoidal", layers=2):
    torch.manual_seed(1)
    sizes = {"d_model": 14, "nhead": 2, "dim_feedforward": 11, "max_length": 19, "norm_first": True}
    sizes |= {"num_encoder_layers": layers, "num_decoder_layers": layers, "positions": positions}
    return Transformer(TransformerConfig(23, 29, **sizes)).eval()


def one_pair():
    return make_batch([([5, 9, 4, 17, 8, 22, 3], [6, 28, 11, 7])])


def whole(model, batch):
    """The log-likelihood of each right word, from the model itself: (T,)."""
    with torch.no_grad():
        logits = model(batch.src, batch.tgt_in)
    return torch.stack(
        [row[word] for row, word in zip(logits[0].log_softmax(-1), batch.tgt_out[0], strict=True)]
    )


def test_the_rows_of_a_rollout_sum_to_one():
    torch.testing.assert_close(rollout(weights()).sum(dim=1), torch.ones(S))


def test_with_one_layer_a_rollout_is_halfway_between_attention_and_the_word_itself():
    one = weights(layers=1)
    torch.testing.assert_close(rollout(one), (one[0].mean(dim=0) + torch.eye(S)) / 2)


def test_a_rollout_adds_up_every_path_through_the_layers():
    mixed = weights()
    steps = [[[sum(mixed[n, h, i, j].item() for h in range(H)) / H / 2 + (i == j) / 2 for j in range(S)]
              for i in range(S)] for n in range(LAYERS)]  # fmt: skip
    found = rollout(mixed)
    for top in range(S):
        for word in range(S):
            paths = ((a, b) for a in range(S) for b in range(S))
            slow = sum(steps[2][top][a] * steps[1][a][b] * steps[0][b][word] for a, b in paths)
            assert abs(found[top, word].item() - slow) < 1e-6


def test_layers_in_which_each_word_looks_at_itself_leave_every_word_as_it_was():
    torch.testing.assert_close(rollout(torch.eye(S).expand(LAYERS, H, S, S)), torch.eye(S))


def test_likelihoods_from_the_word_vectors_are_those_of_the_model():
    for model in (small(), small(positions="none")):
        batch = one_pair()
        words = model.encoder.embedding.words(batch.src)
        torch.testing.assert_close(log_likelihoods(model, words, batch)[0], whole(model, batch))


def test_integrated_gradients_add_up_to_the_whole_difference():
    model, batch = small(), one_pair()
    with torch.no_grad():
        words = model.encoder.embedding.words(batch.src)
        difference = log_likelihoods(model, words, batch) - log_likelihoods(model, 0 * words, batch)
    found = integrated_gradients(model, batch, steps=200)
    assert found.shape == (T, S)
    torch.testing.assert_close(found.sum(dim=1), difference[0], atol=1e-3, rtol=1e-3)


def test_integrated_gradients_are_those_of_a_slow_loop_over_steps_and_words():
    model, batch, steps = small(), one_pair(), 11
    words = model.encoder.embedding.words(batch.src).detach()
    slow = torch.zeros(T, S)
    for step in range(steps):
        for t in range(T):
            here = ((step + 0.5) / steps * words).requires_grad_()
            log_likelihoods(model, here, batch)[0, t].backward()
            slow[t] += (here.grad * words)[0].sum(dim=-1) / steps
    torch.testing.assert_close(integrated_gradients(model, batch, steps), slow, atol=1e-5, rtol=1e-4)


def test_attributions_leave_no_gradients_in_the_model():
    model = small()
    integrated_gradients(model, one_pair(), steps=3)
    erasure(model, one_pair())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_erasure_is_what_the_model_loses_when_a_word_is_padding():
    model, batch = small(), one_pair()
    found = erasure(model, batch)
    assert found.shape == (T, S)
    for s in range(S):
        without = batch.src.clone()
        without[0, s] = PAD
        torch.testing.assert_close(
            found[:, s], whole(model, batch) - whole(model, batch._replace(src=without))
        )


def test_padding_has_no_part_in_any_attribution():
    model, batch = small(), one_pair()
    padded = batch._replace(src=torch.nn.functional.pad(batch.src, (0, 3), value=PAD))
    for method in (erasure, integrated_gradients):
        found = method(model, padded)
        torch.testing.assert_close(found[:, S:], torch.zeros(T, 3), atol=1e-6, rtol=0)
        torch.testing.assert_close(found[:, :S], method(model, batch), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("method", [erasure, integrated_gradients])
def test_a_word_is_explained_by_the_words_before_it_only(method):
    model, batch = small(), one_pair()
    later = batch.tgt_in.clone()
    later[0, 3] = 13
    assert later[0, 0] == BOS
    torch.testing.assert_close(method(model, batch._replace(tgt_in=later))[:3], method(model, batch)[:3])
