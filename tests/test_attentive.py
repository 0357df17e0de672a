"""An LSTM that looks back: equal to slow loops, blind to padding, and its record shows where it looked."""

import math

import pytest
import torch
import torch.nn.functional as F
from token_batches import BOS, EOS, PAD, check_search, make_sources, make_targets
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from seqcourse.attentive import SCORES, AttentiveConfig, AttentiveSeq2Seq, mixture
from seqcourse.batching import make_batch
from seqcourse.decoding import greedy_search
from seqcourse.record import record_attention
from seqcourse.training import evaluate_model
from seqcourse.translator import Translator
from seqcourse.vocabulary import Vocabulary

B, T, S, H = 3, 5, 7, 6


def make_model(score="additive", seed=0, **changes):
    torch.manual_seed(seed)
    sizes = dict(score=score, d_model=5, hidden_size=6, dropout=0.0, max_length=31)
    return AttentiveSeq2Seq(AttentiveConfig(13, 17, **sizes | changes)).eval()


def score_of_a_pair(layer, query, word):
    """One score, number by number."""
    if hasattr(layer, "v"):
        inner = [
            math.tanh(
                sum(w * q for w, q in zip(W, query, strict=True))
                + sum(u * h for u, h in zip(U, word, strict=True))
            )
            for W, U in zip(layer.W.weight.tolist(), layer.U.weight.tolist(), strict=True)
        ]
        return sum(v * n for v, n in zip(layer.v.weight[0].tolist(), inner, strict=True))
    turned = layer.W.weight.tolist() if hasattr(layer, "W") else torch.eye(H).tolist()
    return sum(
        q * sum(w * h for w, h in zip(row, word, strict=True)) for q, row in zip(query, turned, strict=True)
    )


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_that_of_a_slow_loop(name):
    torch.manual_seed(0)
    layer, query, memory = SCORES[name](H), torch.randn(B, T, H), torch.randn(B, S, H)
    scores = layer(query, memory)
    assert scores.shape == (B, T, S)
    for b in range(B):
        for t in range(T):
            for s in range(S):
                slow = score_of_a_pair(layer, query[b, t].tolist(), memory[b, s].tolist())
                assert math.isclose(scores[b, t, s].item(), slow, abs_tol=1e-5)


def slow_mixture(scores, memory, mask):
    seen, shares = torch.zeros(B, T, H), torch.zeros(B, T, S)
    for b in range(B):
        for t in range(T):
            words = [s for s in range(S) if mask[b, s]]
            total = sum(math.exp(scores[b, t, s]) for s in words)
            for s in words:
                shares[b, t, s] = math.exp(scores[b, t, s]) / total
                seen[b, t] += shares[b, t, s] * memory[b, s]
    return seen, shares


def test_the_mixture_is_that_of_a_slow_loop():
    torch.manual_seed(0)
    scores, memory, mask = torch.randn(B, T, S), torch.randn(B, S, H), torch.rand(B, S) < 0.6
    mask[:, 0] = True
    for ours, slow in zip(mixture(scores, memory, mask), slow_mixture(scores, memory, mask), strict=True):
        torch.testing.assert_close(ours, slow, atol=1e-6, rtol=0)


def test_a_dot_score_and_a_mixture_are_torchs_attention_without_its_scale():
    torch.manual_seed(0)
    query, memory = (torch.randn(B, n, H, requires_grad=True) for n in (T, S))
    mask = torch.arange(S) < torch.tensor([[3], [7], [5]])
    ours, _ = mixture(SCORES["dot"](H)(query, memory), memory, mask)
    theirs = F.scaled_dot_product_attention(query, memory, memory, mask[:, None], scale=1.0)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    weights = torch.randn(B, T, H)
    mine, other = (torch.autograd.grad((out * weights).sum(), (query, memory)) for out in (ours, theirs))
    torch.testing.assert_close(mine, other, atol=1e-5, rtol=0)


def test_a_sentence_in_which_nothing_may_be_looked_at_gives_zeros_and_no_nan_on_the_way_back():
    mask = torch.tensor([[True] * S, [False] * S, [True] * S])
    scores, memory = torch.randn(B, T, S, requires_grad=True), torch.randn(B, S, H, requires_grad=True)
    seen, weights = mixture(scores, memory, mask)
    assert not seen[1].any() and not weights[1].any()
    seen.sin().sum().backward()
    assert scores.grad.isfinite().all() and memory.grad.isfinite().all() and not scores.grad[1].any()
    torch.testing.assert_close(weights.sum(-1)[::2], torch.ones(2, T))


