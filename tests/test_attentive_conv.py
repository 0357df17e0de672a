"""Windows that look back: equal to torch's layers and a slow loop, blind to padding and to the future."""

import math

import pytest
import torch
import torch.nn.functional as F
from token_batches import EOS, PAD, check_search, make_sources, make_targets
from torch import nn

from seqcourse.attentive_conv import AttentiveConvSeq2Seq
from seqcourse.batching import make_batch
from seqcourse.conv_seq2seq import ConvSeq2SeqConfig
from seqcourse.training import evaluate_model
from seqcourse.translator import Translator
from seqcourse.vocabulary import Vocabulary

HALF = math.sqrt(0.5)


def make_model(seed=0, **changes):
    torch.manual_seed(seed)
    sizes = dict(d_model=7, layers=2, kernel_size=3, dropout=0.0, max_length=31)
    model = AttentiveConvSeq2Seq(ConvSeq2SeqConfig(13, 17, **sizes | changes)).eval()
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)  # biases that are not zero, clear opinions
    return model


def slow_windows(x, conv, before, after):
    """A convolution place by place, over zeros beyond both ends, and gated: (S, D) -> (S, D)."""
    padded = F.pad(x, (0, 0, before, after))
    whole = torch.stack(
        [
            conv.bias + sum(conv.weight[:, :, i] @ padded[t + i] for i in range(before + after + 1))
            for t in range(len(x))
        ]
    )
    values, gates = whole.chunk(2, dim=-1)
    return values * gates.sigmoid()


def as_conv(causal):
    """A CausalConv1d as torch's convolution, of the same parameters."""
    conv = nn.Conv1d(
        causal.mix.in_features // causal.kernel_size, causal.mix.out_features, causal.kernel_size
    )
    del conv.weight, conv.bias
    conv.weight = causal.mix.weight.unflatten(1, (causal.kernel_size, -1)).transpose(1, 2)
    conv.bias = causal.mix.bias
    return conv


def slow(model, src, tgt_in):
    """Equations 1 and 2 of Gehring et al. 2017, section 3.3, sentence by sentence, place by place."""
    rows, D, before = [], model.config.d_model, model.config.kernel_size - 1
    for sentence, fed in zip(src, tgt_in, strict=True):
        e = model.source(sentence[sentence != PAD][None])[0]  # (S, D)
        z = e
        for conv in model.reading:
            z = z + slow_windows(z, conv, before // 2, before // 2)
        g = x = model.target(fed[None])[0]
        for causal, ask in zip(model.writing, model.asking, strict=True):
            h = slow_windows(x, as_conv(causal), before, 0)
            found = []
            for place in range(len(fed)):
                d = (ask.weight @ h[place] + ask.bias + g[place]) * HALF
                weights = torch.stack([(d @ word / math.sqrt(D)).exp() for word in z])
                shares = weights / weights.sum()
                found.append(sum(a * (word + own) * HALF for a, word, own in zip(shares, z, e, strict=True)))
            x = (x + (h + torch.stack(found)) * HALF) * HALF
        rows.append(model.output(x))
    return torch.stack(rows)


def test_values_and_gradients_are_those_of_a_slow_loop():
    model, src, tgt_in = make_model(), make_sources(), make_targets()
    ours, expected = model(src, tgt_in), slow(model, src, tgt_in)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)
    weights, parameters = torch.randn(ours.shape), dict(model.named_parameters())
    mine, other = (
        torch.autograd.grad((out * weights).sum(), parameters.values()) for out in (ours, expected)
    )
    for name, a, b in zip(parameters, mine, other, strict=True):
        assert b.any(), name  # each of them takes part
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4, msg=name)


