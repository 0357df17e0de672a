"""The verb `data`: it lists without reading or fetching, prints pairs, and fetches one corpus by its name."""

import command_line_runs
import local_server
import pytest
from command_line_runs import TINY
from test_real_corpora import export_text, zipped

from seqcourse import downloads
from seqcourse.data_folder import data_folder

place, run = command_line_runs.place, command_line_runs.run  # fixtures
server = local_server.server


@pytest.fixture
def online(server, place, monkeypatch):
    """A data folder in the place, and the local server for the whole network."""
    monkeypatch.setenv("SEQCOURSE_DATA", str(place / "data"))
    monkeypatch.setattr(downloads, "https_opener", server.opener)
    server.pages["/anki/cmn-eng.zip"] = zipped(_about_txt="terms", cmn_txt=export_text(10_007))
    return server


def listed(out):
    return {row[0]: row[1:] for row in (line.split("\t") for line in out.splitlines())}


def test_the_list_says_what_is_here_and_what_can_be_fetched(run, online):
    code, out, err = run("data")
    rows = listed(out)
    assert code == 0 and online.asked == []
    assert rows["toy-en-zh"][0::3] == ["en to zh", "comes with the course"]
    assert rows["tatoeba-en-zh"][2:] == ["CC BY 2.0 FR", "to fetch, 1.3 MB"]
    assert rows["multi30k-de-en"] == [
        "de to en", "29,000 train, 1,014 valid, 1,000 test", "for research and education", "to fetch, 1.3 MB",
    ]  # fmt: skip
    assert len(rows) == 9 and all(len(row) == 4 for row in rows.values())
    assert "data fetch NAME" in err and str(data_folder()) in err
    run("data", "fetch", "tatoeba-en-zh")
    assert listed(run("data")[1])["tatoeba-en-zh"][3] == "is here"


def test_a_corpus_is_fetched_once_and_used_from_then_on(run, online, place):
    path = place / "data/tatoeba/cmn.txt"
    for _ in range(2):
        code, out, err = run("data", "fetch", "tatoeba-en-zh")
        assert (code, out) == (0, f"{path}\n")
        assert " train, " in err and "CC BY 2.0 FR, see https://www.manythings.org/anki/" in err
    assert [asked for asked, _ in online.asked] == ["/anki/cmn-eng.zip"]
    assert path.read_text(encoding="utf-8") == export_text(10_007)


def test_the_first_use_fetches_and_training_and_evaluation_go_by_the_name(run, online):
    assert run("train", "tatoeba-en-zh", "--steps", 1, *TINY)[0] == 0
    assert [asked for asked, _ in online.asked] == ["/anki/cmn-eng.zip"]
    code, out, _ = run("evaluate", "tatoeba-en-zh", "--model", "runs/tatoeba-en-zh", "--limit", 3)
    assert code == 0 and "tok:zh" in out
    assert run("data", "tatoeba-en-zh", "--part", "test", "-n", 5)[1].count("\n") == 5
    assert len(online.asked) == 1


def test_a_wrong_file_is_not_kept(run, online, place):
    online.pages["/multi30k/dataset/a3d2e0d/data/task1/raw/train.de.gz"] = b"\0" * 637_044
    code, out, err = run("data", "fetch", "multi30k-de-en")
    assert (code, out) == (2, "")
    assert "train.de.gz: what came is another file" in err
    assert not list(place.joinpath("data").rglob("*.gz"))


def test_a_server_without_the_file_leads_to_what_can_be_done_by_hand(run, online, place):
    code, _, err = run("data", "fetch", "multi30k-fr-en")
    assert code == 2 and "the server answers 404" in err
    for part in ("train", "val", "test_2016_flickr"):
        for language in ("fr", "en"):
            assert f"{place / 'data' / 'multi30k' / f'{part}.{language}.gz'}  from  https://" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fetch"], "fetch which corpus? One of tatoeba-en-zh, multi30k-de-en, "),
        (["fetch", "tatoeba"], "fetch which corpus? One of tatoeba-en-zh, "),
        (["toy-en-zh", "toy-en-fr"], "toy-en-fr is one word too many"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(run, online, words, message):
    code, out, err = run("data", *words)
    assert (code, out) == (2, "") and err.startswith(f"seqcourse: {message}")


def test_what_comes_with_the_course_needs_no_fetching(run, online):
    code, out, err = run("data", "fetch", "toy-en-zh")
    assert (code, out) == (0, "") and "comes with the course" in err
    assert online.asked == []
