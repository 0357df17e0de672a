"""The exercises of lesson 09: what is right, and the mistakes that people make."""

import torch

from .attribution import rollout
from .exercise import Exercise, Mistake
from .ranks import rank_correlation, ranks

HEADS, STEPS, WORDS, FEATURES = 3, 5, 7, 2  # heads, steps, source words, features of a head


def mixed(weights, residual=0.5, heads=torch.mean):
    """The layers as a rollout multiplies them, (layers, S, S): attention and the word itself."""
    return (1 - residual) * heads(weights, dim=1) + residual * torch.eye(weights.size(-1))


def product(layers, reverse=False):
    """The highest layer times the one below it, and so on down; or the other way round."""
    found = torch.eye(layers.size(-1))
    for layer in layers:
        found = found @ layer if reverse else layer @ found
    return found


def identity_last(layers):
    """W R and the identity, half of each, layer after layer."""
    found = torch.eye(layers.size(-1))
    for layer in layers:
        found = 0.5 * layer @ found + 0.5 * torch.eye(layers.size(-1))
    return found


follow_down = Exercise(
    "09",
    "follow_down",
    rollout,
    {
        "one layer": lambda: (torch.randn(1, HEADS, WORDS, WORDS).softmax(dim=-1),),
        "three layers": lambda: (torch.randn(3, HEADS, WORDS, WORDS).mul(2).softmax(dim=-1),),
    },
    [
        Mistake(
            "the residual is missing",
            "A word also passes on by the residual connection: half attention, half the identity.",
            lambda weights: product(weights.mean(dim=1)),
            seen="the product of bare attention matrices, in many plots called rollout",
        ),
        Mistake(
            "the layers are multiplied in the wrong order",
            "The highest layer stands on the left: its rows look at what the layer below has mixed.",
            lambda weights: product(mixed(weights), reverse=True),
            seen="joined = joined @ layer, read from the lowest layer up",
        ),
        Mistake(
            "attention and identity are added and not halved, so that rows sum to more than 1",
            "Both together must be a distribution again: 0.5 of each.",
            lambda weights: product(weights.mean(dim=1) + torch.eye(weights.size(-1))),
            seen="the normalisation of section 3 of the paper is left out",
        ),
        Mistake(
            "you take the largest of the heads",
            "Here it is the mean of the heads, so that rows still sum to 1.",
            lambda weights: product(mixed(weights, heads=torch.amax)),
            seen='head_fusion="max" in jacobgil/vit-explain',
        ),
        Mistake(
            "you take the sum of the heads",
            "The mean: a sum of H distributions sums to H.",
            lambda weights: product(mixed(weights, heads=torch.sum)),
            seen="sum and mean taken for each other",
        ),
        Mistake(
            "you look at the last layer only",
            "Follow attention down: multiply the layers, from the top to the bottom.",
            lambda weights: mixed(weights)[-1],
            seen="one reads a word into the vector that stands in its place",
        ),
        Mistake(
            "you take the mean of the layers",
            "Layers stand on top of each other: what one has mixed is mixed again by the next. Multiply.",
            lambda weights: mixed(weights).mean(dim=0),
            seen="layers treated as heads are",
        ),
        Mistake(
            "you average over the rows of a map and not over the heads",
            "weights is (layers, H, S, S): the heads are axis 1.",
            lambda weights: product(
                0.5 * weights.mean(dim=2)[:, :1].expand(-1, WORDS, -1) + 0.5 * torch.eye(WORDS)
            ),
            seen="the axis counted from the wrong end",
        ),
        Mistake(
            "the identity comes in at the end only",
            "Each layer has its own residual connection: mix in the identity before you multiply.",
            lambda weights: 0.5 * product(weights.mean(dim=1)) + 0.5 * torch.eye(weights.size(-1)),
            seen="the residual seen as one way around the whole stack",
        ),
        Mistake(
            "you average over the layers and walk through the heads",
            "weights is (layers, H, S, S): take the mean of axis 1, and multiply along axis 0.",
            lambda weights: product(0.5 * weights.mean(dim=0) + 0.5 * torch.eye(WORDS)),
            seen="layers and heads exchanged",
        ),
        Mistake(
            "you add a half to every weight, not only where a word meets itself",
            "The residual is 0.5 times the identity matrix, torch.eye.",
            lambda weights: product(0.5 * weights.mean(dim=1) + 0.5),
            seen="0.5 * W + 0.5, the I of the formula read as a one",
        ),
        Mistake(
            "you multiply number by number",
            "Layers are composed by the matrix product, @.",
            lambda weights: mixed(weights).prod(dim=0) * torch.eye(WORDS),
            seen="* for @",
        ),
        Mistake(
            "you mix the identity in after you multiply: it must be mixed into each layer's weights",
            "First A = 0.5 W + 0.5 I, then A @ R.",
            lambda weights: identity_last(weights.mean(dim=1)),
            seen="R = 0.5 * W @ R + 0.5 * I: the brackets are left out",
        ),
        Mistake(
            "you take the largest of the heads, and divide each row by its sum",
            "Here it is the mean of the heads, so that rows sum to 1 by themselves.",
            lambda weights: product(
                torch.nn.functional.normalize(2 * mixed(weights, heads=torch.amax), 1, -1)
            ),
            seen='head_fusion="max" in jacobgil/vit-explain, which renormalises',
        ),
        Mistake(
            "the last layer is missing",
            "All layers are multiplied, the highest too.",
            lambda weights: product(mixed(weights)[:-1]),
            seen="range(len(weights) - 1)",
        ),
        Mistake(
            "it is transposed",
            "Row t says what is in vector t; do not exchange the axes.",
            lambda weights: rollout(weights).T,
            seen="columns read as the words that look",
        ),
    ],
    right=[
        lambda weights: torch.linalg.multi_dot([torch.eye(WORDS), *mixed(weights).flip(0), torch.eye(WORDS)])
    ],
)


