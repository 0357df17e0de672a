"""Corpora: the toy ones by name, a file of one's own by path, and a sentence in one part for ever."""

import shutil
import subprocess
import time
from hashlib import sha256

import pytest

from seqcourse.corpora import corpus_names, load_corpus
from seqcourse.pairs import Pair
from seqcourse.tsv import guess_language, part_of, read_tsv


def written(tmp_path, lines, name="mine.tsv"):
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode("utf-8"))
    return path


def everything(corpus):
    return [pair for part in corpus.parts for pair in corpus.pairs(part)]


def many(count):
    return [f"Sentence number {i} is here.\t第{i}句话在这里。" for i in range(count)]


def test_the_toy_corpora_have_names_languages_and_five_parts():
    assert {"toy-en-zh", "toy-en-fr"} <= set(corpus_names())
    for language in ("zh", "fr"):
        corpus = load_corpus(f"toy-en-{language}")
        assert (corpus.name, corpus.source_language, corpus.target_language) == (
            f"toy-en-{language}",
            "en",
            language,
        )
        assert corpus.parts == ("train", "valid", "test", "compositional", "length")
    pairs = load_corpus("toy-en-zh").pairs("valid")
    assert len(pairs) == 1000 and all(pair.alignment and pair.target_tokens for pair in pairs)
    assert corpus.pairs("valid") is load_corpus("toy-en-fr").pairs("valid")  # made once


def test_a_file_of_ones_own_is_read_by_its_path(tmp_path):
    path = written(tmp_path, many(307))
    for corpus in (load_corpus(path), load_corpus(str(path))):
        assert (corpus.name, corpus.source_language, corpus.target_language) == ("mine.tsv", "en", "zh")
        assert corpus.parts == ("train", "valid", "test") and corpus.skipped == 0
        assert set(everything(corpus)) == {
            Pair(f"Sentence number {i} is here.", f"第{i}句话在这里。") for i in range(307)
        }


def test_a_file_is_also_looked_for_in_the_data_folder(tmp_path, monkeypatch):
    written(tmp_path, many(3))
    monkeypatch.setenv("SEQCOURSE_DATA", str(tmp_path))
    assert len(everything(load_corpus("mine.tsv"))) == 3


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_marks_of_editors_and_further_columns_do_no_harm(tmp_path, newline):
    lines = ["\ufeffHi.\t嗨。\tCC-BY 2.0\t#1", "", "  Run \t 跑。 ", " \t ", "Stop\u2028it.\t停。"]
    path = tmp_path / "mine.tsv"
    path.write_bytes((newline.join(lines) + newline).encode("utf-8"))
    corpus = load_corpus(path)
    assert corpus.skipped == 2
    assert set(everything(corpus)) == {
        Pair("Hi.", "嗨。"),
        Pair("Run", "跑。"),
        Pair("Stop\u2028it.", "停。"),
    }


def test_nine_in_ten_sentences_are_to_learn_from(tmp_path):
    corpus = load_corpus(written(tmp_path, many(5003)))
    sizes = {part: len(corpus.pairs(part)) for part in corpus.parts}
    assert 0.88 < sizes["train"] / 5003 < 0.92
    assert 0.04 < sizes["valid"] / 5003 < 0.06 and 0.04 < sizes["test"] / 5003 < 0.06


def test_the_part_is_what_the_hash_says():
    for source in ("Tom is here!", "THE cat", "Ｔｏｍ…  is\u3000here"):
        words = {"Tom is here!": "tom is here", "THE cat": "the cat"}.get(source, "tom is here")
        number = int(sha256(words.encode()).hexdigest()[:16], 16)
        assert part_of(source) == ["valid", "test", *["train"] * 18][number % 20]


def test_one_sentence_is_in_one_part_however_it_is_written(tmp_path):
    ways = [
        "{} is here.",
        "{} is here!",
        "«{} IS HERE»",
        "{}-is-here...",
        "{}\u3000is  ｈｅｒｅ",
        "_{} is here",
    ]
    for i in range(101):
        assert len({part_of(way.format(f"Number {i}")) for way in ways}) == 1
    translations = load_corpus(written(tmp_path, [f"{i}\t{j}" for i in range(101) for j in range(7)]))
    assert all(len(translations.pairs(part)) % 7 == 0 for part in translations.parts)
    assert len(translations.pairs("test")) > 0


def test_a_newer_file_moves_no_sentence(tmp_path):
    old = load_corpus(written(tmp_path, many(211), "old.tsv"))
    new = load_corpus(written(tmp_path, ["Something new.\t新的。", *reversed(many(401))], "new.tsv"))
    for part in old.parts:
        assert set(old.pairs(part)) <= set(new.pairs(part))


