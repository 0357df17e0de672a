"""The page of the explorer: the same bytes each time, small, exact, harmless, and clear about mistakes."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hostile_tokens import HOSTILE
from random_records import random_record

from seqcourse.explorer import explore
from seqcourse.labels import shortened, visible
from seqcourse.packing import ALPHABET, packed
from seqcourse.squeezing import squeezed_script, squeezed_style


def unpacked(text, shape, causal):
    """A slow reader of packed weights, bit by bit."""
    places = {letter: place for place, letter in enumerate(ALPHABET)}
    pairs = (places[one] * 91 + places[two] for one, two in zip(text[::2], text[1::2], strict=True))
    bits = iter("".join(f"{pair:013b}" for pair in pairs))

    def number(count):
        return int("0" + "".join(next(bits) for _ in range(count)), 2)

    weights = np.zeros(shape)

    def rice(k):
        ones = 0
        while ones < 20 and next(bits) == "1":
            ones += 1
        return number(15) if ones == 20 else (ones << k) + number(k)

    for place in np.ndindex(shape[:3]):
        k = number(4)
        last = place[2] if causal else shape[3] - 1
        row = [rice(k) for _ in range(last)]
        off = rice(1)
        row.append(10_000 - sum(row) + (off // 2 if off % 2 == 0 else -(off // 2) - 1))
        weights[place][: len(row)] = np.array(row) / 10_000
    return weights


@pytest.mark.parametrize("sharpness", [0, 0.5, 2, 50])
@pytest.mark.parametrize(("layers", "heads", "rows", "columns"), [(1, 1, 1, 1), (2, 3, 5, 7), (3, 2, 11, 1)])
def test_packed_weights_are_right_to_half_a_step(sharpness, layers, heads, rows, columns):
    weights = (sharpness * torch.randn(layers, heads, rows, columns)).softmax(-1).numpy()
    weights[0, 0, 0] = 0  # a row that may look at nothing
    read = unpacked(packed(weights), weights.shape, causal=False)
    assert np.abs(read - weights).max() <= 0.5001e-4


@pytest.mark.parametrize("size", [1, 2, 13])
def test_the_future_of_a_decoder_takes_no_room_and_is_read_as_zeros(size):
    weights = random_record(target=size, decoder=2, heads=3).decoder.numpy()
    text = packed(weights, causal=True)
    assert np.abs(unpacked(text, weights.shape, causal=True) - weights).max() <= 0.5001e-4
    assert size < 3 or len(text) < 0.8 * len(packed(weights))


def shown_in(page):
    """What the script of a page is told of its first record."""
    return json.loads(re.search(r'startAll\("\w+",(\[.*\])\)', page)[1])[0]


def test_the_same_record_gives_the_same_page_byte_for_byte():
    links = [(source, target) for source in range(5) for target in range(7)]
    record, again = random_record(gold=links), random_record(gold=links[::-1])
    assert shown_in(explore(record).page())["gold"] == [list(link) for link in links]  # a set has no order
    assert explore(record, gloss=True).page() == explore(again, gloss=True).page()
    assert explore(record)._repr_html_() == explore(record)._repr_html_()
    assert explore(record).id != explore(random_record(seed=1)).id
    assert explore(record, labels="mine").id != explore(record).id
    assert "0x" not in repr(explore(record))


@pytest.mark.parametrize("sharpness", [0.5, 1, 2, 4])
def test_pages_are_small(sharpness):
    words = random_record(12, 12, 3, 3, 4, sharpness, gold={(i, i) for i in range(12)})
    assert len(explore(words).page().encode()) < 40_000
    long = random_record(60, 60, 6, 6, 8, sharpness)
    assert len(explore(long).page().encode()) < 700_000


def test_a_script_is_squeezed_and_says_the_same():
    plain = """
