"""The sentences aligned by hand are sound, and attention between subwords is scored on them as by hand."""

import json
import re
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import pytest
import torch

from seqcourse.aligned import agreement_of_passes, english_tokens, load_aligned
from seqcourse.record import AttentionRecord
from seqcourse.regrouping import aligned_error_rates, record_aligned, regroup
from seqcourse.scores import alignment_error_rate
from seqcourse.shipped import shipped
from seqcourse.simplified import simplified
from seqcourse.subwords import Subwords
from seqcourse.syllables import syllables
from seqcourse.translator import Translator

README = shipped("aligned/README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def translator():
    return Translator.load("tatoeba-en-zh", device="cpu")


# ---------------------------------------------------------------- the files


def test_there_are_fifty_sentences_of_four_to_fourteen_words_each_only_once():
    pairs = load_aligned()
    assert len(pairs) == len({pair.source for pair in pairs}) == len({pair.target for pair in pairs}) == 50
    sizes = [sum(token[0].isalnum() for token in pair.source_tokens) for pair in pairs]
    assert 4 <= min(sizes) and max(sizes) <= 14
    assert len({tag for pair in pairs for tag in pair.tags}) > 20 and all(pair.tags for pair in pairs)


def test_tokens_spell_the_sentence_and_chinese_ones_are_single_simplified_characters():
    for pair in load_aligned():
        assert "".join(pair.source_tokens) == pair.source.replace(" ", "")
        assert "".join(pair.target_tokens) == pair.target == simplified(pair.target)
        assert {len(token) for token in pair.target_tokens} == {1}
    tokens = english_tokens("Don't worry, Anna's mother-in-law ate 20.")
    assert tokens == ["Don't", "worry", ",", "Anna's", "mother-in-law", "ate", "20", "."]


def test_each_character_has_a_syllable_and_a_meaning_and_notes_for_a_picture():
    for pair in load_aligned():
        assert len(pair.sounds) == len(pair.glosses) == len(pair.target_tokens)
        for token, sound in zip(pair.target_tokens, pair.sounds, strict=True):
            assert syllables(sound, 1) == [sound] if token.isalnum() else sound in ".,?"
        assert set(pair.notes) == {token for token in pair.target_tokens if token.isalnum()}
    grandmother = load_aligned()[1]
    assert grandmother.target.startswith("我奶奶") and grandmother.notes["奶"] == "nǎi/nai grandmother"


def test_links_lie_within_the_sentence_and_sure_ones_are_possible():
    for pair in load_aligned():
        assert pair.sure < pair.possible or pair.sure == pair.possible
        assert all(s < len(pair.source_tokens) and t < len(pair.target_tokens) for s, t in pair.possible)
        ends = len(pair.source_tokens) - 1, len(pair.target_tokens) - 1
        assert ends in pair.sure  # the marks at the end
        linked = {t for _, t in pair.sure}
        assert len(linked) > len(pair.target_tokens) / 2


def test_gold_links_are_sure_where_both_passes_are_and_possible_where_one_draws_any():
    for gold, first, second in zip(*map(load_aligned, ("gold", "first_pass", "second_pass")), strict=True):
        assert gold.sure == first.sure & second.sure
        assert gold.possible == first.possible | second.possible
        for one in (first, second):  # no annotator's sure links are wrong or missing (Och and Ney)
            assert alignment_error_rate(one.sure, gold.sure, gold.possible) == 0


def test_the_agreement_that_the_readme_states_is_the_one_that_is_computed():
    passes = load_aligned("first_pass"), load_aligned("second_pass")
    for name, value in agreement_of_passes(*passes).items():
        assert f"| {name} | {100 * value:.1f} % |" in README
    for name, pairs in zip(("first pass", "second pass", "gold"), (*passes, load_aligned()), strict=True):
        sure = sum(len(pair.sure) for pair in pairs)
        possible = sum(len(pair.possible - pair.sure) for pair in pairs)
        assert f"| {name} | {sure} | {possible} |" in README


def test_agreement_is_the_share_of_links_that_two_passes_have_in_common():
    first, second = load_aligned("first_pass")[:7], load_aligned("second_pass")[3:10]
    both = sum(len(a.possible & b.possible) for a, b in zip(first, second, strict=True))
    each = sum(len(a.possible) + len(b.possible) for a, b in zip(first, second, strict=True))
    assert 0 < both < each
    assert abs(agreement_of_passes(first, second)["F1 of all links"] - 2 * both / each) < 1e-9
    assert agreement_of_passes(first, second) == pytest.approx(agreement_of_passes(second, first))
    assert agreement_of_passes(first, first) == {"F1 of sure links": 1, "F1 of all links": 1, "AER": 0}


WRONG = {
    "sentences, a column less": ("sentences.tsv", 4, "\trelative\n", "\n", "has 5 columns, not 6"),
    "sentences, an empty line": ("sentences.tsv", 4, "3\t", "\n3\t", "is empty"),
    "sentences, numbers": ("sentences.tsv", 4, "3\t", "7\t", "here stands '7', not 3"),
    "sentences, heading": ("sentences.tsv", 1, "gloss", "glosses", "the heading must be number, English"),
    "a word without pinyin": ("sentences.tsv", 4, " gěi", "", "9 Chinese words, 8 in pinyin, 9 glosses"),
    "a syllable too few": ("sentences.tsv", 4, "yǒuyìsi", "yǒuyì", "有意思 has 3 characters, but 'yǒuyì'"),
    "two spaces": ("sentences.tsv", 4, "book you", "book  you", "write 'The book you"),
    "half-width mark": ("sentences.tsv", 4, "。", ".", "not '你借给我的书真有意思.'"),
    "links, no column": ("gold.tsv", 3, "2\t", "2 ", "has 1 columns, not 2"),
    "links, an empty line": ("gold.tsv", 3, "2\t", "\n2\t", "is empty"),
    "links, no link": ("gold.tsv", 3, "0-0", "0:0", "'0:0' is no link; write 3-5"),
    "links, outside English": ("gold.tsv", 3, "0-0", "8-0", "8-0 lies outside the sentence, .* 0 to 7"),
    "links, outside Chinese": ("gold.tsv", 3, "0-0", "0-11", "0-11 lies outside .* Chinese 0 to 10"),
    "links, twice": ("gold.tsv", 3, "0-0", "0-0 0-0", "My–我, 0-0, stands there twice"),
    "links, both kinds": ("gold.tsv", 3, "0-0", "0?0 0-0", "0-0, stands there as sure and as possible"),
    "links, one sentence more": ("gold.tsv", 52, "$", "51\t0-0\n", "only 50 sentences"),
}


@pytest.mark.parametrize("name, line, old, new, message", WRONG.values(), ids=WRONG)
def test_a_slip_in_a_file_is_reported_with_file_and_line(tmp_path, name, line, old, new, message):
    folder = copytree(shipped("aligned"), tmp_path / "mine")
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True) + [""]
    changed = re.sub(old, new, lines[line - 1], count=1)
    assert changed != lines[line - 1]
    lines[line - 1] = changed
    (folder / name).write_text("".join(lines), encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match=f"{name}, line {line}.*{message}"):
        load_aligned(folder=folder)


