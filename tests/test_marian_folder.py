"""A folder of MarianMT is read in either form of its weights, and refused with the reason when damaged."""

import json
import shutil

import pytest
import torch

pytest.importorskip("transformers", reason="makes the folders with the library transformers")
pytest.importorskip("sentencepiece", reason="published translators cut sentences with SentencePiece")

import command_line_runs
import local_server
from safetensors.torch import load_file, save_file
from small_course import small_translator
from small_marian import publish

from seqcourse import marian_download, model_folder
from seqcourse.data_folder import data_folder
from seqcourse.marian import save_marian
from seqcourse.record import AttentionRecord
from seqcourse.seq2seq import Seq2Seq, Seq2SeqConfig
from seqcourse.translator import Translator

place, run, server = command_line_runs.place, command_line_runs.run, local_server.server  # fixtures

SENTENCES = ["The big cat sleeps.", "", "The old dog runs and the small fish eats.", "😀"]
NAME = "some-group/opus-mt-en-zh"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "opus-mt-en-zh"
    return folder, publish(folder, 18, max_position_embeddings=61)


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original[0], tmp_path / "opus-mt-en-zh")


def edit(path, **changes):
    saved = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in saved.items() if v is not ...}), encoding="utf-8")


def translations(folder):
    return [found.text for found in Translator.load(folder, device="cpu").translate(SENTENCES)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_weights_in_a_bin_file_are_the_same(original, folder, dtype):
    wanted = Translator.load(folder, device="cpu").model.state_dict()
    (folder / "model.safetensors").unlink()
    everything = {name: w.to(dtype) for name, w in original[1].state_dict().items()}
    assert {"lm_head.weight", "model.encoder.embed_positions.weight"} <= set(everything)
    torch.save(everything, folder / "pytorch_model.bin")
    found = Translator.load(folder, device="cpu").model.state_dict()
    for name, weight in wanted.items():
        assert found[name].dtype == torch.float32
        assert torch.allclose(found[name], weight, atol=0 if dtype == torch.float32 else 2e-3), name


def test_without_a_bias_on_the_logits_there_is_none(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["final_logits_bias"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    bias = Translator.load(folder, device="cpu").model.decoder.output.bias
    assert not bias[3:].any() and not bias[1] and (bias[[0, 2]] == -1e4).all()


def test_a_published_translator_is_kept_in_our_own_form_too(folder, tmp_path):
    translator = Translator.load(folder, device="cpu")
    translator.save(tmp_path / "ours")
    again = Translator.load(tmp_path / "ours", device="cpu")
    assert again.about == translator.about == {"published": "opus-mt-en-zh"}
    assert translations(tmp_path / "ours") == translations(folder)
    save_marian(again, tmp_path / "back")
    assert (tmp_path / "back/vocab.json").read_bytes() != b"" and translations(
        tmp_path / "back"
    ) == translations(folder)


@pytest.mark.parametrize("name", ["vocab.json", "source.spm", "target.spm", "model.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(
        FileNotFoundError, match=f"opus-mt-en-zh is not the folder of a translator.*no {name}"
    ):
        Translator.load(folder)


def test_languages_come_from_the_name_where_no_file_says_them(folder):
    (folder / "tokenizer_config.json").unlink()
    found = Translator.load(folder, device="cpu")
    assert (found.source_tokenizer.language, found.target_tokenizer.language) == ("en", "zh")
    nameless = Translator.load(folder.rename(folder.parent / "m"), device="cpu")
    assert nameless.source_tokenizer.language == "und"


CONFIGS = {
    "its scale_embedding is False": {"scale_embedding": False},
    "its scale_embedding is False, ": {"scale_embedding": ...},
    "its tie_word_embeddings is False": {"tie_word_embeddings": False},
    "its static_position_embeddings is False": {"static_position_embeddings": False},
    "its normalize_before is True": {"normalize_before": True},
    "its normalize_embedding is True": {"normalize_embedding": True},
    "its add_final_layer_norm is True": {"add_final_layer_norm": True},
    "its activation is 'tanh'; our Transformer knows swish": {"activation_function": "tanh"},
    "encoder_attention_heads and decoder_attention_heads differ": {"decoder_attention_heads": 1009},
    "encoder_ffn_dim and decoder_ffn_dim differ": {"decoder_ffn_dim": 1009},
    "heads cannot share": {"encoder_attention_heads": 1009, "decoder_attention_heads": 1009},
    "it has no 'd_model'": {"d_model": ...},
    "d_model must be a whole number": {"d_model": "31"},
    "config.json speaks of 1009 source pieces, but there are": {"vocab_size": 1009},
    "disagree on the ids of <pad>, <pad> and </s>": {"eos_token_id": 5},
    "the vocabulary has no <s>": {"decoder_start_token_id": 5},
}


@pytest.mark.parametrize("reason", CONFIGS)
def test_what_our_transformer_does_not_do_is_refused_with_the_reason(folder, reason):
    edit(folder / "config.json", **CONFIGS[reason])
    with pytest.raises(ValueError, match=f"opus-mt-en-zh holds no translator that we can read: .*{reason}"):
        Translator.load(folder)


@pytest.mark.parametrize("name", ["vocab.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_damaged_json_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        Translator.load(folder)


@pytest.mark.parametrize("name", ["source.spm", "target.spm"])
@pytest.mark.parametrize("keep", [0, 7, 500])
def test_a_model_of_sentencepiece_cut_short_is_refused(folder, name, keep):
    (folder / name).write_bytes((folder / name).read_bytes()[:keep])
    with pytest.raises(ValueError, match=f"{name} and its vocabulary: .*no model of SentencePiece"):
        Translator.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("keep", [0, 7, 2000, -1000])
def test_weights_cut_short_are_refused(original, folder, name, keep):
    (folder / "model.safetensors").rename(folder / "kept")
    torch.save(original[1].state_dict(), folder / "pytorch_model.bin")
    whole = (folder / ("kept" if name == "model.safetensors" else name)).read_bytes()
    (folder / name).write_bytes(whole[:keep])
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        Translator.load(folder)


class Code:
    def __reduce__(self):
        return (pytest.fail, ("code in a file was run",))


@pytest.mark.parametrize("content", [{"a": Code()}, [1], {"a": 3}, {"model.shared.weight": "a"}])
def test_code_in_a_bin_file_is_not_run_and_what_is_no_weight_is_refused(folder, content):
    (folder / "model.safetensors").unlink()
    torch.save(content, folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="pytorch_model.bin is damaged, or holds more than tensors"):
        Translator.load(folder)


SHARED, BIAS, POSITIONS = "model.shared.weight", "final_logits_bias", "model.encoder.embed_positions.weight"
DAMAGES = {
    "missing model.shared.weight": lambda w: w.pop(SHARED),
    r"missing \['model.decoder.layers.0.fc1.bias'\]": lambda w: w.pop("model.decoder.layers.0.fc1.bias"),
    r"foreign \['wte'\]": lambda w: w.update(wte=torch.zeros(3)),
    "final_logits_bias has the shape": lambda w: w.update({BIAS: torch.zeros(1, 3)}),
    "model.shared.weight has the shape": lambda w: w.update({SHARED: w[SHARED][:, 1:].clone()}),
    "are not one table": lambda w: w.update({"lm_head.weight": w[SHARED] + 1}),
    "positions of the encoder are no waves": lambda w: w.update(
        {POSITIONS: torch.zeros(61, w[SHARED].size(1))}
    ),
    "or NaN": lambda w: w[SHARED][3].fill_(float("nan")),
    "what are no weights": lambda w: w.update({BIAS: w[BIAS].int()}),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_foreign_weights_are_refused_with_the_reason(folder, reason):
    weights = load_file(folder / "model.safetensors")
    DAMAGES[reason](weights)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(ValueError, match=f"model.safetensors .*{reason}"):
        Translator.load(folder)


def test_words_and_other_models_cannot_become_marian(tmp_path):
    with pytest.raises(ValueError, match="norm_first"):
        save_marian(small_translator(), tmp_path / "out")
    translator = small_translator()
    recurrent = Seq2Seq(Seq2SeqConfig(len(translator.source_tokenizer), len(translator.target_tokenizer)))
    with pytest.raises(ValueError, match="MarianMT is a Transformer, and this is a Seq2Seq"):
        save_marian(Translator(recurrent, translator.source_tokenizer, translator.target_tokenizer), "out")


def test_the_command_line_takes_a_published_folder_and_shows_what_it_looked_at(run, folder):
    wanted = translations(folder)
    code, out, _ = run("translate", "--model", folder, *SENTENCES)
    assert (code, out.split("\n")[:-1]) == (0, wanted)
    for name in ("map.json", "map.png"):
        assert run("translate", "--model", folder, "--attention", name, SENTENCES[0])[0] == 0
    assert AttentionRecord.load("map.json").source[-1] == "</s>"


@pytest.fixture
def online(server, monkeypatch, tmp_path):
    """A data folder, and a server in the place of huggingface.co; what it has is put into `pages`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQCOURSE_DATA", str(tmp_path / "data"))
    fetch = marian_download.fetch_published
    monkeypatch.setattr(model_folder, "fetch_published", lambda name: fetch(name, server.opener()))
    return server


def put_online(server, folder, *names):
    server.pages |= {f"/{NAME}/resolve/main/{name}": (folder / name).read_bytes() for name in names}


TEXTS = ["config.json", "vocab.json", "source.spm", "target.spm"]


def test_a_published_name_is_fetched_once_and_its_weights_in_either_form(online, original, folder):
    wanted = translations(folder)
    put_online(online, folder, *TEXTS, "model.safetensors")
    assert not marian_download.is_fetched(NAME) and not online.asked
    assert translations(NAME) == wanted and marian_download.is_fetched(NAME)
    asked = [path.split("/")[-1] for path, _ in online.asked]
    assert asked == [*TEXTS, "pytorch_model.bin", "model.safetensors"]
    assert translations(NAME) == wanted and len(online.asked) == 6
    assert Translator.load(NAME).target_tokenizer.language == "zh"  # from its name


def test_without_the_network_it_is_said_which_files_to_put_where(online, folder, tmp_path):
    with pytest.raises(ConnectionError, match=f"cannot fetch https://huggingface.co/{NAME}") as caught:
        Translator.load(NAME)
    for name in [*TEXTS, "pytorch_model.bin"]:
        there = data_folder() / "marian" / NAME / name
        assert f"{there}  from  https://huggingface.co/{NAME}/resolve/main/{name}" in str(caught.value)
    shutil.copytree(folder, data_folder() / "marian" / NAME)
    online.asked.clear()
    assert translations(NAME) == translations(folder) and not online.asked


@pytest.mark.parametrize("name", ["runs/mine", "a/b/c", "../x", "a/..", "/a/b", "toy", "a /b", "a/"])
def test_what_may_be_a_folder_is_not_looked_for_in_the_network(online, tmp_path, name):
    (tmp_path / "runs").mkdir()
    with pytest.raises(FileNotFoundError, match="no translator and no folder is called"):
        Translator.load(name)
    assert not online.asked
