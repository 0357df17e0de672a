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


class Beam:
    """The search for one sentence: `width` places, for hypotheses that live and for those that have ended."""

    def __init__(self, width, limit, eos_id, length_penalty):
        self.width, self.limit, self.eos_id, self.length_penalty = width, limit, eos_id, length_penalty
        self.living, self.ended = [Hypothesis([], 0.0)], []

    def ways(self, scores, words):
        """All ways to go on, best first: (score, place of the hypothesis that grows, all its tokens)."""
        ways = [
            (hypothesis.score + score, place, [*hypothesis.tokens, word])
            for place, hypothesis in enumerate(self.living)
            for score, word in zip(scores[place], words[place], strict=True)
        ]
        return sorted(ways, key=lambda way: -way[0])

    def keep(self, ways):
        """Go on with the best ways, as many as have a place; return the places of the living before them."""
        self.living, parents = [], []
        for score, place, tokens in ways[: self.width - len(self.ended)]:
            if tokens[-1] == self.eos_id or len(tokens) == self.limit:
                penalty = ((5 + len(tokens)) / 6) ** self.length_penalty
                self.ended.append(Hypothesis(without_eos(tokens, self.eos_id), score / penalty))
            else:
                self.living.append(Hypothesis(tokens, score))
                parents.append(place)
        return parents


@torch.no_grad()
def beam_search(model, src, beam_width=4, length_penalty=1.0, n_best=1, record=None):
    """Keep the `beam_width` best beginnings of each sentence: (B, S) -> `n_best` translations, best first.

    A hypothesis that ends keeps its place, and no other gets it; when all have ended, the sentence is done. A
    beam of 1 is greedy. The score is log-probability / ((5 + length) / 6) ** length_penalty, `</s>` counted
    (Wu et al. 2016, equation 14). Each step appends (sentence, ways, how many are kept) to a `record`.
    Raises ValueError when there is no place in the beam, or fewer than `n_best`.
    """
    check_beam(beam_width, n_best)
    model.eval()
    state, token = model.begin(src), torch.full((len(src),), model.config.bos_id, device=src.device)
    limits, eos_id = longest(model, src).tolist(), model.config.eos_id
    beams = [Beam(beam_width, limit, eos_id, length_penalty) for limit in limits]
    while len(token):
        logits, state = model.step(token, state)  # one row for each living hypothesis
        best = logits.float().log_softmax(dim=-1).topk(min(beam_width, logits.size(-1)))  # (rows, beam_width)
        scores, words, first, parents = best.values.tolist(), best.indices.tolist(), 0, []
        for i, beam in enumerate(beams):
            last = first + len(beam.living)
            ways = beam.ways(scores[first:last], words[first:last])
            if record is not None:
                record.append((i, ways, beam.width - len(beam.ended)))
            parents += [first + place for place in beam.keep(ways)]
            first = last
        state = state.reorder(torch.tensor(parents, dtype=torch.long, device=src.device))
        token = torch.tensor([h.tokens[-1] for beam in beams for h in beam.living], device=src.device)
    return [sorted(beam.ended, key=lambda h: -h.score)[:n_best] for beam in beams]


def check_beam(beam_width, n_best):
    if beam_width < 1:
        raise ValueError(f"a beam needs at least 1 place, not {beam_width}")
    if not 1 <= n_best <= beam_width:
        raise ValueError(f"a beam of {beam_width} gives 1 to {beam_width} translations, not {n_best}")