def pearson(a, b, centred=True):
    """The correlation of the values themselves."""
    a, b = (x - x.mean() * centred for x in (a, b))
    return (a @ b / (a.norm() * b.norm())).item()


def in_order(values):
    """Ranks from 1 that break ties: of equals, the first comes first."""
    return values.argsort(stable=True).argsort().float() + 1


def concordance(a, b):
    """Kendall's tau-a: pairs in the same order less pairs in the opposite one."""
    signs = (a[:, None] - a).sign() * (b[:, None] - b).sign()
    return (signs.sum() / (len(a) * (len(a) - 1))).item()


def tau_b(a, b):
    """Kendall's tau-b, which leaves out pairs of equals."""
    one, other = (x[:, None] - x for x in (a, b))
    signs = one.sign() * other.sign()
    return (signs.sum() / (one.sign().abs().sum() * other.sign().abs().sum()).sqrt()).item()


def by_formula(a, b):
    """1 less six times the squared differences of ranks: right where no two numbers are equal."""
    return (1 - 6 * (ranks(a) - ranks(b)).square().sum() / (len(a) * (len(a) ** 2 - 1))).item()


def places_twice(values):
    """Twice the ranks, less 1, by searching in the sorted list: equals have the mean of their places."""
    order = values.sort()[0]
    return (torch.searchsorted(order, values) + torch.searchsorted(order, values, right=True)).float()


def drawn_numbers():
    return torch.rand(11).exp() ** 3, torch.randn(11)


def drawn_equals():
    a, b = torch.randint(0, 4, (2, 13)).float()
    a[:2], b[:3] = torch.tensor([9.0, 9]), torch.tensor([5.0, 5, 7])  # never all of them, never none
    return a, b


