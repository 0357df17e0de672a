"""Batches hold every example once, padded on the right, within the token budget, and the seed decides."""

import random

import pytest
import torch

from seqcourse.batching import Batch, batch_by_tokens, encode_pairs, make_batch, pad
from seqcourse.pairs import Pair
from seqcourse.vocabulary import BOS, EOS, PAD, Vocabulary


def examples_like_the_toy_corpus(count, seed=0):
    rng = random.Random(seed)
    examples = []
    for number in range(count):  # the first id of each side names the example
        length = rng.randint(3, 14)
        target = max(2, round(length * rng.uniform(0.6, 1.1)))
        examples.append(([4 + number] * length + [EOS], [4 + number] * target))
    return examples


def rows(batches):
    return [
        (s.tolist(), t.tolist()) for batch in batches for s, t in zip(batch.src, batch.tgt_out, strict=True)
    ]


def same(batches, others):
    return len(batches) == len(others) and all(
        all(torch.equal(a, b) for a, b in zip(batch, other, strict=True))
        for batch, other in zip(batches, others, strict=True)
    )


def test_a_batch_is_what_the_lesson_draws():
    batch = make_batch([([7, 8, EOS], [11]), ([9, EOS], [12, 13])])
    assert batch.src.tolist() == [[7, 8, EOS], [9, EOS, PAD]]
    assert batch.tgt_in.tolist() == [[BOS, 11, PAD], [BOS, 12, 13]]
    assert batch.tgt_out.tolist() == [[11, EOS, PAD], [12, 13, EOS]]
    assert all(tensor.dtype == torch.long for tensor in batch)


def test_an_empty_sentence_is_a_row_of_padding_or_of_its_end():
    assert pad([[], [5]]).tolist() == [[PAD], [5]]
    batch = make_batch([([EOS], [])])
    assert (batch.src.tolist(), batch.tgt_in.tolist(), batch.tgt_out.tolist()) == ([[EOS]], [[BOS]], [[EOS]])


def test_a_batch_moves_to_a_device_whole():
    batch = make_batch([([7, EOS], [11])]).to("meta")
    assert isinstance(batch, Batch) and all(tensor.device.type == "meta" for tensor in batch)


@pytest.mark.parametrize("seed", [None, 0, 13, (0, 5)])
@pytest.mark.parametrize("max_tokens", [1, 37, 499])
def test_every_example_comes_exactly_once(seed, max_tokens):
    examples = examples_like_the_toy_corpus(211)
    found = rows(batch_by_tokens(examples, max_tokens, seed))
    unpadded = sorted(([i for i in s if i != PAD], [i for i in t if i != PAD]) for s, t in found)
    assert unpadded == sorted((source, [*target, EOS]) for source, target in examples)


@pytest.mark.parametrize("seed", [None, 3])
def test_no_batch_is_above_the_budget_unless_it_is_one_long_sentence(seed):
    examples = [*examples_like_the_toy_corpus(307), ([5] * 101 + [EOS], [6]), ([5, EOS], [6] * 103)]
    batches = batch_by_tokens(examples, 97, seed)
    above = [batch for batch in batches if max(batch.src.numel(), batch.tgt_in.numel()) > 97]
    assert sorted(tuple(batch.src.shape) for batch in above) == [(1, 2), (1, 102)]
    for batch in batches:
        if len(batch.src) > 1:
            assert len(batch.src) * max(batch.src.shape[1], batch.tgt_in.shape[1]) <= 97


def test_the_budget_is_used_up():
    batches = batch_by_tokens([([7] * 4 + [EOS], [8] * 3)] * 23, 20)  # B * 5 <= 20
    assert [len(batch.src) for batch in batches] == [4, 4, 4, 4, 4, 3]


def test_the_same_seed_gives_the_same_batches_whatever_the_global_random_state():
    examples = examples_like_the_toy_corpus(211)
    random.seed(1)
    first = batch_by_tokens(examples, 101, seed=(7, 2))
    random.seed(2)
    state = random.getstate(), torch.get_rng_state()
    assert same(first, batch_by_tokens(examples, 101, seed=(7, 2)))
    assert random.getstate() == state[0] and torch.equal(torch.get_rng_state(), state[1])
    assert not same(first, batch_by_tokens(examples, 101, seed=(7, 3)))


def test_a_seed_shuffles_the_order_and_the_ties_and_none_sorts():
    examples = [([4 + number, EOS], [4 + number]) for number in range(29)]
    assert rows(batch_by_tokens(examples, 6)) == [(s, [*t, EOS]) for s, t in examples]
    shuffled = batch_by_tokens(examples, 6, seed=0)
    assert {tuple(batch.src[:, 0].tolist()) for batch in shuffled} != {
        tuple(batch.src[:, 0].tolist()) for batch in batch_by_tokens(examples, 6)
    }
    widths = [batch.src.shape[1] for batch in batch_by_tokens(examples_like_the_toy_corpus(211), 53)]
    assert widths == sorted(widths)
    widths = [batch.src.shape[1] for batch in batch_by_tokens(examples_like_the_toy_corpus(211), 53, seed=0)]
    assert widths != sorted(widths)


def test_the_examples_given_stay_as_they_are():
    examples = examples_like_the_toy_corpus(53)
    before = [(list(source), list(target)) for source, target in examples]
    batch_by_tokens(examples, 31, seed=1)
    assert examples == before


def test_little_is_padding():
    batches = batch_by_tokens(examples_like_the_toy_corpus(30_000), 2000, seed=(0, 1))
    padded = sum((tensor == PAD).sum().item() for batch in batches for tensor in (batch.src, batch.tgt_in))
    assert padded < 0.05 * sum(batch.src.numel() + batch.tgt_in.numel() for batch in batches)


def test_pairs_become_ids_with_the_end_on_the_source_only():
    english = Vocabulary.learn([["the", "cat", "sleeps", "."]], language="en")
    chinese = Vocabulary.learn([["猫", "睡觉", "。"]], language="zh")
    [(source, target)] = encode_pairs([Pair("The cat sleeps.", "猫睡觉。")], english, chinese, max_length=5)
    assert english.tokens(source) == ["the", "cat", "sleeps", ".", "</s>"]
    assert chinese.tokens(target) == ["猫", "睡觉", "。"]


def test_pairs_too_long_are_left_out_and_counted_never_cut():
    words = Vocabulary.learn([["a", "b"]], language="en")
    pairs = [
        Pair("a a", "b"),
        Pair("a", "b b b"),
        Pair("a a a a", "b"),
        Pair("a a a", "b b b"),
        Pair("a", "b b b b"),
    ]
    with pytest.warns(UserWarning, match="2 of 5 pairs left out: over 4 tokens"):
        kept = encode_pairs(pairs, words, words, max_length=4)
    assert [(len(source), len(target)) for source, target in kept] == [(3, 1), (2, 3), (4, 3)]
    with pytest.raises(ValueError, match="all 5 pairs are longer than max_length=1 "):
        encode_pairs(pairs, words, words, max_length=1)


def test_nothing_gives_nothing_and_an_empty_budget_is_refused():
    assert batch_by_tokens([], 100, seed=0) == []
    with pytest.raises(ValueError, match="a batch of 0 tokens holds nothing"):
        batch_by_tokens([([5, EOS], [6])], 0)