def test_padding_changes_nothing_and_is_not_looked_at():
    model, src, tgt_in = make_model(), make_sources(), make_targets()
    wider = torch.cat([src, torch.zeros(4, 3, dtype=torch.long)], dim=1)
    together, record = model(src, tgt_in), {"cross": []}
    torch.testing.assert_close(model(wider, tgt_in, record=record), together, atol=1e-5, rtol=0)
    for weights in record["cross"]:
        assert not weights.masked_select((wider == PAD)[:, None, None]).any()
    for i, row in enumerate(src):
        alone = model(row[row != PAD][None], tgt_in[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=0)


def test_the_future_cannot_leak():
    model, src, tgt_in = make_model(), make_sources(), make_targets()
    for t in range(1, 5):
        changed = tgt_in.clone()
        changed[:, t:] = 4 + (tgt_in[:, t:] - 3) % 13
        before, after = {"cross": []}, {"cross": []}
        assert torch.equal(model(src, tgt_in, before)[:, :t], model(src, changed, after)[:, :t])
        for one, other in zip(before["cross"], after["cross"], strict=True):
            assert torch.equal(one[:, :, :t], other[:, :, :t])
        assert not torch.equal(model(src, tgt_in)[:, t:], model(src, changed)[:, t:])


def test_each_layer_looks_for_itself_and_a_record_changes_no_logit():
    model, src, tgt_in = make_model(layers=3), make_sources(), make_targets()
    record = {"encoder": [], "decoder": [], "cross": []}
    assert torch.equal(model(src, tgt_in, record=record), model(src, tgt_in))
    assert not record["encoder"] and not record["decoder"] and len(record["cross"]) == 3
    for weights in record["cross"]:
        assert weights.shape == (4, 1, 5, 7)
        torch.testing.assert_close(weights.sum(-1), torch.ones(4, 1, 5))
    assert not torch.allclose(record["cross"][0], record["cross"][2], atol=1e-2)


def test_step_by_step_gives_the_logits_of_one_pass_and_a_state_goes_on_with_the_rows_asked_for():
    model, src, tgt_in = make_model(), make_sources(), make_targets()
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(tgt_in.size(1)):
        for rows in (torch.tensor([2, 0, 0]), torch.tensor([False, True, True, False])):
            logits, _ = model.step(tgt_in[rows, t], state.reorder(rows))
            torch.testing.assert_close(logits, expected[rows, t], atol=1e-5, rtol=0)
        logits, state = model.step(tgt_in[:, t], state)
        torch.testing.assert_close(logits, expected[:, t], atol=1e-5, rtol=0)


def test_search_finds_the_same_alone_as_in_company_and_a_beam_of_one_is_greedy():
    model, src = make_model(), make_sources()
    check_search(model, src)


def test_an_untrained_model_is_as_surprised_as_a_blind_guess():
    torch.manual_seed(0)
    model = AttentiveConvSeq2Seq(ConvSeq2SeqConfig(293, 307, d_model=97))
    drawn = torch.randint(4, 293, (31, 17)).tolist()
    loss = evaluate_model(model, [make_batch([([*row[:8], EOS], row[8:]) for row in drawn])])
    assert abs(loss - math.log(307)) < 1


def test_a_folder_keeps_the_model_and_its_attention(tmp_path):
    words = [
        Vocabulary([chr(97 + i) for i in range(n - 4)], language=lang) for n, lang in ((13, "en"), (17, "fr"))
    ]
    ours = Translator(make_model(), *words, {"corpus": "none"})
    ours.save(tmp_path)
    again = Translator.load(tmp_path, device="cpu")
    assert type(again.model) is AttentiveConvSeq2Seq and again.model.config == ours.model.config
    assert again.translate(["a b c", "d"], beam=2) == ours.translate(["a b c", "d"], beam=2)
    looked = again.translate("a b c", attention=True).attention
    assert looked.kinds() == ("cross",) and looked.cross.shape[:2] == (2, 1)


@pytest.mark.parametrize("length", [1, 2])
def test_a_sentence_shorter_than_the_window_is_read(length):
    model, src = make_model(kernel_size=5), make_sources((length,))
    assert model(src, make_targets(1)).isfinite().all()