class TorchAttentive(nn.Module):
    """Our model with torch's LSTMs and our weights, looking back by loops over sentences and steps."""

    def __init__(self, ours):
        super().__init__()
        self.ours, c = ours, ours.config
        self.encoder = nn.LSTM(c.d_model, c.hidden_size // 2, batch_first=True, bidirectional=True)
        self.decoder = nn.LSTM(c.d_model, c.hidden_size, batch_first=True)
        recurrent = ours.encoder.recurrent
        for lstm, cell, suffix in (
            (self.encoder, recurrent.forwards.cell, "_l0"),
            (self.encoder, recurrent.backwards.cell, "_l0_reverse"),
            (self.decoder, ours.decoder.recurrent.cell, "_l0"),
        ):
            for name, layer in (("ih", cell.from_input), ("hh", cell.from_hidden)):
                for kind in ("weight", "bias"):
                    setattr(lstm, f"{kind}_{name}{suffix}", getattr(layer, kind))

    def forward(self, src, tgt_in):
        ours, lengths, rows = self.ours, (src != PAD).sum(dim=1), []
        for sentence, length, fed in zip(src, lengths.tolist(), tgt_in, strict=True):
            x = ours.encoder.embedding(sentence[:length][None])
            packed = pack_padded_sequence(x, torch.tensor([length]), batch_first=True)
            _, (hidden, cell) = self.encoder(packed)
            memory = self.encoder(x)[0][0]  # (length, H)
            first = tuple(torch.cat(tuple(part), dim=-1)[None] for part in (hidden, cell))  # (1, 1, H)
            states, _ = self.decoder(ours.decoder.embedding(fed)[None], first)
            rows.append(torch.stack([self.word(state, memory) for state in states[0]]))
        return torch.stack(rows)

    def word(self, state, memory):
        scores = ours_scores(self.ours.decoder.score, state, memory)
        shares = scores.exp() / scores.exp().sum()
        seen = sum(share * word for share, word in zip(shares, memory, strict=True))
        return self.ours.decoder.output(self.ours.decoder.combine(torch.cat([seen, state])).tanh())


def ours_scores(layer, state, memory):
    """The scores of one state, word by word, from the paper's equations."""
    if hasattr(layer, "v"):
        return torch.stack(
            [(layer.v.weight @ (layer.W.weight @ state + layer.U.weight @ h).tanh())[0] for h in memory]
        )
    turn = layer.W.weight if hasattr(layer, "W") else torch.eye(len(state))
    return torch.stack([state @ (turn @ h) for h in memory])


@pytest.mark.parametrize("score", SCORES)
def test_values_and_gradients_are_those_of_torchs_lstms_and_a_slow_loop(score):
    ours = make_model(score)
    theirs, src, tgt_in = TorchAttentive(ours), make_sources(), make_targets()
    logits, expected = ours(src, tgt_in), theirs(src, tgt_in)
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)
    weights, parameters = torch.randn(logits.shape), dict(ours.named_parameters())
    mine, other = (
        torch.autograd.grad((out * weights).sum(), parameters.values()) for out in (logits, expected)
    )
    for name, a, b in zip(parameters, mine, other, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5, msg=name)


