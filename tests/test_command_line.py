"""Each verb: results alone on standard output, one line out for each line in, remarks on standard error."""

import json
import re
from pathlib import Path

import command_line_runs
import pytest
from command_line_runs import TINY, everything
from small_course import small_corpus, small_translator

from seqcourse import commands, model_folder
from seqcourse.exercises_transformer import pre_norm
from seqcourse.record import AttentionRecord
from seqcourse.translator import Translator

place, run = command_line_runs.place, command_line_runs.run  # fixtures

SHORT = "The big cat sleeps."


def texts(*sentences):
    return [translation.text for translation in small_translator().translate(list(sentences))]


def test_sentences_are_translated_in_their_order_one_line_each(run):
    code, out, err = run("translate", "--model", "model", SHORT, "", "The old\ndog runs.", "-5")
    assert (code, out.split("\n")[:-1]) == (0, texts(SHORT, "", "The old dog runs.", "-5"))
    assert err == "seqcourse: line 4: the model does not know -, 5\n"


LINES = [
    b"The big cat sleeps.", b"", b"The old\rdog runs.", b"\x0c", b"The old\x0cdog\xe2\x80\xa8runs\x85.",
    b"a\x00b", b"\t\t", b"   ", b"\xff\xfe dog", b"\xed\xa0\x80 cat", "שלום 😀".encode(),
    b"The dog eats.\r", b"<s> </s>", b"\x1b[31mred", b"\xef\xbb\xbfThe cat runs.", b"last, without an end",
]  # fmt: skip


@pytest.mark.parametrize("at_once", [3, 256])
def test_every_line_gives_exactly_one_line_whatever_stands_in_it(run, monkeypatch, at_once):
    monkeypatch.setattr(commands, "AT_ONCE", at_once)
    code, out, err = run("translate", "--model", "model", stdin=b"\n".join(LINES))
    found = out.split("\n")
    assert code == 0
    assert found.pop() == ""
    assert found == texts(*(line.decode("utf-8", "replace") for line in LINES))
    assert [i for i, text in enumerate(found) if not text] == [1, 3, 6, 7]
    assert all(line.startswith("seqcourse: line ") for line in err.splitlines())
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out + err)


def test_no_line_gives_no_line(run):
    assert run("translate", "--model", "model") == (0, "", "")
    assert run("translate", "--model", "model", stdin=b"\n") == (0, "\n", "")


def test_a_sentence_beyond_the_model_is_cut_and_a_warning_says_so_to_people(run):
    code, out, err = run("translate", "--model", "model", stdin=b"cat " * 10_000 + b"\n" + SHORT.encode())
    assert (code, out.count("\n")) == (0, 2)
    assert out.split("\n")[1] == texts(SHORT)[0]
    assert re.fullmatch(r"seqcourse: a sentence of 10000 tokens is cut to 36, .*: 'cat cat [^\n]*\n", err)


def test_n_best_names_the_sentence_the_score_and_the_text_best_first(run):
    code, out, _ = run(
        "translate", "--model", "model", "--n-best", 2, "--beam", 3, SHORT, "", "The dog runs."
    )
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "3", "3"]
    assert rows[0][2] == texts(SHORT)[0]
    assert float(rows[0][1]) >= float(rows[1][1])


@pytest.mark.parametrize("name", ["map.json", "new/map.PNG", "map.svg", "map.html"])
def test_attention_is_saved_beside_the_translation(run, place, name):
    code, out, err = run("translate", "--model", "model", "--attention", name, SHORT)
    assert (code, out) == (0, texts(SHORT)[0] + "\n")
    assert err == f"saved {place.joinpath(name).relative_to(place)}\n"
    if name.endswith("json"):
        assert AttentionRecord.load(name).source == ["the", "big", "cat", "sleeps", ".", "</s>"]
    assert place.joinpath(name).read_bytes()[:4] in (b'{\n"f', b"\x89PNG", b"<?xm", b"<!DO")


