"""Equal to the same model of torch's own layers; padding changes nothing; steps equal one pass."""

import json
import math
from dataclasses import replace

import pytest
import torch
from token_batches import PAD, check_search, make_sources, make_targets
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from seqcourse.batching import make_batch
from seqcourse.conv_seq2seq import ConvSeq2Seq, ConvSeq2SeqConfig
from seqcourse.recurrent import hidden_of
from seqcourse.seq2seq import CELLS, Seq2Seq, Seq2SeqConfig, reverse
from seqcourse.training import evaluate_model
from seqcourse.transformer import Transformer
from seqcourse.translator import Translator
from seqcourse.vocabulary import Vocabulary

TORCH = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def make_model(cell="lstm", seed=0, **changes):
    torch.manual_seed(seed)
    if cell == "conv":
        sizes = dict(d_model=7, layers=2, kernel_size=3, dropout=0.0, max_length=31)
        return ConvSeq2Seq(ConvSeq2SeqConfig(13, 17, **sizes | changes)).eval()
    sizes = dict(cell=cell, d_model=7, hidden_size=11, dropout=0.0, max_length=31)
    return Seq2Seq(Seq2SeqConfig(13, 17, **sizes | changes)).eval()


def encode(model, src):
    return model.encode(src) if isinstance(model, ConvSeq2Seq) else hidden_of(model.encoder(src))


class TorchSeq2Seq(nn.Module):
    """Our model, made of torch's layers, with our weights."""

    def __init__(self, ours):
        super().__init__()
        c = ours.config
        self.config, self.output = c, ours.output
        self.source, self.target = ours.encoder.embedding, ours.embedding
        self.encoder, self.decoder = (
            TORCH[c.cell](c.d_model, c.hidden_size, batch_first=True) for _ in range(2)
        )
        for theirs, cell in ((self.encoder, ours.encoder.recurrent.cell), (self.decoder, ours.decoder.cell)):
            names = {"ih": cell.from_input, "hh": cell.from_hidden}
            theirs.load_state_dict(
                {
                    f"{kind}_{name}_l0": getattr(layer, kind)
                    for name, layer in names.items()
                    for kind in ("weight", "bias")
                }
            )

    def forward(self, src, tgt_in):
        if self.config.reverse_source:
            src = torch.stack([torch.cat([row[row != PAD].flip(0), row[row == PAD]]) for row in src])
        lengths = (src != PAD).sum(dim=1)
        packed = pack_padded_sequence(self.source(src), lengths, batch_first=True, enforce_sorted=False)
        _, state = self.encoder(packed)
        hidden, _ = self.decoder(self.target(tgt_in), state)
        return self.output(hidden)


