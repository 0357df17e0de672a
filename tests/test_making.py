"""From a corpus to a folder: whole, resumable, and never another's."""

import json

import pytest
from small_course import pair, small_corpus, write_tsv

from seqcourse.corpora import Corpus, load_corpus
from seqcourse.figures import draw_loss
from seqcourse.making import make_translator
from seqcourse.recipe import Recipe
from seqcourse.subwords import load_tokenizer
from seqcourse.translator import Translator

TINY = dict(
    d_model=12, nhead=3, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=11, max_length=37
)
RECIPE = Recipe(max_tokens=199, seed=3)
WHOLE = ["config.json", "model.safetensors", "source.json", "target.json", "training.json"]


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):  # where a run can be repeated bit for bit
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


def quiet(entry):
    pass


def make(corpus, folder, recipe=RECIPE, report=quiet, **more):
    return make_translator(corpus, folder, recipe, report=report, **({"steps": 12} | TINY | more))


def resume(corpus, folder):
    return make_translator(corpus, folder, report=quiet, resume=True)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def stop(entry):
    if entry["step"] >= 6:
        raise KeyboardInterrupt


def test_a_file_of_ones_own_becomes_a_translator_of_subwords(tmp_path):
    corpus = load_corpus(write_tsv(tmp_path / "own.tsv"))
    made = make(corpus, tmp_path / "out", vocab_size=70, steps=2)
    assert files(tmp_path / "out") == WHOLE
    source = load_tokenizer(tmp_path / "out" / "source.json")
    assert type(source).__name__ == "Subwords"
    assert len(source) <= 70
    assert load_tokenizer(tmp_path / "out" / "target.json").language == "zh"
    sentence = corpus.pairs("train")[0].source
    assert (
        Translator.load(tmp_path / "out", device="cpu").translate(sentence).text
        == made.translate(sentence).text
    )
    assert made.about["recipe"]["seed"] == 3


def test_a_corpus_that_knows_its_words_keeps_them(tmp_path):
    make(small_corpus(), tmp_path, steps=1)
    source = load_tokenizer(tmp_path / "source.json")
    assert set(source.words[4:]) == {word for p in small_corpus().pairs("train") for word in p.source_tokens}


def test_what_a_run_learnt_it_learns_in_full_and_its_history_can_be_drawn(tmp_path):
    translator = make(
        small_corpus(), tmp_path, Recipe(max_tokens=300, learning_rate=1e-2), steps=60, d_model=30
    )
    history = json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))
    assert history[-1]["step"] == history[-1]["steps"] == 60
    assert len(history) == 10
    assert history[-1]["valid_loss"] < 0.5 * history[0]["valid_loss"]
    assert len(draw_loss(history).axes) == 2
    assert not translator.model.training


@pytest.mark.parametrize("size", [1, 3])
def test_a_corpus_may_be_as_small_as_one_pair_without_any_to_validate_on(tmp_path, size):
    pairs = [pair((kind, "cat", "runs")) for kind in ("big", "small", "old")][:size]
    corpus = load_corpus(write_tsv(tmp_path / "tiny.tsv", pairs))
    assert isinstance(make(corpus, tmp_path / "out", steps=2).translate("The cat.").text, str)
    only = Corpus("only", "en", "zh", ("train",), {"train": pairs}.__getitem__)
    assert len(make(only, tmp_path / "only", steps=2).source_tokenizer) > 4


def test_a_run_that_was_stopped_goes_on_with_what_it_began_with_and_ends_the_same(tmp_path):
    make(small_corpus(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        make(small_corpus(), tmp_path / "stopped", report=stop)
    assert files(tmp_path / "stopped") == ["checkpoint.pt", "config.json", "source.json", "target.json"]
    with pytest.raises(FileNotFoundError, match="unfinished run"):
        Translator.load(tmp_path / "stopped")
    resume(small_corpus(), tmp_path / "stopped")
    assert files(tmp_path / "stopped") == WHOLE
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes(), name


def test_a_run_stopped_before_its_first_step_begins_again(tmp_path):
    make(small_corpus(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        make(small_corpus(), tmp_path / "stopped", report=stop)
    (tmp_path / "stopped" / "checkpoint.pt").unlink()
    resume(small_corpus(), tmp_path / "stopped")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "stopped")]
    assert weights[0] == weights[1]


def test_resuming_a_finished_run_gives_it_back_untouched(tmp_path):
    made = make(small_corpus(), tmp_path)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    again = resume(small_corpus(), tmp_path)
    assert again.translate("The big cat runs.").text == made.translate("The big cat runs.").text
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_resuming_where_nothing_is_begins(tmp_path):
    make(small_corpus(), tmp_path / "new", resume=True, steps=1)
    assert files(tmp_path / "new") == WHOLE


def test_a_folder_that_is_taken_is_refused_and_left_as_it_is(tmp_path):
    make(small_corpus(), tmp_path, steps=1)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match="is taken"):
        make(small_corpus(), tmp_path, steps=1)
    other = Corpus("other", "en", "zh", ("train",), small_corpus().pairs)
    with pytest.raises(ValueError, match="holds a run on small, not on other"):
        resume(other, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_unfinished_run_on_another_corpus_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        make(small_corpus(), tmp_path, report=stop)
    other = Corpus("other", "en", "zh", ("train",), small_corpus().pairs)
    with pytest.raises(ValueError, match="holds a run on small, not on other"):
        resume(other, tmp_path)
    changed = Corpus("small", "en", "zh", ("train",), small_corpus().pairs)  # another under the same name
    with pytest.raises(ValueError, match="a run with other pairs"):
        resume(changed, tmp_path)


def test_a_translator_of_unknown_making_cannot_be_resumed(tmp_path):
    make(small_corpus(), tmp_path, steps=1)
    translator = Translator.load(tmp_path)
    translator.about = {"corpus": "small"}
    translator.save(tmp_path)
    with pytest.raises(ValueError, match="does not say how its training began"):
        resume(small_corpus(), tmp_path)


BAD = [
    ({"steps": 0}, "how long"),
    ({"steps": -1}, "how long"),
    ({"steps": None}, "how long"),
    ({"steps": None, "minutes": 0}, "how long"),
    ({"steps": None, "minutes": float("nan")}, "how long"),
    ({"steps": None, "minutes": float("inf")}, "how long"),
    ({"minutes": 1}, "how long"),
    ({"nhead": 5}, "5 heads cannot share 12 features"),
    ({"dropout": 1.5}, "dropout"),
    ({"max_length": 1}, "longer than max_length=1"),
]


@pytest.mark.parametrize("wrong, reason", BAD)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(tmp_path, wrong, reason):
    with pytest.raises(ValueError, match=reason):
        make(small_corpus(), tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(NotADirectoryError, match="is a file"):
        make(small_corpus(), tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_words_come_only_from_the_training_pairs(tmp_path):
    secret = pair(("old", "horse", "eats"))
    parts = {"train": [pair(("big", "cat", "runs"))] * 3, "valid": [secret]}
    corpus = Corpus("secret", "en", "zh", tuple(parts), parts.__getitem__)
    assert "horse" not in make(corpus, tmp_path, steps=1).source_tokenizer.words
