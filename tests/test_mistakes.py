"""What the command line cannot do it refuses: one clear message, exit code 2, nothing written."""

import json
import re

import command_line_runs
import pytest
from command_line_runs import TINY, everything

place, run = command_line_runs.place, command_line_runs.run  # fixtures

MISTAKES = {  # command line: what the message says
    "translate --model model --beam 0 a": "a beam needs at least 1 place, not 0",
    "translate --model model --n-best 5 a": "a beam of 4 gives 1 to 4 translations, not 5",
    "translate --model model --n-best 0 a": "a beam of 4 gives 1 to 4 translations, not 0",
    "translate --model nowhere a": "no translator and no folder is called nowhere: ",
    "translate --model own.tsv a": "no translator and no folder is called own.tsv: ",
    "translate --model . a": "[.] is not the folder of a translator: it has no config.json",
    "translate --model model --attention map.pdf a": "--attention writes .html, .png, .svg or .json, not",
    "translate --model model --attention map.json a b": "--attention looks at one sentence: give exactly one",
    "translate --model model --attention map.json": "--attention looks at one sentence: give exactly one",
    "train one.tsv": "one.tsv, line 2: 'no tab here' is not a sentence, a tab and its translation; mend",
    "train empty.tsv": "empty.tsv has no sentences: each line should be",
    "train latin.tsv": "latin.tsv, line 1: byte 0xe9 is not UTF-8, the file may be ISO-8859-1; save it",
    "train toy-en-zg": "toy-en-zg is neither a corpus nor a file; .*toy-en-zh",
    "train .": "[.] is a folder, not a file",
    "train own.tsv --nhead 3": "3 heads cannot share 128 features: change nhead or d_model",
    "train own.tsv --d-model 0": "d_model must be a whole number of at least 1, not 0",
    "train own.tsv --dropout 1.5": "dropout must be at least 0 and below 1, not 1.5",
    "train own.tsv --schedule fast": "schedule must be one of one-cycle, inverse-square-root, not 'fast'",
    "train own.tsv --learning-rate nan": "learning_rate must be above 0, not nan",
    "train own.tsv --vocab-size 4": "a vocabulary of 4 has no room",
    "train own.tsv --steps 0": "say how long to train: .* above 0",
    "train own.tsv --steps -1": "say how long to train: .* above 0",
    "train own.tsv --minutes 0": "say how long to train: .* above 0",
    "train own.tsv --minutes nan": "say how long to train: .* above 0",
    "train own.tsv --minutes inf": "say how long to train: .* not endless",
    "train own.tsv --steps 1 --out model": "model is taken: add --resume to go on with it, or choose another",
    "train own.tsv --steps 1 --out own.tsv": "own.tsv is a file: choose another name",
    "train own.tsv --steps 1 --out model --resume": "model goes on with the .* it began with: give none",
    "train own.tsv --out model --resume": "model does not say how its training began: choose another",
    "evaluate own.tsv": "say which translator: --model NAME or FOLDER",
    "evaluate own.tsv --model model --part nope": "own.tsv has no part 'nope'; it has train, valid, test",
    "evaluate one_pair.tsv --model model": "the part 'test' of one_pair.tsv is empty: choose another --part",
    "evaluate own.tsv --model model --beam 0": "a beam needs at least 1 place, not 0",
    "evaluate own.tsv --model model --limit 0": "--limit must be at least 1, not 0",
    "evaluate own.tsv --model model --alignment": "own.tsv does not know which words translate each other",
    "evaluate swapped.tsv --model model --part train": "the translator goes from en to zh, but swapped",
    "data nowhere.tsv": "nowhere.tsv is neither a corpus nor a file",
    "data own.tsv --part nope": "own.tsv has no part 'nope'",
}
FILES = {
    "one.tsv": b"A cat.\tEin Tier.\nno tab here\n",
    "empty.tsv": b"",
    "latin.tsv": "café\tcafé\n".encode("latin-1"),
    "one_pair.tsv": "The cat.\t猫。\n".encode(),
    "swapped.tsv": "大猫在睡觉。\tThe big cat sleeps.\n".encode(),
}


