"""The exercises of lesson 08: what is right, and the mistakes that people make."""

import random

import torch

from .exercise import Exercise, Mistake
from .gradients import results_and_gradients

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
            "The warm-up is missing, or a sign in it: step * warmup ** -1.5.",
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
            "that is the shape alone, with a peak of 1",
            "Here we want the paper's own number, with its D ** -0.5.",
            lambda step, d_model, warmup: min(step / warmup, (warmup / step) ** 0.5),
            seen="the share that schedules in libraries return",
        ),
        Mistake(
            "your steps count from 0",
            "The first step is step 1: nothing needs adding.",
            lambda step, d_model, warmup: d_model**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5),
            seen="LambdaLR counts from 0",
        ),
        Mistake(
            "d_model ** -0.5 multiplies only the first of the two",
            "It stands before the brackets: both are multiplied.",
            lambda step, d_model, warmup: min(d_model**-0.5 * step**-0.5, step * warmup**-1.5),
            seen="a bracket closed too late",
        ),
    ],
    right=[
        lambda step, d_model, warmup: (
            (step / warmup if step < warmup else (warmup / step) ** 0.5) / (d_model * warmup) ** 0.5
        )
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


def log_p_of(logits, targets, dim=-1):
    """log p of all words, and of the right ones: (B, T, V), (B, T)."""
    log_p = logits.log_softmax(dim=dim)
    return log_p, log_p.gather(-1, targets[..., None])[..., 0]


def mixed(right, shared, dim=-1):
    """A loss in which the right word and the mean of all words have these weights, functions of ε."""

    def answer(logits, targets, epsilon, pad_id):
        log_p, of_right = log_p_of(logits, targets, dim)
        each = -right(epsilon, logits.size(-1)) * of_right - shared(epsilon) * log_p.mean(dim=-1)
        return each[real(targets, pad_id)].mean()

    return answer


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
            "the right word keeps all, and the others get ε on top",
            "The right word gives ε away: 1 - ε of the usual loss.",
            mixed(lambda epsilon, V: 1, lambda epsilon: epsilon),
            seen="a penalty added to the usual loss",
        ),
        Mistake(
            "the right word has no part of ε",
            "Each of the V words gets ε / V, the right one on top of its 1 - ε.",
            mixed(lambda epsilon, V: 1 - epsilon - epsilon / V, lambda epsilon: epsilon),
            seen="1 - ε written where the right word stands, ε / V elsewhere",
        ),
        Mistake(
            "the softmax is taken over the positions",
            "The words are the last axis: log_softmax(dim=-1).",
            mixed(lambda epsilon, V: 1 - epsilon, lambda epsilon: epsilon, dim=1),
            seen="dim=1 is the words where there is no time",
        ),
        Mistake(
            "the mask is upside down: only padding is counted",
            "Keep the places where targets != pad_id.",
            lambda logits, targets, epsilon, pad_id: losses(logits, targets, epsilon)[
                ~real(targets, pad_id)
            ].mean(),
            seen="== for !=; where there is no padding, the mean of nothing is NaN",
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
        ),
        mixed(lambda epsilon, V: 1 - epsilon, lambda epsilon: epsilon),
    ],
    call=results_and_gradients,
)


def drawn_beam(living):
    """Log-probabilities of so many beginnings, those of their next words, and the width of the beam."""
    scores = -4 * torch.rand(living)
    return scores, (2 * torch.randn(living, 11)).log_softmax(dim=-1), max(3, living)


def beam_step_by(total=lambda scores, log_p: scores[:, None] + log_p, largest=True, words=None):
    """The best ways to go on; how they are scored, which end is taken, and how many words a row has."""

    def answer(scores, log_p, width):
        best = total(scores, log_p).flatten().topk(width, largest=largest).indices.tolist()
        return [divmod(i, words or log_p.size(1)) for i in best]

    return answer


def one_for_each(scores, log_p, width):
    best = (scores[:, None] + log_p).max(dim=1)
    order = best.values.argsort(descending=True).tolist()
    return [(place, best.indices[place].item()) for place in order]


def by_rows(scores, log_p, width):
    """The best `width` words of each beginning, one beginning after the other."""
    return [(place, word) for place, row in enumerate(log_p) for word in row.topk(width).indices.tolist()]


def first_row_alone(scores, log_p, width):
    return [(0, word) for word in log_p[0].topk(width).indices.tolist()]


def in_order_of_places(scores, log_p, width):
    return sorted(beam_step_by()(scores, log_p, width))


def word_first(scores, log_p, width):
    return [(word, place) for place, word in beam_step_by()(scores, log_p, width)]