@pytest.mark.parametrize("reverse_source", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients_are_those_of_torchs_layers(cell, reverse_source):
    ours = make_model(cell, reverse_source=reverse_source)
    theirs = TorchSeq2Seq(ours)
    src, tgt_in = make_sources(), make_targets()
    logits, expected = ours(src, tgt_in), theirs(src, tgt_in)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)
    weights = torch.randn(logits.shape)
    (logits * weights).sum().backward()
    gradients = [p.grad.clone() for p in (theirs.source.weight, theirs.target.weight, ours.output.weight)]
    ours.zero_grad()
    (expected * weights).sum().backward()
    for mine, parameter in zip(gradients, (theirs.source, theirs.target, ours.output), strict=True):
        torch.testing.assert_close(mine, parameter.weight.grad, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradients_of_both_cells_are_those_of_torchs_layers(cell):
    ours = make_model(cell)
    theirs, src, tgt_in = TorchSeq2Seq(ours), make_sources(), make_targets()
    weights = torch.randn(4, 5, 17)
    for model in (ours, theirs):
        (model(src, tgt_in) * weights).sum().backward()
    for mine, other in ((ours.encoder.recurrent.cell, theirs.encoder), (ours.decoder.cell, theirs.decoder)):
        for name, layer in (("ih", mine.from_input), ("hh", mine.from_hidden)):
            torch.testing.assert_close(
                layer.weight.grad, getattr(other, f"weight_{name}_l0").grad, atol=1e-5, rtol=1e-5
            )
            torch.testing.assert_close(
                layer.bias.grad, getattr(other, f"bias_{name}_l0").grad, atol=1e-5, rtol=1e-5
            )


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_step_by_step_gives_the_logits_of_one_pass(cell):
    model, src, tgt_in = make_model(cell), make_sources(), make_targets()
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(tgt_in.size(1)):
        logits, state = model.step(tgt_in[:, t], state)
        torch.testing.assert_close(logits, expected[:, t], atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_a_state_reordered_goes_on_with_the_rows_asked_for(cell):
    model, src, tgt_in = make_model(cell), make_sources(), make_targets()
    rows = torch.tensor([2, 0, 0])
    _, state = model.step(tgt_in[:, 0], model.begin(src))
    logits, _ = model.step(tgt_in[rows, 1], state.reorder(rows))
    torch.testing.assert_close(logits, model(src[rows], tgt_in[rows])[:, 1], atol=1e-5, rtol=0)
    mask = torch.tensor([False, True, True, False])
    logits, _ = model.step(tgt_in[mask, 1], state.reorder(mask))
    torch.testing.assert_close(logits, model(src[mask], tgt_in[mask])[:, 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("reverse_source", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_the_state_of_a_sentence_does_not_depend_on_padding(cell, reverse_source):
    model, src = make_model(cell, reverse_source=reverse_source), make_sources()
    wider = torch.cat([src, torch.zeros(4, 3, dtype=torch.long)], dim=1)
    states = encode(model, src), encode(model, wider)
    for i, row in enumerate(src):
        alone = encode(model, row[row != PAD][None])[0]
        for state in states:
            torch.testing.assert_close(state[i], alone, atol=1e-6, rtol=0)


def test_the_vector_of_a_convolutional_translator_does_not_depend_on_padding():
    model, src = make_model("conv"), make_sources()
    wider = torch.cat([src, torch.zeros(4, 3, dtype=torch.long)], dim=1)
    for i, row in enumerate(src):
        alone = encode(model, row[row != PAD][None])[0]
        torch.testing.assert_close(encode(model, wider)[i], alone, atol=1e-6, rtol=0)


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_the_future_cannot_leak(cell):
    model, src, tgt_in = make_model(cell), make_sources(), make_targets()
    for t in range(1, 5):
        changed = tgt_in.clone()
        changed[:, t:] = 4 + (tgt_in[:, t:] - 3) % 13
        assert torch.equal(model(src, tgt_in)[:, :t], model(src, changed)[:, :t])
        assert not torch.equal(model(src, tgt_in)[:, t:], model(src, changed)[:, t:])


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_the_source_matters_to_its_first_word_and_to_its_last(cell):
    model, src, tgt_in = make_model(cell), make_sources((7,)), make_targets(1)
    for place in (0, 5):
        changed = src.clone()
        changed[0, place] = 4 + (src[0, place] - 3) % 9
        assert (model(src, tgt_in) - model(changed, tgt_in)).abs().max() > 1e-4


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_search_finds_the_same_alone_as_in_company_and_a_beam_of_one_is_greedy(cell):
    model, src = make_model(cell), make_sources()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)  # opinions strong enough to differ
    check_search(model, src)


def test_reverse_turns_words_round_and_leaves_padding_where_it_is():
    src = make_sources()
    turned = reverse(src, PAD)
    for row, other in zip(src.tolist(), turned.tolist(), strict=True):
        words = [word for word in row if word != PAD]
        assert other == words[::-1] + [PAD] * (7 - len(words))
    assert torch.equal(reverse(turned, PAD), src)
    other_padding = torch.where(src == PAD, 99, src)
    assert torch.equal(reverse(other_padding, 99), torch.where(turned == PAD, 99, turned))


def test_reading_backwards_is_reading_the_reversed_source():
    model, src, tgt_in = make_model(), make_sources(), make_targets()
    turned = Seq2Seq(replace(model.config, reverse_source=True)).eval()
    turned.load_state_dict(model.state_dict())
    assert torch.equal(turned(src, tgt_in), model(reverse(src, PAD), tgt_in))


@pytest.mark.parametrize("cell", CELLS)
def test_an_untrained_model_is_as_surprised_as_a_blind_guess(cell):
    model = make_model(cell)
    examples = [([5, 6, 3], [7, 8]), ([4, 3], [9])]
    assert abs(evaluate_model(model, [make_batch(examples)]) - math.log(17)) < 0.5


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"cell": "brain"}, "cell must be one of rnn, gru, lstm, not 'brain'"),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, not 0"),
        ({"d_model": 1.5}, "d_model must be a whole number"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"bos_id": 99}, "bos_id = 99 is not a token of both vocabularies"),
    ],
)
def test_a_config_that_makes_no_sense_says_why(changes, says):
    with pytest.raises(ValueError, match=says):
        Seq2SeqConfig(13, 17, **changes)