def test_missing_links_and_bytes_that_are_no_text_are_reported(tmp_path):
    folder = copytree(shipped("aligned"), tmp_path / "mine")
    lines = (folder / "gold.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "gold.tsv").write_text("".join(lines[:31]), encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match="gold.tsv ends after 30 of 50 sentences"):
        load_aligned(folder=folder)
    assert len(load_aligned("first_pass", folder)) == 50
    (folder / "gold.tsv").write_bytes("number\tlinks\n1\tfünf\n".encode("latin-1"))
    with pytest.raises(ValueError, match="gold.tsv, line 2: byte 0xfc is not UTF-8"):
        load_aligned(folder=folder)


# ---------------------------------------------------------------- syllables


def test_pinyin_is_cut_into_as_many_syllables_as_there_are_characters():
    assert syllables("xiàlái", 2) == ["xià", "lái"]
    assert syllables("gōnggòngqìchē", 4) == ["gōng", "gòng", "qì", "chē"]
    assert syllables("Xī'ān", 2) == ["Xī", "ān"] and syllables("xiān", 1) == ["xiān"]
    assert syllables("fǎngǎn", 2) == ["fǎn", "gǎn"] and syllables("nǚrén", 2) == ["nǚ", "rén"]
    for word, count in (("xiān", 2), ("xiàlái", 1), ("", 1), ("xyz", 1), ("wo3", 1), ("xīā", 2), ("liáō", 1)):
        with pytest.raises(ValueError, match=f"'{word}' is not pinyin of {count} syllable"):
            syllables(word, count)


# ---------------------------------------------------------------- subwords to words and characters


def random_cuts(text, count, generator):
    """A text cut into `count` pieces at random places."""
    places = sorted((torch.randperm(len(text) - 1, generator=generator)[: count - 1] + 1).tolist())
    return [text[i:j] for i, j in zip([0, *places], [*places, len(text)], strict=True)]


def slowly(record, source, target):
    """`regroup`, one character at a time: (layers, heads, T, S)."""
    layers, heads, old_rows, old_columns = record.cross.shape
    letters = [(i, piece) for i, piece in enumerate(record.source) for _ in piece]
    signs = [i for i, piece in enumerate(record.target) for _ in piece]
    new = torch.zeros(layers, heads, len(target), len(source))
    t_of = [t for t, token in enumerate(target) for _ in token]
    s_of = [s for s, token in enumerate(source) for _ in token]
    for (i, piece), s in zip(letters, s_of, strict=True):
        for j, t in zip(signs, t_of, strict=True):
            new[:, :, t, s] += record.cross[:, :, j, i] / len(piece) / len(target[t])
    return new


def test_regrouped_weights_are_those_of_a_slow_loop_and_rows_still_sum_to_one():
    generator = torch.Generator().manual_seed(3)
    english, chinese = "thequickbrownfoxjumps", "棕色的狐狸跳过了懒狗们"
    old = [[*random_cuts(text, n, generator), "</s>"] for text, n in ((english, 7), (chinese, 5))]
    new = [[*random_cuts(english, 11, generator), "</s>"], [*chinese, "</s>"]]
    cross = torch.rand(2, 3, 6, 8, generator=generator).softmax(-1)
    record = AttentionRecord(*old, cross=cross)
    found = regroup(record, new[0][:-1], new[1][:-1])
    assert (found.source, found.target) == (new[0], new[1]) and found.encoder is found.decoder is None
    torch.testing.assert_close(found.cross, slowly(record, *new))
    torch.testing.assert_close(found.cross.sum(-1), torch.ones(2, 3, len(new[1])))
    into_pieces = regroup(record, old[0][:-1], old[1][:-1])
    torch.testing.assert_close(into_pieces.cross, cross)  # the same tokens: nothing changes


def test_columns_are_added_and_each_character_takes_over_the_row_of_its_piece():
    cross = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.0, 0.0, 0.0, 1.0]])[None, None]
    record = AttentionRecord(["▁bal", "cony", "▁now", "</s>"], ["阳台", "上", "</s>"], cross=cross)
    found = regroup(record, ["balcony", "now"], ["阳", "台", "上"])
    by_hand = [[0.3, 0.3, 0.4], [0.3, 0.3, 0.4], [0.7, 0.2, 0.1], [0.0, 0.0, 1.0]]
    torch.testing.assert_close(found.cross[0, 0], torch.tensor(by_hand))


