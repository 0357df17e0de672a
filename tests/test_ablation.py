"""A head that is silenced adds nothing, and only that head, and only as long as it is asked for."""

import pytest
import torch

from seqcourse.ablation import all_heads, without_heads
from seqcourse.conv_seq2seq import ConvSeq2Seq, ConvSeq2SeqConfig
from seqcourse.decoding import beam_search
from seqcourse.transformer import Transformer, TransformerConfig

PLACES = [("encoder", 1, 2), ("decoder", 0, 1), ("cross", 2, 0)]


def small(seed=0):
    torch.manual_seed(seed)
    sizes = {
        "d_model": 21,
        "nhead": 3,
        "num_encoder_layers": 2,
        "num_decoder_layers": 3,
        "dim_feedforward": 37,
    }
    return Transformer(TransformerConfig(31, 29, **sizes)).eval()


def layer_of(model, kind, layer):
    stack = model.encoder.layers if kind == "encoder" else model.decoder.layers
    return stack[layer].cross_attention if kind == "cross" else stack[layer].self_attention


def batch():
    torch.manual_seed(1)
    return torch.randint(4, 31, (5, 7)), torch.randint(4, 29, (5, 11))


@pytest.mark.parametrize("place", PLACES)
def test_silencing_a_head_equals_cutting_its_columns_out_of_the_output_layer(place):
    model, cut, (src, tgt_in) = small(), small(), batch()
    kind, layer, head = place
    width = 21 // 3
    with torch.no_grad():
        layer_of(cut, kind, layer).output.weight[:, head * width : (head + 1) * width] = 0
        with without_heads(model, [place]):
            logits = model(src, tgt_in)
        torch.testing.assert_close(logits, cut(src, tgt_in), rtol=1e-5, atol=1e-5)
        assert (logits - model(src, tgt_in)).abs().max() > 1e-3


def test_several_heads_of_one_layer_and_of_others_are_silenced_together():
    model, cut, (src, tgt_in) = small(), small(), batch()
    places = [("cross", 1, 0), ("cross", 1, 2), ("encoder", 0, 1), ("cross", 1, 0)]
    with torch.no_grad():
        for kind, layer, head in places:
            layer_of(cut, kind, layer).output.weight[:, head * 7 : (head + 1) * 7] = 0
        with without_heads(model, places):
            torch.testing.assert_close(model(src, tgt_in), cut(src, tgt_in), rtol=1e-5, atol=1e-5)


def test_decoding_step_by_step_goes_without_the_heads_too():
    model, cut, (src, _) = small(), small(), batch()
    with torch.no_grad():
        for kind, layer, head in PLACES:
            layer_of(cut, kind, layer).output.weight[:, head * 7 : (head + 1) * 7] = 0
        with without_heads(model, PLACES):
            found = [h[0].tokens for h in beam_search(model, src, 2)]
        assert found == [h[0].tokens for h in beam_search(cut, src, 2)]


def test_afterwards_the_model_is_as_before_even_when_something_failed():
    model, (src, tgt_in) = small(), batch()
    with torch.no_grad():
        before = model(src, tgt_in)
        with pytest.raises(KeyError), without_heads(model, all_heads(model)):
            raise KeyError
        assert torch.equal(model(src, tgt_in), before)


def test_a_record_still_shows_the_weights_of_a_silenced_head():
    model, (src, tgt_in) = small(), batch()
    records = [{kind: [] for kind in ("encoder", "decoder", "cross")} for _ in range(2)]
    with torch.no_grad():
        model(src, tgt_in, record=records[0])
        with without_heads(model, [("encoder", 0, 1)]):
            model(src, tgt_in, record=records[1])
    torch.testing.assert_close(records[0]["encoder"][0], records[1]["encoder"][0])


def test_all_heads_are_listed_once():
    heads = all_heads(small())
    assert len(heads) == len(set(heads)) == 3 * (2 + 3 + 3)


@pytest.mark.parametrize(
    "place, message",
    [
        (("sideways", 0, 0), "no kind of attention"),
        (("encoder", 2, 0), "layers 0 to 1"),
        (("cross", -1, 0), "layers 0 to 2"),
        (("decoder", 0, 3), "heads 0 to 2"),
    ],
)
def test_a_head_that_is_not_there_is_refused(place, message):
    with pytest.raises(ValueError, match=message), without_heads(small(), [place]):
        pass


def test_a_model_without_heads_is_refused():
    model = ConvSeq2Seq(ConvSeq2SeqConfig(31, 29))
    with pytest.raises(ValueError, match="ConvSeq2Seq has no heads"), without_heads(model, [("cross", 0, 0)]):
        pass
