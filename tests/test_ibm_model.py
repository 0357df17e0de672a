"""IBM Model 1 equals the loop one writes by hand, gets likelier with every iteration, and finds the words."""

import math
import random
from collections import defaultdict

import pytest
import torch

from seqcourse.ibm_model import alignment_map, ibm_model_1, possible_links
from seqcourse.vocabulary import EOS

SOURCE_SIZE, TARGET_SIZE = 13, 11


def drawn_examples(count=23, seed=0):
    """Random pairs in which words come twice, sentences are of unlike length, and one target is empty."""
    rng = random.Random(seed)
    pairs = [
        (
            [rng.randrange(4, 11) for _ in range(rng.randint(1, 7))],
            rng.choices(range(4, 9), k=rng.randint(1, 5)),
        )
        for _ in range(count)
    ]
    return [([*source, EOS], target) for source, target in [*pairs, ([4, 4, 5], [6, 6]), ([5], [])]]


def slow_loop(examples, iterations):
    """The pseudo-code of every textbook, with dictionaries for tables."""
    table = defaultdict(lambda: 1 / TARGET_SIZE)
    losses = []
    for _ in range(iterations):
        counts, totals, loss, tokens = defaultdict(float), defaultdict(float), 0.0, 0
        for source, target in examples:
            for f in target:
                total = sum(table[e, f] for e in source)
                loss, tokens = loss - math.log(total / len(source)), tokens + 1
                for e in source:
                    counts[e, f] += table[e, f] / total
                    totals[e] += table[e, f] / total
        table = defaultdict(float, {(e, f): n / totals[e] for (e, f), n in counts.items()})
        losses.append(loss / tokens)
    return table, losses


@pytest.mark.parametrize("iterations", [1, 2, 7])
def test_the_table_and_the_losses_are_those_of_the_slow_loop(iterations):
    examples = drawn_examples()
    table, losses = ibm_model_1(examples, SOURCE_SIZE, TARGET_SIZE, iterations)
    expected, expected_losses = slow_loop(examples, iterations)
    by_hand = torch.tensor([[expected[e, f] for f in range(TARGET_SIZE)] for e in range(SOURCE_SIZE)])
    torch.testing.assert_close(table, by_hand.double(), atol=1e-6, rtol=0)
    assert losses == pytest.approx(expected_losses, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_likelihood_never_falls_and_starts_at_log_v(seed):
    _, losses = ibm_model_1(drawn_examples(101, seed), SOURCE_SIZE, TARGET_SIZE, iterations=29)
    assert losses[0] == pytest.approx(math.log(TARGET_SIZE))
    assert all(after <= before + 1e-12 for before, after in zip(losses, losses[1:], strict=False))


def test_the_row_of_a_word_sums_to_1_and_that_of_a_word_never_seen_is_0():
    table, _ = ibm_model_1(drawn_examples(), SOURCE_SIZE, TARGET_SIZE)
    seen = {e for source, target in drawn_examples() if target for e in source}
    sums = torch.tensor([float(e in seen) for e in range(SOURCE_SIZE)], dtype=torch.double)
    torch.testing.assert_close(table.sum(dim=1), sums)


def test_words_that_always_come_together_translate_each_other():
    # 4 translates 7 and 5 translates 8, in any order; 6 has no translation, 9 comes from nowhere
    examples = [([4, 5, EOS], [8, 7]), ([6, 4, EOS], [7]), ([5, 6, EOS], [9, 8]), ([6, EOS], [9])]
    table, _ = ibm_model_1(examples, 7, 11, iterations=50)
    assert table[4, 7] > 0.99 and table[5, 8] > 0.99


def test_the_order_of_words_and_of_pairs_does_not_matter():
    examples = drawn_examples()
    other = [(source[::-1], target[::-1]) for source, target in examples[::-1]]
    table, losses = ibm_model_1(examples, SOURCE_SIZE, TARGET_SIZE)
    turned, turned_losses = ibm_model_1(other, SOURCE_SIZE, TARGET_SIZE)
    torch.testing.assert_close(table, turned)
    assert losses == pytest.approx(turned_losses)


def test_every_source_word_is_linked_with_every_target_word_of_its_pair_and_with_no_other():
    e, f, token = possible_links([([4, 5, EOS], [7, 8]), ([6, EOS], [7])])
    assert e.tolist() == [4, 5, EOS, 4, 5, EOS, 6, EOS]
    assert f.tolist() == [7, 7, 7, 8, 8, 8, 7, 7]
    assert token.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("examples", [[], [([4, EOS], [])]])
def test_without_words_on_both_sides_there_is_nothing_to_learn(examples):
    with pytest.raises(ValueError, match="nothing to learn from"):
        ibm_model_1(examples, SOURCE_SIZE, TARGET_SIZE)


def test_a_map_says_for_each_target_word_which_source_word_competes_how_well():
    table = torch.tensor([[0.2, 0.8, 0.0], [0.6, 0.4, 0.0]]).double()
    expected = torch.tensor([[0.25, 0.75], [2 / 3, 1 / 3], [0.0, 0.0]]).double()  # (T, S)
    torch.testing.assert_close(alignment_map(table, [0, 1], [0, 1, 2]), expected)
    assert alignment_map(table, [0, 1, 1], [2]).tolist() == [[0, 0, 0]]
