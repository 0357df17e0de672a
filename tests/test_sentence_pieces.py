"""Pieces are those of MarianTokenizer, under our numbers; and our subwords are SentencePiece's."""

import json
import random
import sys

import pytest

transformers = pytest.importorskip("transformers", reason="compares with the library transformers")
pytest.importorskip("sentencepiece", reason="published translators cut sentences with SentencePiece")

from small_course import sentences, small_corpus  # noqa: E402
from small_marian import publish, trained  # noqa: E402

from seqcourse.sentence_pieces import SentencePieces, from_subwords  # noqa: E402
from seqcourse.subwords import Subwords, load_tokenizer  # noqa: E402
from seqcourse.translator import Translator  # noqa: E402
from seqcourse.vocabulary import EOS, SPECIALS, UNK  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")

TEXTS = [
    "The big cat sleeps.", "", " ", "  The   cat ", "\t", "naïve café Wörter ½ ﬁne", "שלום 😀 ok", "猫" * 9,
    "a\x00b\x0cc", "one\u2028two\u3000three", "▁▁ cat", "⁇", "x" * 300, "1234 (5)", "\ufeffcat", "don't",
    ">>cmn<< The cat.", ">>cmn<<The cat.", ">>deu<< The cat.", " >>cmn<< The cat.", ">>cmn The cat.", ">><<",
    "The >>cmn<< cat.", ">>cmn<<",
]  # fmt: skip


@pytest.fixture(scope="module", params=[1, 4])
def both(request, tmp_path_factory):
    """MarianTokenizer and our two, of a folder where special tokens stand as published, or anywhere."""
    folder = tmp_path_factory.mktemp("opus-mt-en-zh")
    publish(folder, request.param, shuffled=request.param == 4)
    ours = Translator.load(folder, device="cpu")
    return transformers.MarianTokenizer.from_pretrained(folder), ours.source_tokenizer, ours.target_tokenizer


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_cut_and_numbered_as_theirs(both, text):
    theirs, source, target = both
    assert [source.rows[i] for i in [*source.encode(text), EOS]] == theirs(text).input_ids
    assert [target.rows[i] for i in [*target.encode(text), EOS]] == theirs(text_target=text).input_ids
    assert source.tokenize(text) == theirs.tokenize(text)


def test_every_sentence_of_a_corpus_is_cut_and_written_as_theirs(both):
    theirs, source, target = both
    for text in sentences():
        ids = theirs(text).input_ids
        assert [source.rows[i] for i in [*source.encode(text), EOS]] == ids
        assert source.decode(source.encode(text)) == theirs.decode(ids, skip_special_tokens=True)
    for pair in small_corpus().pairs("train"):
        ids = theirs(text_target=pair.target).input_ids
        wanted = theirs.decode(ids, skip_special_tokens=True, use_source_tokenizer=False)
        assert target.decode(target.encode(pair.target)) == wanted


def test_a_piece_that_was_not_published_is_unknown_and_shown_as_it_was_typed(both):
    _, source, _ = both
    assert source.encode("😀")[-1] == UNK and source.tokenize("😀")[-1] == "😀"
    assert source.encode(">>deu<< cat")[0] == UNK and source.tokenize(">>deu<< cat")[0] == ">>deu<<"
    assert source.encode(">>cmn<< cat")[0] > EOS and source.tokenize(">>cmn<< cat")[0] == ">>cmn<<"


@pytest.mark.parametrize("special", SPECIALS)
def test_a_special_token_that_someone_typed_is_text(both, special):
    for tokenizer in both[1:]:
        assert all(i == UNK or i > EOS for i in tokenizer.encode(f"The {special} cat{special}"))


def test_ids_are_ours_and_rows_are_theirs(both):
    theirs, source, _ = both
    assert source.words[: len(SPECIALS)] == SPECIALS and len(set(source.words)) == len(source)
    assert (
        len(source) == theirs.vocab_size + 1
    )  # <s> is another name for the <pad> that the decoder begins with
    for word, row in zip(source.words, source.rows, strict=True):
        assert theirs.convert_tokens_to_ids("<pad>" if word == "<s>" else word) == row
    for word, i in zip(source.tokenize("The cat."), source.encode("The cat."), strict=True):
        assert source.tokens([i]) == [word if i != UNK else "<unk>"]


@pytest.mark.parametrize("odd", ["\ud800 cat", "\udcff\udcfe"])
def test_lone_surrogates_are_no_obstacle(both, odd):
    assert both[1].encode(odd) == both[1].encode(
        odd.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def test_a_saved_tokenizer_is_the_same(both, tmp_path):
    both[1].save(tmp_path / "source.json")
    again = load_tokenizer(tmp_path / "source.json")
    assert isinstance(again, SentencePieces)
    assert (again.words, again.rows, again.language) == (both[1].words, both[1].rows, "en")
    assert all(again.encode(text) == both[1].encode(text) for text in TEXTS)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"model": "?"}, "base64"),
        ({"model": "AAAA"}, "no model of SentencePiece"),
        ({"vocab": ["a"]}, "the number of each piece"),
        ({"vocab": {"<pad>": 0, "<unk>": 1}}, "no </s>"),
        ({"vocab": {"<pad>": 0, "<unk>": 1, "</s>": 3}}, "do not have the numbers 0 to 2"),
        ({"start": "<s>"}, "no <s>"),
        ({"start": 3}, "no 3"),
    ],
)
def test_a_damaged_tokenizer_file_is_refused_with_the_reason(both, tmp_path, changes, reason):
    both[1].save(tmp_path / "source.json")
    saved = json.loads((tmp_path / "source.json").read_text(encoding="utf-8"))
    (tmp_path / "source.json").write_text(json.dumps(saved | changes), encoding="utf-8")
    with pytest.raises(ValueError, match=f"source.json is damaged: .*{reason}"):
        load_tokenizer(tmp_path / "source.json")


@pytest.mark.parametrize("language, side", [("en", "source"), ("zh", "target")])
@pytest.mark.parametrize("size", [47, 83])
def test_our_subwords_are_cut_alike_by_sentencepiece(language, side, size):
    texts = [getattr(pair, side) for pair in small_corpus().pairs("train")]
    ours = Subwords.learn(texts, size, language=language)
    theirs = from_subwords(ours)
    assert len(theirs) == len(ours)
    for text in texts + [getattr(pair, side) for pair in small_corpus().pairs("test")]:
        assert theirs.encode(text) == ours.encode(text)
        assert theirs.tokenize(text) == ours.tokenize(text)
        assert theirs.decode(theirs.encode(text)) == ours.decode(ours.encode(text))


def test_pieces_merge_in_the_order_in_which_they_were_learnt():
    rng = random.Random(0)
    words = ["".join(rng.choices("abc", k=rng.randint(1, 9))) for _ in range(2003)]
    texts = [" ".join(words[i : i + 7]) for i in range(0, len(words), 7)]  # where any two letters may merge
    ours = Subwords.learn(texts, 61, language="en")
    theirs = from_subwords(ours)
    assert all(theirs.tokenize(text) == ours.tokenize(text) for text in texts)


def test_a_run_of_unknown_characters_is_one_unknown_piece_there_and_several_here():
    ours = Subwords.learn(["the cat"] * 3, 20, language="en")
    assert ours.encode("猫猫").count(UNK) == 2 and from_subwords(ours).encode("猫猫").count(UNK) == 1


def test_without_the_library_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(ValueError, match="pip install sentencepiece"):
        SentencePieces(trained("source"), {}, "en")
