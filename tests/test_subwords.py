"""Subwords write every word of their language, in a vocabulary of the size asked for, the same every time."""

import json

import pytest

from seqcourse.subwords import Subwords, load_tokenizer
from seqcourse.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary

TEXTS = {
    "en": [
        "The lower the newest, the wider the lowest!",
        "Isn't the low-lying river (in 2016) wider?",
        "A widower's newest widow sold 35 lower houses.",
        "I think, the river is lower: lower than the lowest.",
    ],
    "fr": [
        "L'eau de l'été n'est pas aussi basse qu'hier.",
        "Aujourd'hui, qu'est-ce que l'hôtel a d'autre ?",
        "Où est-elle allée ? À l'hôtel d'été !",
    ],
    "zh": [
        "三只小猫在睡觉。",
        "小猫不睡觉吗？",
        "我们的小猫叫Tom，它睡了3.5个小时！",
        "我们看见两只小猫在树上睡觉。",
    ],
}


@pytest.fixture(scope="module", params=TEXTS)
def learnt(request):
    return Subwords.learn(TEXTS[request.param], vocab_size=97, language=request.param)


@pytest.fixture(scope="module")
def english():
    return Subwords.learn(TEXTS["en"], vocab_size=97, language="en")


def test_text_comes_back_as_it_was(learnt):
    for text in TEXTS[learnt.language]:
        assert learnt.decode(learnt.encode(text)) == text
        assert UNK not in learnt.encode(text)


def test_text_never_seen_comes_back_when_its_characters_are_known(english):
    for text in ("The west-wind's sweet.", "Then: is it (2016)?", "i 6 2 5 1", "They sold: 1 slow river", ""):
        assert english.decode(english.encode(text)) == text


def test_the_interface_is_that_of_words(learnt):
    text = TEXTS[learnt.language][0]
    ids = learnt.encode(text)
    assert learnt.tokens(range(4)) == SPECIALS
    assert learnt.tokens(ids) == learnt.tokenize(text)
    assert learnt.decode([BOS, *ids, EOS, PAD, UNK]) == text
    assert all(UNK <= i < len(learnt) for i in ids)


def test_what_comes_often_is_one_token(english):
    assert english.tokenize("lower the river.") == ["▁lower", "▁the", "▁river", "."]
    chinese = Subwords.learn(TEXTS["zh"], vocab_size=97, language="zh")
    assert chinese.tokenize("小猫睡觉。") == ["小猫", "睡觉", "。"]


def test_merges_are_those_made_by_hand():
    # Sennrich et al. (2016), algorithm 1, with the space in front of the word instead of </w> behind it:
    # "▁low" x 5, "▁lot" x 3, "▁new" x 1 -> first l+o (8 times), then ▁+lo (8 times), then ▁lo+w (5 times)
    texts = ["low"] * 5 + ["lot"] * 3 + ["new"]
    words = Subwords.learn(
        texts, vocab_size=4 + 7 + 3, language="en"
    )  # the characters ▁ l o w t n e, three merges
    assert [words.tokenize(word) for word in ("low", "lot", "new", "lo")] == [
        ["▁low"],
        ["▁lo", "t"],
        ["▁", "n", "e", "w"],
        ["▁lo"],
    ]


@pytest.mark.parametrize("vocab_size", [5, 7, 23, 59, 101, 4001])
def test_the_vocabulary_is_never_larger_than_asked_and_little_text_makes_a_smaller_one(vocab_size):
    for language, texts in TEXTS.items():
        learnt = Subwords.learn(texts, vocab_size=vocab_size, language=language)
        assert len(learnt) == len(set(learnt.tokens(range(len(learnt))))) <= vocab_size
    assert len(Subwords.learn(TEXTS["zh"], vocab_size=4001, language="zh")) < 101


def test_no_text_and_no_room():
    nothing = Subwords.learn([], vocab_size=97, language="en")
    assert set(nothing.encode("anything at all")) <= {UNK, 4}
    assert set(Subwords.learn([""], vocab_size=97, language="zh").encode("猫")) == {UNK}
    with pytest.raises(ValueError, match="a vocabulary of 4 has no room"):
        Subwords.learn(TEXTS["en"], vocab_size=4, language="en")


