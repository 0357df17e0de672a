"""The exercises of lesson 08: what is right, and the mistakes that people make."""

import random
from types import SimpleNamespace
from typing import NamedTuple

import torch

from .exercise import Exercise, Mistake
from .vocabulary import BOS, EOS, PAD

noam_rate = Exercise(
    "08",
    "noam_rate",
    lambda step, d_model, warmup: d_model**-0.5 * min(step**-0.5, step * warmup**-1.5),
    {
        "the first step": lambda: (1, random.randint(3, 99), 13),
        "a step of the warm-up": lambda: (random.randint(1, 12), 17, 13),
        "a step after it": lambda: (random.randint(14, 2000), 17, 13),
    },
    [
        Mistake(
            "you take the larger of the two",
            "The smaller one rises and then falls: min, not max.",
            lambda step, d_model, warmup: d_model**-0.5 * max(step**-0.5, step * warmup**-1.5),
            seen="min and max taken for each other",
        ),
        Mistake(
            "it never rises",
            "The warm-up is missing: step * warmup ** -1.5.",
            lambda step, d_model, warmup: d_model**-0.5 * step**-0.5,
            seen="only the first half of the formula is written",
        ),
        Mistake(
            "it never falls",
            "step ** -0.5 is missing: take the smaller of the two.",
            lambda step, d_model, warmup: d_model**-0.5 * step * warmup**-1.5,
            seen="only the second half of the formula is written",
        ),
        Mistake(
            "the factor d_model ** -0.5 is missing",
            "The wider the model, the smaller its steps.",
            lambda step, d_model, warmup: min(step**-0.5, step * warmup**-1.5),
            seen="an argument that one forgets",
        ),
        Mistake(
            "a wide model learns faster in it",
            "The power of d_model is -0.5, not 0.5.",
            lambda step, d_model, warmup: d_model**0.5 * min(step**-0.5, step * warmup**-1.5),
            seen="a sign lost in typing",
        ),
        Mistake(
            "the two lines do not meet at the end of the warm-up",
            "The power of warmup is -1.5: at step = warmup both are warmup ** -0.5.",
            lambda step, d_model, warmup: d_model**-0.5 * min(step**-0.5, step * warmup**-0.5),
            seen="the same power written twice",
        ),
        Mistake(
            "d_model ** -0.5 multiplies only the first of the two",
            "It stands before the brackets: both are multiplied.",
            lambda step, d_model, warmup: min(d_model**-0.5 * step**-0.5, step * warmup**-1.5),
            seen="a bracket closed too late",
        ),
    ],
    atol=1e-9,
)


def drawn_logits(padding):
    logits, targets = 2 * torch.randn(3, 7, 11), torch.randint(0, 10, (3, 7))
    if padding:
        for row, length in ((1, 4), (2, 2)):
            targets[row, length:] = 10
    return logits, targets, 0.2 + 0.3 * torch.rand(()).item(), 10  # padding is not always 0


def losses(logits, targets, epsilon):
    """Of each token, the label-smoothed loss: (B, T, V), (B, T) -> (B, T)."""
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets[..., None])[..., 0]
    return -(1 - epsilon) * right - epsilon * log_p.mean(dim=-1)


def real(targets, pad_id):
    return targets != pad_id


def mean_of_means(logits, targets, epsilon, pad_id):
    each, mask = losses(logits, targets, epsilon), real(targets, pad_id)
    return ((each * mask).sum(dim=1) / mask.sum(dim=1)).mean()


def shared_among_the_wrong(logits, targets, epsilon, pad_id):
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets[..., None])[..., 0]
    wrong = (log_p.sum(dim=-1) - right) / (logits.size(-1) - 1)
    return (-(1 - epsilon) * right - epsilon * wrong)[real(targets, pad_id)].mean()


def summed_over_words(logits, targets, epsilon, pad_id):
    log_p = logits.log_softmax(dim=-1)
    right = log_p.gather(-1, targets[..., None])[..., 0]
    return (-(1 - epsilon) * right - epsilon * log_p.sum(dim=-1))[real(targets, pad_id)].mean()


