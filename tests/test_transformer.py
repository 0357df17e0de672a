"""The Transformer equals torch's, the future cannot leak, neither padding nor the cache changes a thing."""

import math
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seqcourse.attention import MultiHeadAttention, attention, causal_mask, fused_attention, padding_mask
from seqcourse.positions import sinusoidal_positions
from seqcourse.torch_twin import copy_attention, torch_twin
from seqcourse.transformer import Transformer, TransformerConfig

B, S, T, H, K = 2, 7, 5, 3, 11
D = H * K


def close(a, b, atol=1e-5):
    torch.testing.assert_close(a, b, atol=atol, rtol=1e-5)


def make_config(**changes):
    sizes = dict(src_vocab_size=23, tgt_vocab_size=19, d_model=D, nhead=H, dim_feedforward=29, max_length=31)
    return TransformerConfig(
        **{**sizes, "num_encoder_layers": 2, "num_decoder_layers": 3, "dropout": 0.0, **changes}
    )


def make_model(**changes):
    torch.manual_seed(0)
    model = Transformer(make_config(**changes))
    for parameter in model.parameters():  # no zero bias, no unit norm: an error there must show
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval()


def make_batch(pad_id=0):
    torch.manual_seed(1)
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    src[1, 4:] = pad_id
    tgt_in[0, 3:] = pad_id
    return src, tgt_in


def masks():
    torch.manual_seed(2)
    ragged = padding_mask(torch.tensor([[5, 5, 5, 0, 0, 0, 0], [5, 5, 5, 5, 5, 5, 5]]), 0)
    nothing = torch.rand(B, H, T, S) < 0.5
    nothing[0, 1, 2] = False
    return {
        "none": None,
        "padding": ragged,
        "causal": causal_mask(S)[:T],
        "ragged rows, one of them empty": nothing,
    }


@pytest.mark.parametrize("name", masks())
def test_attention_equals_a_slow_loop_and_the_fused_kernel_in_values_and_gradients(name):
    mask = masks()[name]
    q, k, v = (torch.randn(B, H, n, K, requires_grad=True) for n in (T, S, S))
    out, weights = attention(q, k, v, mask)
    full = torch.ones(B, H, T, S, dtype=torch.bool) if mask is None else mask.expand(B, H, T, S)
    slow = torch.zeros(B, H, T, K)
    for b, h, t in product(range(B), range(H), range(T)):
        seen = [s for s in range(S) if full[b, h, t, s]]
        strengths = [math.exp((q[b, h, t] @ k[b, h, s]).item() / math.sqrt(K)) for s in seen]
        for s, strength in zip(seen, strengths, strict=True):
            slow[b, h, t] += strength / sum(strengths) * v[b, h, s].detach()
    close(out, slow)
    assert (weights[~full] == 0).all()
    close(weights.sum(-1), full.any(-1).float())
    fused = fused_attention(q, k, v, mask)
    close(fused, out)
    weight = torch.randn_like(out)
    for ours, theirs in zip(
        torch.autograd.grad((out * weight).sum(), (q, k, v)),
        torch.autograd.grad((fused * weight).sum(), (q, k, v)),
        strict=True,
    ):
        assert ours.isfinite().all()
        close(ours, theirs)