def test_learning_twice_gives_the_same_file_whatever_the_order_of_the_texts(tmp_path):
    # many characters of equal frequency compete for few places
    texts = [chr(0x4E00 + 7 * i) + chr(0x4E00 + 7 * i + 1) for i in range(211)] * 2
    for name, some in (("one.json", texts), ("two.json", texts), ("three.json", texts[::-1])):
        Subwords.learn(some, vocab_size=53, language="zh").save(tmp_path / name)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_digits_and_marks_stand_alone_however_often_they_come_together():
    words = Subwords.learn(["in 2016 !?"] * 11, vocab_size=97, language="en")
    assert words.tokenize("in 2016 !?") == ["▁in", "▁2", "0", "1", "6", "▁!", "?"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "\x00\x07the\x1b[0m river",
        "مرحبا \u202eبالعالم",
        "🐈‍⬛ 👍🏽 the river",
        "\ud83d\ude00 \udcff the river",
        "▁▁the ▁ river▁",
        "'" * 40 + "-" * 40 + ".*+?^$[](){}|\\",
        "the river " * 500 + "r" * 5000,
    ],
)
def test_whatever_is_typed_becomes_ids(learnt, text):
    tokens, ids = learnt.tokenize(text), learnt.encode(text)
    assert len(tokens) == len(ids) and not {PAD, BOS, EOS} & set(ids)
    learnt.decode(ids).encode("utf-8")
    "".join(tokens).encode("utf-8")


def test_a_special_token_typed_is_text(english):
    assert not {PAD, BOS, EOS} & set(english.encode("<s> low </s> <pad>"))


def test_an_unknown_character_is_shown_as_itself(english):
    assert english.encode("lower 猫")[-1] == UNK
    assert english.tokenize("lower 猫") == ["▁lower", "▁", "猫"]


def test_saved_and_loaded_it_is_the_same(tmp_path, learnt):
    learnt.save(tmp_path / "source.json")
    loaded = load_tokenizer(tmp_path / "source.json")
    assert isinstance(loaded, Subwords) and loaded.language == learnt.language and len(loaded) == len(learnt)
    for text in [*TEXTS[learnt.language], "<s> 猫 low </s>"]:
        assert loaded.encode(text) == learnt.encode(text)
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "source.json").read_bytes()


def test_the_file_says_which_tokenizer_it_holds(tmp_path, english):
    english.save(tmp_path / "source.json")
    Vocabulary.learn([["the", "river"]], language="en").save(tmp_path / "target.json")
    assert isinstance(load_tokenizer(tmp_path / "source.json"), Subwords)
    assert isinstance(load_tokenizer(tmp_path / "target.json"), Vocabulary)
    with pytest.raises(ValueError, match="target.json holds words, not subwords"):
        Subwords.load(tmp_path / "target.json")
    with pytest.raises(FileNotFoundError, match="nowhere.json"):
        load_tokenizer(tmp_path / "nowhere.json")


def damage(saved, **changes):
    return {**saved, "tokenizer": {**saved["tokenizer"], **changes}}


def test_a_damaged_file_is_refused_with_the_reason(tmp_path, english):
    path = tmp_path / "source.json"
    english.save(path)
    whole = path.read_text(encoding="utf-8")
    saved = json.loads(whole)
    for content in (
        whole[: len(whole) // 2],
        json.dumps({**saved, "tokenizer": None}),
        json.dumps({"type": "subwords", "language": "en"}),
        json.dumps(damage(saved, model={"type": "BPE", "vocab": {}, "merges": [["a", "b"]]})),
        json.dumps(damage(saved, model={"type": "BPE", "vocab": {"a": 0}, "merges": []})),
        json.dumps(saved["tokenizer"]),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"source\.json (is damaged|is no tokenizer file)"):
            load_tokenizer(path)
