"""Scores agree with pencil and paper: BLEU, chrF, groups of them, links of an attention map, error rate."""

import math

import pytest
import torch

from seqcourse.pairs import Pair
from seqcourse.scores import Score, alignment_error_rate, bleu, by_length, by_tag, chrf, links

# ---------------------------------------------------------------------------------------------- BLEU and chrF


def test_a_perfect_translation_scores_100_in_every_language_and_length():
    for language, texts in {
        "en": ["The cat sleeps on the mat.", "Is it late?"],
        "fr": ["L'animal n'a pas dormi.", "Est-ce l'eau ?"],
        "zh": ["三只小猫在睡觉。", "你好吗？"],
        "ja": ["猫が眠っています。"],
        "xx": ["Die Katze schläft auf der Matte."],
    }.items():
        for some in (texts, texts[:1], [texts[-1][:2]]):
            assert float(bleu(some, some, language)) == pytest.approx(100)
            assert float(chrf(some, some, language)) == pytest.approx(100)


def test_bleu_by_hand():
    # clipped matches: 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 fours; lengths are equal
    score = bleu(["the cat sat on the mat"], ["the cat sat on a mat"], "en")
    assert score.value == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** (1 / 4))


def test_hypotheses_and_references_do_not_change_places():
    short, long = ["the cat sat on"], ["the cat sat on it today"]
    # too short: all is right, and the brevity penalty is exp(1 - 6/4); too long: no penalty, less is right
    assert bleu(short, long, "en").value == pytest.approx(100 * math.exp(1 - 6 / 4))
    assert bleu(long, short, "en").value == pytest.approx(100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** (1 / 4))


def test_bleu_counts_over_the_corpus_and_is_no_mean_of_sentences():
    hypotheses, references = ["a b c d e", "u v w x"], ["a b c d e", "u v y z"]
    # 7 of 9 words, 5 of 7 pairs, 3 of 5 triples, 2 of 3 fours
    expected = 100 * (7 / 9 * 5 / 7 * 3 / 5 * 2 / 3) ** (1 / 4)
    assert bleu(hypotheses, references, "en").value == pytest.approx(expected)


def test_chinese_is_counted_in_characters():
    # 5 of 6 characters, 3 of 5 pairs, 2 of 4 triples, 1 of 3 fours
    score = bleu(["我们在家吃饭"], ["我们在家做饭"], "zh")
    assert score.value == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** (1 / 4))


def test_chrf_by_hand():
    # one character: 2 of 2 are right, 2 of 3 found; two: 1 of 1, 1 of 2; the hypothesis has no three.
    precision, recall = 1, (2 / 3 + 1 / 2) / 2
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert chrf(["ab"], ["abc"]).value == pytest.approx(expected)


def test_the_signature_says_how_it_was_made():
    assert "tok:13a" in bleu(["a b c d"], ["a b c d"], "en").signature
    assert "tok:zh" in bleu(["我们在家"], ["我们在家"], "zh").signature
    assert "eff:no" in bleu(["a"], ["a b c d"], "en").signature
    assert "eff:no" in bleu(["我"], ["我们在家"], "zh").signature
    assert "eff:yes" in bleu(["a"], ["a b c"], "en").signature  # no reference has a run of four
    assert "nc:6" in chrf(["a"], ["a"]).signature
    score = bleu(["a b c d"], ["a b c d"], "en")
    assert str(score).startswith("BLEU 100.0 nrefs:1|case:mixed|") and str(chrf(["a"], ["b"])).startswith(
        "chrF 0.0 "
    )


@pytest.mark.parametrize("measure", [bleu, chrf])
@pytest.mark.parametrize(
    ("hypotheses", "references", "reason"),
    [
        ([], [], "nothing to score"),
        (["a", "b"], ["a"], "2 hypotheses cannot be scored by 1 references"),
        (
            ["a", "b"],
            [["a"], ["b"]],
            "references must be a list of texts",
        ),  # sacrebleu takes it, and says 100
        (["a", "b"], [["a", "b"]], "references must be a list of texts"),
        ("a", ["a"], "hypotheses must be a list of texts"),
        (["a", None], ["a", "b"], "hypotheses must be a list of texts"),
    ],
)
def test_what_cannot_be_scored_is_refused(measure, hypotheses, references, reason):
    with pytest.raises(ValueError, match=reason):
        measure(hypotheses, references, "en")


