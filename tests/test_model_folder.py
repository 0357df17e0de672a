"""A folder keeps all of a translator, executes nothing, and is refused when it is damaged or foreign."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_course import sentences, small_translator, untrained

from seqcourse import model_folder
from seqcourse.translator import Translator
from seqcourse.vocabulary import Vocabulary

FILES = ["config.json", "model.safetensors", "source.json", "target.json"]


@pytest.fixture(scope="module")
def translator():
    return small_translator()


@pytest.fixture
def folder(translator, tmp_path):
    translator.save(tmp_path / "saved")
    return tmp_path / "saved"


def test_a_folder_keeps_every_translation_every_score_and_what_is_said_of_it(translator, folder):
    assert sorted(path.name for path in folder.iterdir()) == FILES
    again = Translator.load(folder, device="cpu")
    assert not again.model.training
    assert again.translate(sentences()[:30], beam=2, n_best=2) == translator.translate(sentences()[:30], 2, 2)
    assert again.about == {"corpus": "small"}


def test_weights_rounded_to_float16_take_half_the_space_and_say_nearly_the_same(translator, folder, tmp_path):
    translator.save(tmp_path / "half", dtype=torch.float16)
    sizes = [(f / "model.safetensors").stat().st_size for f in (folder, tmp_path / "half")]
    assert sizes[1] < 0.6 * sizes[0]
    rounded = Translator.load(tmp_path / "half", device="cpu")
    assert next(rounded.model.parameters()).dtype == torch.float32
    for ours, theirs in zip(
        translator.translate(sentences()[:30]), rounded.translate(sentences()[:30]), strict=True
    ):
        assert ours.text == theirs.text
        assert abs(ours.score - theirs.score) < 0.02


def test_a_table_that_layers_share_is_stored_once_and_shared_again(tmp_path):
    ours = untrained(share_embeddings=True)
    ours.save(tmp_path)
    tables = [n for n, w in load_file(tmp_path / "model.safetensors").items() if w.shape == (9, 30)]
    assert len(tables) == 1
    model = Translator.load(tmp_path, device="cpu").model
    assert model.decoder.output.weight is model.decoder.embedding.words.weight
    assert model.encoder.embedding.words.weight is model.decoder.embedding.words.weight
    assert torch.equal(model.decoder.output.weight, ours.model.decoder.output.weight)


def test_nothing_in_a_folder_is_pickled(folder):
    for path in folder.iterdir():
        assert path.read_bytes()[:2] not in (b"PK", b"\x80\x02", b"\x80\x04"), path.name


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(
        FileNotFoundError, match=f"{folder.name} is not the folder of a translator.*no {name}"
    ):
        Translator.load(folder)


def test_an_unfinished_run_is_no_translator_yet(folder):
    (folder / "model.safetensors").rename(folder / "checkpoint.pt")
    with pytest.raises(FileNotFoundError, match="unfinished run.*--resume"):
        Translator.load(folder)


@pytest.mark.parametrize("keep", [0, 7, 200, -1])
def test_weights_cut_short_are_refused(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="model.safetensors is damaged or no safetensors file"):
        Translator.load(folder)


def test_a_pickle_is_never_opened(folder):
    torch.save({"a": torch.zeros(2)}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="no safetensors file"):
        Translator.load(folder)


def without(weights, name):
    return {n: w for n, w in weights.items() if n != name}


BIAS = "decoder.output.bias"
DAMAGES = {
    "missing .*decoder.output.bias": lambda w: without(w, BIAS),
    "foreign .*wte": lambda w: w | {"wte": torch.zeros(3)},
    r"decoder.output.bias has the shape \(3,\), not": lambda w: w | {BIAS: torch.zeros(3)},
    "holds what are no weights": lambda w: w | {BIAS: w[BIAS].to(torch.int32)},
    "or NaN": lambda w: w | {BIAS: w[BIAS] * float("nan")},
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_foreign_weights_are_refused_with_the_reason(folder, reason):
    path = folder / "model.safetensors"
    save_file(DAMAGES[reason](load_file(path)), path)
    with pytest.raises(ValueError, match=f"model.safetensors .*{reason}"):
        Translator.load(folder)


def config(**changes):
    return json.dumps({"model": changes, "about": {}})


CONFIGS = {
    "{": "Expecting",
    "[1]": 'it has no "model" and "about"',
    "null": 'it has no "model" and "about"',
    '{"architectures": ["MarianMTModel"], "d_model": 512}': 'it has no "model" and "about"',
    '{"model": [], "about": {}}': 'it has no "model" and "about"',
    '{"model": {}, "about": 3}': 'it has no "model" and "about"',
    "[" * 100_000: "recursion",
    "\xff".encode("latin-1"): "utf-8",
    config(colour=3): "no model of ours has colour",
    config(d_model=30, nhead=7): "7 heads cannot share 30 features",
    config(d_model="30"): "d_model must be a whole number",
    config(dropout="a lot"): "'str'",
}


@pytest.mark.parametrize("content", CONFIGS, ids=lambda content: str(content)[:20])
def test_a_config_that_is_not_ours_is_refused_with_the_reason(folder, content):
    (folder / "config.json").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(
        ValueError, match="config.json does not describe a translator of ours: .*" + CONFIGS[content]
    ):
        Translator.load(folder)


def edit(folder, **changes):
    path = folder / "config.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    saved["model"] |= changes
    path.write_text(json.dumps(saved), encoding="utf-8")


@pytest.mark.parametrize(
    "changes",
    [{"d_model": 33}, {"dim_feedforward": 43}, {"num_decoder_layers": 1}, {"num_encoder_layers": 2}],
)
def test_sizes_that_the_weights_do_not_have_are_refused(folder, changes):
    edit(folder, **changes)
    with pytest.raises(ValueError, match="does not fit config.json"):
        Translator.load(folder)


def test_tokenizers_of_another_size_are_refused(folder):
    Vocabulary(["one"], language="en").save(folder / "source.json")
    with pytest.raises(ValueError, match="config.json speaks of .* tokens, but source.json has 5"):
        Translator.load(folder)


def test_an_unknown_name_is_answered_with_near_ones(monkeypatch, tmp_path):
    for name in ("toy-en-zh", "toy-en-fr"):
        (tmp_path / "weights" / name).mkdir(parents=True)
        (tmp_path / "weights" / name / "config.json").touch()
    monkeypatch.setattr(model_folder, "shipped", lambda name: tmp_path / name)
    with pytest.raises(FileNotFoundError, match="called toy-en-zj: did you mean toy-en-zh"):
        Translator.load("toy-en-zj")
    with pytest.raises(FileNotFoundError, match="there is toy-en-fr, toy-en-zh"):
        Translator.load("qqqq")


def test_a_full_disk_leaves_the_translator_that_was_there(folder):
    resource = pytest.importorskip("resource", reason="Windows has no limit on the size of files")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(OSError, match="nothing was changed"):
            untrained(max_length=13).save(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