def test_a_tiny_file_has_something_to_learn_from(tmp_path):
    tested = [f"{i}" for i in range(97) if part_of(f"{i}") != "train"][:2]
    corpus = load_corpus(written(tmp_path, [f"{source}\t数" for source in tested]))
    assert [pair.source for pair in corpus.pairs("train")] == tested
    assert corpus.pairs("valid") == corpus.pairs("test") == []
    corpus = load_corpus(written(tmp_path, [f"{source}\t数" for source in [*tested, "Tom is here"]]))
    assert [pair.source for pair in corpus.pairs("train")] == ["Tom is here"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("三只小猫在睡觉。我叫Tom。", "zh"),
        ("猫が眠っています。", "ja"),
        ("東京都知事選挙の投票率が発表", "ja"),
        ("Le chat dort, l'été.", None),
        ("My dictionary says 猫 means cat.", None),
        ("12, 3!", None),
        ("", None),
    ],
)
def test_the_script_tells_chinese_and_japanese(text, language):
    assert guess_language([text]) == language


def test_languages_can_be_said_and_are_else_guessed(tmp_path):
    french = written(tmp_path, ["The cat\tLe chat"])
    assert load_corpus(french).target_language == "xx"
    corpus = load_corpus(french, source_language="en", target_language="fr")
    assert (corpus.source_language, corpus.target_language) == ("en", "fr")
    turned = load_corpus(written(tmp_path, ["三只小猫\tthree small cats"]))
    assert (turned.source_language, turned.target_language) == ("zh", "xx")


@pytest.mark.parametrize(
    ("content", "parts_of_the_message"),
    [
        (b"", ["has no sentences"]),
        (b"\xef\xbb\xbf\n \n\t\n", ["has no sentences"]),
        ("Hi.\t嗨。\n\nHello there.".encode(), ["line 3", "'Hello there.'", "a tab and its translation"]),
        ("Hi.\t嗨。\nHello.\t \tCC-BY".encode(), ["line 2", "Hello.", "mend or delete the line"]),
        ("Hi.,嗨。\n".encode(), ["line 1", "'Hi.,嗨。'", "commas"]),
        ("\t嗨。\n".encode(), ["line 1", "'\\t嗨。'"]),
        (("word " * 100).encode(), ["line 1", "…'"]),
        ("a\tb\nc\té\n".encode("latin-1"), ["line 2", "byte 0xe9", "iconv -f ISO-8859-1 -t UTF-8 mine.tsv"]),
        ("a\t嗨\n".encode("utf-16"), ["line 1", "UTF-16"]),
        (b"a\tb\nc\t\xed\xa0\x80\n", ["line 2", "byte 0xed"]),  # a lone surrogate
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_line_and_the_remedy(
    tmp_path, content, parts_of_the_message
):
    path = tmp_path / "mine.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        load_corpus(path)
    for part in ["mine.tsv", *parts_of_the_message]:
        assert part in str(error.value)


@pytest.mark.skipif(shutil.which("iconv") is None, reason="there is no iconv here")
def test_the_command_the_message_names_mends_the_file(tmp_path):
    path = tmp_path / "mine.tsv"
    path.write_bytes("the summer\tl'été\n".encode("latin-1"))
    with pytest.raises(ValueError) as error:
        read_tsv(path)
    command = str(error.value).split("convert it: ")[1]
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    assert everything(read_tsv(tmp_path / "utf8.tsv")) == [Pair("the summer", "l'été")]


def test_an_unknown_corpus_is_refused_with_near_names(tmp_path):
    with pytest.raises(FileNotFoundError, match="toy-en-ch is neither a corpus nor a file.*toy-en-zh"):
        load_corpus("toy-en-ch")
    with pytest.raises(FileNotFoundError, match="a name: toy-en-fr, toy-en-zh"):  # the nearest first
        load_corpus("toy-en-f")
    with pytest.raises(FileNotFoundError, match="nowhere.tsv is neither"):
        load_corpus(tmp_path / "nowhere.tsv")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        load_corpus(tmp_path)


def test_an_unknown_part_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ValueError, match="mine.tsv has no part 'length'; it has train, valid, test"):
        load_corpus(written(tmp_path, many(3))).pairs("length")
    with pytest.raises(ValueError, match="toy-en-zh has no part 'dev'; it has train, valid"):
        load_corpus("toy-en-zh").pairs("dev")


def test_thirty_thousand_lines_take_a_moment(tmp_path):
    path = written(tmp_path, many(30_000))
    start = time.perf_counter()
    load_corpus(path)
    assert time.perf_counter() - start < 3  # 0.3 s on two cores; the bar is for slow machines