def by_sorting(scores, log_p, width):
    """Another right way, with lists."""
    ways = [(scores[i] + log_p[i, j], i, j) for i in range(len(scores)) for j in range(log_p.size(1))]
    return [(i, j) for _, i, j in sorted(ways, reverse=True)[:width]]


def as_pairs(said):
    """Pairs of whole numbers, whatever they were written in; what is none stays as it is."""
    if not hasattr(said, "__iter__"):
        return said
    return [tuple(map(int, way)) if hasattr(way, "__iter__") else way for way in said]


beam_step = Exercise(
    "08",
    "beam_step",
    beam_step_by(),
    {
        "one beginning": lambda: drawn_beam(1),
        "three beginnings": lambda: drawn_beam(3),
        "five beginnings": lambda: drawn_beam(5),
    },
    [
        Mistake(
            "how likely the beginnings are is forgotten",
            "Add the score of a beginning to the log-probabilities of its words: scores[:, None] + log_p.",
            beam_step_by(total=lambda scores, log_p: log_p),
            seen="topk of log_p alone, as in greedy search",
        ),
        Mistake(
            "every beginning goes on once",
            "All ways compete: a beginning may take several places, or none.",
            one_for_each,
            seen="max over the words of each row",
        ),
        Mistake(
            "every beginning keeps `width` words",
            "All together keep `width` ways; otherwise the beam grows at each step.",
            by_rows,
            seen="topk over the last axis, and no second choice among the rows",
        ),
        Mistake(
            "only the first beginning goes on",
            "Look at the words of all rows.",
            first_row_alone,
            seen="log_p[0], which does for the first step",
        ),
        Mistake(
            "log-probabilities are multiplied",
            "The log of a product is a sum: add them.",
            beam_step_by(total=lambda scores, log_p: scores[:, None] * log_p),
            seen="probabilities are multiplied, their logarithms are not",
        ),
        Mistake(
            "probabilities are added",
            "p · q has the logarithm log p + log q: add before exp, or leave exp out.",
            beam_step_by(total=lambda scores, log_p: scores[:, None].exp() + log_p.exp()),
            seen="both turned into probabilities, and then summed",
        ),
        Mistake(
            "you take the least likely ways",
            "Log-probabilities near 0 are good: the largest.",
            beam_step_by(largest=False),
            seen="a loss taken for a score",
        ),
        Mistake(
            "place and word come from a division by the wrong number",
            "Flattened, a row has as many entries as there are words: divmod(i, log_p.size(1)).",
            lambda scores, log_p, width: beam_step_by(words=len(scores))(scores, log_p, width),
            seen="divmod by the width of the beam",
        ),
        Mistake(
            "place and word are exchanged",
            "(place, word): which beginning, then which word.",
            word_first,
            seen="i % V and i // V taken for each other",
        ),
        Mistake(
            "the ways are in the order of their places",
            "The best one first.",
            in_order_of_places,
            seen="row after row",
        ),
    ],
    right=[by_sorting],
    call=lambda answer, *given: as_pairs(answer(*given)),
)


def drawn_scores():
    """How well two systems do on each sentence, with ties, and how often to draw."""
    return [random.randint(0, 2) for _ in range(23)], [random.randint(0, 2) for _ in range(23)], 40


def watched(answer, first, second, draws):
    """What a bootstrap does, in facts that do not depend on how it draws."""
    n = len(first)
    sides = [[f"{side}{i}" for i in range(n)] for side in "abr"]
    worth = dict(zip(sides[0] + sides[1], first + second, strict=True))
    runs, said, kept = [], [], [list(side) for side in sides]
    for _ in range(2):
        calls = []

        def measure(texts, references, calls=calls):
            calls.append((list(texts), list(references)))
            return sum(worth.get(text, 0) for text in texts) / max(1, len(texts))

        said.append(answer(*sides, measure, random.Random(0), draws))
        runs.append(calls)
    a, b = ([places(texts) for texts, _ in runs[0] if "".join(texts[:1])[:1] == side] for side in "ab")
    ahead = [sum(first[i] for i in x) - sum(second[i] for i in y) for x, y in zip(a, b, strict=False)]
    return {
        "is `measure` asked for (texts, references)": all(
            {text[0] for text in texts} <= set("ab") and {text[0] for text in references} <= {"r"}
            for texts, references in runs[0]
        ),
        "does a text keep its own reference": all(places(x) == places(y) for x, y in runs[0]),
        "how often is each system measured": [len(a), len(b)],
        "how many sentences has a draw": sorted({len(drawn) for drawn in a + b}),
        "can a sentence come twice in a draw": any(len(set(drawn)) < len(drawn) for drawn in a),
        "is every draw a new one": len(set(map(tuple, a))) > draws / 2,
        "are all sentences drawn sooner or later": set().union(*a) == set(range(n)) if a else False,
        "do both systems get the same sentences": a == b,
        "does the same `rng` give the same draws": runs[0] == runs[1],
        "are the lists left as they were": sides == kept,
        "what is given back": meaning(said[0], ahead, draws),
    }