// what only readers need
function area({ wide, tall }, factor) {
  const product = wide * tall; // "not a string"
  const scaled = (size) => size * factor * 0.5;
  return scaled(product) + " product // of " + other.factor;
}
"""
    short = "function area({wide,tall},factor){let product=wide*tall;let $a=$b=>$b*factor*.5;"
    assert squeezed_script(plain, {"area"}) == (
        short + 'return $a(product)+" product // of "+other.factor}'
    )  # `product` stands in a string, and `factor` is a property: who knows whose
    assert squeezed_script("const twice = (x) => { return (half) => x / half; };") == (
        "let $b=x=>{return($a)=>x/$a};"
    )
    assert squeezed_style(".a .b, .c { margin: 0; top: 1px; }\n") == ".a .b,.c{margin:0;top:1px}"


class Tags(HTMLParser):
    """The tags of a page, with the attributes that they have, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {(tag, name) for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


def test_no_token_becomes_markup():
    record = random_record(HOSTILE, HOSTILE[::-1], 1, 1, 1, gold={(0, 0)})
    page = explore(record, labels=HOSTILE[0], gloss=lambda token: token).page()
    plain = explore(
        random_record(len(HOSTILE), len(HOSTILE), 1, 1, 1, gold={(0, 0)}), labels="a", gloss=dict()
    ).page()
    found, expected = Tags(page), Tags(plain)
    assert set(found.tags) - {"small"} == set(expected.tags) and found.attributes == expected.attributes
    assert found.tags.count("script") == found.tags.count("style") - 1 == found.tags.count("title") == 1
    page.encode("utf-8")


def test_each_token_is_in_the_table_and_in_the_data_shown_or_spelt_out():
    record = random_record(HOSTILE, 1, 1, 1, 1)
    shown = ["".join(visible(token)) for token in HOSTILE]
    assert len(HOSTILE) >= 40 and all(text.strip() and text.isprintable() for text in shown)
    page = explore(record).page()
    found = Tags(page).text
    assert [token for token in HOSTILE if shortened(visible(token), 20) not in found] == []
    assert [name[-1] for name in shown_in(page)["source"]] == shown


def test_accents_that_would_hide_other_words_are_spelt_out():
    parts = visible("a" + "\u0301" * 5 + "b\u0302")
    assert parts == ["a", *"\u0301" * 3, r"\u0301", r"\u0301", "b", "\u0302"]


def test_the_table_says_where_each_row_looks_most_and_where_gold_links_are():
    record = random_record(["a", "b"], ["x"], 0, 1, 2, gold={(1, 0)}, target_language="zh")
    record.cross = torch.tensor([[[[0.25, 0.75]], [[0.25, 0.75]]]])
    html = explore(record, gloss={"x": "sounds like x"}).page()
    assert "<tr><th>x <small>sounds like x</small><td>25<td><b>75*</b></table>" in html


def test_the_table_gives_no_gold_link_away_where_they_are_to_be_guessed():
    record = random_record(3, 4, gold={(0, 1), (2, 2)})
    tables = [explore(record, guess=guess).page().split("</table>")[0] for guess in (False, True)]
    assert ["*" in table.split("<table>")[1] for table in tables] == [True, False]
    with pytest.raises(ValueError, match="cross-attention"):
        explore(replace(record, cross=None), guess=True)


def test_wrong_input_gets_one_clear_error():
    record = random_record()
    with pytest.raises(
        TypeError, match="explore shows attention records, such as .attention of a translation, not list"
    ):
        explore([record])
    with pytest.raises(TypeError, match="not str"):
        explore(record, beside="map.json")
    with pytest.raises(
        ValueError, match="the same kinds of attention, not encoder, decoder, cross beside decoder, cross"
    ):
        explore(record, beside=random_record(encoder=0))
    for labels in (["one"], ["a", "b", "c"], [1, 2], "ab"):
        with pytest.raises(ValueError, match="labels must name each record, 2 in all"):
            explore(record, beside=record, labels=labels)
    with pytest.raises(ValueError, match="gloss must be True, False, a dict or a function, not 'pinyin'"):
        explore(record, gloss="pinyin")


def test_a_record_that_was_changed_is_checked_again():
    record = random_record()
    record.cross = record.cross * float("nan")
    with pytest.raises(ValueError, match="cross has weights that are NaN"):
        explore(record)
    record = random_record()
    record.source.append("one more")
    with pytest.raises(ValueError, match="encoder has maps of"):
        explore(record)


def test_a_record_is_saved_as_a_page(tmp_path):
    record = random_record()
    record.save(tmp_path / "map.HTML", gloss=True, labels="ours")
    assert (tmp_path / "map.HTML").read_text(encoding="utf-8") == explore(
        record, labels="ours", gloss=True
    ).page()
    assert [path.name for path in tmp_path.iterdir()] == ["map.HTML"]


def test_nothing_on_the_page_comes_from_elsewhere():
    page = explore(random_record(), gloss=True).page()
    assert "default-src 'none'" in page
    assert set(re.findall(r"https?://[\w./]*", page)) == {
        "http://www.w3.org/2000/svg"
    }  # a name, not an address
    assert not re.search(r"\beval\b|\bFunction\(|\bimport\b|\brequire\b|\bfetch\(", page)
