"""The tree of a beam search holds what the search saw, no more and no less; and the picture shows it."""

import math

import pytest
import torch
from test_decoding import EOS, log_probability, make_model, make_sources

from seqcourse.beam_tree import draw_beam, grow_tree, places_of
from seqcourse.decoding import beam_search


def words(ids):
    return [str(i) for i in ids]


def make_tree(seed=0, width=3, length=5, **options):
    model, src = make_model(seed), make_sources((length,))
    return model, src, grow_tree(model, src, words, width, **options)


@pytest.mark.parametrize("seed", range(5))
def test_every_branch_has_the_log_probability_of_a_teacher_forced_pass(seed):
    model, src, tree = make_tree(seed)
    for branch in (branch for step in tree.steps[:7] for branch in step):
        assert math.isclose(
            branch.score, log_probability(model, src, list(map(int, branch.words))), abs_tol=1e-4
        )


@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_leaves_are_the_hypotheses_of_beam_search(seed, penalty):
    model, src, tree = make_tree(seed, length_penalty=penalty)
    (found,) = beam_search(model, src, beam_width=3, length_penalty=penalty, n_best=3)
    leaves = [branch for step in tree.steps for branch in step if branch.final is not None]
    leaves.sort(key=lambda branch: -branch.final)
    assert [[int(w) for w in leaf.words if int(w) != EOS] for leaf in leaves] == [h.tokens for h in found]
    assert [leaf.final for leaf in leaves] == [h.score for h in found]
    for leaf in leaves:
        assert math.isclose(leaf.final, leaf.score / ((5 + len(leaf.words)) / 6) ** penalty, abs_tol=1e-9)
    assert tree.best == leaves[0] and tree.hypotheses == found


@pytest.mark.parametrize("seed", range(5))
def test_only_what_was_kept_and_has_not_ended_grows_and_the_best_are_kept(seed):
    _, _, tree = make_tree(seed)
    living, places = {()}, 3
    for step in tree.steps:
        assert {branch.words[:-1] for branch in step} == living
        assert [branch.kept for branch in step] == [rank < places for rank in range(len(step))]
        assert [branch.score for branch in step] == sorted((b.score for b in step), reverse=True)
        living = {branch.words for branch in step if branch.kept and branch.final is None}
        places -= sum(branch.final is not None for branch in step)
    assert not living and not places


def test_a_search_that_is_stopped_by_its_length_ends_in_leaves_too():
    model, src = make_model(), make_sources((2,))
    with torch.no_grad():
        model.decoder.output.bias[EOS] = -1e9
    tree = grow_tree(model, src, words, 2)
    assert len(tree.steps) == 14 and [b.final is not None for b in tree.steps[-1]] == [
        True,
        True,
        False,
        False,
    ]


def test_recording_changes_nothing_and_knows_the_sentences_of_a_batch_apart():
    model, src, record = make_model(), make_sources(), []
    assert beam_search(model, src, 3, record=record) == beam_search(model, src, 3)
    assert {i for i, ways, _ in record if ways} == set(range(len(src)))
    for i, row in enumerate(src):
        alone = grow_tree(model, row[row != 0][None], words)
        mine = [[tuple(words(ids)) for _, _, ids in ways] for j, ways, _ in record if j == i and ways]
        assert mine == [[branch.words for branch in step] for step in alone.steps]


def test_a_tree_is_of_one_sentence():
    with pytest.raises(ValueError, match="one sentence, not for 4"):
        grow_tree(make_model(), make_sources(), words)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_picture_shows_every_word_with_its_score_and_each_branch_with_its_own():
    _, _, tree = make_tree()
    shown = texts(draw_beam(tree))
    scores = {(): 0.0} | {branch.words: branch.score for step in tree.steps for branch in step}
    for branch in (branch for step in tree.steps for branch in step):
        assert f"{branch.words[-1]}  {branch.score:.2f}" in shown
        assert f"{branch.score - scores[branch.words[:-1]]:.2f}" in shown
        assert branch.final is None or f"score {branch.final:.2f}" in shown


def test_a_step_shows_what_was_known_then_and_moves_nothing():
    _, _, tree = make_tree()
    whole, early = draw_beam(tree), draw_beam(tree, step=1)
    assert [text for text in texts(early) if "  " in text] == [
        f"{branch.words[-1]}  {branch.score:.2f}" for step in tree.steps[:2] for branch in step
    ]
    assert (early.get_size_inches() == whole.get_size_inches()).all()
    assert early.axes[0].get_xlim() == whole.axes[0].get_xlim()
    with pytest.raises(ValueError, match=f"steps 0 to {len(tree.steps) - 1}"):
        draw_beam(tree, step=len(tree.steps))


@pytest.mark.parametrize("seed", range(5))
def test_no_two_branches_cross(seed):
    _, _, tree = make_tree(seed)
    places = places_of(tree)
    assert len(set(places.values())) == len(places)
    for step in tree.steps:
        ends = sorted((places[branch.words][1], places[branch.words[:-1]][1]) for branch in step)
        assert [start for _, start in ends] == sorted(start for _, start in ends)


def test_the_picture_says_what_a_word_means():
    _, _, tree = make_tree()
    assert any(text == "seven" for text in texts(draw_beam(tree, gloss=lambda word: "seven")))