@pytest.mark.parametrize("padded", [False, True])
def test_multi_head_attention_equals_torch(padded):
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(D, H), nn.MultiheadAttention(D, H, batch_first=True)
    copy_attention(ours, theirs)
    x, memory = torch.randn(B, T, D, requires_grad=True), torch.randn(B, S, D, requires_grad=True)
    tokens = torch.ones(B, S)
    tokens[1, 4:] = 0 if padded else 1
    weights = []
    out = ours(x, memory, padding_mask(tokens, 0), weights)
    expected, expected_weights = theirs(
        x, memory, memory, key_padding_mask=tokens == 0, average_attn_weights=False
    )
    close(out, expected)
    close(weights[0], expected_weights)
    close(ours(x, memory, padding_mask(tokens, 0)), expected)
    down = torch.randn_like(out)
    for a, b in zip(
        torch.autograd.grad((out * down).sum(), (x, memory)),
        torch.autograd.grad((expected * down).sum(), (x, memory)),
        strict=True,
    ):
        close(a, b)


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_whole_model_equals_torch_in_values_and_gradients(norm_first, activation):
    model = make_model(norm_first=norm_first, activation=activation)
    twin = torch_twin(model)
    src, tgt_in = make_batch()
    logits = model(src, tgt_in)
    x, y = model.encoder.embedding(src), model.decoder.embedding(tgt_in)
    x.retain_grad()
    hidden = twin(
        x, y, tgt_mask=~causal_mask(T), src_key_padding_mask=src == 0, memory_key_padding_mask=src == 0
    )  # torch's mask says who may NOT look
    expected = model.decoder.output(hidden)
    real = tgt_in != 0
    close(logits[real], expected[real])

    down = torch.randn_like(logits[real])
    ours = model.encoder.layers[0], model.decoder.layers[-1]
    theirs = twin.encoder.layers[0], twin.decoder.layers[-1]
    pairs = [
        (ours[0].self_attention.output.weight, theirs[0].self_attn.out_proj.weight),
        (ours[0].feed_forward[0].weight, theirs[0].linear1.weight),
        (ours[0].looking.norm.weight, theirs[0].norm1.weight),
        (ours[1].cross_attention.output.weight, theirs[1].multihead_attn.out_proj.weight),
        (ours[1].self_attention.output.bias, theirs[1].self_attn.out_proj.bias),
        (ours[1].thinking.norm.bias, theirs[1].norm3.bias),
    ]
    a = torch.autograd.grad((logits[real] * down).sum(), [p for p, _ in pairs])
    b = torch.autograd.grad((expected[real] * down).sum(), [p for _, p in pairs], retain_graph=True)
    packed = torch.autograd.grad((expected[real] * down).sum(), theirs[0].self_attn.in_proj_weight)
    for i, (one, other) in enumerate(zip(a, b, strict=True)):
        close(one, other, atol=1e-5 * max(1, other.abs().max().item())), i
    logits = model(src, tgt_in)
    projections = [getattr(ours[0].self_attention, n).weight for n in ("query", "key", "value")]
    own = torch.cat(torch.autograd.grad((logits[real] * down).sum(), projections))
    close(own, packed[0], atol=1e-5 * max(1, packed[0].abs().max().item()))


@pytest.mark.parametrize("norm_first", [False, True])
def test_the_future_cannot_leak(norm_first):
    model = make_model(norm_first=norm_first)
    src, _ = make_batch()
    tgt_in = torch.randint(4, 19, (B, T))
    before = model(src, tgt_in)
    for t in range(1, T):
        changed = tgt_in.clone()
        changed[:, t:] = (changed[:, t:] + 1) % 19
        after = model(src, changed)
        assert torch.equal(after[:, :t], before[:, :t])
        assert not torch.allclose(after[:, t], before[:, t])


@pytest.mark.parametrize("pad_id", [0, 1])
def test_padding_changes_nothing(pad_id):
    model = make_model(pad_id=pad_id)
    src, tgt_in = make_batch(pad_id)
    together = model(src, tgt_in)
    close(together[1:, :], model(src[1:, :4], tgt_in[1:]))
    close(together[:1, :3], model(src[:1], tgt_in[:1, :3]))
    more = F.pad(src, (0, 3), value=pad_id), F.pad(tgt_in, (0, 2), value=pad_id)
    close(model(*more)[:, :T][tgt_in != pad_id], together[tgt_in != pad_id])


def test_a_source_of_padding_alone_gives_numbers_and_finite_gradients():
    for record in (None, {"encoder": [], "decoder": [], "cross": []}):
        model = make_model()
        logits = model(torch.zeros(B, S, dtype=torch.long), torch.full((B, T), 5), record=record)
        logits.sum().backward()
        assert logits.isfinite().all()
        assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("norm_first", [False, True])
def test_recording_changes_nothing_and_rows_sum_to_one(norm_first):
    model = make_model(norm_first=norm_first)
    src, tgt_in = make_batch()
    record = {"encoder": [], "decoder": [], "cross": []}
    close(model(src, tgt_in, record=record), model(src, tgt_in))
    assert {kind: len(layers) for kind, layers in record.items()} == {"encoder": 2, "decoder": 3, "cross": 3}
    for kind, shape in {"encoder": (S, S), "decoder": (T, T), "cross": (T, S)}.items():
        for weights in record[kind]:
            assert weights.shape == (B, H, *shape)
            close(weights.sum(-1), torch.ones(B, H, shape[0]))
    assert (record["cross"][0][1, :, :, 4:] == 0).all()  # nobody looks at padding
    assert (record["decoder"][0].triu(1) == 0).all()  # nobody looks ahead