def test_training_makes_a_translator_that_translates_and_can_be_gone_on_with(run, place):
    code, out, err = run("train", "own.tsv", "--steps", 4, *TINY)
    assert (code, out.strip()) == (0, str(Path("runs/own")))
    assert "own.tsv: 80 pairs to learn from\n" in err
    assert len(re.findall(r"step \d+/4 ", err)) == 4
    about = json.loads((place / "runs/own/config.json").read_text(encoding="utf-8"))
    assert (about["model"]["nhead"], about["model"]["num_decoder_layers"], about["about"]["steps"]) == (
        3,
        1,
        4,
    )
    before = everything(place)
    assert run("train", "own.tsv", "--resume")[:2] == (0, out)
    assert everything(place) == before
    assert run("translate", "--model", out.strip(), "The cat.")[0] == 0


def test_blank_lines_are_skipped_and_counted(run, place):
    place.joinpath("blank.tsv").write_text("\n\nThe cat.\tLe chat.\n \n", encoding="utf-8")
    code, _, err = run("train", "blank.tsv", "--steps", 1, *TINY, "--resume")
    assert code == 0
    assert "blank.tsv: 1 pairs to learn from, 3 blank lines skipped" in err


def test_evaluation_prints_one_figure_a_line_with_its_signature(run):
    code, out, _ = run(
        "evaluate", "own.tsv", "--model", "model", "--part", "train", "--limit", 20, "--by-length"
    )
    lines = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"BLEU \d+\.\d nrefs:1\|.*tok:zh.*", lines[0])
    assert re.fullmatch(r"chrF \d+\.\d nrefs:1\|.*", lines[1])
    assert all(re.fullmatch(r"BLEU\[\d+–\d+\] \d+\.\d \d+ sentences", line) for line in lines[2:])
    assert sum(int(line.split()[2]) for line in lines[2:]) == 20


def test_evaluation_scores_attention_where_links_are_known(run, monkeypatch):
    monkeypatch.setattr("seqcourse.corpora.load_corpus", lambda *_: small_corpus())
    code, out, _ = run("evaluate", "small", "--model", "model", "--alignment")
    assert code == 0
    assert re.fullmatch(r"AER 0\.\d{3} cross-attention, layer [01], head [012], .*", out.splitlines()[-1])


def test_pairs_are_listed_as_one_could_learn_from_them_again(run, place):
    code, out, err = run("data", "own.tsv", "-n", 1000)
    assert (code, err) == (0, "")
    assert set(out.splitlines()) <= set(place.joinpath("own.tsv").read_text(encoding="utf-8").splitlines())
    assert len(out.splitlines()) == 80


def test_corpora_and_lessons_are_listed(run):
    names = [line.split("\t")[0] for line in run("data")[1].splitlines()]
    assert names[:3] == ["toy-en-zh", "toy-en-fr", "tatoeba-en-zh"]
    assert run("lessons")[1].splitlines()[0].startswith("00_start_here\t")


def test_solved_exercises_are_counted_beside_their_lesson(run, monkeypatch, place):
    monkeypatch.setenv("SEQCOURSE_PROGRESS", str(place / "mine.json"))

    def said(lesson):
        rows = [line.split("\t") for line in run("lessons")[1].splitlines()]
        return next(exercises for file, _, exercises in rows if file.startswith(lesson))

    assert said("00") == "" and said("07") == "0 of 5 exercises"
    pre_norm.check(lambda x, f, norm: norm(x))
    assert said("07") == "0 of 5 exercises"
    pre_norm.check(pre_norm.reference)
    assert said("07") == "1 of 5 exercises"
    (place / "mine.json").write_text("{", encoding="utf-8")
    code, _, err = run("lessons")
    assert code == 2 and "mine.json is damaged" in err


@pytest.mark.parametrize("verb", ["translate", "train", "evaluate", "data", "lessons"])
def test_each_verb_helps(run, verb):
    code, out, err = run(verb, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: python -m seqcourse {verb} ")


def test_an_unknown_model_is_answered_with_near_names(run, place, monkeypatch):
    place.joinpath("weights/toy-en-zh").mkdir(parents=True)
    place.joinpath("weights/toy-en-zh/config.json").touch()
    monkeypatch.setattr(model_folder, "shipped", lambda name: place / name)
    code, out, err = run("translate", "--model", "toy-en-zj", "a")
    assert (code, out) == (2, "")
    assert err == "seqcourse: no translator and no folder is called toy-en-zj: did you mean toy-en-zh?\n"


def test_a_closed_terminal_line_interrupts_quietly(run, monkeypatch):
    monkeypatch.setattr(Translator, "load", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert run("translate", "--model", "model", "a") == (130, "", "seqcourse: interrupted\n")