def test_an_empty_translation_scores_0():
    assert bleu(["", ""], ["the cat sat on it", "a b c d"], "en").value == 0
    assert bleu(["", ""], ["三只小猫", "三只小猫"], "zh").value == 0


# ---------------------------------------------------------------------------------------------- groups


def numbered(length, tags=(), tokens=True):
    words = [f"w{i}" for i in range(length)]
    return Pair(" ".join(words), "a b c d", tuple(words) if tokens else (), (), frozenset(), frozenset(tags))


@pytest.mark.parametrize("tokens", [True, False])
def test_scores_by_length_are_those_of_the_sentences_of_that_length(tokens):
    pairs = [numbered(length, tokens=tokens) for length in (7, 3, 5, 6, 13, 1)]
    hypotheses = ["a b c d", "a b c x", "a b c d", "x y z", "a b", "a b c d"]
    found = by_length(pairs, hypotheses, "en")
    assert list(found) == ["1–5", "6–10", "11–15"] and [count for _, count in found.values()] == [3, 2, 1]
    assert found["1–5"][0] == bleu(["a b c x", "a b c d", "a b c d"], ["a b c d"] * 3, "en")
    assert found["6–10"][0] == bleu(["a b c d", "x y z"], ["a b c d"] * 2, "en")
    assert list(by_length(pairs, hypotheses, "en", measure=chrf, width=3)) == ["1–3", "4–6", "7–9", "13–15"]
    assert by_length(pairs, hypotheses, "en", measure=chrf)["11–15"][0] == chrf(["a b"], ["a b c d"])


def test_the_length_of_text_without_spaces_is_its_characters():
    pairs = [Pair("我们在家吃饭，Tom！", "a"), Pair("", "a"), Pair("Run!", "a")]  # 7 words, none, 1
    assert {name: count for name, (_, count) in by_length(pairs, ["a"] * 3, "en").items()} == {
        "1–5": 2,
        "6–10": 1,
    }


def test_the_length_of_a_toy_sentence_is_its_tokens():
    pair = Pair("Tom is at home.", "a", ("tom", "is", "at", "home", "."), ("a",))
    assert list(by_length([pair], ["a"], "en", width=4)) == ["5–8"]


def test_scores_by_tag_are_those_of_the_sentences_that_have_it():
    pairs = [numbered(3, ["question"]), numbered(3, ["question", "classifier"]), numbered(3)]
    found = by_tag(pairs, ["a b c d", "a b x d", "q"], "en")
    assert list(found) == ["classifier", "question"]
    assert found["question"] == (bleu(["a b c d", "a b x d"], ["a b c d"] * 2, "en"), 2)
    assert found["classifier"] == (bleu(["a b x d"], ["a b c d"], "en"), 1)
    assert by_tag(pairs[2:], ["q"], "en") == {}
    assert isinstance(by_tag(pairs, ["a"] * 3, "en", measure=chrf)["question"][0], Score)


def test_groups_of_nothing_or_of_unequal_lists_are_refused():
    for group in (by_length, by_tag):
        with pytest.raises(ValueError, match="2 hypotheses cannot be scored by 1 references"):
            group([numbered(3)], ["a", "b"], "en")
        with pytest.raises(ValueError, match="nothing to score"):
            group([], [], "en")


# ---------------------------------------------------------------------------------------------- alignment

MAP = [  # columns: the, cat, sleeps, </s>
    [0.1, 0.7, 0.1, 0.1],  # 猫
    [0.0, 0.1, 0.2, 0.7],  # 睡觉: looks at </s> most, at sleeps next
    [0.0, 0.0, 0.0, 1.0],  # 。: looks at nothing else
    [0.9, 0.0, 0.1, 0.0],  # </s>
]
SOURCE, TARGET = ["the", "cat", "sleeps", "</s>"], ["猫", "睡觉", "。", "</s>"]