@pytest.mark.parametrize("norm_first, pad_id", [(False, 0), (True, 1)])
def test_step_by_step_equals_all_at_once(norm_first, pad_id):
    model = make_model(norm_first=norm_first, pad_id=pad_id)
    src, _ = make_batch(pad_id)
    tgt_in = torch.randint(4, 19, (B, T))
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(T):
        logits, state = model.step(tgt_in[:, t], state)
        close(logits, expected[:, t])


def test_a_reordered_state_goes_on_as_those_rows():
    model = make_model()
    src, _ = make_batch()
    _, state = model.step(torch.tensor([4, 5]), model.begin(src))
    logits, _ = model.step(torch.tensor([6, 7]), state)
    swapped, _ = model.step(torch.tensor([7, 6, 7]), state.reorder(torch.tensor([1, 0, 1])))
    close(swapped, logits[[1, 0, 1]])
    one, _ = model.step(torch.tensor([7]), state.reorder(torch.tensor([False, True])))
    close(one, logits[1:])


def test_without_residuals_nothing_is_added():
    model = make_model(residual=False, norm_first=True)
    x = torch.randn(B, S, D)
    layer = model.encoder.layers[0].thinking
    assert (layer(x, torch.zeros_like) == 0).all()
    close(make_model(norm_first=True).encoder.layers[0].thinking(x, torch.zeros_like), x)


def test_without_positions_the_source_is_a_bag_of_words():
    src, tgt_in = torch.randint(4, 19, (B, S)), torch.randint(4, 19, (B, T))
    bag, ordered = make_model(positions="none"), make_model()
    close(bag(src.flip(1), tgt_in), bag(src, tgt_in))
    assert not torch.allclose(ordered(src.flip(1), tgt_in), ordered(src, tgt_in))


@pytest.mark.parametrize("d_model", [7, 8])
def test_positions_are_the_waves_of_the_paper(d_model):
    table = sinusoidal_positions(13, d_model)
    for t, column in product(range(13), range(d_model)):
        angle = t / 10000 ** ((column - column % 2) / d_model)
        assert math.isclose(
            table[t, column], math.cos(angle) if column % 2 else math.sin(angle), abs_tol=1e-6
        )


def test_tied_and_shared_tables_are_one_tensor():
    tied, apart = make_model(), make_model(tie_output=False)
    assert tied.decoder.output.weight is tied.decoder.embedding.words.weight
    assert apart.decoder.output.weight is not apart.decoder.embedding.words.weight
    shared = make_model(share_embeddings=True, tgt_vocab_size=23)
    assert shared.encoder.embedding.words.weight is shared.decoder.output.weight


def test_the_default_model_is_the_paper_s_base_model():
    config = TransformerConfig()
    d, h, ff, v = config.d_model, config.nhead, config.dim_feedforward, config.tgt_vocab_size
    assert (d, h, ff, config.num_encoder_layers, config.num_decoder_layers) == (512, 8, 2048, 6, 6)
    assert (config.dropout, config.activation, config.residual) == (0.1, "gelu", True)
    with torch.device("meta"):
        model = Transformer(config)
    attentions, norms = 4 * (d * d + d), 2 * d
    thinking = 2 * d * ff + ff + d
    expected = (
        6 * (attentions + thinking + 2 * norms) + 6 * (2 * attentions + thinking + 3 * norms) + 2 * v * d + v
    )
    assert sum(p.numel() for p in model.parameters()) == expected


@pytest.mark.parametrize(
    "change, says",
    [
        ({"nhead": 4}, "4 heads cannot share 33 features"),
        ({"d_model": 0}, "d_model must be a whole number"),
        ({"num_decoder_layers": 2.0}, "num_decoder_layers must be a whole number"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"activation": "gated"}, "activation must be one of relu, gelu, silu"),
        ({"positions": "relative"}, "positions must be one of sinusoidal, learned, rotary, none"),
        ({"share_embeddings": True}, "needs one vocabulary"),
        ({"eos_id": 19}, "eos_id = 19 is not a token"),
    ],
)
def test_a_config_that_makes_no_sense_says_why(change, says):
    with pytest.raises(ValueError, match=says):
        make_config(**change)


def test_a_sentence_beyond_max_length_says_so():
    model = make_model(max_length=6)
    with pytest.raises(ValueError, match="7 tokens are more than the model's max_length of 6"):
        model(*make_batch())


def test_a_tiny_batch_can_be_learnt_by_heart():
    torch.manual_seed(0)
    model = Transformer(make_config(norm_first=True))
    src, tgt_in = make_batch()
    tgt_out = torch.randint(4, 19, (B, T))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = F.cross_entropy(model(src, tgt_in).flatten(0, 1), tgt_out.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
