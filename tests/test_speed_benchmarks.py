"""What the speed benchmarks stand on: weights that all programs read alike, and operations counted right."""

import importlib
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from seqcourse.batching import make_batch
from seqcourse.decoding import greedy_search
from seqcourse.vocabulary import EOS

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def small_model(peers):
    """Small, random, and its translations end."""
    model = peers.random_model(peers.Shape(30, 5, 2, 17, 101))
    peers.let_it_end(model, peers.natural_sources(peers.Shape(30, 5, 2, 17, 101), 40, seed=1))
    return model


def small_sources(peers):
    return peers.natural_sources(peers.Shape(30, 5, 2, 17, 101), 7)


def test_every_program_writes_what_ours_writes_with_the_same_weights(script, tmp_path):
    pytest.importorskip("transformers")
    peers = script("peers")
    model = small_model(peers)
    sources = small_sources(peers)
    peers.publish(model, tmp_path)
    expected = [found.tokens for found in greedy_search(model, peers.pad(sources))]
    assert len({len(tokens) for tokens in expected}) > 2
    assert peers.Ours(tmp_path).decode(sources, 1) == expected
    assert peers.Generate(tmp_path).decode(sources, 1) == expected
    alone = [peers.TorchTransformer(tmp_path).decode([source], 1)[0] for source in sources]
    assert alone == expected


def test_ctranslate2_writes_what_ours_writes_with_the_same_weights(script, tmp_path):
    pytest.importorskip("ctranslate2")
    peers = script("peers")
    peers.publish(small_model(peers), tmp_path)
    sources = small_sources(peers)
    assert peers.CTranslate2(tmp_path).decode(sources, 1) == peers.Ours(tmp_path).decode(sources, 1)


def test_the_end_is_fitted_on_the_words_before_it_and_three_at_and_after_it(script):
    peers = script("peers")
    shape = peers.Shape(30, 5, 2, 17, 101)
    model, sources = peers.random_model(shape), small_sources(peers)
    vectors, best, due = peers.write_without_end(model, sources)
    assert due.sum() == 3 * len(sources) and (~due).sum() == sum(map(len, sources))
    with torch.no_grad():
        logits = model.decoder.output(vectors)
    torch.testing.assert_close(logits.max(dim=-1).values, best)


def test_operations_of_a_pass_are_those_that_torch_counts(script):
    peers, growth = script("peers"), script("cost_growth")
    model, (rows, source, target) = peers.random_model(peers.Shape(30, 5, 2, 17, 101)), (3, 7, 11)
    src, tgt_in = (torch.randint(4, 101, (rows, length)) for length in (source, target))
    record = {"encoder": [], "decoder": [], "cross": []}  # with a record, attention is not fused, and counted
    with FlopCounterMode(display=False) as counter:
        model(src, tgt_in, record)
    assert growth.forward_operations(model.config, rows, source, target) == counter.get_total_flops()


def test_operations_of_decoding_are_those_that_torch_counts_and_those_of_attention(script):
    peers, growth = script("peers"), script("cost_growth")
    model, (rows, source) = peers.random_model(peers.Shape(30, 5, 2, 17, 101)), (3, 7)
    model.decoder.output.bias.data[EOS] = -1e4
    target, d, layers = 2 * source + 10, 30, 2
    with FlopCounterMode(display=False) as counter:
        found = greedy_search(model, torch.randint(4, 101, (rows, source)))
    assert [len(hypothesis.tokens) for hypothesis in found] == [target] * rows
    looks = layers * source**2 + layers * sum(source + t for t in range(1, target + 1))
    expected = counter.get_total_flops() + 2 * 2 * d * rows * looks  # the fused ones torch does not count
    assert growth.decoding_operations(model.config, rows, source, target) == expected


def test_ratios_are_taken_round_by_round(script):
    speed, training = script("decoding_speed"), script("training_speed")
    found = speed.summary(
        {"ours": [1.0, 2.0, 4.0], "other": [3.0, 2.0, 8.0]},
        {"ours": [[5], [6]], "other": [[5], [7]]},
    )
    assert found["ours"]["sentences_per_second"] == 1.0 and found["ours"]["range"] == [1, 1]
    assert found["other"]["ours_is_times_as_fast"] == 2.0 and found["other"]["range"] == [1, 3]
    assert found["other"]["same_translations"] == 0.5
    compared = training.compared([3.0, 4.0, 8.0], [1.0, 2.0, 8.0])
    assert compared["ours_is_times_as_fast"] == 2.0 and compared["range"] == [1, 3]


def test_padding_is_the_share_of_places_without_a_word(script):
    batch = make_batch([([4, 5, 6, EOS], [4]), ([EOS], [4, 5, 6, 7])])  # 12 words, 18 places
    assert script("training_speed").padding([batch]) == round(1 - 12 / 18, 3)