def test_unknown_characters_and_lone_spaces_lose_no_weight():
    tokenizer = Subwords.learn(["the cat sat on the mat"] * 3, 40, language="en")
    pieces = tokenizer.tokenize("the ☃ sat")
    assert "▁" in pieces and "☃" in pieces
    cross = torch.rand(1, 1, 2, len(pieces) + 1).softmax(-1)
    record = AttentionRecord([*pieces, "</s>"], ["雪", "</s>"], cross=cross)
    found = regroup(record, ["the", "☃", "sat"], ["雪"])
    snow = pieces.index("☃")
    torch.testing.assert_close(found.cross[0, 0, :, 1], cross[0, 0, :, snow - 1 : snow + 1].sum(-1))
    torch.testing.assert_close(found.cross.sum(-1), torch.ones(1, 1, 2))


def test_tokens_of_another_text_and_records_without_cross_attention_are_refused():
    record = AttentionRecord(["▁a", "</s>"], ["一", "</s>"], cross=torch.full((1, 1, 2, 2), 0.5))
    with pytest.raises(ValueError, match="do not spell the same text"):
        regroup(record, ["b"], ["一"])
    alone = AttentionRecord(["▁a", "</s>"], ["一", "</s>"], encoder=torch.full((1, 1, 2, 2), 0.5))
    with pytest.raises(ValueError, match="no cross attention .* only: encoder"):
        regroup(alone, ["a"], ["一"])


