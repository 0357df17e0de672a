"""Words with two senses: each example says where the word stands, and what it means there."""

from seqcourse.pairs import Pair
from seqcourse.senses import SENSES, sense_examples
from seqcourse.toy import toy_grammar, toy_pairs


def test_the_sense_of_a_word_is_the_chinese_word_it_is_linked_to():
    pairs = toy_pairs("toy-en-zh", "test")
    examples = sense_examples(pairs)
    by_sentence = {tuple(pair.source_tokens): pair for pair in pairs}
    assert len(examples) > 30 and {word for words, place, _ in examples for word in [words[place]]} <= set(
        SENSES
    )
    for words, place, sense in examples:
        pair = by_sentence[tuple(words)]
        assert sense in {pair.target_tokens[target] for source, target in pair.alignment if source == place}


def test_every_sense_occurs_in_training_and_no_word_is_left_out():
    pairs = toy_pairs("toy-en-zh", "train")
    found = {(words[place], sense) for words, place, sense in sense_examples(pairs)}
    assert found == {(word, sense) for word, senses in SENSES.items() for sense in senses}
    assert len(sense_examples(pairs)) > 0.99 * sum(
        word in SENSES for pair in pairs for word in pair.source_tokens
    )


def test_every_sense_has_a_pinyin_to_be_read_aloud():
    pinyin = toy_grammar().pinyin
    assert all(pinyin.get(sense) for senses in SENSES.values() for sense in senses)


def test_pairs_without_alignment_have_no_examples():
    pair = toy_pairs("toy-en-zh", "test")[0]
    assert (
        sense_examples([Pair("An old bat.", "一只蝙蝠。", ["an", "old", "bat", "."], pair.target_tokens)])
        == []
    )
