"""The toy corpora: what is promised of their parts, their words, their alignments and their hash."""

import json
import os
import random
import subprocess
import sys

import pytest

from seqcourse.grammar import word_pairs
from seqcourse.grammar_counting import count_sentences
from seqcourse.lexicon import gloss, pinyin
from seqcourse.shipped import shipped
from seqcourse.toy import (
    LANGUAGES,
    PARTS,
    SIZES,
    corpus_hash,
    sample_trees,
    show,
    toy_corpus_names,
    toy_grammar,
    toy_pairs,
)
from seqcourse.vocabulary import Vocabulary

BOTH = """relative_clause place time question wh negation perfective progressive comparison passive it sense
          coordination existential imperative adjective"""
PHENOMENA = {
    "zh": f"{BOTH} classifier circumposition ba".split(),
    "fr": f"{BOTH} noun_adjective elision contraction".split(),
}


def corpus(name):
    return {part: toy_pairs(name, part) for part in PARTS}


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_corpus_is_the_pinned_one(name):
    pinned = json.loads(shipped("toy.json").read_text(encoding="utf-8"))[name]
    assert {part: corpus_hash(pairs) for part, pairs in corpus(name).items()} == pinned


def test_the_hash_of_python_has_no_say():
    code = "from seqcourse.toy import *; print(corpus_hash(sample_pairs(toy_grammar(), 'fr', 'test', 300)))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout.strip()) == 64


def test_no_source_stands_twice_and_both_corpora_have_the_same():
    assert toy_corpus_names() == ["toy-en-zh", "toy-en-fr"]
    sources = {name: [pair.source for part in corpus(name).values() for pair in part] for name in LANGUAGES}
    assert sources["toy-en-zh"] == sources["toy-en-fr"]
    assert len(set(sources["toy-en-zh"])) == len(sources["toy-en-zh"]) == sum(SIZES.values()) == 34_000


@pytest.mark.parametrize("name", LANGUAGES)
def test_lengths_are_those_of_the_parts(name):
    lengths = {part: [len(pair.source_tokens) for pair in pairs] for part, pairs in corpus(name).items()}
    for part in ("train", "valid", "test", "compositional"):
        assert min(lengths[part]) >= 3 and max(lengths[part]) <= 14
    assert min(lengths["length"]) == 15 and max(lengths["length"]) <= 20
    assert max(lengths["train"]) == 14


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_word_of_the_other_parts_is_learnt_in_training(name):
    parts = corpus(name)
    known = {word for pair in parts["train"] for word in (*pair.source_tokens, "|", *pair.target_tokens)}
    for part in PARTS[1:]:
        assert {word for pair in parts[part] for word in (*pair.source_tokens, *pair.target_tokens)} <= known
    assert len({word for pair in parts["train"] for word in pair.source_tokens}) >= 400


def test_held_out_pairs_of_words_are_new_and_their_words_are_not():
    pairs_of = {}
    for part, size in (("train", SIZES["train"]), ("valid", 1000), ("test", 1000), ("compositional", 1000)):
        trees = sample_trees(toy_grammar(), part, size)
        pairs_of[part] = [{(a.name, b.name) for a, b in word_pairs(tree)} for tree, _ in trees]
    seen = {pair for part in ("train", "valid", "test") for pairs in pairs_of[part] for pair in pairs}
    count = {}
    for word in (token for pair in toy_pairs("toy-en-zh", "train") for token in pair.source_tokens):
        count[word] = count.get(word, 0) + 1
    for pairs in pairs_of["train"]:
        for pair in pairs:
            for word in pair:
                count[word] = count.get(word, 0) + 1
    for pairs in pairs_of["compositional"]:
        new = pairs - seen
        assert new
        assert all(count[word] >= 20 for pair in new for word in pair), new


@pytest.mark.parametrize("name", LANGUAGES)
def test_written_text_gives_the_tokens_back(name):
    parts = corpus(name)
    source = Vocabulary.learn([pair.source_tokens for pair in parts["train"]], "en")
    target = Vocabulary.learn([pair.target_tokens for pair in parts["train"]], LANGUAGES[name])
    for pairs in parts.values():
        for pair in pairs:
            assert source.tokenize(pair.source) == list(pair.source_tokens)
            assert target.tokenize(pair.target) == list(pair.target_tokens)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_phenomenon_can_be_scored(name):
    pairs = toy_pairs(name, "test")
    for tag in PHENOMENA[LANGUAGES[name]]:
        assert sum(tag in pair.tags for pair in pairs) >= 10, tag
    assert set().union(*(pair.tags for pair in pairs)) <= set(PHENOMENA[LANGUAGES[name]])