smoothed_loss = Exercise(
    "08",
    "smoothed_loss",
    lambda logits, targets, epsilon, pad_id: losses(logits, targets, epsilon)[real(targets, pad_id)].mean(),
    {
        "no padding": lambda: drawn_logits(padding=False),
        "padding": lambda: drawn_logits(padding=True),
    },
    [
        Mistake(
            "that is without smoothing",
            "ε changes nothing in it: give every word its share ε / V.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, 0.0)[
                real(targets, pad_id)
            ].mean(),
            seen="the loss one knows",
        ),
        Mistake(
            "the sign is lost",
            "A loss is -q log p, and above 0.",
            lambda logits, targets, epsilon, pad_id: (
                -losses(logits, targets, epsilon)[real(targets, pad_id)].mean()
            ),
            seen="log_softmax is negative; one forgets that the loss is not",
        ),
        Mistake(
            "you share ε among the V - 1 wrong words only",
            "The right word has its part of ε, too: ε / V for each of the V words.",
            shared_among_the_wrong,
            seen="harvardnlp/annotated-transformer, class LabelSmoothing, shares among other words",
        ),
        Mistake(
            "every word gets all of ε",
            "ε is shared: the mean of -log p over the vocabulary, not the sum.",
            summed_over_words,
            seen="sum for mean",
        ),
        Mistake(
            "ε and 1 - ε are exchanged",
            "The right word keeps 1 - ε, and ε is what is shared.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, 1 - epsilon)[
                real(targets, pad_id)
            ].mean(),
            seen="some libraries call 1 - ε the confidence",
        ),
        Mistake(
            "your ε is always 0.1",
            "It is the third argument.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, 0.1)[
                real(targets, pad_id)
            ].mean(),
            seen="the number of the example above",
        ),
        Mistake(
            "padding is counted",
            "Leave out the places where targets == pad_id.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, epsilon).mean(),
            seen="losses that fall with the length of the longest sentence",
        ),
        Mistake(
            "you leave padding out of the sum, but divide by all places",
            "Divide by the number of tokens that are not padding.",
            lambda logits, targets, epsilon, pad_id: (
                losses(logits, targets, epsilon) * real(targets, pad_id)
            ).mean(),
            seen="a mask multiplied, then .mean()",
        ),
        Mistake(
            "you leave out the word 0, not the padding",
            "Padding is where targets == pad_id, and pad_id is not always 0.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, epsilon)[targets != 0].mean(),
            seen="targets != 0, or targets.bool(), in many tutorials",
        ),
        Mistake(
            "that is a mean of means",
            "Words of short sentences weigh more in it than others: take one mean over all tokens.",
            mean_of_means,
            seen="a loss for each sentence, averaged over the batch",
        ),
        Mistake(
            "that is the sum",
            "Divide by the number of tokens that are not padding.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, epsilon)[
                real(targets, pad_id)
            ].sum(),
            seen="reduction='sum'",
        ),
    ],
    right=[
        lambda logits, targets, epsilon, pad_id: torch.nn.functional.cross_entropy(
            logits.mT, targets, ignore_index=pad_id, label_smoothing=epsilon
        )
    ],
)


class Written(NamedTuple):
    """The state of a `Riddle`: what it remembers (B, 7), words written and words to write (B,)."""

    memory: torch.Tensor
    length: torch.Tensor
    last: torch.Tensor

    def reorder(self, rows):
        return Written(*(part[rows] for part in self))


class Riddle:
    """A translator with random weights: a word depends on all before it, a sentence ends when it likes."""

    config = SimpleNamespace(pad_id=PAD, bos_id=BOS, eos_id=EOS, max_length=24)

    def __init__(self):
        self.words, self.next, self.output = torch.randn(13, 7), 2 * torch.randn(7, 7), torch.randn(7, 13)

    def eval(self):
        return self

    def begin(self, src):
        real = (src != PAD)[..., None]
        last = torch.tensor([2 + sum(row) % 7 for row in src.tolist()])
        return Written((self.words[src] * real).sum(dim=1), torch.zeros_like(last), last)

    def step(self, token, state):
        memory = (state.memory @ self.next + 2 * self.words[token]).tanh()
        logits = memory @ self.output
        logits[:, :4] = -1e4  # <pad>, <unk>, <s>
        logits[:, EOS] = torch.where(state.length >= state.last, 1e4, -1e4)
        return logits, Written(memory, state.length + 1, state.last)


