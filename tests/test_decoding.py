"""Greedy and beam search: equal where they must be, best where it can be counted, alone as in company."""

import math
from itertools import product
from types import SimpleNamespace

import pytest
import torch

from seqcourse.decoding import beam_search, greedy_search
from seqcourse.transformer import Transformer, TransformerConfig

EOS, V = 3, 13


def make_model(seed=0, **changes):
    torch.manual_seed(seed)
    sizes = dict(src_vocab_size=V, tgt_vocab_size=V, d_model=15, nhead=5, dim_feedforward=7)
    sizes |= dict(num_encoder_layers=1, num_decoder_layers=2, max_length=31, dropout=0.0)
    model = Transformer(TransformerConfig(**sizes | changes))
    for parameter in model.parameters():
        parameter.data += 0.5 * torch.randn_like(parameter)  # opinions strong enough to differ
    return model.eval()


def make_sources(lengths=(5, 1, 7, 3), seed=1):
    generator = torch.Generator().manual_seed(seed)
    src = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in zip(src, lengths, strict=True):
        row[:length] = torch.randint(4, V, (length,), generator=generator)
        row[length - 1] = EOS
    return src


def log_probability(model, src, tokens):
    """By one teacher-forced pass, not by steps."""
    tgt_in = torch.tensor([[model.config.bos_id, *tokens[:-1]]])
    return sum(model(src, tgt_in)[0].log_softmax(-1)[t, word].item() for t, word in enumerate(tokens))


def greedy_by_hand(model, src, limit):
    tokens = []
    while len(tokens) < limit and tokens[-1:] != [EOS]:
        tokens.append(model(src, torch.tensor([[2, *tokens]]))[0, -1].argmax().item())
    return tokens