@pytest.mark.parametrize(
    "changes, says", [({"kernel_size": 4}, "kernel_size must be odd"), ({"layers": 0}, "layers must be")]
)
def test_a_convolutional_config_that_makes_no_sense_says_why(changes, says):
    with pytest.raises(ValueError, match=says):
        ConvSeq2SeqConfig(13, 17, **changes)


# ---------------------------------------------------------------------- in the folder of a translator


def small_words(size, language):
    return Vocabulary([chr(97 + i) for i in range(size - 4)], language=language)


@pytest.mark.parametrize("cell", [*CELLS, "conv"])
def test_a_folder_keeps_the_model_and_says_what_it_is(cell, tmp_path):
    ours = Translator(make_model(cell), small_words(13, "en"), small_words(17, "fr"), {"corpus": "none"})
    ours.save(tmp_path)
    again = Translator.load(tmp_path, device="cpu")
    assert type(again.model) is type(ours.model) and again.model.config == ours.model.config
    sentences = ["a b c", "d", "e f g h i"]
    assert again.translate(sentences, beam=2, n_best=2) == ours.translate(sentences, beam=2, n_best=2)
    architecture = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["architecture"]
    assert architecture == type(ours.model).__name__


def change(folder, **changes):
    path = folder / "config.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(saved | changes), encoding="utf-8")


@pytest.mark.parametrize(
    "changes, says",
    [
        (
            {"architecture": "Oracle"},
            "no model of ours is a Oracle; there is Transformer, Seq2Seq, ConvSeq2Seq",
        ),
        ({"architecture": ["Seq2Seq"]}, "no model of ours is a"),
        ({"architecture": "Transformer"}, "no model of ours has cell, hidden_size, reverse_source"),
        ({"model": {"src_vocab_size": 13, "tgt_vocab_size": 17, "cell": "brain"}}, "cell must be one of"),
        ({"model": {}}, "missing 2 required positional arguments"),
    ],
)
def test_a_folder_with_another_architecture_is_refused_with_the_reason(changes, says, tmp_path):
    Translator(make_model(), small_words(13, "en"), small_words(17, "fr")).save(tmp_path)
    change(tmp_path, **changes)
    with pytest.raises(ValueError, match="config.json does not describe a translator of ours: .*" + says):
        Translator.load(tmp_path)


def test_a_folder_that_does_not_say_what_it_holds_holds_a_transformer():
    shipped = Translator.load("toy-en-zh", device="cpu")
    assert type(shipped.model) is Transformer


def test_a_model_that_does_not_attend_says_so_when_asked_for_attention():
    translator = Translator(make_model(), small_words(13, "en"), small_words(17, "fr"))
    with pytest.raises(ValueError, match="a Seq2Seq does not attend"):
        translator.translate("a b c", attention=True)
