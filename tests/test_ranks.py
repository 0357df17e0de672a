"""Rank correlations are those that one counts by hand, and chance is what it is among all orders."""

from itertools import permutations
from math import isnan

import pytest
import torch

from seqcourse.ranks import chance_of, rank_correlation, ranks

N = 7


def numbers(seed=0):
    torch.manual_seed(seed)
    return torch.randn(N)


def test_ranks_of_numbers_that_differ_are_their_places():
    values = numbers()
    assert ranks(values).tolist() == [sorted(values.tolist()).index(value) + 1 for value in values.tolist()]


def test_equal_numbers_share_the_mean_of_their_places():
    assert ranks(torch.tensor([3.0, 1, 3, 2, 3])).tolist() == [4, 1, 4, 2, 4]


def test_without_equals_it_is_the_formula_of_the_squared_differences():
    a, b = numbers(1), numbers(2)
    formula = 1 - 6 * (ranks(a) - ranks(b)).square().sum() / (N * (N * N - 1))
    assert rank_correlation(a, b) == pytest.approx(formula.item())


def test_any_change_that_keeps_the_order_keeps_the_correlation():
    a, b = numbers(1), numbers(2)
    assert rank_correlation(a.exp(), 3 * b**3 + 5) == pytest.approx(rank_correlation(a, b))
    assert rank_correlation(a, a.exp()) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)


def test_with_equals_it_is_the_correlation_of_the_ranks():
    a, b = torch.tensor([1.0, 1, 2, 5, 5, 5, 9]), torch.tensor([4.0, 0, 0, 3, 8, 8, 1])
    expected = torch.corrcoef(torch.stack([ranks(a), ranks(b)]))[0, 1]
    assert rank_correlation(a, b) == pytest.approx(expected.item(), abs=1e-6)


def test_a_list_without_an_order_has_no_correlation():
    assert isnan(rank_correlation(torch.ones(N), numbers()))


def test_lists_of_unlike_lengths_are_refused():
    with pytest.raises(ValueError, match="equally long"):
        rank_correlation(numbers(), torch.randn(5))


def test_the_chance_is_near_the_share_of_all_orders_that_agree_as_well():
    a, b = torch.arange(5.0), torch.tensor([0.0, 2, 1, 4, 3])
    real = abs(rank_correlation(a, b))
    orders = [torch.tensor([b[i] for i in order]) for order in permutations(range(5))]
    exact = sum(abs(rank_correlation(a, order)) >= real - 1e-6 for order in orders) / len(orders)
    assert chance_of(a, b, shuffles=3000) == pytest.approx(exact, abs=0.03)


def test_chance_is_never_nothing_and_the_same_seed_gives_the_same():
    a = torch.arange(30.0)
    assert chance_of(a, a, shuffles=99) == pytest.approx(1 / 100)
    assert chance_of(a, torch.randn(30), seed=3) <= 1
    b = numbers(4)
    assert chance_of(numbers(), b, 50, seed=3) == chance_of(numbers(), b, 50, seed=3)