@pytest.mark.parametrize("seed", range(5))
def test_greedy_equals_the_slow_loop_without_a_cache(seed):
    model, src = make_model(seed), make_sources()
    for row, (tokens, score) in zip(src, greedy_search(model, src), strict=True):
        row = row[row != 0][None]
        expected = greedy_by_hand(model, row, limit=min(31, 2 * row.size(1) + 10))
        assert tokens == [t for t in expected if t != EOS]
        assert math.isclose(score, log_probability(model, row, expected), abs_tol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy(seed):
    model, src = make_model(seed), make_sources()
    beams = beam_search(model, src, beam_width=1, length_penalty=0.0)
    for (beam,), greedy in zip(beams, greedy_search(model, src), strict=True):
        assert beam.tokens == greedy.tokens
        assert math.isclose(beam.score, greedy.score, abs_tol=1e-4)


@pytest.mark.parametrize("decode", [greedy_search, lambda m, s: [h[0] for h in beam_search(m, s, 3)]])
def test_a_translation_does_not_depend_on_its_batch(decode):
    for seed in range(3):
        model, src = make_model(seed), make_sources((5, 1, 7, 3, 2, 11, 6))
        together = decode(model, src)
        for row, expected in zip(src, together, strict=True):
            assert decode(model, row[row != 0][None])[0].tokens == expected.tokens
        assert [h.tokens for h in decode(model, src.flip(0))] == [h.tokens for h in together[::-1]]


class Table:
    """A language model of which every sentence can be counted: the next word depends on the last one."""

    def __init__(self, seed, max_length):
        generator = torch.Generator().manual_seed(seed)
        self.logits = 2 * torch.randn(6, 6, generator=generator)
        self.logits[:, [0, 2]] = -math.inf  # never padding or <s>
        self.config = SimpleNamespace(pad_id=0, bos_id=2, eos_id=EOS, max_length=max_length)

    def eval(self):
        return self

    def begin(self, src):
        return self

    def step(self, token, state):
        return self.logits[token], self

    def reorder(self, rows):
        return self


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_the_best_of_all_sentences(seed):
    model, longest = Table(seed, max_length=4), 4
    log_p = model.logits.log_softmax(-1)
    scores = {}
    for length in range(1, longest + 1):
        for words in product([1, 4, 5], repeat=length - 1):
            for last in [EOS] if length < longest else [1, 3, 4, 5]:
                tokens = [*words, last]
                total = sum(log_p[a, b].item() for a, b in zip([2, *tokens], tokens, strict=False))
                scores[tuple(tokens)] = total / ((5 + length) / 6) ** 0.7
    best = sorted(scores, key=scores.get, reverse=True)[:7]
    found = beam_search(model, torch.tensor([[4, 5, EOS]]), beam_width=500, length_penalty=0.7, n_best=7)[0]
    assert [tuple(h.tokens) for h in found] == [tuple(t for t in tokens if t != EOS) for tokens in best]
    for hypothesis, tokens in zip(found, best, strict=True):
        assert math.isclose(hypothesis.score, scores[tokens], abs_tol=1e-5)


def beam_by_hand(model, src, width, limit, penalty):
    """Of all ways to go on, the best as long as there are places: without a cache, over every word."""
    living, ended = [([], 0.0)], []
    while living:
        tgt_in = torch.tensor([[2, *tokens] for tokens, _ in living])
        log_p = model(src.expand(len(living), -1), tgt_in)[:, -1].log_softmax(-1).tolist()
        ways = [
            ([*tokens, word], score + log_p[i][word])
            for i, (tokens, score) in enumerate(living)
            for word in range(V)
        ]
        ways = sorted(ways, key=lambda way: way[1])[-(width - len(ended)) :]
        done = [way for way in ways if way[0][-1] == EOS or len(way[0]) == limit]
        living = [way for way in ways if way not in done]
        ended += [(tokens, score / ((5 + len(tokens)) / 6) ** penalty) for tokens, score in done]
    return sorted(ended, key=lambda way: -way[1])


@pytest.mark.parametrize(
    "width, penalty", [(2, {"length_penalty": 0.0}), (3, {}), (5, {"length_penalty": 2.0})]
)
def test_a_beam_equals_the_slow_loop_over_every_word(width, penalty):
    for seed in range(3):
        model, src = make_model(seed), make_sources((3, 1, 2))
        found = beam_search(model, src, beam_width=width, n_best=width, **penalty)
        for row, hypotheses in zip(src, found, strict=True):
            row = row[row != 0][None]
            limit = min(31, 2 * row.size(1) + 10)
            expected = beam_by_hand(model, row, width, limit, penalty.get("length_penalty", 1.0))
            assert [h.tokens for h in hypotheses] == [[t for t in e if t != EOS] for e, _ in expected]
            for hypothesis, (_, score) in zip(hypotheses, expected, strict=True):
                assert math.isclose(hypothesis.score, score, abs_tol=1e-4)


@pytest.mark.parametrize("decode", [greedy_search, lambda m, s: [h[0] for h in beam_search(m, s, 3)]])
def test_decoding_drops_nothing_and_keeps_no_gradients_whatever_the_mode_before(decode):
    model, src, seen = make_model(dropout=0.5), make_sources(), []
    model.decoder.output.register_forward_hook(lambda layer, x, logits: seen.append(logits.requires_grad))
    expected = decode(model.eval(), src)
    assert decode(model.train(), src) == expected
    assert seen and not any(seen)


def test_n_best_are_different_and_best_first():
    model, src = make_model(), make_sources()
    for hypotheses in beam_search(model, src, beam_width=5, n_best=5):
        assert len({tuple(h.tokens) for h in hypotheses}) == 5
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)


def test_a_model_that_never_ends_is_stopped_at_twice_the_source_plus_ten():
    model, src = make_model(), make_sources((3, 2))
    with torch.no_grad():
        model.decoder.output.bias[EOS] = -1e9
    assert [len(h.tokens) for h in greedy_search(model, src)] == [16, 14]
    assert [len(h.tokens) for (h,) in beam_search(model, src, 2)] == [16, 14]


@pytest.mark.parametrize(
    "width, n_best, says",
    [(0, 1, "at least 1 place"), (3, 4, "gives 1 to 3 translations, not 4"), (3, 0, "not 0")],
)
def test_a_beam_that_makes_no_sense_says_why(width, n_best, says):
    with pytest.raises(ValueError, match=says):
        beam_search(make_model(), make_sources(), beam_width=width, n_best=n_best)
