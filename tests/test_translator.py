"""A translator says the same alone as in company, translates every text, and shows what it looked at."""

import pytest
import torch
from small_course import SIZES, sentences, small_translator, untrained

from seqcourse.vocabulary import BOS, EOS

SHORT, LONG = "The big cat sleeps.", "The old dog runs and the small fish eats and the big bird sleeps."


@pytest.fixture(scope="module")
def translator():
    return small_translator()


def test_a_str_gives_one_translation_and_a_list_gives_a_list_in_its_order(translator):
    one = translator.translate(SHORT)
    assert (one.source, one.text) == (SHORT, "大猫在睡觉。")
    assert one.tokens == ["大", "猫", "在", "睡觉", "。"]
    several = translator.translate([LONG, SHORT, "", SHORT])
    assert [t.source for t in several] == [LONG, SHORT, "", SHORT]
    assert several[1].text == several[3].text == one.text
    assert several[0].text != one.text
    assert translator.translate([]) == []
    assert translator.translate(s for s in [SHORT]) == [one]


def test_sentences_of_all_lengths_together_are_translated_as_one_by_one_over_the_edge_of_a_batch(translator):
    together = [LONG, *sentences()[:80], "", "cat"]
    found = translator.translate(together, beam=2)
    for sentence, translation in zip(together, found, strict=True):
        alone = translator.translate(sentence, beam=2)
        assert (translation.source, translation.text, translation.tokens) == (
            sentence,
            alone.text,
            alone.tokens,
        )
        assert abs(translation.score - alone.score) < 1e-4


@pytest.mark.parametrize("nothing", ["", "   ", "\t", "\u200b\u200e", "\x00\x0c"])
def test_nothing_becomes_nothing(translator, nothing):
    found = translator.translate(nothing, beam=3, n_best=2, attention=True)
    assert (found.source, found.text, found.tokens, found.alternatives) == (nothing, "", [], ())


@pytest.mark.parametrize(
    "odd",
    [
        "\ud800 cat",
        "\udcff\udcfe",
        "a\x00b\x0cc\u2028d\re",
        "שלום 😀",
        "猫" * 9,
        "<s> </s> <pad>",
        "'",
        "\ufffd",
    ],
)
def test_every_text_is_translated(translator, odd):
    found = translator.translate([odd, SHORT], attention=True)
    assert found[0].source == odd
    assert found[1].text == translator.translate(SHORT).text
    assert found[0].attention.source[-1] == "</s>"


@pytest.mark.parametrize("wrong", [7, None, b"cat", ["cat"]])
def test_what_is_no_str_is_refused_before_anything_is_translated(translator, wrong):
    with pytest.raises(TypeError, match="a sentence is a str, not"):
        translator.translate([SHORT, wrong])


@pytest.mark.parametrize("beam, n_best", [(0, 1), (-1, 1), (3, 4), (3, 0)])
def test_beams_that_make_no_sense_are_refused_even_for_no_sentence(translator, beam, n_best):
    with pytest.raises(ValueError, match="beam"):
        translator.translate([], beam=beam, n_best=n_best)


def test_alternatives_are_others_and_worse_and_carry_their_own_record(translator):
    found = translator.translate(SHORT, beam=4, n_best=3, attention=True)
    every = [found, *found.alternatives]
    assert len({tuple(t.tokens) for t in every}) == len(every) == 3
    assert [t.score for t in every] == sorted((t.score for t in every), reverse=True)
    for translation in every:
        assert translation.attention.target == [*translation.tokens, "</s>"]
        assert translation.attention.source == ["the", "big", "cat", "sleeps", ".", "</s>"]
    assert not found.alternatives[0].alternatives
    assert found.text == translator.translate(SHORT, beam=4).text


def test_every_row_of_a_record_is_a_distribution_over_the_source(translator):
    record = translator.translate(LONG, attention=True).attention
    layers, heads = SIZES["num_decoder_layers"], SIZES["nhead"]
    assert record.cross.shape == (layers, heads, len(record.target), len(record.source))
    assert torch.allclose(record.cross.sum(-1), torch.ones(layers, heads, len(record.target)), atol=1e-5)
    ids = (
        translator.source_tokenizer.encode(LONG),
        translator.target_tokenizer.encode("".join(record.target[:-1])),
    )
    seen = {"cross": []}
    translator.model(torch.tensor([[*ids[0], EOS]]), torch.tensor([[BOS, *ids[1]]]), record=seen)
    assert torch.allclose(record.cross, torch.cat(seen["cross"]), atol=1e-6)
    assert (record.source_language, record.target_language) == ("en", "zh")
    assert translator.translate(LONG).attention is None


def test_unknown_words_are_named_once_each_in_their_order(translator):
    found = translator.translate("The zebra eats the apple and the zebra runs.")
    assert found.unknown == ("zebra", "apple")
    assert translator.translate(SHORT).unknown == ()


def test_a_sentence_beyond_the_model_is_cut_with_a_warning_and_has_a_record(translator):
    with pytest.warns(UserWarning, match=r"41 tokens is cut to 36, .*: 'cat cat"):
        found = translator.translate("cat " * 40 + "zebra", attention=True)
    assert found.attention.source == ["cat"] * 36 + ["</s>"]
    assert found.unknown == ()  # the zebra was never read


def test_a_translation_without_end_stops_where_the_model_ends_and_has_a_record():
    found = untrained().translate("a b c d e a b c d e", attention=True, beam=2)
    assert len(found.tokens) == 10
    assert found.attention.target == [*found.tokens, "</s>"]