spearman = Exercise(
    "09",
    "spearman",
    rank_correlation,
    {"numbers that differ": drawn_numbers, "numbers of which some are equal": drawn_equals},
    [
        Mistake(
            "that is the correlation of the numbers, not of their ranks",
            "First put each number's place in the order where the number was.",
            lambda a, b: pearson(a, b),
            seen="torch.corrcoef and pandas' corr do so unless told otherwise",
        ),
        Mistake(
            "equal numbers get different ranks",
            "Equals share the mean of their places: count the smaller ones, and half of the equal ones.",
            lambda a, b: pearson(in_order(a), in_order(b)),
            seen="argsort of argsort breaks ties by the order of the list",
        ),
        Mistake(
            "argsort alone gives no ranks",
            "argsort says which number comes first; the rank says at which place a number comes.",
            lambda a, b: pearson(a.argsort(stable=True).float(), b.argsort(stable=True).float()),
            seen="one argsort for two, a common slip in NumPy",
        ),
        Mistake(
            "the formula of squared differences is wrong where numbers are equal",
            "Take the correlation of the ranks, which holds in both cases.",
            by_formula,
            seen="1 - 6 Σd² / (n(n² - 1)) in every textbook, for ranks without ties",
        ),
        Mistake(
            "equals share the lowest of their places",
            "They share the mean of their places: 2 and 3 become 2.5 each.",
            lambda a, b: pearson(*((x[:, None] > x).sum(dim=1).float() for x in (a, b))),
            seen='method="min" in scipy.stats.rankdata',
        ),
        Mistake(
            "equals share the highest of their places",
            "They share the mean of their places: 2 and 3 become 2.5 each.",
            lambda a, b: pearson(*((x[:, None] >= x).sum(dim=1).float() for x in (a, b))),
            seen='method="max" in scipy.stats.rankdata',
        ),
        Mistake(
            "after equal numbers the count goes on by one only",
            "Three equals take three places, and share their mean: the next number comes three places later.",
            lambda a, b: pearson(*(x.unique(return_inverse=True)[1].float() for x in (a, b))),
            seen='torch.unique, or method="dense" in scipy.stats.rankdata',
        ),
        Mistake(
            "you sort both lists and compare what is left",
            "Sorting loses which number belonged to which: each stays in its place and becomes its rank.",
            lambda a, b: pearson(a.sort()[0], b.sort()[0]),
            seen="sort for rank",
        ),
        Mistake(
            "that is how far the two orders disagree",
            "It is missing from 1: the same order must give 1.",
            lambda a, b: 1 - by_formula(a, b),
            seen="the 1 - of the formula is left out",
        ),
        Mistake(
            "one part of it is divided by N, and another by N - 1",
            "Tensor.std divides by N - 1, mean by N. Divide by the lengths of the differences instead.",
            lambda a, b: rank_correlation(a, b) * (len(a) - 1) / len(a),
            seen="(x * y).mean() / (x.std() * y.std())",
        ),
        Mistake(
            "the mean of the ranks is not subtracted",
            "A correlation compares differences from the mean.",
            lambda a, b: pearson(ranks(a), ranks(b), centred=False),
            seen="cosine taken for correlation",
        ),
        Mistake(
            "the sign is wrong: one list is ranked from below, the other from above",
            "Rank both in the same direction.",
            lambda a, b: -rank_correlation(a, b),
            seen="the best first in one list, the smallest first in the other",
        ),
        Mistake(
            "only one of the two lists is ranked",
            "Both lists become ranks before they are correlated.",
            lambda a, b: pearson(ranks(a), b),
            seen="a name used twice, or ranks(a) alone",
        ),
        Mistake(
            "that is Kendall's tau-b",
            "Kendall counts pairs in the same order; Spearman correlates ranks.",
            tau_b,
            seen="scipy.stats.kendalltau",
        ),
        Mistake(
            "that is Kendall's",
            "Kendall counts pairs in the same order; Spearman correlates ranks.",
            concordance,
            seen="Jain & Wallace 2019 report Kendall's tau",
        ),
        Mistake(
            "the sign is lost",
            "The opposite order is -1, not 1.",
            lambda a, b: abs(rank_correlation(a, b)),
            seen="strength alone is reported",
        ),
        Mistake(
            "that is a covariance",
            "Divide by the lengths of both lists of differences.",
            lambda a, b: ((ranks(a) - ranks(a).mean()) @ (ranks(b) - ranks(b).mean()) / len(a)).item(),
            seen="the denominator is forgotten",
        ),
    ],
    right=[
        lambda a, b: torch.corrcoef(torch.stack([ranks(a), ranks(b)]))[0, 1].item(),
        lambda a, b: pearson(places_twice(a), places_twice(b)),
    ],
)


