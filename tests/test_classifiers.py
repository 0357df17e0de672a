"""Classifiers are found with their nouns, and a stretched sentence is the sentence with more adjectives."""

from seqcourse.classifiers import classifier_examples, find_classifiers, is_classifier, noun_classifiers
from seqcourse.corpora import load_corpus


def test_a_classifier_is_found_with_the_distance_to_its_noun():
    assert find_classifiers("三 只 小 猫 正在 睡觉 。".split()) == [(1, 2)]
    assert find_classifiers("那 位 老师 买 了 三 本 红色 的 书 。".split()) == [(1, 1), (6, 3)]
    assert find_classifiers("猫 在 睡觉 。".split()) == []


def test_in_the_corpus_each_classifier_is_one_that_its_noun_takes():
    for pair in load_corpus("toy-en-zh").pairs("test"):
        found = find_classifiers(pair.target_tokens)
        assert len(found) == sum(map(is_classifier, pair.target_tokens))
        for place, distance in found:
            assert pair.target_tokens[place] in noun_classifiers()[pair.target_tokens[place + distance]]


def test_a_stretched_sentence_has_more_adjectives_of_its_noun_and_is_the_same_otherwise():
    pairs = load_corpus("toy-en-zh").pairs("test")
    examples = classifier_examples(pairs, pairs, extra=(1, 2))
    plain = {(tuple(words), place): distance for words, place, distance in examples if distance <= 3}
    far = [example for example in examples if example[2] > 3]
    assert {distance for *_, distance in far} == {5, 7}
    for words, place, distance in far:
        noun = place + distance
        between = words[place + 1 : noun]
        assert between[1::2] == ["的"] * (distance // 2) and len(set(between[::2])) == distance // 2
        assert words[noun] in noun_classifiers()
        assert plain[tuple(words[: place + 3] + words[noun:]), place] == 3


def test_the_same_seed_gives_the_same_examples_and_another_seed_others():
    pairs = load_corpus("toy-en-zh").pairs("test")
    one, again, other = (classifier_examples(pairs, pairs, seed=n) for n in (0, 0, 1))
    assert one == again != other
