"""The dictionary says each word's best translation, in order, and stands wherever a translator stands."""

import pytest
import torch
from small_course import small_corpus

from seqcourse.alignment import head_error_rates
from seqcourse.dictionary import DictionaryTranslator
from seqcourse.making import learn_tokenizers
from seqcourse.scores import alignment_error_rate, links
from seqcourse.vocabulary import EOS, Vocabulary


def pocket_dictionary():
    """the: nothing; cat: 猫; sleeps: 睡觉, where 在 comes of itself."""
    source, target = (
        Vocabulary(["the", "cat", "sleeps", "."], "en"),
        Vocabulary(["在", "猫", "睡觉", "。"], "zh"),
    )
    table = torch.zeros(len(source), len(target))
    for word, row in {
        EOS: [0.7, 0.0, 0.0, 0.3],
        source.ids["the"]: [0.5, 0.2, 0.1, 0.2],
        source.ids["cat"]: [0.0, 1.0, 0.0, 0.0],
        source.ids["sleeps"]: [0.4, 0.0, 0.6, 0.0],
        source.ids["."]: [0.0, 0.0, 0.0, 1.0],
    }.items():
        table[word, 4:] = torch.tensor(row)
    return DictionaryTranslator(table, source, target)


def test_every_word_is_translated_in_its_place_and_what_null_says_better_is_left_out():
    found = pocket_dictionary().translate("The cat sleeps.")
    assert (found.text, found.tokens, found.unknown) == ("猫睡觉。", ["猫", "睡觉", "。"], ())
    assert pocket_dictionary().translate("Sleeps cat the?").text == "睡觉猫"


def test_words_that_are_unknown_are_left_out_and_named_once():
    found = pocket_dictionary().translate("The astronaut and the astronaut cat.")
    assert (found.text, found.unknown) == ("猫。", ("astronaut", "and"))


def test_a_list_gives_a_list_and_beams_change_nothing():
    dictionary = pocket_dictionary()
    sentences = ["The cat.", "", "Cat sleeps."]
    assert [t.text for t in dictionary.translate(sentences)] == ["猫。", "", "猫睡觉。"]
    assert dictionary.translate(sentences, beam=4) == dictionary.translate(sentences, beam=1)
    assert dictionary.translate([]) == []


def learnt():
    corpus = small_corpus()
    return corpus, DictionaryTranslator.learn(corpus.pairs("train"), *learn_tokenizers(corpus, None))


def test_a_dictionary_learnt_from_pairs_finds_their_words():
    _, dictionary = learnt()
    tokens = dictionary.translate("The big cat sleeps.").tokens
    assert [token for token in tokens if token in ("大", "猫", "睡觉")] == ["大", "猫", "睡觉"]
    with pytest.raises(ValueError, match="nothing to learn from"):
        DictionaryTranslator.learn([], dictionary.source_tokenizer, dictionary.target_tokenizer)


def test_its_record_is_scored_like_that_of_any_model():
    corpus, dictionary = learnt()
    predicted, gold = [], []
    for pair in corpus.pairs("test"):
        ids = dictionary.source_tokenizer.encode(pair.source), dictionary.target_tokenizer.encode(pair.target)
        record = dictionary.record(
            ids[0], pair.source_tokens, ids[1], pair.target_tokens, gold=pair.alignment
        )
        assert record.source == [*pair.source_tokens, "</s>"] and record.target == list(pair.target_tokens)
        predicted.append(links(record.cross[0, 0], record.source, record.target))
        gold.append(pair.alignment)
    rate = alignment_error_rate(predicted, gold)
    assert rate < 0.3
    torch.testing.assert_close(head_error_rates(dictionary, corpus.pairs("test")), torch.tensor([[rate]]))
