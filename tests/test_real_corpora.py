"""Tatoeba and Multi30k: read from small files, in their parts; a broken file is refused with the remedy."""

import gzip
import io
import re
import zipfile

import pytest

from seqcourse import tatoeba
from seqcourse.__main__ import make_parser
from seqcourse.corpora import known_corpora, load_corpus
from seqcourse.multi30k import LANGUAGES, PINNED, multi30k_names, multi30k_origin
from seqcourse.pairs import Pair
from seqcourse.tatoeba import export
from seqcourse.tsv import part_of

LINES = {"train": 13, "val": 7, "test_2016_flickr": 5}
PAGE = "<!DOCTYPE html>\n<html><body>Please come back later.</body></html>\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data folder with the three languages of a small Multi30k."""
    monkeypatch.setenv("SEQCOURSE_DATA", str(tmp_path))
    tmp_path.joinpath("multi30k").mkdir()
    tmp_path.joinpath("tatoeba").mkdir()
    for file, count in LINES.items():
        for language in LANGUAGES:
            write_gz(tmp_path, f"{file}.{language}", sentences(file, language, count))
    return tmp_path


def sentences(file, language, count):
    return [f"Satz {i} of {file}, en {language}." for i in range(count)]


def write_gz(folder, name, lines):
    text = "".join(f"{line}\n" for line in lines)
    folder.joinpath(f"multi30k/{name}.gz").write_bytes(gzip.compress(text.encode("utf-8")))


def write_tatoeba(folder, rows):
    text = "".join("\t".join(row) + "\n" for row in rows)
    folder.joinpath("tatoeba/cmn.txt").write_text(text, encoding="utf-8", newline="\n")


def zipped(**members):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("_txt", ".txt"), data)
    return archive.getvalue()


def export_text(count):
    return "".join(f"Number {i}.\t第{i}号。\tCC-BY 2.0 (France)\n" for i in range(count))


