"""Text to word ids and back: what was learnt is found again, and whatever is typed gets through."""

import json
import os

import pytest

from seqcourse.toy import PARTS, toy_corpus_names, toy_pairs
from seqcourse.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary, clean, write

ENGLISH = [
    ["the", "cats", "do", "not", "sleep", "."],
    ["i", "am", "the", "cat", "'s", "t-shirt", ",", "is", "it", "?"],
]
FRENCH = [
    ["l'", "animal", "qu'", "il", "n'", "a", "pas", "vu", "."],
    ["est-ce", "aujourd'hui", "l'", "eau", "?"],
]
CHINESE = [
    ["三", "只", "小猫", "在", "睡觉", "。"],
    ["我", "不", "睡", "吗", "？"],
    ["小"],
    ["自行车", "，", "自行"],
]


@pytest.fixture
def english():
    return Vocabulary.learn(ENGLISH, language="en")


@pytest.fixture
def french():
    return Vocabulary.learn(FRENCH, language="fr")


@pytest.fixture
def chinese():
    return Vocabulary.learn(CHINESE, language="zh")


def test_ids_are_places_in_the_list_the_frequent_first_and_the_specials_before_them():
    words = Vocabulary.learn([["b", "a", "c", "c"], ["d", "c", "a", "<pad>"]], language="en")
    assert words.words == [*SPECIALS, "c", "a", "b", "d"] and len(words) == 8
    assert (words.words[PAD], words.words[UNK], words.words[BOS], words.words[EOS]) == tuple(SPECIALS)
    assert words.encode("A b c, d") == [5, 6, 4, UNK, 7]


def test_the_order_of_the_sentences_does_not_number_the_words():
    assert Vocabulary.learn(ENGLISH, "en").words == Vocabulary.learn(reversed(ENGLISH), "en").words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The cats do not sleep.", "the cats do not sleep ."),
        ("The cats don't  sleep .", "the cats do not sleep ."),
        ("The cats DON’T sleep.", "the cats do not sleep ."),
        ("It's the cat's T-shirt, isn't it?", "it is the cat 's t-shirt , is not it ?"),
        ("I can't, he won't, they're late", "i cannot , he will not , they are late"),
        ("I've what she'll see; let's go, I'm in", "i have what she will see ; let us go , i am in"),
        ("Who's there? That's what he'd say", "who is there ? that is what he would say"),
        ("The whale's t-shirt's", "the whale 's t-shirt 's"),
        ("A t-shirt and t-shirts", "a t-shirt and t - shirts"),
        ("well-known", "well - known"),
        ("3 ｃａｔｓ（black）！", "3 cats ( black ) !"),
    ],
)
def test_english_as_people_type_it(english, text, tokens):
    assert english.tokenize(text) == tokens.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("L'animal qu'il n'a pas vu.", "l' animal qu' il n' a pas vu ."),
        ("L’animal ?", "l' animal ?"),
        ("L'animal\u202f?", "l' animal ?"),
        ("Est-ce aujourd'hui?", "est-ce aujourd'hui ?"),
        ("Jusqu'ici", "jusqu' ici"),
        ("C'est-ce que", "c' est-ce que"),
    ],
)
def test_french_as_people_type_it(french, text, tokens):
    assert french.tokenize(text) == tokens.split()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("三只小猫在睡觉。", "三 只 小猫 在 睡觉 。"),
        ("三只小猫在睡觉.", "三 只 小猫 在 睡觉 。"),
        ("我不睡吗?", "我 不 睡 吗 ？"),
        ("自行车", "自行车"),
        ("自行", "自行"),
        ("三 只\n小猫", "三 只 小猫"),
        ("我看Tom", "我 看 T o m"),
    ],
)
def test_chinese_is_split_into_the_longest_words_known(chinese, text, tokens):
    assert chinese.tokenize(text) == tokens.split()


@pytest.mark.parametrize("language, sentences", [("en", ENGLISH), ("fr", FRENCH), ("zh", CHINESE)])
def test_tokens_written_out_are_read_back(language, sentences):
    words = Vocabulary.learn(sentences, language)
    for tokens in sentences:
        assert words.tokenize(write(tokens, language)) == tokens
        assert words.tokens(words.encode(words.decode(words.encode(write(tokens, language))))) == tokens


@pytest.mark.parametrize("name", toy_corpus_names())
def test_every_toy_sentence_is_split_into_its_tokens_and_written_back(name):
    train = toy_pairs(name, "train")
    source = Vocabulary.learn((pair.source_tokens for pair in train), language="en")
    target = Vocabulary.learn((pair.target_tokens for pair in train), language=name[-2:])
    for pair in (pair for part in PARTS for pair in toy_pairs(name, part)):
        assert source.tokenize(pair.source) == list(pair.source_tokens)
        assert target.tokenize(pair.target) == list(pair.target_tokens)
        assert UNK not in source.encode(pair.source) and UNK not in target.encode(pair.target)
        assert write(pair.source_tokens, "en") == pair.source
        assert write(pair.target_tokens, name[-2:]) == pair.target