@pytest.mark.parametrize("score", SCORES)
def test_padding_changes_nothing(score):
    model, src, tgt_in = make_model(score), make_sources(), make_targets()
    wider = torch.cat([src, torch.zeros(4, 3, dtype=torch.long)], dim=1)
    together, record = model(src, tgt_in), {"cross": []}
    torch.testing.assert_close(model(wider, tgt_in, record=record), together, atol=1e-6, rtol=0)
    (weights,) = record["cross"]
    assert not weights.masked_select((wider == PAD)[:, None, None]).any()
    for i, row in enumerate(src):
        alone = model(row[row != PAD][None], tgt_in[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-6, rtol=0)


@pytest.mark.parametrize("score", SCORES)
def test_step_by_step_gives_the_logits_of_one_pass(score):
    model, src, tgt_in = make_model(score), make_sources(), make_targets()
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(tgt_in.size(1)):
        logits, state = model.step(tgt_in[:, t], state)
        torch.testing.assert_close(logits, expected[:, t], atol=1e-5, rtol=0)


@pytest.mark.parametrize("score", SCORES)
def test_a_state_reordered_goes_on_with_the_rows_asked_for(score):
    model, src, tgt_in = make_model(score), make_sources(), make_targets()
    _, state = model.step(tgt_in[:, 0], model.begin(src))
    for rows in (torch.tensor([2, 0, 0]), torch.tensor([False, True, True, False])):
        logits, _ = model.step(tgt_in[rows, 1], state.reorder(rows))
        torch.testing.assert_close(logits, model(src[rows], tgt_in[rows])[:, 1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("score", SCORES)
def test_the_future_cannot_leak(score):
    model, src, tgt_in = make_model(score), make_sources(), make_targets()
    for t in range(1, 5):
        changed = tgt_in.clone()
        changed[:, t:] = 4 + (tgt_in[:, t:] - 3) % 13
        before, after = {"cross": []}, {"cross": []}
        assert torch.equal(model(src, tgt_in, before)[:, :t], model(src, changed, after)[:, :t])
        assert torch.equal(before["cross"][0][:, :, :t], after["cross"][0][:, :, :t])
        assert not torch.equal(model(src, tgt_in)[:, t:], model(src, changed)[:, t:])


def test_every_weight_of_the_model_learns():
    for score in SCORES:
        model = make_model(score)
        model(make_sources(), make_targets()).sin().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("score", SCORES)
def test_a_record_changes_no_logit_and_its_rows_sum_to_one(score):
    model, src, tgt_in = make_model(score), make_sources(), make_targets()
    record = {"encoder": [], "decoder": [], "cross": []}
    torch.testing.assert_close(model(src, tgt_in, record=record), model(src, tgt_in), atol=1e-6, rtol=0)
    (cross,) = record["cross"]
    assert cross.shape == (4, 1, 5, 7) and not record["encoder"] and not record["decoder"]
    torch.testing.assert_close(cross.sum(-1), torch.ones(4, 1, 5))


class Copying(nn.Module):
    """An encoder whose memory of a word is that word alone, so that what is seen says where it was seen."""

    def forward(self, src, mask):
        memory = F.one_hot(src, 17).float()  # (B, S, 17)
        return memory, (torch.zeros(len(src), 17), torch.zeros(len(src), 17))


class Following(nn.Module):
    """A score for the word after the one that was fed last, wherever it stands in the source."""

    def forward(self, query, memory):
        fed, words = query.argmax(dim=-1), memory.argmax(dim=-1)  # (B, T), (B, S)
        before = torch.cat([torch.full_like(words[:, :1], BOS), words[:, :-1]], dim=1)
        return 50.0 * (fed[:, :, None] == before[:, None]).float()


class Echoing(nn.Module):
    """A cell that shows the token just fed, and remembers nothing."""

    def first_state(self, x):
        return torch.zeros_like(x), torch.zeros_like(x)

    def forward(self, x, state):
        return x, state[1]


def make_copyist():
    """A model that copies by looking at the word after the last one: its alignment is the diagonal."""
    model = AttentiveSeq2Seq(AttentiveConfig(17, 17, d_model=17, hidden_size=18, dropout=0.0)).eval()
    model.encoder, decoder = Copying(), model.decoder
    decoder.score, decoder.recurrent.cell = Following(), Echoing()
    decoder.embedding.weight.data = torch.eye(17)
    decoder.combine = nn.Linear(34, 17, bias=False)
    decoder.combine.weight.data = torch.cat([torch.eye(17), torch.zeros(17, 17)], dim=1)  # only what is seen
    decoder.output.weight.data, decoder.output.bias.data = torch.eye(17), torch.zeros(17)
    return model


def test_row_t_of_the_record_is_the_step_that_produces_token_t():
    model, words = make_copyist(), [9, 5, 12, 7, 4]
    (found,) = greedy_search(model, torch.tensor([[*words, EOS]]))
    assert found.tokens == words
    tokens = [f"w{word}" for word in words]
    record = record_attention(model, [*words, EOS], words, [*tokens, "</s>"], tokens)
    torch.testing.assert_close(record.cross[0, 0], torch.eye(6), atol=1e-5, rtol=0)
    assert record.target == record.source == [*tokens, "</s>"]


@pytest.mark.parametrize("score", SCORES)
def test_search_finds_the_same_alone_as_in_company_and_a_beam_of_one_is_greedy(score):
    model, src = make_model(score), make_sources()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)  # opinions strong enough to differ
    check_search(model, src)


@pytest.mark.parametrize("score", SCORES)
def test_an_untrained_model_is_as_surprised_as_a_blind_guess(score):
    examples = [([5, 6, 3], [7, 8]), ([4, 3], [9])]
    assert abs(evaluate_model(make_model(score), [make_batch(examples)]) - math.log(17)) < 0.5


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"score": "loudest"}, "score must be one of additive, general, dot, not 'loudest'"),
        ({"hidden_size": 7}, "hidden_size must be even, not 7: two directions share it"),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1, not 0"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"bos_id": 99}, "bos_id = 99 is not a token of both vocabularies"),
    ],
)
def test_a_config_that_makes_no_sense_says_why(changes, says):
    with pytest.raises(ValueError, match=says):
        AttentiveConfig(13, 17, **changes)


@pytest.mark.parametrize("score", SCORES)
def test_a_folder_keeps_the_model_and_its_attention(score, tmp_path):
    words = [
        Vocabulary([chr(97 + i) for i in range(n - 4)], language=lang) for n, lang in ((13, "en"), (17, "fr"))
    ]
    ours = Translator(make_model(score), *words, {"corpus": "none"})
    ours.save(tmp_path)
    again = Translator.load(tmp_path, device="cpu")
    assert type(again.model) is AttentiveSeq2Seq and again.model.config == ours.model.config
    assert again.translate(["a b c", "d"], beam=2) == ours.translate(["a b c", "d"], beam=2)
    looked = again.translate("a b c", attention=True).attention
    assert looked.kinds() == ("cross",) and looked.source == ["a", "b", "c", "</s>"]