def one_message(err):
    """The one line of standard error that starts with our name; fails where there is more, or a traceback."""
    lines = [line for line in err.splitlines() if not re.search("pairs to learn from|^$|[|]", line)]
    assert len(lines) == 1, err
    assert lines[0].startswith("seqcourse: ")
    return lines[0]


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_gets_one_message_and_changes_nothing(run, place, line):
    for name, content in FILES.items():
        (place / name).write_bytes(content)
    before = everything(place)
    code, out, err = run(*line.split(), stdin=b"The cat.\n")
    assert (code, out) == (2, "")
    assert re.match("seqcourse: " + MISTAKES[line], one_message(err))
    assert everything(place) == before
    assert not (place / "runs").exists()


WRONG_USAGE = {
    "": "required: VERB",
    "sing": "invalid choice: 'sing'",
    "train": "required: CORPUS",
    "train own.tsv --steps x": "invalid int value: 'x'",
    "train own.tsv --steps 1 --minutes 1": "not allowed with argument",
    "translate --sing": "unrecognized arguments: --sing",
}


@pytest.mark.parametrize("line", WRONG_USAGE)
def test_wrong_usage_is_answered_with_the_right_one(run, line):
    code, out, err = run(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("usage: python -m seqcourse ")
    assert WRONG_USAGE[line] in err.splitlines()[-1]


@pytest.mark.parametrize("name", ["map.json", "map.png"])
def test_an_empty_sentence_has_no_attention_to_save(run, place, name):
    code, out, err = run("translate", "--model", "model", "--attention", name, " ")
    assert (code, out) == (2, "\n")
    assert one_message(err) == "seqcourse: there is no attention to save: the sentence is empty"
    assert not (place / name).exists()


def test_where_no_file_can_be_the_attention_is_not_saved(run, place):
    (place / "map.png").mkdir()
    for path in ("map.png", "own.tsv/map.json"):
        before = everything(place)
        code, out, err = run("translate", "--model", "model", "--attention", path, "The cat.")
        assert code == 2
        assert path.split("/")[0] in one_message(err)
        assert everything(place) == before


def test_a_damaged_folder_is_refused(run, place):
    weights = place / "model" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-3])
    code, out, err = run("translate", "--model", "model", "a")
    assert (code, out) == (2, "")
    assert "model.safetensors is damaged or no safetensors file" in one_message(err)
    weights.write_bytes(whole)
    config = place / "model" / "config.json"
    saved = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**saved, "model": {**saved["model"], "nhead": 7}}), encoding="utf-8")
    code, out, err = run("evaluate", "own.tsv", "--model", "model")
    assert (code, out) == (2, "")
    assert re.search("config.json does not describe .* 7 heads cannot share 30 features", one_message(err))


def test_a_corpus_that_is_in_no_folder_of_data_is_named(run, place, monkeypatch):
    monkeypatch.setenv("SEQCOURSE_DATA", str(place / "nowhere"))
    code, out, err = run("data", "other.tsv")
    assert (code, out) == (2, "")
    assert "other.tsv is neither a corpus nor a file" in one_message(err)


def test_a_run_on_another_corpus_is_left_alone(run, place):
    assert run("train", "own.tsv", "--out", "out", "--steps", 1, *TINY)[0] == 0
    (place / "other.tsv").write_bytes(FILES["one_pair.tsv"])
    before = everything(place)
    code, out, err = run("train", "other.tsv", "--out", "out", "--resume")
    assert (code, out) == (2, "")
    assert "out holds a run on own.tsv, not on other.tsv" in one_message(err)
    assert everything(place) == before


@pytest.mark.parametrize("steps", [1, 9])
def test_a_learning_rate_beyond_reason_makes_no_translator_and_names_the_remedy(run, place, steps):
    code, out, err = run("train", "own.tsv", "--steps", steps, "--learning-rate", "1e30", *TINY)
    assert (code, out) == (2, "")
    assert re.search("seqcourse: the .* no.* number.*: try a lower learning rate", err.splitlines()[-1])
    assert not (place / "runs/own/model.safetensors").exists()


def test_a_package_that_is_not_there_is_asked_for_before_anything_is_done(run, place, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    code, out, err = run("train", "own.tsv", "--steps", 1, "--tensorboard", "logs", *TINY)
    assert (code, out) == (2, "")
    assert "pip install tensorboard" in one_message(err)
    assert not (place / "runs").exists()