@pytest.mark.parametrize(
    ("language", "tokens", "text"),
    [
        ("en", "the cats do not sleep .", "The cats do not sleep."),
        ("en", "is it the cat 's ( i hope ) , or i ?", "Is it the cat's (I hope), or I?"),
        ("fr", "l' animal n' a pas vu qu' il dort .", "L'animal n'a pas vu qu'il dort."),
        ("fr", "est-ce l' eau ?", "Est-ce l'eau ?"),
        ("fr", "i", "I"),
        ("fr", "a i b !", "A i b !"),
        ("fr", "à l' eau !", "À l'eau !"),
        ("zh", "三 只 小猫 ， 好 吗 ？", "三只小猫，好吗？"),
        ("en", "", ""),
        ("zh", "", ""),
    ],
)
def test_tokens_are_written_as_people_write(language, tokens, text):
    assert write(tokens.split(), language) == text


def test_decoding_drops_the_specials(english):
    ids = [BOS, *english.encode("The cat."), EOS, PAD, PAD, UNK]
    assert english.decode(ids) == "The cat."
    assert english.tokens(ids[:2]) == ["<s>", "the"]


@pytest.mark.parametrize("language", ["en", "fr", "zh", "ja", "ar", "xx"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\x00\x07the\x1b[0m cat",
        "مرحبا \u202eبالعالم",
        "🐈‍⬛ 👍🏽 the cat",
        "\ud83d\ude00 \udcff the cat",
        "e\u0301te\u0301 \ufdfa ½ ﬁ",
        "<s> </s> <pad> <unk>",
        "'" * 40 + "-" * 40 + ".*+?^$[](){}|\\",
        "你好，世界？！“”……",
        "the cat " * 500,
    ],
)
def test_whatever_is_typed_becomes_ids_and_never_a_special_one(language, text):
    words = Vocabulary.learn([["the", "cat", "猫", "小猫", "été", "?", "l'"]], language)
    tokens, ids = words.tokenize(text), words.encode(text)
    assert len(tokens) == len(ids) and all(token.strip() for token in tokens)
    assert not {PAD, BOS, EOS} & set(ids)
    words.decode(ids).encode("utf-8")
    " ".join(tokens).encode("utf-8")


def test_cleaning_twice_is_cleaning_once():
    for language in ("en", "fr", "zh"):
        for text in (
            "Ｔｈｅ “cat”’s\u200b　hat…",
            "你好吗?……《书》.",
            "\ud800 l’été\u202f!",
            "我有3.5个,好.",
        ):
            once = clean(text, language)
            assert clean(once, language) == once
    assert clean("你好,Tom 有3.5元吗?", "zh") == "你好，Tom 有3.5元吗？"
    assert clean("\ud800a", "en") == "\ufffda"
    assert clean(" the\x07\tcat\r\n ", "en") == "the cat"
    assert clean("the\u200b cat\ufeff\u202e", "en") == "the cat"
    assert clean("我叫Tom？（Ｔｏｍ！）", "zh") == "我叫Tom？（Tom！）"
    assert clean("Ｔｏｍ？", "en") == "Tom?"


def test_saved_and_loaded_it_is_the_same(tmp_path, chinese):
    chinese.save(tmp_path / "target.json")
    assert os.listdir(tmp_path) == ["target.json"]
    loaded = Vocabulary.load(tmp_path / "target.json")
    assert (loaded.words, loaded.language) == (chinese.words, "zh")
    assert loaded.tokenize("三只小猫在睡觉。") == ["三", "只", "小猫", "在", "睡觉", "。"]
    saved = json.loads((tmp_path / "target.json").read_text(encoding="utf-8"))
    assert saved == {"type": "words", "language": "zh", "words": chinese.words}


GOOD = {"type": "words", "language": "en", "words": [*SPECIALS, "cat"]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is damaged, or no tokenizer file"),
        (json.dumps(GOOD).encode()[:-9], "is damaged, or no tokenizer file"),
        ('{"type": "words", "é'.encode("latin-1"), "is damaged, or no tokenizer file"),
        ([1, 2], 'has no "type"'),
        ({"words": ["a"]}, 'has no "type"'),
        ({**GOOD, "language": None}, '"language"'),
        ({**GOOD, "type": "subwords"}, "holds subwords, not words"),
        ({**GOOD, "words": None}, "not a list of words"),
        ({**GOOD, "words": [*SPECIALS, 7]}, "not a list of words"),
        ({**GOOD, "words": ["cat"]}, "words start with <pad> <unk> <s> </s>"),
        ({**GOOD, "words": [*SPECIALS, "cat", "cat"]}, "none comes twice"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "source.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(ValueError) as error:
        Vocabulary.load(path)
    assert "source.json" in str(error.value) and reason in str(error.value)


def test_a_failed_save_leaves_the_old_file_and_nothing_half_written(tmp_path, english, monkeypatch):
    english.save(tmp_path / "source.json")
    before = (tmp_path / "source.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        Vocabulary.learn(FRENCH, "fr").save(tmp_path / "source.json")
    assert os.listdir(tmp_path) == ["source.json"] and (tmp_path / "source.json").read_bytes() == before