# ---------------------------------------------------------------- the rates of heads


def links_slowly(translator, pair):
    """The links of every head, from the offsets that the tokenizer's library gives: [layer][head]."""
    sides = (translator.source_tokenizer, pair.source), (translator.target_tokenizer, pair.target)
    ids, tokens = zip(*((side.encode(text), side.tokenize(text)) for side, text in sides), strict=True)
    cross = translator.record(ids[0], tokens[0], ids[1], tokens[1]).cross
    words = [found.span() for found in re.finditer(r"[\w'-]+|[^\w\s]", pair.source)]
    source, target = (side.tokenizer.encode(text).offsets for side, text in sides)
    heads = [[set() for _ in layer] for layer in cross]
    for layer, maps in enumerate(cross.tolist()):
        for head, rows in enumerate(maps):
            for t in range(len(pair.target)):
                (row,) = (row for row, (a, b) in zip(rows, target, strict=False) if a <= t < b)
                weights = [
                    sum(w for w, (a, b) in zip(row, source, strict=False) if a < end and start < b)
                    for start, end in words
                ]
                heads[layer][head].add((weights.index(max(weights)), t))
    return heads


def test_the_rate_of_each_head_is_the_one_counted_from_the_offsets_of_subwords(translator):
    pairs = load_aligned()[1::9]
    assert any(len(piece) > 1 for p in pairs for piece in translator.target_tokenizer.tokenize(p.target))
    rates, slow = aligned_error_rates(translator, pairs), [links_slowly(translator, pair) for pair in pairs]
    assert rates.shape == (3, 4)
    for layer in range(3):
        for head in range(4):
            drawn = [s[layer][head] for s in slow]
            right = sum(len(a & p.sure) + len(a & p.possible) for a, p in zip(drawn, pairs, strict=True))
            total = sum(len(a) + len(p.sure) for a, p in zip(drawn, pairs, strict=True))
            assert abs(rates[layer, head].item() - (1 - right / total)) < 1e-6
    with pytest.raises(ValueError, match="no pair"):
        aligned_error_rates(translator, [])


def test_a_record_of_an_aligned_pair_has_words_and_characters_and_the_sure_links(translator):
    pair = load_aligned()[36]
    assert pair.source.startswith("Anna") and "▁Anna" not in translator.source_tokenizer.tokenize(pair.source)
    record = record_aligned(translator, pair)
    assert record.source == [*pair.source_tokens, "</s>"] and record.target == [*pair.target_tokens, "</s>"]
    assert record.gold == pair.sure and record.cross.shape == (3, 4, len(record.target), len(record.source))
    torch.testing.assert_close(record.cross.sum(-1), torch.ones(record.cross.shape[:3]))


def test_the_stored_result_was_made_with_these_sentences_and_links_and_this_translator(translator):
    stored = json.loads(shipped("results/natural_alignment.json").read_text(encoding="utf-8"))
    files = b"".join(Path(shipped(f"aligned/{name}.tsv")).read_bytes() for name in ("sentences", "gold"))
    assert stored["settings"]["sha256 of sentences and gold links"] == sha256(files).hexdigest()
    rates = {run["aligner"]: run["AER"] for run in stored["runs"]}
    for layer, heads in enumerate(aligned_error_rates(translator, load_aligned()).tolist()):
        for head, rate in enumerate(heads):
            assert abs(rates[f"layer {layer}, head {head}"] - rate) < 0.01
    assert rates["IBM Model 1"] < rates["mean of all heads"] < rates["diagonal"]