def test_the_english_sentence_decides_its_translation():
    grammar, rng, said = toy_grammar(), random.Random("one translation"), {}
    for _ in range(60_000):
        tree = grammar.sample(rng.random)
        english = grammar.read_out(tree, "en")
        found = [grammar.pair(tree, language, english) for language in ("zh", "fr")]
        found = [(pair.target_tokens, pair.alignment) for pair in found]
        assert said.setdefault(english[0], found) == found, english[0]


def test_there_are_more_than_a_hundred_million_sentences():
    assert sum(count_sentences(toy_grammar(), 20)[3:]) > 10**8


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_is_linked_to_nothing_is_what_the_readme_says(name):
    alone = {"en": set(), "zh": set(), "fr": set()}
    for pair in toy_pairs(name, "train")[:5000]:
        linked = {i for i, _ in pair.alignment}, {j for _, j in pair.alignment}
        alone["en"] |= {word for i, word in enumerate(pair.source_tokens) if i not in linked[0]}
        alone[LANGUAGES[name]] |= {word for j, word in enumerate(pair.target_tokens) if j not in linked[1]}
    english = {
        "the",
        "a",
        "an",
        "am",
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "do",
        "does",
        "did",
        "to",
        "any",
        "of",
    }
    assert alone["en"] <= english and alone["zh"] <= {"把", "，", "的"}
    have_be = "ai as a avons avez ont suis es est sommes êtes sont"
    assert alone["fr"] <= set(f"les l' des de d' du à au aux {have_be} , est-ce que qu'".split())


CROSS = "The cat did not cross the street because it was too"


@pytest.mark.parametrize(
    "source, name, target, links",
    [
        (f"{CROSS} tired.", "zh", "猫没有穿过马路，因为它太累了。", "cat-猫 it-它 not-没有 tired-累"),
        (f"{CROSS} wide.", "zh", "猫没有穿过马路，因为马路太宽了。", "cat-猫 it-马路 street-马路"),
        (
            f"{CROSS} tired.",
            "fr",
            "Le chat n'a pas traversé la rue parce qu'il était trop fatigué.",
            "it-il not-pas",
        ),
        (
            f"{CROSS} wide.",
            "fr",
            "Le chat n'a pas traversé la rue parce qu'elle était trop large.",
            "it-elle",
        ),
    ],
)
def test_it_means_one_noun_and_the_adjective_tells_which(source, name, target, links):
    grammar, rng = toy_grammar(), random.Random("it")
    for _ in range(400_000):
        tree = grammar.sample(rng.random)
        if " ".join(grammar.read_out(tree, "en")[0]) == source.lower().replace(".", " ."):
            break
    pair = grammar.pair(tree, name)
    assert (pair.source, pair.target) == (source, target)
    words = {(pair.source_tokens[i], pair.target_tokens[j]) for i, j in pair.alignment}
    assert words >= {tuple(link.split("-")) for link in links.split()}


def test_words_sound_and_mean_something():
    assert (pinyin("猫"), gloss("猫", "zh"), gloss("chats", "fr")) == ("māo", "cat", "cat")
    assert (pinyin("nothing"), gloss("nothing", "zh")) == ("", "")
    for pair in toy_pairs("toy-en-zh", "test"):
        assert all(
            pinyin(token) and gloss(token, "zh") for token in pair.target_tokens if token not in "，。？"
        )
    for pair in toy_pairs("toy-en-fr", "test"):
        assert all(gloss(token, "fr") for token in pair.target_tokens if token not in ".,?"), pair.target


def test_a_part_there_is_not_is_refused():
    with pytest.raises(ValueError, match="there is train, valid, test"):
        toy_pairs("toy-en-zh", "trian")


def test_sentences_can_be_shown_and_mistakes_are_told(capsys, tmp_path):
    show(3, "0")
    assert len(capsys.readouterr().out.strip().split("\n\n")) == 3
    (tmp_path / "bad.txt").write_text("nuon", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"bad.txt:1: 'nuon' begins no line"):
        show(3, "0", tmp_path / "bad.txt")


def test_no_adjective_tells_the_gender_of_it_without_the_noun():
    genders = {}
    for pair in toy_pairs("toy-en-fr", "train"):
        if "it" in pair.tags and "because" in pair.source_tokens:
            adjective = pair.source_tokens[-2]
            pronoun = pair.target_tokens[pair.target_tokens.index("parce") + 2].rstrip("s")
            genders.setdefault(adjective, []).append(pronoun == "elle")
    assert {"tired", "wide", "heavy", "narrow", "big", "small", "dirty", "soft", "expensive"} <= set(genders)
    for adjective, feminine in genders.items():
        assert 0.1 < sum(feminine) / len(feminine) < 0.9, adjective
