"""Explanations are scored as attention is, and a map that is the truth is without fault."""

from math import isnan

import pytest
import torch
from small_course import small_corpus, small_translator

from seqcourse.alignment import head_error_rates
from seqcourse.corpora import load_corpus
from seqcourse.explanations import (
    classifier_links,
    error_rate,
    explanations,
    rank_agreement,
    share_found,
    strongest,
)
from seqcourse.lexicon import content_words

PAIRS = small_corpus().pairs("test")


def truth(pair):
    """A map that is large at the gold links, (T + 1, S + 1), </s> last."""
    weights = torch.full((len(pair.target_tokens) + 1, len(pair.source_tokens) + 1), -0.5)
    for s, t in pair.alignment:
        weights[t, s] = 1.5
    return weights


def test_a_map_that_is_the_truth_is_without_fault_and_its_opposite_has_nothing_right():
    maps = [truth(pair) for pair in PAIRS]
    assert share_found(maps, PAIRS) == 1 and share_found([-map for map in maps], PAIRS) == 0
    assert error_rate([-map for map in maps], PAIRS) == 1
    linked = {word for pair in PAIRS for t, word in enumerate(pair.target_tokens)
              if t in {link[1] for link in pair.alignment}}  # fmt: skip
    assert error_rate(maps, PAIRS, linked.__contains__) == 0


def test_words_that_are_left_out_do_not_count():
    pair = PAIRS[0]
    spoilt = truth(pair)
    spoilt[0] = -spoilt[0]
    first = pair.target_tokens[0]
    assert error_rate([spoilt], [pair]) > error_rate([spoilt], [pair], lambda word: word != first)


def test_the_end_of_the_source_is_never_the_strongest_word():
    pair = PAIRS[0]
    weights = truth(pair)
    weights[:, -1] = 99
    assert strongest(weights, pair) == strongest(truth(pair), pair)


def test_one_head_has_the_error_rate_that_the_heads_are_scored_with():
    translator = small_translator()
    maps = [explanations(translator, pair, head=(1, 2), steps=3)["one head"] for pair in PAIRS]
    assert error_rate(maps, PAIRS) == pytest.approx(head_error_rates(translator, PAIRS)[1, 2].item())


def test_every_explanation_has_a_row_for_each_target_and_a_column_for_each_source_token():
    pair = PAIRS[-1]
    found = explanations(small_translator(), pair, steps=3)
    assert len(found) == 5
    for weights in found.values():
        assert weights.shape == (len(pair.target_tokens) + 1, len(pair.source_tokens) + 1)


def test_maps_agree_with_themselves_and_disagree_with_their_opposite():
    torch.manual_seed(0)
    maps = [torch.rand(5, 7), torch.rand(3, 11)]
    assert rank_agreement(maps, maps) == pytest.approx(1)
    assert rank_agreement(maps, [map.exp() for map in maps]) == pytest.approx(1)
    assert rank_agreement(maps, [-map for map in maps]) == pytest.approx(-1)
    changed = [torch.cat([map[:, :-1], -map[:, -1:]], dim=1) for map in maps]
    assert rank_agreement(maps, changed) == pytest.approx(1)  # </s> is left out


def test_content_words_are_nouns_adjectives_and_verbs_and_no_small_ones():
    assert {"猫", "吃", "红色"} <= content_words("zh") and {"chats", "lire", "grande"} <= content_words("fr")
    assert {"cats", "reading", "smaller"} <= content_words("en")
    for small, language in (("的", "zh"), ("只", "zh"), ("了", "zh"), ("le", "fr"), ("the", "en")):
        assert small not in content_words(language)


def test_a_classifier_goes_with_the_noun_that_it_counts():
    pairs = {pair.source: pair for pair in load_corpus("toy-en-zh").pairs("test")}
    pair = pairs["I am writing a long poem in the garden."]
    ((s, t),) = classifier_links(pair)
    assert (pair.source_tokens[s], pair.target_tokens[t]) == ("poem", "首")
    assert (s, t) not in pair.alignment  # its gold link is with *a*
    many = [pair for pair in pairs.values() if classifier_links(pair)]
    assert len(many) > 300 and all("classifier" in pair.tags for pair in many)


def test_other_links_than_the_gold_ones_may_be_the_truth():
    maps = [truth(pair) for pair in PAIRS]
    assert share_found(maps, PAIRS, lambda pair: {(4, 0)}) < 1
    assert isnan(share_found(maps, PAIRS, lambda pair: set()))