def drawn_maps():
    """A map of a translator, (T, S), and one of the opposite translator, (S, T), that agree in part."""
    there = torch.rand(STEPS, WORDS)
    back = 0.6 * there.T + 0.4 * torch.rand(WORDS, STEPS)
    return there.softmax(dim=-1), back.softmax(dim=-1)


def forward_links(there):
    return {(s, t) for t, s in enumerate(there.argmax(dim=1).tolist())}


def backward_links(back):
    return {(s, t) for s, t in enumerate(back.argmax(dim=1).tolist())}


both_ways = Exercise(
    "09",
    "both_ways",
    lambda there, back: forward_links(there) & backward_links(back),
    {"two maps": drawn_maps, "two other maps": drawn_maps},
    [
        Mistake(
            "that is the union",
            "Keep what both say: &, not |.",
            lambda there, back: forward_links(there) | backward_links(back),
            seen="AND and OR confused; both are called symmetrised",
        ),
        Mistake(
            "your links are (target, source)",
            "A link is (source index, target index), as in lesson 01.",
            lambda there, back: {(t, s) for s, t in forward_links(there) & backward_links(back)},
            seen="the tools of the field write both, and the papers rarely say which",
        ),
        Mistake(
            "the links of the second map are not turned round",
            "A row of `back` is a source word, and what it looks at is a target word.",
            lambda there, back: forward_links(there) & forward_links(back),
            seen="one function for both maps",
        ),
        Mistake(
            "only the first map counts",
            "Ask the opposite translator, too.",
            lambda there, back: forward_links(there),
            seen="one direction is what most articles show",
        ),
        Mistake(
            "only the second map counts",
            "Ask both.",
            lambda there, back: backward_links(back),
            seen="a variable used twice",
        ),
        Mistake(
            "you take the largest number of a column",
            "Each row of a map is a distribution: its word chooses among the columns, dim=1.",
            lambda there, back: (
                {(s, t) for s, t in enumerate(there.argmax(dim=0).tolist())}
                & {(s, t) for t, s in enumerate(back.argmax(dim=0).tolist())}
            ),
            seen="argmax over the wrong axis",
        ),
        Mistake(
            "your rows are one step late",
            "Row t is the step that produces target token t: no shift.",
            lambda there, back: {(s, t + 1) for s, t in forward_links(there) & backward_links(back)},
            seen="row 0 taken for <s>, which is fed and not produced",
        ),
        Mistake(
            "there is no link in it, though both agree on some",
            "Tensors of one number are never the same element of a set: .tolist() makes numbers of them.",
            lambda there, back: set(),
            seen="enumerate(there.argmax(dim=1)) gives tensors, which a set compares by identity",
        ),
        Mistake(
            "you join the two maps and then let each target word choose",
            "Let each side choose by itself, then keep the links that both have chosen.",
            lambda there, back: forward_links(there * back.T),
            seen="soft agreement, as in the joint training of Liang et al. 2006",
        ),
        Mistake(
            "you read the columns of the first map, and the second one not at all",
            "Here the other direction is a map of its own: back.argmax(dim=1).",
            lambda there, back: forward_links(there) & backward_links(there.T),
            seen="the lesson does so where there is one map only",
        ),
        Mistake(
            "you keep the links on which they do not agree",
            "& keeps what both have; ^ keeps what only one has.",
            lambda there, back: forward_links(there) ^ backward_links(back),
            seen="a slip among the set operators",
        ),
        Mistake(
            "you link all that weighs more than one of S or T words would by chance",
            "Each word has one link in a map, that of its largest weight.",
            lambda there, back: {
                (s, t)
                for s in range(WORDS)
                for t in range(STEPS)
                if there[t, s] > 1 / WORDS and back[s, t] > 1 / STEPS
            },
            seen="a threshold in place of the largest weight",
        ),
    ],
    right=[
        lambda there, back: {
            (s, t)
            for s in range(WORDS)
            for t in range(STEPS)
            if there[t, s] == there[t].max() and back[s, t] == back[s].max()
        }
    ],
)