def test_links_go_where_a_target_token_looks_most_the_ends_left_out():
    assert links(MAP, SOURCE, TARGET) == {(1, 0), (2, 1)}
    assert links(torch.tensor(MAP, requires_grad=True), SOURCE, TARGET) == {(1, 0), (2, 1)}
    assert links(torch.tensor(MAP, dtype=torch.float16), SOURCE, TARGET) == {(1, 0), (2, 1)}
    assert links([[0.5, 0.5], [0.5, 0.5]], ["a", "b"], ["c", "d"]) == {
        (0, 0),
        (0, 1),
    }  # the first among equals


def test_links_of_a_permutation_are_the_permutation():
    order = [3, 0, 4, 1, 2]
    weights = torch.eye(5)[order]  # row t looks at column order[t]
    assert links(weights, list("abcde"), list("vwxyz")) == {(s, t) for t, s in enumerate(order)}


def test_links_of_a_map_without_words_are_none():
    assert links([[1.0]], ["</s>"], ["</s>"]) == links([[1.0]], ["</s>"], ["猫"]) == set()


def test_a_map_that_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"a map of shape \(4, 4\) does not fit 3 target and 4 source tokens"
    ):
        links(MAP, SOURCE, TARGET[:3])
    with pytest.raises(ValueError, match="does not fit"):
        links(torch.rand(7, 3), list("abcdefg"), list("xyz"))  # the wrong way round


def test_alignment_error_rate_by_hand():
    sure, possible = {(0, 0), (1, 1), (2, 2)}, {(0, 0), (1, 1), (2, 2), (3, 2), (3, 3)}
    predicted = {(0, 0), (1, 1), (3, 3), (4, 0)}
    # |A ∩ S| = 2, |A ∩ P| = 3, |A| = 4, |S| = 3
    assert alignment_error_rate(predicted, sure, possible) == pytest.approx(1 - 5 / 7)
    assert alignment_error_rate(predicted, sure, possible - sure) == pytest.approx(
        1 - 5 / 7
    )  # sure is possible
    assert alignment_error_rate(predicted, sure) == pytest.approx(1 - 4 / 7)  # 1 - F1: 2 * 2 / (4 + 3)


def test_the_rate_runs_from_0_to_1():
    gold = frozenset({(0, 0), (1, 2)})
    assert alignment_error_rate(gold, gold) == 0
    assert alignment_error_rate({(0, 1)}, gold) == 1
    assert alignment_error_rate({(2, 1)}, set(), {(2, 1)}) == 0  # possible links are never wrong
    assert alignment_error_rate(gold | {(5, 5)}, gold) > 0 and alignment_error_rate({(0, 0)}, gold) > 0


def test_the_links_have_a_direction():
    assert alignment_error_rate({(0, 1)}, {(1, 0)}) == 1


def test_over_sentences_the_counts_are_summed_first():
    predicted, gold = [{(0, 0)}, {(0, 0), (1, 1), (2, 2)}], [{(1, 1)}, {(0, 0), (1, 1), (2, 2)}]
    assert alignment_error_rate(predicted, gold) == pytest.approx(1 - 2 * 3 / (4 + 4))  # no mean of 1 and 0
    assert alignment_error_rate(predicted, gold, gold) == alignment_error_rate(predicted, gold)
    assert alignment_error_rate([[(0, 0), (0, 0)]], [[(0, 0)]]) == 0  # a link counts once


def test_with_no_links_there_is_an_answer():
    assert (
        alignment_error_rate(set(), set())
        == alignment_error_rate([], [])
        == alignment_error_rate([set()], [set()])
        == 0
    )
    assert alignment_error_rate(set(), {(0, 0)}) == 1
    assert alignment_error_rate({(0, 0)}, set()) == 1


def test_as_many_sentences_must_be_aligned_as_are_known():
    with pytest.raises(ValueError, match="2 sentences aligned, 1 sure, 1 possible"):
        alignment_error_rate([set(), set()], [set()])
