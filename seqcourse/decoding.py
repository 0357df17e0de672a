"""Decoding: from next-word probabilities to a sentence, for every model that has `begin` and `step`."""

from typing import NamedTuple

import torch


class Hypothesis(NamedTuple):
    """A possible translation: its tokens, without `<s>` and `</s>`, and its score (higher is better)."""

    tokens: list[int]
    score: float


def longest(model, src):
    """How many tokens each translation may have at most: (B, S) -> (B,).

    Twice its source plus ten, and no more than the model can hold.
    """
    return (2 * (src != model.config.pad_id).sum(dim=1) + 10).clamp(max=model.config.max_length)


def without_eos(tokens, eos_id):
    return tokens[:-1] if tokens[-1:] == [eos_id] else tokens


@torch.no_grad()
def greedy_search(model, src):
    """Always take the most likely next word: (B, S) -> B hypotheses, scored by their log-probability in nats.

    What a sentence becomes does not depend on the others in its batch; one that has ended leaves the batch.
    """
    model.eval()
    eos_id, limit = model.config.eos_id, longest(model, src)
    rows = torch.arange(len(src), device=src.device)  # the sentence that each row of the state belongs to
    state, token = model.begin(src), torch.full_like(rows, model.config.bos_id)
    tokens, scores = [[] for _ in src], [0.0 for _ in src]
    for length in range(1, limit.max().item() + 1):
        logits, state = model.step(token, state)  # (rows, V)
        best, token = logits.float().log_softmax(dim=-1).max(dim=-1)
        for row, word, score in zip(rows.tolist(), token.tolist(), best.tolist(), strict=True):
            tokens[row].append(word)
            scores[row] += score
        going = (token != eos_id) & (length < limit[rows])
        if not going.any():
            break
        if not going.all():
            rows, token, state = rows[going], token[going], state.reorder(going)
    return [Hypothesis(without_eos(t, eos_id), s) for t, s in zip(tokens, scores, strict=True)]


def grow(beam, scores, words):
    """All ways to go on from one sentence's beam, best first: (score, place in the beam, tokens)."""
    ways = [
        (hypothesis.score + score, place, [*hypothesis.tokens, word])
        for place, hypothesis in enumerate(beam)
        for score, word in zip(scores[place], words[place], strict=True)
    ]
    return sorted(ways, key=lambda way: -way[0])


@torch.no_grad()
def beam_search(model, src, beam_width=4, length_penalty=1.0, n_best=1):
    """Keep the `beam_width` best beginnings of each sentence: (B, S) -> `n_best` translations, best first.

    A hypothesis that ends gives up its place in the beam; when all places are given up, the sentence is done.
    So a beam of 1 is greedy search. The score is log-probability / ((5 + length) / 6) ** length_penalty
    (Wu et al. 2016, equation 14; their |Y| is our length, `</s>` counted).
    Raises ValueError when there is no place in the beam, or fewer than `n_best`.
    """
    check_beam(beam_width, n_best)
    model.eval()
    eos_id, limit = model.config.eos_id, longest(model, src).tolist()
    state, token = model.begin(src), torch.full((len(src),), model.config.bos_id, device=src.device)
    living, ended = [[Hypothesis([], 0.0)] for _ in src], [[] for _ in src]
    while len(token):
        logits, state = model.step(token, state)  # one row for each living hypothesis
        best = logits.float().log_softmax(dim=-1).topk(min(beam_width, logits.size(-1)))  # (rows, beam_width)
        scores, words, first, parents = best.values.tolist(), best.indices.tolist(), 0, []
        for i, beam in enumerate(living):
            rows = slice(first, first + len(beam))
            living[i] = []
            for score, place, tokens in grow(beam, scores[rows], words[rows])[: beam_width - len(ended[i])]:
                if tokens[-1] == eos_id or len(tokens) == limit[i]:
                    penalty = ((5 + len(tokens)) / 6) ** length_penalty
                    ended[i].append(Hypothesis(without_eos(tokens, eos_id), score / penalty))
                else:
                    living[i].append(Hypothesis(tokens, score))
                    parents.append(first + place)
            first = rows.stop
        state = state.reorder(torch.tensor(parents, dtype=torch.long, device=src.device))
        token = torch.tensor(
            [h.tokens[-1] for beam in living for h in beam], dtype=torch.long, device=src.device
        )
    return [sorted(hypotheses, key=lambda h: -h.score)[:n_best] for hypotheses in ended]


def check_beam(beam_width, n_best):
    if beam_width < 1:
        raise ValueError(f"a beam needs at least 1 place, not {beam_width}")
    if not 1 <= n_best <= beam_width:
        raise ValueError(f"a beam of {beam_width} gives 1 to {beam_width} translations, not {n_best}")
