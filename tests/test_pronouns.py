"""The gender of a pronoun is asked for at the right place, and the heads that matter are found."""

import pytest
import torch
from small_course import small_corpus

from seqcourse.ablation import all_heads
from seqcourse.corpora import load_corpus
from seqcourse.making import learn_tokenizers
from seqcourse.pronouns import (
    OTHER_GENDER,
    balanced_accuracy,
    gender_is_right,
    greedy_cut,
    noun_genders,
    pronoun_cases,
    roles,
)
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.vocabulary import BOS, EOS, PAD


def french():
    corpus = load_corpus("toy-en-fr")
    return corpus.pairs("valid")[:300], *learn_tokenizers(corpus, vocab_size=0)


def test_each_case_ends_before_its_pronoun_which_goes_with_the_word_it():
    pairs, source, target = french()
    cases = pronoun_cases(pairs, source, target)
    sources = {tuple(source.encode(pair.source)): pair for pair in pairs}
    assert len(cases.right) > 17
    for src, fed, last, right, wrong in zip(*cases, strict=True):
        src, fed = src[src != PAD].tolist(), fed[: last + 1].tolist()
        assert src[-1] == EOS and fed[0] == BOS
        pair = sources[tuple(src[:-1])]
        place = len(fed) - 1
        assert list(pair.target_tokens[:place]) == target.tokens(fed[1:])
        assert pair.target_tokens[place] == target.words[right] == OTHER_GENDER[target.words[wrong]]
        assert {pair.source_tokens[s] for s, t in pair.alignment if t == place} <= {"it", "they"}


def test_sentences_without_such_a_pronoun_are_no_cases():
    with pytest.raises(ValueError, match="no pair has"):
        pronoun_cases(small_corpus().pairs("test"), *learn_tokenizers(small_corpus(), 0))


def test_the_gender_is_right_where_a_slow_loop_finds_the_right_pronoun_likelier():
    pairs, source, target = french()
    cases = pronoun_cases(pairs, source, target)
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(len(source), len(target), 14, 2, 1, 1, dim_feedforward=11)).eval()
    found = gender_is_right(model, cases)
    for n, (src, fed, last, right, wrong) in enumerate(zip(*cases, strict=True)):
        with torch.no_grad():
            logits = model(src[None, src != PAD], fed[None, : last + 1])[0, -1]
        assert found[n] == (logits[right] > logits[wrong])
    assert 0 < found.sum() < len(found)
    cut = gender_is_right(model, cases, all_heads(model))
    assert cut.equal(gender_is_right(model, cases, all_heads(model))) and not cut.equal(found)


def test_always_the_same_answer_is_chance_however_often_it_is_right():
    groups = torch.tensor([0, 0, 0, 0, 0, 1, 1])
    assert balanced_accuracy(groups == 0, groups) == 0.5
    assert balanced_accuracy(groups >= 0, groups) == 1
    assert balanced_accuracy(torch.tensor([True, False, False, False, True, True, True]), groups) == 0.7


def test_the_cut_takes_the_most_harmful_head_first_and_stops_when_it_is_enough():
    harm = {"a": 0.1, "b": 0.3, "c": 0.2, "d": 0.0}

    def score(cut):
        return 1 - sum(harm[head] for head in cut)

    assert greedy_cut(score, list(harm), 1) == []
    assert greedy_cut(score, list(harm), 0.7) == ["b"]
    assert greedy_cut(score, list(harm), 0.55) == ["b", "c"]
    assert sorted(greedy_cut(score, list(harm), -1)) == list(harm)


def test_the_roles_of_words_are_told_by_gender():
    pairs = load_corpus("toy-en-fr").pairs("test")
    found = [(pair, roles(pair)) for pair in pairs]
    told = [(pair, role) for pair, role in found if role]
    assert 17 < len(told) < len([pair for pair in pairs if "it" in pair.tags])
    genders = noun_genders()
    for pair, role in told:
        source, target = pair.source_tokens, pair.target_tokens
        assert source[role.it] in ("it", "they") and target[role.pronoun] in OTHER_GENDER
        assert (genders[source[role.meant]] == "f") == target[role.pronoun].startswith("elle")
        assert genders[source[role.meant]] != genders[source[role.other]]
        assert (role.meant, role.meant_said) in pair.alignment and source[role.reason + 1] == "."
        assert (role.other, role.other_said) in pair.alignment and max(role.meant, role.other) < role.it
    by_hand = {pair.source: pair for pair in pairs}
    pair = by_hand["That lion did not cross the stream because it was too deep."]
    assert roles(pair) is None  # un lion, un ruisseau: the pronoun does not tell
    pair = by_hand["The bowl does not fit in the suitcase because it is too small."]
    words = [pair.source_tokens[place] for place in roles(pair)[:4]]
    assert words == ["it", "suitcase", "bowl", "small"]
