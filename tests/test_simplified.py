"""Chinese in simplified characters: what is simplified stays, the rest is rewritten by a table."""

import pytest

from seqcourse.shipped import shipped
from seqcourse.simplified import characters, in_gb2312, simplified
from seqcourse.toy import toy_pairs


@pytest.mark.parametrize(
    ("traditional", "expected"),
    [
        ("我永遠不會再看到他。", "我永远不会再看到他。"),
        ("他們還活著，很著急。", "他们还活着，很着急。"),
        ("這是一位著名的作家。", "这是一位著名的作家。"),
        ("我瞭解了，乾杯！後來呢？", "我了解了，干杯！后来呢？"),
        ("甚麼？妳的頭髮發亮，Tom。", "什么？你的头发发亮，Tom。"),
        ("我們\n走", "我们\n走"),
    ],
)
def test_traditional_sentences_become_simplified(traditional, expected):
    assert simplified(traditional) == expected == simplified(expected)


@pytest.mark.parametrize(
    "text", ["", "I see: naïve — “ok” 😀", "他著有许多书。", "宫、商、角、徵、羽。", "ねこが眠る。"]
)
def test_all_else_stays_as_it_is(text):
    assert simplified(text) == text


def test_the_chinese_of_the_toy_corpus_is_simplified():
    assert all(simplified(pair.target) == pair.target for pair in toy_pairs("toy-en-zh", "test"))


def test_the_table_leads_from_characters_outside_gb_2312_into_it_in_one_step():
    table, _ = characters()
    singles = {old: new for old, new in table.items() if len(old) == 1}
    assert all(len(new) == 1 and in_gb2312(new) for new in singles.values())
    assert all(singles.get(new, new) == new for new in singles.values())
    exceptions = {old for old in singles if in_gb2312(old)}
    assert {"後", "於", "乾", "著"} <= exceptions and len(exceptions) < 30


def test_every_line_of_the_table_is_read_and_says_something():
    lines = shipped("simplified/characters.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    assert all(len(row) > 1 for row in rows)
    assert sum(len(row) - 1 for row in rows) == len(characters()[0])  # none stands twice
    assert all(row[0] not in row[1:] for row in rows if len(row[0]) == 1)