def drawn_function():
    """A function of a vector, the vector, a baseline and a number of steps."""
    a, b = torch.randn(2, WORDS)

    def f(x):
        return (a * x**3).sum() + (b * x).sum().sin() + x[0] * x[1]

    return f, torch.randn(WORDS), 0.5 * torch.randn(WORDS), 9


def along(f, start, end, places):
    """The gradients of f at these places of the way from start to end, one row each."""
    rows = []
    for place in places:
        x = (start + place * (end - start)).detach().requires_grad_()
        rows.append(torch.autograd.grad(f(x), x)[0])
    return torch.stack(rows)


def middles(steps):
    return [(step + 0.5) / steps for step in range(steps)]


path_gradients = Exercise(
    "09",
    "path_gradients",
    lambda f, x, baseline, steps: (x - baseline) * along(f, baseline, x, middles(steps)).mean(dim=0),
    {"a function of seven numbers": drawn_function},
    [
        Mistake(
            "the difference is missing: that is the mean gradient",
            "Multiply by x - baseline: a steep feature that does not change explains nothing.",
            lambda f, x, baseline, steps: along(f, baseline, x, middles(steps)).mean(dim=0),
            seen="the factor before the integral in equation 1 is overlooked",
        ),
        Mistake(
            "you take the gradient at the end only",
            "Average it over the whole way from the baseline to x.",
            lambda f, x, baseline, steps: (x - baseline) * along(f, baseline, x, [1.0])[0],
            seen="gradient times input, the older method",
        ),
        Mistake(
            "that is gradient times input: the gradient at x, times x",
            "Average the gradient over the way, and multiply by x - baseline.",
            lambda f, x, baseline, steps: x * along(f, baseline, x, [1.0])[0],
            seen="an older method, Shrikumar et al. 2016",
        ),
        Mistake(
            "that is the plain gradient at x",
            "Average the gradient over the way, and multiply by x - baseline.",
            lambda f, x, baseline, steps: along(f, baseline, x, [1.0])[0],
            seen="saliency, the oldest method",
        ),
        Mistake(
            "you take the gradient by x, and not by the point: each is too small by its place on the way",
            "The point itself requires the gradient; how it was made from x must not be followed back.",
            lambda f, x, baseline, steps: (
                (x - baseline)
                * (along(f, baseline, x, middles(steps)) * torch.tensor(middles(steps))[:, None]).mean(dim=0)
            ),
            seen="x.requires_grad_() before the loop, autograd.grad(f(point), x)",
        ),
        Mistake(
            "gradients of earlier steps are counted again in each later one",
            "backward() adds to .grad: use torch.autograd.grad, by a point that is new in each step.",
            lambda f, x, baseline, steps: (
                (x - baseline)
                * (along(f, baseline, x, middles(steps)) * torch.tensor(middles(steps))[:, None])
                .cumsum(dim=0)
                .mean(dim=0)
            ),
            seen="x.grad is read after each backward(), and never set back to zero",
        ),
        Mistake(
            "the way does not end at x: your points are baseline + place * x",
            "The points are baseline + place * (x - baseline).",
            lambda f, x, baseline, steps: (
                (x - baseline) * along(f, baseline, baseline + x, middles(steps)).mean(dim=0)
            ),
            seen="right only for a baseline of zeros",
        ),
        Mistake(
            "you take one gradient, half-way",
            "Average it over `steps` points of the way.",
            lambda f, x, baseline, steps: (x - baseline) * along(f, baseline, x, [0.5])[0],
            seen="the loop returns in its first round, or steps is not used",
        ),
        Mistake(
            "you multiply by x, and not by x - baseline",
            "The way begins at the baseline, and is x - baseline long.",
            lambda f, x, baseline, steps: x * along(f, baseline, x, middles(steps)).mean(dim=0),
            seen="right only for a baseline of zeros",
        ),
        Mistake(
            "the way begins at zero, and not at the baseline",
            "The points are baseline + place * (x - baseline).",
            lambda f, x, baseline, steps: (x - baseline) * along(f, 0 * x, x, middles(steps)).mean(dim=0),
            seen="place * x, which is right only for a baseline of zeros",
        ),
        Mistake(
            "the sign is wrong: you go from x to the baseline",
            "The difference is x - baseline.",
            lambda f, x, baseline, steps: (baseline - x) * along(f, baseline, x, middles(steps)).mean(dim=0),
            seen="the two ends exchanged",
        ),
        Mistake(
            "you sum the gradients and do not divide by the number of steps",
            "Each step is 1/steps of the way: take the mean.",
            lambda f, x, baseline, steps: (x - baseline) * along(f, baseline, x, middles(steps)).sum(dim=0),
            seen="the 1/m of equation 3 of the paper is left out",
        ),
        Mistake(
            "you take the gradient where a step ends",
            "Here it is taken in the middle of each step: (step + 0.5) / steps.",
            lambda f, x, baseline, steps: (
                (x - baseline) * along(f, baseline, x, [(n + 1) / steps for n in range(steps)]).mean(dim=0)
            ),
            seen="equation 3 of the paper does so; it needs many more steps",
        ),
        Mistake(
            "you take the gradient where a step begins",
            "Here it is taken in the middle of each step: (step + 0.5) / steps.",
            lambda f, x, baseline, steps: (
                (x - baseline) * along(f, baseline, x, [n / steps for n in range(steps)]).mean(dim=0)
            ),
            seen="range(steps) divided by steps",
        ),
        Mistake(
            "your points run from 0 to 1, both ends among them",
            "The middle of each step: (step + 0.5) / steps, so neither 0 nor 1 is among them.",
            lambda f, x, baseline, steps: (
                (x - baseline) * along(f, baseline, x, [n / (steps - 1) for n in range(steps)]).mean(dim=0)
            ),
            seen="torch.linspace(0, 1, steps)",
        ),
        Mistake(
            "that is the trapezoid rule",
            "It works as well; here the gradient is taken once in each step, in its middle.",
            lambda f, x, baseline, steps: (
                (x - baseline)
                * (
                    along(f, baseline, x, [n / steps for n in range(steps)])
                    + along(f, baseline, x, [(n + 1) / steps for n in range(steps)])
                ).mean(dim=0)
                / 2
            ),
            seen="TensorFlow's tutorial on integrated gradients",
        ),
        Mistake(
            "you take sizes: the sign of each feature's part is lost",
            "A feature may count against the answer; without signs the parts do not add up.",
            lambda f, x, baseline, steps: (
                (x - baseline) * along(f, baseline, x, middles(steps)).mean(dim=0)
            ).abs(),
            seen="saliency maps show absolute values",
        ),
    ],
    right=[
        lambda f, x, baseline, steps: (
            sum(along(f, baseline, x, [(n - 0.5) / steps])[0] for n in range(1, steps + 1))
            * (x - baseline)
            / steps
        )
    ],
)