def drawn_translator(sentences):
    """A model, sentences for it, some of them padded, no two with the same end, and a limit for some."""
    src = torch.randint(4, 13, (sentences, 6))
    src[:, -1] = EOS
    for row, end in enumerate(random.sample(range(7), sentences)):
        src[row, 5 - row % 3 :] = torch.tensor([EOS, *[PAD] * (row % 3)])
        src[row, 0] = 4 + (end - 4 - src[row, 1:].sum()) % 7
    return Riddle(), src, 5


@torch.no_grad()
def greedily(model, src, most, next_token=lambda best: best, state_of=lambda new, first: new):
    """Greedy search, all rows to the end, then cut; what is fed next may be spoilt, and so may the state."""
    state = first = model.begin(src)
    token, written = torch.full((len(src),), BOS), []
    for _ in range(most):
        logits, state = model.step(token, state)
        best = logits.argmax(dim=-1)
        written.append(best)
        token, state = next_token(best), state_of(state, first)
    return [until_eos(row) for row in torch.stack(written, dim=1).tolist()]


def until_eos(row):
    return row[: row.index(EOS)] if EOS in row else row


def with_eos(model, src, most):
    rows = greedily(model, src, most)
    return [row + [EOS] if len(row) < most else row for row in rows]


@torch.no_grad()
def on_and_on(model, src, most):
    state, token, written = model.begin(src), torch.full((len(src),), BOS), []
    for _ in range(most):
        logits, state = model.step(token, state)
        token = logits.argmax(dim=-1)
        written.append(token)
    return torch.stack(written, dim=1).tolist()


def all_at_once(model, src, most):
    """Everybody stops when the first sentence ends."""
    rows = greedily(model, src, most)
    return [row[: min(map(len, rows))] for row in rows]


def with_bos(model, src, most):
    return [[BOS, *row] for row in greedily(model, src, most)]


def one_by_one(model, src, most):
    return [greedily(model, row[None], most)[0] for row in src]


greedy = Exercise(
    "08",
    "greedy",
    greedily,
    {"one sentence": lambda: drawn_translator(1), "a batch": lambda: drawn_translator(5)},
    [
        Mistake(
            "you feed <s> at every step",
            "Feed the word just written: the token of the next step is the argmax of this one.",
            lambda *given: greedily(*given, next_token=lambda best: torch.full_like(best, BOS)),
            seen="`token` is not assigned again in the loop",
        ),
        Mistake(
            "you forget the state",
            "Each step needs the state that the step before returned, not the one of `begin`.",
            lambda *given: greedily(*given, state_of=lambda new, first: first),
            seen="logits, _ = model.step(token, state)",
        ),
        Mistake(
            "you keep </s>",
            "Leave it out of the lists: it is no word of the translation.",
            with_eos,
            seen="append before test",
        ),
        Mistake(
            "you write on after </s>",
            "Cut each list where it has EOS first; what follows is no part of the translation.",
            on_and_on,
            seen="the loop ends for the batch, not for a sentence",
        ),
        Mistake(
            "all sentences stop when the first one ends",
            "Go on until every row has said EOS.",
            all_at_once,
            seen="(token == EOS).any() for .all()",
        ),
        Mistake(
            "the lists begin with <s>",
            "It is fed, and not written: leave it out.",
            with_bos,
            seen="lists that start as [BOS]",
        ),
        Mistake(
            "you write one word too few",
            "At most `most` words: range(most) takes that many steps.",
            lambda model, src, most: greedily(model, src, most - 1),
            seen="range(most - 1), as if <s> were one of them",
        ),
    ],
    right=[one_by_one],
    call=lambda answer, *given: [list(map(int, words)) for words in answer(*given)],
)


def drawn_scores():
    """Random worths of the sentences of two systems: how many, and how often to draw."""
    return [random.random() for _ in range(23)], [random.random() for _ in range(23)], 40