def test_the_first_pairs_of_a_part_of_tatoeba_are_as_long_as_the_rest(folder):
    rows = [
        (" ".join([f"Word{i}", *["word"] * (i // 100)]) + ".", f"第{i}句。", "CC-BY") for i in range(1700)
    ]
    write_tatoeba(folder, rows)  # the export, too, has the shortest first
    pairs = load_corpus("tatoeba-en-zh").pairs("train")
    lengths = [len(pair.source.split()) for pair in pairs]
    assert lengths != sorted(lengths) and pairs == load_corpus("tatoeba-en-zh").pairs("train")
    first, rest = lengths[:200], lengths[200:]
    assert abs(sum(first) / len(first) - sum(rest) / len(rest)) < 1.5


def test_multi30k_goes_six_ways():
    assert multi30k_names() == [
        "multi30k-de-en", "multi30k-de-fr", "multi30k-en-de",
        "multi30k-en-fr", "multi30k-fr-de", "multi30k-fr-en",
    ]  # fmt: skip


@pytest.mark.parametrize("name", multi30k_names())
def test_multi30k_keeps_its_own_parts_and_their_order(folder, name):
    _, source, target = name.split("-")
    corpus = load_corpus(name)
    assert (corpus.name, corpus.source_language, corpus.target_language) == (name, source, target)
    assert corpus.parts == ("train", "valid", "test")
    for part, (file, count) in zip(corpus.parts, LINES.items(), strict=True):
        both = zip(sentences(file, source, count), sentences(file, target, count), strict=True)
        assert corpus.pairs(part) == [Pair(*pair) for pair in both]


def test_each_file_of_multi30k_is_pinned_once_at_one_commit():
    files = {file.url: file for name in multi30k_names() for file in multi30k_origin(name).files}
    assert len(files) == len(PINNED) == 9 == len({file.sha256 for file in files.values()})
    for url, file in files.items():
        assert re.fullmatch(r"https://\S+/multi30k/dataset/[0-9a-f]{7,40}/data/task1/raw/\S+\.gz", url)
        assert url.endswith(file.name.removeprefix("multi30k/")) and file.size == file.most
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
    wanted = {f"multi30k/{file}.{language}.gz" for file in LINES for language in ("de", "fr")}
    assert {file.name for file in multi30k_origin("multi30k-de-fr").files} == wanted


WHOLE = gzip.compress(b"Ein Satz.\n" * 101)
BROKEN = {
    "cut": WHOLE[:-9],
    "cut early": WHOLE[:11],
    "damaged": WHOLE[:-5] + bytes([WHOLE[-5] ^ 1]) + WHOLE[-4:],
    "scrambled": WHOLE[:10] + b"\xff" * 23,
    "a web page": PAGE.encode("utf-8"),
    "not utf-8": gzip.compress("été\n".encode("latin-1")),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_gz_is_refused_with_its_name(folder, how):
    path = folder / "multi30k/val.de.gz"
    path.write_bytes(BROKEN[how])
    with pytest.raises(ValueError, match="is broken .*: delete it to fetch it again") as error:
        load_corpus("multi30k-de-en")
    assert str(path) in str(error.value)
    assert load_corpus("multi30k-en-fr").pairs("valid")  # which has no part in it


def test_two_files_that_do_not_fit_together_are_refused(folder):
    write_gz(folder, "val.en", sentences("val", "en", 6))
    with pytest.raises(ValueError, match="val.de.gz has 7 lines, but val.en.gz 6: each line should"):
        load_corpus("multi30k-de-en")


def test_tatoeba_in_its_parts(folder):
    rows = [(f"Sentence {i}.", f"第{i}句{j}。", "CC-BY") for i in range(307) for j in range(2)]
    write_tatoeba(folder, rows)
    corpus = load_corpus("tatoeba-en-zh")
    assert (corpus.name, corpus.source_language, corpus.target_language) == ("tatoeba-en-zh", "en", "zh")
    assert corpus.parts == ("train", "valid", "test")
    assert sum(len(corpus.pairs(part)) for part in corpus.parts) == 614
    for part in corpus.parts:
        assert {part_of(pair.source) for pair in corpus.pairs(part)} == {part}  # so with both translations


def test_one_pair_in_both_scripts_counts_once(folder):
    rows = ("We go.", "我们去。"), ("We go.", "我們去。"), ("We go.", "咱们去。"), ("We go!", "我们去。")
    write_tatoeba(folder, rows)
    pairs = [pair for part in ("train", "valid", "test") for pair in load_corpus("tatoeba-en-zh").pairs(part)]
    once = {Pair("We go.", "我们去。"), Pair("We go.", "咱们去。"), Pair("We go!", "我们去。")}
    assert len(pairs) == 3 and set(pairs) == once


def test_a_web_page_in_the_place_of_the_export_is_refused(folder):
    folder.joinpath("tatoeba/cmn.txt").write_text(PAGE, encoding="utf-8")
    with pytest.raises(ValueError, match="cmn.txt, line 1: '<!DOCTYPE html>' is not a sentence, a tab"):
        load_corpus("tatoeba-en-zh")


def test_the_export_comes_out_of_its_archive_unchanged():
    text = export_text(10_007)
    assert export(zipped(_about_txt="terms", cmn_txt=text)) == text.encode("utf-8")
    assert export(zipped(cmn_txt="\ufeff" + text)) == ("\ufeff" + text).encode("utf-8")


NO_EXPORT = {  # what came: what the message says
    "a web page": (PAGE.encode("utf-8"), "no zip archive with a sound cmn.txt"),
    "nothing": (b"", "no zip archive with a sound cmn.txt"),
    "a cut archive": (zipped(cmn_txt=export_text(10_007))[:-30], "no zip archive with a sound cmn.txt"),
    "another language": (zipped(fra_txt="Hi.\tSalut.\n"), "no zip archive with a sound cmn.txt"),
    "a page in an archive": (zipped(cmn_txt=PAGE), "only 0 lines of its cmn.txt"),
    "few lines": (zipped(cmn_txt=export_text(101)), "only 101 lines of its cmn.txt"),
    "no Chinese": (zipped(cmn_txt="Hi.\tSalut.\n" * 10_007), "only 0 lines of its cmn.txt"),
    "a tenth without a tab": (
        zipped(cmn_txt=export_text(10_007) + "Hi. 嗨。\n" * 1_117),
        "only 10,007 lines",
    ),
    "not utf-8": (zipped(cmn_txt=export_text(10_007).encode("gb18030")), "'utf-8' codec"),
}


@pytest.mark.parametrize("what", NO_EXPORT)
def test_what_is_no_export_is_refused(what):
    data, message = NO_EXPORT[what]
    with pytest.raises(ValueError, match=message):
        export(data)


def test_a_damaged_or_endless_member_is_refused(monkeypatch):
    data = bytearray(zipped(cmn_txt=export_text(10_007)))
    data[len(data) // 2] ^= 1
    with pytest.raises(ValueError, match="no zip archive with a sound cmn.txt"):
        export(bytes(data))
    monkeypatch.setattr(tatoeba, "MOST", 10_007)
    with pytest.raises(ValueError, match="more than the 10,007 bytes that we accept"):
        export(zipped(cmn_txt="\n" * 10_009))


def test_every_real_corpus_says_where_it_comes_from_and_on_what_terms():
    known = known_corpora()
    assert [name for name in known if not known[name].origin] == ["toy-en-zh", "toy-en-fr"]
    for origin in (each.origin for each in known.values() if each.origin):
        assert origin.licence and origin.page.startswith("https://")
        assert all(file.url.startswith("https://") and 0 < file.size <= file.most for file in origin.files)


def test_a_translator_of_other_languages_is_not_scored_on_a_named_corpus(folder):
    options = make_parser().parse_args(["evaluate", "multi30k-de-en", "--model", "toy-en-fr"])
    with pytest.raises(ValueError, match="goes from en to fr, but multi30k-de-en from de to en"):
        options.run(options)