def places(texts):
    return [int(text[1:]) for text in texts]


def meaning(said, ahead, draws):
    """What a number says of the draws, in words, if it is one that people give back."""
    wins, ties = sum(lead > 0 for lead in ahead), sum(lead == 0 for lead in ahead)
    known = {
        "wins / draws": wins / draws,
        "(wins + ties) / draws": (wins + ties) / draws,
        "(wins + ties / 2) / draws": (wins + ties / 2) / draws,
        "losses / draws": (draws - wins - ties) / draws,
        "(losses + ties) / draws": (draws - wins) / draws,
        "wins": wins,
        "100 * wins / draws": 100 * wins / draws,
    }
    try:
        return next(name for name, value in known.items() if abs(float(said) - value) < 1e-6)
    except (StopIteration, TypeError, ValueError):
        return str(said)[:40]


def bootstrap(draw=None, back=lambda wins, ties, draws: wins / draws, apart=False, times=None, new=True):
    """A paired bootstrap in which one thing or another is spoilt."""
    draw = draw or (lambda rng, n: rng.choices(range(n), k=n))

    def answer(first, second, references, measure, rng, draws):
        wins, ties, n, drawn = 0, 0, len(references), None
        for _ in range(times or draws):
            drawn = draw(rng, n) if new or drawn is None else drawn
            other = draw(rng, n) if apart else drawn
            a = measure([first[i] for i in drawn], [references[i] for i in drawn])
            b = measure([second[i] for i in other], [references[i] for i in other])
            wins, ties = wins + (a > b), ties + (a == b)
        return back(wins, ties, draws)

    return answer


def by_pairs(first, second, references, measure, rng, draws):
    """Another right way: whole pairs are drawn, one by one."""
    together, ahead = list(zip(first, second, references, strict=True)), []
    for _ in range(draws):
        a, b, r = zip(*(together[rng.randrange(len(together))] for _ in together), strict=True)
        ahead.append(measure(a, r) - measure(b, r) > 0)
    return torch.tensor(ahead).float().mean()


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
            bootstrap(draw=lambda rng, n: rng.sample(range(n), n)),
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
            bootstrap(draw=lambda rng, n: rng.choices(range(n), k=n // 2)),
            seen="half of the set, as in some toolkits",
        ),
        Mistake(
            "that is how often the second one wins",
            "Count the turns in which the first is above the second.",
            bootstrap(back=lambda wins, ties, draws: (draws - wins - ties) / draws),
            seen="which system is the new one?",
        ),
        Mistake(
            "you count ties as wins",
            "The first has to be above the second: >, not >=.",
            bootstrap(back=lambda wins, ties, draws: (wins + ties) / draws),
            seen=">= for >",
        ),
        Mistake(
            "you count ties as half a win",
            "Only the turns count in which the first is above the second.",
            bootstrap(back=lambda wins, ties, draws: (wins + ties / 2) / draws),
            seen="as in tournaments",
        ),
        Mistake(
            "you give back a count",
            "Divide by draws: a share lies between 0 and 1.",
            bootstrap(back=lambda wins, ties, draws: wins),
            seen="the last division is forgotten",
        ),
        Mistake(
            "you give back per cent",
            "A share lies between 0 and 1.",
            bootstrap(back=lambda wins, ties, draws: 100 * wins / draws),
            seen="tables print per cent",
        ),
        Mistake(
            "you do not draw from `rng`",
            "Use the generator that is handed over: rng.choices, so that a result can be repeated.",
            bootstrap(draw=lambda rng, n: random.choices(range(n), k=n)),
            seen="random.choices, or numpy.random, which know nothing of rng",
        ),
        Mistake(
            "some sentences are never drawn",
            "All n places may come: range(n), or randrange(n).",
            bootstrap(draw=lambda rng, n: [rng.randint(1, n - 1) for _ in range(n)]),
            seen="randint counts its last number in, and people start it at 1",
        ),
        Mistake(
            "you draw only once",
            "Once for each of the `draws`: a loop around it.",
            bootstrap(times=1),
            seen="`draws` is an argument that one forgets",
        ),
    ],
    right=[by_pairs],
    call=watched,
)