def watched(answer, first, second, draws):
    """What a bootstrap does, in facts that do not depend on how it draws."""
    calls, n = [], len(first)
    worth = {f"a{i}": value for i, value in enumerate(first)}
    worth |= {f"b{i}": value for i, value in enumerate(second)}

    def measure(texts, references):
        calls.append((texts[0][0], [t[1:] for t in texts], [r[1:] for r in references]))
        return sum(worth[text] for text in texts) / len(texts)

    sides = [[f"{side}{i}" for i in range(n)] for side in "abr"]
    said = answer(*sides, measure, random.Random(0), draws)
    a, b = ([texts for side, texts, _ in calls if side == other] for other in "ab")
    wins = sum(
        sum(worth["a" + i] for i in x) > sum(worth["b" + i] for i in y) for x, y in zip(a, b, strict=False)
    )
    known = {"wins / draws": wins / draws, "losses / draws": 1 - wins / draws, "wins": wins}
    meant = [name for name, value in known.items() if said is not None and abs(float(said) - value) < 1e-9]
    return {
        "does a text keep its own reference": all(texts == references for _, texts, references in calls),
        "how often is each system measured": [len(a), len(b)],
        "how many sentences has a draw": sorted({len(texts) for _, texts, _ in calls}),
        "can a sentence come twice in a draw": any(len(set(texts)) < len(texts) for _, texts, _ in calls),
        "is every draw a new one": len({tuple(texts) for texts in a}) > draws / 2,
        "do both systems get the same sentences": a == b,
        "what is given back": meant[0] if meant else said,
    }


def bootstrap(places=None, share=lambda wins, draws: wins / draws, apart=False, times=None, new=True):
    """A paired bootstrap in which one thing or another is spoilt."""
    places = places or (lambda rng, n: rng.choices(range(n), k=n))

    def answer(first, second, references, measure, rng, draws):
        wins, n = 0, len(references)
        for turn in range(times or draws):
            drawn = places(rng, n) if new or turn == 0 else drawn  # noqa: F821
            other = places(rng, n) if apart else drawn
            a = measure([first[i] for i in drawn], [references[i] for i in drawn])
            b = measure([second[i] for i in other], [references[i] for i in other])
            wins += a > b
        return share(wins, draws)

    return answer


def mismatched(first, second, references, measure, rng, draws):
    wins, n = 0, len(references)
    for _ in range(draws):
        drawn = rng.choices(range(n), k=n)
        a, b = ([texts[i] for i in drawn] for texts in (first, second))
        wins += measure(a, references) > measure(b, references)
    return wins / draws


paired_bootstrap = Exercise(
    "08",
    "paired_bootstrap",
    bootstrap(),
    {"two systems": drawn_scores},
    [
        Mistake(
            "a text meets another's reference",
            "Take all three lists at the same places.",
            mismatched,
            seen="the references are not drawn along",
        ),
        Mistake(
            "every draw holds each sentence once",
            "Draw with replacement: rng.choices, not rng.sample and not rng.shuffle.",
            bootstrap(places=lambda rng, n: rng.sample(range(n), n)),
            seen="sample and choices taken for each other",
        ),
        Mistake(
            "you draw once, and measure the same draw again and again",
            "Draw inside the loop: every turn needs new places.",
            bootstrap(new=False),
            seen="the line that draws stands above the loop",
        ),
        Mistake(
            "the two systems get different sentences",
            "Draw the places once in every turn, and use them for both: that is what `paired` means.",
            bootstrap(apart=True),
            seen="a draw for each system, as for two unrelated samples",
        ),
        Mistake(
            "a draw is smaller than the test set",
            "As many sentences as there are: k=n.",
            bootstrap(places=lambda rng, n: rng.choices(range(n), k=n // 2)),
            seen="half of the set, as in some toolkits",
        ),
        Mistake(
            "that is how often the second one wins",
            "Count the turns in which the first is above the second.",
            bootstrap(share=lambda wins, draws: 1 - wins / draws),
            seen="which system is the new one?",
        ),
        Mistake(
            "you give back a count",
            "Divide by draws: a share lies between 0 and 1.",
            bootstrap(share=lambda wins, draws: wins),
            seen="the last division is forgotten",
        ),
        Mistake(
            "you draw only once",
            "Once for each of the `draws`: a loop around it.",
            bootstrap(times=1),
            seen="`draws` is an argument that one forgets",
        ),
    ],
    call=watched,
)
