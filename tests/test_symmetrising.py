"""Links grow from what both directions say, within what either says, and by neighbours only."""

import random

from seqcourse.symmetrising import grow_diagonal


def drawn(seed, size=6):
    chance = random.Random(seed)
    cells = [(s, t) for s in range(size) for t in range(size + 1)]
    return set(chance.sample(cells, 8)), set(chance.sample(cells, 8))


def slowly(forward, backward):
    """The same, cell by cell in the order of places, round by round until a round adds nothing."""
    grown = {link for link in forward if link in backward}
    while True:
        before, waiting = len(grown), []
        for s in range(20):
            for t in range(20):
                beside = any(max(abs(s - a), abs(t - b)) == 1 for a, b in grown)
                if (s, t) not in grown and beside and ((s, t) in forward or (s, t) in backward):
                    waiting.append((s, t))
        for s, t in waiting:
            if all(a != s for a, _ in grown) or all(b != t for _, b in grown):
                grown.add((s, t))
        if len(grown) == before:
            return grown


def test_it_is_what_a_slow_walk_over_all_cells_finds():
    for seed in range(200):
        forward, backward = drawn(seed)
        assert grow_diagonal(forward, backward) == slowly(forward, backward), seed


def test_it_lies_between_what_both_say_and_what_either_says():
    grew = 0
    for seed in range(100):
        forward, backward = drawn(seed)
        found = grow_diagonal(forward, backward)
        assert forward & backward <= found <= forward | backward
        grew += found > forward & backward
    assert grew > 10


def test_two_directions_that_agree_stay_as_they_are_and_two_that_never_do_give_nothing():
    links = {(0, 0), (1, 2), (2, 1)}
    assert grow_diagonal(links, links) == links
    assert grow_diagonal({(0, 0)}, {(1, 1)}) == set()


def test_a_neighbour_joins_only_while_one_of_its_words_has_no_link():
    assert grow_diagonal({(0, 0), (1, 1)}, {(0, 0)}) == {(0, 0), (1, 1)}
    assert grow_diagonal({(0, 0), (1, 1), (0, 1)}, {(0, 0), (1, 1)}) == {(0, 0), (1, 1)}  # both have one


def test_nothing_is_changed_in_place():
    forward, backward = {(0, 0), (0, 1)}, {(0, 0)}
    grow_diagonal(forward, backward)
    assert (forward, backward) == ({(0, 0), (0, 1)}, {(0, 0)})