def drawn_heads():
    """Weights (H, T, S), values (H, S, K), the output matrix (D, D), and the number of a head."""
    weights = torch.randn(HEADS, STEPS, WORDS).softmax(dim=-1)
    return (
        weights,
        torch.randn(HEADS, WORDS, FEATURES),
        torch.randn(HEADS * FEATURES, HEADS * FEATURES),
        torch.randint(HEADS, ()).item(),
    )


def merged(heads, matrix):
    """What an attention layer gives out: (H, T, K) -> (T, D)."""
    return heads.transpose(0, 1).flatten(1) @ matrix.T


def others(head, number=HEADS):
    """1 for the heads that stay, 0 for the one that goes: (H, 1, 1)."""
    kept = torch.ones(number, 1, 1)
    kept[head] = 0
    return kept


silenced = Exercise(
    "09",
    "silenced",
    lambda weights, values, matrix, head: merged(weights @ values * others(head), matrix),
    {"three heads": drawn_heads, "three other heads": drawn_heads},
    [
        Mistake(
            "no head is silenced",
            "Put zeros where the mixture of this head was, before the heads are merged.",
            lambda weights, values, matrix, head: merged(weights @ values, matrix),
            seen="a copy is changed, and the original used",
        ),
        Mistake(
            "only this head speaks: you silence the others",
            "Set the head itself to zero.",
            lambda weights, values, matrix, head: merged(weights @ values * (1 - others(head)), matrix),
            seen="a mask of the other polarity",
        ),
        Mistake(
            "the other heads are made louder, to make up for it",
            "Leave them as they are: we ask what is lost, and dropout's factor belongs to training.",
            lambda weights, values, matrix, head: merged(
                weights @ values * others(head) * HEADS / (HEADS - 1), matrix
            ),
            seen="weights renormalised after one is removed, as dropout does",
        ),
        Mistake(
            "the head looks at all words alike; it is not silent",
            "Uniform weights still give a mixture: the mean of the values. Zero the mixture.",
            lambda weights, values, matrix, head: merged(
                torch.where(others(head) > 0, weights, torch.tensor(1 / WORDS)) @ values, matrix
            ),
            seen="scores set to 0 before the softmax",
        ),
        Mistake(
            "you zero a step of time, not a head",
            "Heads are axis 0 of the mixtures (H, T, K).",
            lambda weights, values, matrix, head: merged(
                weights @ values * others(head, STEPS).transpose(0, 1), matrix
            ),
            seen="mixtures[:, head] = 0",
        ),
        Mistake(
            "you zero one feature, not the features of a head",
            "A head has K features of a row (T, D): zero it before the heads are merged.",
            lambda weights, values, matrix, head: (
                merged(weights @ values, torch.eye(len(matrix)))
                * others(head, len(matrix)).flatten()
                @ matrix.T
            ),
            seen="merged[:, head] = 0",
        ),
        Mistake(
            "the features of a row are in the wrong order: all heads' first ones, then their second",
            "Heads lie side by side, each whole: (T, H, K) before it is made flat.",
            lambda weights, values, matrix, head: (
                (weights @ values * others(head)).permute(1, 2, 0).flatten(1) @ matrix.T
            ),
            seen="permute(1, 2, 0) for transpose(0, 1)",
        ),
        Mistake(
            "the head gets the mean of the others",
            "It is to add nothing: zeros.",
            lambda weights, values, matrix, head: merged(
                torch.where(
                    others(head) > 0,
                    weights @ values,
                    (weights @ values * others(head)).sum(dim=0, keepdim=True) / (HEADS - 1),
                ),
                matrix,
            ),
            seen="mean ablation, another experiment",
        ),
        Mistake(
            "you zero features of what comes out",
            "The output matrix mixes all heads: zero what goes in, columns of the matrix, not its rows.",
            lambda weights, values, matrix, head: (
                merged(weights @ values, matrix).unflatten(1, (HEADS, FEATURES))
                * others(head).transpose(0, 1)
            ).flatten(1),
            seen="the output looks as if it were still divided into heads",
        ),
        Mistake(
            "the heads are merged on the wrong axis",
            "Bring (H, T, K) to (T, H, K) first, so that a row holds all heads of one step.",
            lambda weights, values, matrix, head: (
                (weights @ values * others(head)).reshape(weights.size(1), -1) @ matrix.T
            ),
            seen="reshape or view without a transpose",
        ),
        Mistake(
            "heads are counted from 0",
            "Head 0 is the first one.",
            lambda weights, values, matrix, head: merged(weights @ values * others(head - 1), matrix),
            seen="papers count from 1",
        ),
        Mistake(
            "the output matrix is missing",
            "Merge the heads, then multiply by the output matrix.",
            lambda weights, values, matrix, head: merged(
                weights @ values * others(head), torch.eye(len(matrix))
            ),
            seen="the last linear layer belongs to attention, and is forgotten",
        ),
        Mistake(
            "the output matrix is the wrong way round",
            "A linear layer multiplies by the transposed matrix: x @ matrix.T.",
            lambda weights, values, matrix, head: merged(weights @ values * others(head), matrix.T),
            seen="torch stores weights as (out, in)",
        ),
    ],
    right=[
        lambda weights, values, matrix, head: sum(
            weights[h] @ values[h] @ matrix[:, h * FEATURES : (h + 1) * FEATURES].T
            for h in range(HEADS)
            if h != head
        )
    ],
)
