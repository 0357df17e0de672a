"""The exercises of lesson 05: what is right, and the mistakes that people make."""

import math

import torch
import torch.nn.functional as F

from .attention import attention, causal_mask
from .exercise import Exercise, Mistake
from .positions import angles, rotate, sinusoidal_positions


def attended(q, k, v, factor=None, weigh=lambda scores: scores.softmax(dim=-1)):
    """Mixture and weights, with another factor for the scores or another way from scores to weights."""
    weights = weigh(q @ k.mT * (k.size(-1) ** -0.5 if factor is None else factor))
    return weights @ v, weights


def scaled(factor):
    return lambda q, k, v: attended(q, k, v, factor(q))


def weighed(weigh):
    return lambda q, k, v: attended(q, k, v, weigh=weigh)


def drawn_vectors(*shape, width=None):
    """Query, key and value; the value has the same width, or one of its own."""
    return torch.randn(*shape), torch.randn(*shape), torch.randn(*shape[:-1], width or shape[-1])


def looped_attention(q, k, v):
    weights = torch.zeros(*q.shape[:-1], k.size(-2))
    for t in range(q.size(-2)):
        strengths = ((q[..., t : t + 1, :] * k).sum(-1) / math.sqrt(k.size(-1))).exp()
        weights[..., t, :] = strengths / strengths.sum(-1, keepdim=True)
    return torch.einsum("...ts,...sk->...tk", weights, v), weights


scaled_attention = Exercise(
    "05",
    "scaled_attention",
    attended,
    {
        "one sentence": lambda: drawn_vectors(5, 7, width=11),
        "a batch": lambda: drawn_vectors(3, 5, 7, width=11),
    },
    [
        Mistake(
            "the scores are not divided",
            "Divide them by √d, where d is the width of a key: k.size(-1) ** 0.5.",
            scaled(lambda q: 1),
            seen="dot-product attention of Luong et al. 2015 has no factor",
        ),
        Mistake(
            "you divide by d",
            "The variance of a score is d; its spread, which you want to be 1, is √d.",
            scaled(lambda q: 1 / q.size(-1)),
            seen="the root is forgotten",
        ),
        Mistake(
            "you multiply by √d",
            "Scores are too large, not too small: divide.",
            scaled(lambda q: q.size(-1) ** 0.5),
            seen="the factor of the word vectors in the Transformer is √d",
        ),
        Mistake(
            "you divide by the root of the number of words",
            "It is the width of a key that counts, the last axis: a score is a sum over its features.",
            scaled(lambda q: q.size(-2) ** -0.5),
            seen="size(-2) for size(-1)",
        ),
        Mistake(
            "you divide by the root of axis 1, which in a batch are the words",
            "The width of a key is its last axis, whatever stands before: k.size(-1).",
            scaled(lambda q: q.size(1) ** -0.5),
            seen="size(1), right as long as there is no batch",
        ),
        Mistake(
            "you divide by the root of the length of k, its first axis",
            "The width of a key is its last axis: k.size(-1).",
            scaled(lambda q: len(q) ** -0.5),
            seen="len(k) for k.size(-1)",
        ),
        Mistake(
            "you divide by the root of the width of the values",
            "A score is a sum over the features of query and key: k.size(-1).",
            lambda q, k, v: attended(q, k, v, v.size(-1) ** -0.5),
            seen="in most models all widths are equal, and it passes",
        ),
        Mistake(
            "you divide by half of d",
            "** comes before /: d ** 1 / 2 is half of d. Write d ** 0.5, or math.sqrt(d).",
            scaled(lambda q: 2 / q.size(-1)),
            seen="scores / (k.size(-1) ** 1 / 2)",
        ),
        Mistake(
            "you divide by d, and by 2 once more",
            "** comes before /: scores / d ** 1 / 2 is scores / d / 2. Write d ** 0.5, or math.sqrt(d).",
            scaled(lambda q: 1 / q.size(-1) / 2),
            seen="scores / k.size(-1) ** 1 / 2",
        ),
        Mistake(
            "mixture and weights have changed places",
            "The mixture comes first: return mixture, weights.",
            lambda q, k, v: attended(q, k, v)[::-1],
            seen="returned in the order in which they are made",
        ),
        Mistake(
            "you return the scores in the place of the weights",
            "The weights are what the softmax makes of the scores.",
            lambda q, k, v: (attended(q, k, v)[0], q @ k.mT / k.size(-1) ** 0.5),
            seen="two tables of one shape",
        ),
        Mistake(
            "the softmax is taken over axis 1, which in a batch are those who ask",
            "A row must sum to 1, whatever stands before: softmax(dim=-1).",
            weighed(lambda scores: scores.softmax(dim=1)),
            seen="softmax(dim=1), right as long as there is no batch",
        ),
        Mistake(
            "the softmax is taken over those who ask",
            "A row belongs to one query, and a row must sum to 1: softmax(dim=-1).",
            weighed(lambda scores: scores.softmax(dim=-2)),
            seen="dim=1 in a batch, dim=0 in a single sentence",
        ),
        Mistake(
            "the softmax is taken over the first axis",
            "In a batch that mixes sentences. A row must sum to 1: softmax(dim=-1).",
            weighed(lambda scores: scores.softmax(dim=0)),
            seen="softmax(0), or a softmax without dim",
        ),
        Mistake(
            "query and key have changed places",
            "Row t asks: scores are q @ k.mT, so that row t holds what query t finds.",
            lambda q, k, v: attended(k, q, v),
            seen="k @ q.mT has the same shape when a sentence looks at itself",
        ),
        Mistake(
            "the softmax is missing",
            "Scores are any numbers; weights are positive, and a row of them sums to 1.",
            weighed(lambda scores: scores),
            seen="A = QKᵀ/√d is printed as the weights in several articles",
        ),
        Mistake(
            "you divide after the softmax",
            "Divide the scores, before the softmax; after it the rows no longer sum to 1.",
            lambda q, k, v: attended(q, k, v, 1, lambda s: s.softmax(dim=-1) / q.size(-1) ** 0.5),
            seen="brackets: softmax(q @ k.mT) / √d",
        ),
        Mistake(
            "the weights are turned round when values are mixed",
            "Row t of the weights mixes the values for word t: weights @ v.",
            lambda q, k, v: (attended(q, k, v)[1].mT @ v, attended(q, k, v)[1]),
            seen="the square matrix fits either way",
        ),
        Mistake(
            "you mix the keys",
            "Keys are there to be compared; what is handed on are the values.",
            lambda q, k, v: attended(q, k, k),
            seen="two of three letters taken for each other",
        ),
    ],
    right=[
        lambda q, k, v: (F.scaled_dot_product_attention(q, k, v), attended(q, k, v)[1]),
        looped_attention,
        lambda q, k, v: list(attention(q, k, v)),
    ],
)


def masked(scores, mask, fill=-math.inf):
    return scores.masked_fill(~mask, fill).softmax(dim=-1)


def drawn_scores(empty):
    scores, mask = 2 * torch.randn(3, 5, 7), torch.rand(3, 5, 7) < 0.6
    mask[..., 2], mask[..., 3] = True, False  # every row may look at something, and not at all
    if empty:
        mask[1, 2] = mask[2, 0] = False
    return scores, mask


masked_weights = Exercise(
    "05",
    "masked_weights",
    lambda scores, mask: masked(scores, mask).masked_fill(~mask, 0.0),
    {
        "rows that may look at something": lambda: drawn_scores(empty=False),
        "rows that may look at nothing": lambda: drawn_scores(empty=True),
    },
    [
        Mistake(
            "the mask is upside down",
            "Here True means: may look. Fill where the mask is False: ~mask.",
            lambda scores, mask: masked(scores, ~mask),
            seen="masks of nn.MultiheadAttention say who may NOT look; pytorch pull request 170415",
        ),
        Mistake(
            "a row that may look at nothing becomes NaN",
            "Its softmax is 0 / 0. Afterwards set to 0 whatever the mask forbids.",
            masked,
            seen="pytorch issues 41508 and 103749",
        ),
        Mistake(
            "a row that may look at nothing looks everywhere, at all alike",
            "A large negative number is the same in the whole row, and softmax makes equal weights of it. "
            "Fill with -inf, and set what is forbidden to 0 afterwards.",
            lambda scores, mask: masked(scores, mask, -1e9),
            seen="masked_fill(mask == 0, -1e9), in The Annotated Transformer and many others",
        ),
        Mistake(
            "a row that may look at nothing looks as if all were allowed",
            "The same number added to all scores of a row changes nothing. Only -inf has a share of 0; and "
            "set what is forbidden to 0 afterwards.",
            lambda scores, mask: (scores + -10000.0 * ~mask).softmax(dim=-1),
            seen="additive masks of -10000, as in BERT",
        ),
        Mistake(
            "you mask after the softmax",
            "What is forbidden then still counts in the sum, and the rest of a row does not sum to 1. "
            "Put -inf in its place before the softmax.",
            lambda scores, mask: scores.softmax(dim=-1) * mask,
            seen="weights * mask, the first thing that comes to mind",
        ),
        Mistake(
            "the mask is not used",
            "Put -inf in the place of every score that the mask forbids.",
            lambda scores, mask: scores.softmax(dim=-1),
            seen="scores.masked_fill(…) on a line of its own gives a new tensor, and changes nothing",
        ),
        Mistake(
            "-inf stands among the weights",
            "It belongs among the scores, before the softmax, which makes 0 of it.",
            lambda scores, mask: scores.softmax(dim=-1).masked_fill(~mask, -math.inf),
            seen="the two lines in the wrong order",
        ),
        Mistake(
            "you put 0 in the place of forbidden scores",
            "A score of 0 is no small one: its share is e⁰ = 1. The number with a share of 0 is -inf.",
            lambda scores, mask: (scores * mask).softmax(dim=-1),
            seen="scores * mask before the softmax",
        ),
        Mistake(
            "you put 0 in the place of forbidden scores, and mask again after the softmax",
            "What is forbidden must not count in the sum either: -inf before the softmax.",
            lambda scores, mask: (scores * mask).softmax(dim=-1) * mask,
            seen="two halves of a cure",
        ),
        Mistake(
            "you add the mask to the scores",
            "True and False become 1 and 0, which hides nothing. Only a mask of -inf and 0 can be added.",
            lambda scores, mask: (scores + mask.float()).softmax(dim=-1),
            seen="additive masks of torch and of Hugging Face hold -inf and 0",
        ),
        Mistake(
            "the softmax is taken over those who ask",
            "A row must sum to 1: softmax(dim=-1).",
            lambda scores, mask: scores.masked_fill(~mask, -math.inf).softmax(dim=-2).masked_fill(~mask, 0.0),
            seen="dim=1 in a batch",
        ),
        Mistake(
            "what is forbidden still counts in the sum",
            "The number that you fill in is not small enough: fill with -inf.",
            lambda scores, mask: masked(scores, mask, -10.0) * mask,
            seen="a number that looks small, and a second mask that hides it",
        ),
        Mistake(
            "all of it is NaN",
            "0 times -inf is NaN, and so is the softmax of +inf. Put -inf in with masked_fill, "
            "where the mask is False.",
            lambda scores, mask: (scores + ~mask * -math.inf).softmax(dim=-1),
            seen="(1 - mask) * -inf, the additive mask with a number that is none",
        ),
        Mistake(
            "all that is allowed becomes NaN",
            "The softmax of +inf is NaN, and so is 0 times -inf. Put -inf in with masked_fill, "
            "where the mask is False.",
            lambda scores, mask: masked(scores, mask, math.inf).masked_fill(~mask, 0.0),
            seen="a minus sign is lost: math.inf for -math.inf",
        ),
        Mistake(
            "you divide once more",
            "These are scores already, divided by √d where they were made: only mask and softmax are left.",
            lambda scores, mask: masked(scores / scores.size(-1) ** 0.5, mask).masked_fill(~mask, 0.0),
            seen="√d brought along from the exercise before",
        ),
        Mistake(
            "what is forbidden still has some weight",
            "The number that you fill in is not small enough: only -inf has a share of exactly 0.",
            lambda scores, mask: masked(scores, mask, -10.0),
            seen="a number that looks small",
        ),
    ],
    right=[
        lambda scores, mask: masked(scores, mask).nan_to_num(0.0),
        lambda scores, mask: torch.where(mask, masked(scores, mask), 0.0),
        lambda scores, mask: F.normalize(scores.softmax(dim=-1) * mask, p=1, dim=-1),
        lambda scores, mask: masked(scores, mask, -1e9) * mask,
        lambda scores, mask: F.scaled_dot_product_attention(
            scores, torch.eye(7).expand(3, 7, 7), torch.eye(7).expand(3, 7, 7), mask, scale=1.0
        ),
    ],
)


def table(length, d_model, exponent=lambda i, D: i / D, base=10000.0, first=0, even="sin", odd="cos"):
    """The table of waves with something done to it; i are the even numbers 0, 2, 4, …"""
    t, i = torch.arange(first, first + length)[:, None], torch.arange(0, d_model, 2)
    turned = t / base ** exponent(i, d_model)
    waves = {"sin": turned.sin(), "cos": turned.cos()}
    return torch.stack((waves[even], waves[odd]), dim=-1).flatten(-2)


def waves_of(length, d_model, turned):
    """Sines and cosines, side by side, of the angles turned(t, i, D)."""
    turned = turned(torch.arange(length)[:, None], torch.arange(0, d_model, 2), d_model)
    return torch.stack((turned.sin(), turned.cos()), dim=-1).flatten(-2)


def halves(length, d_model):
    waves = sinusoidal_positions(length, d_model)
    return torch.cat((waves[:, 0::2], waves[:, 1::2]), dim=-1)


def own_exponents(length, d_model, times=1):
    t, i = torch.arange(length)[:, None], torch.arange(d_model)
    turned = t / 10000 ** (times * i / d_model)
    return torch.where(i % 2 == 0, turned.sin(), turned.cos())


def doubled_own_exponents(length, d_model):
    return own_exponents(length, d_model, times=2)


def tutorial_positions(length, d_model):
    """As The Annotated Transformer computes it."""
    pe = torch.zeros(length, d_model)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, d_model, 2) * -(math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe


def looped_positions(length, d_model):
    rows = torch.zeros(length, d_model)
    for t in range(length):
        for i in range(0, d_model, 2):
            rows[t, i] = math.sin(t / 10000 ** (i / d_model))
            rows[t, i + 1] = math.cos(t / 10000 ** (i / d_model))
    return rows


positions = Exercise(
    "05",
    "positions",
    sinusoidal_positions,
    {
        "some places and a width": lambda: (
            torch.randint(5, 12, ()).item(),
            2 * torch.randint(3, 9, ()).item(),
        )
    },
    [
        Mistake(
            "sine and cosine have changed places",
            "The even columns, 0, 2, 4, …, hold the sines.",
            lambda length, d_model: table(length, d_model, even="cos", odd="sin"),
            seen="which comes first has to be looked up",
        ),
        Mistake(
            "the sines stand in the first half and the cosines in the second",
            "Here they alternate, column by column: table[:, 0::2] and table[:, 1::2].",
            halves,
            seen="tensor2tensor, fairseq, Marian, and TensorFlow's tutorial (tensorflow/text issue 1122)",
        ),
        Mistake(
            "each cosine has an exponent of its own",
            "A sine and the cosine after it share one angle: the exponent is that of the even column.",
            own_exponents,
            seen="torch.arange(1, d_model, 2) / d_model for the odd columns; maxjcohen/transformer issue 62",
        ),
        Mistake(
            "every exponent is doubled, and each cosine has one of its own",
            "The paper's 2i is the number of the even column; the cosine after a sine has the same angle.",
            doubled_own_exponents,
            seen="SamLynnEvans/Transformer issue 25, Kyubyong/transformer issue 38, and others",
        ),
        Mistake(
            "the exponent counts pairs, not columns",
            "The paper's 2i is the number of the column: torch.arange(0, d_model, 2) / d_model.",
            lambda length, d_model: table(length, d_model, lambda i, D: i / 2 / D),
            seen="torch.arange(d_model // 2) / d_model",
        ),
        Mistake(
            "the exponent is doubled",
            "torch.arange(0, d_model, 2) is the paper's 2i already.",
            lambda length, d_model: table(length, d_model, lambda i, D: 2 * i / D),
            seen="2 * torch.arange(0, d_model, 2) / d_model",
        ),
        Mistake(
            "you multiply where you should divide",
            "Later features turn more slowly: t / 10000 ** (i / d_model).",
            lambda length, d_model: table(length, d_model, lambda i, D: -i / D),
            seen="the minus sign of exp(-…) is lost",
        ),
        Mistake(
            "you multiply places by the power, and should divide",
            "Later features turn more slowly: t / 10000 ** (i / d_model).",
            lambda length, d_model: waves_of(length, d_model, lambda t, i, D: t * 10000 ** (i / D)),
            seen="* for /",
        ),
        Mistake(
            "all columns are sines, each with an exponent of its own",
            "Columns come in pairs, a sine and the cosine of the same angle.",
            lambda length, d_model: (
                torch.arange(length)[:, None] / 10000 ** (torch.arange(d_model) / d_model)
            ).sin(),
            seen="the second of the paper's two equations is overlooked",
        ),
        Mistake(
            "your last hand has the exponent 1",
            "The paper divides by d_model: torch.arange(0, d_model, 2) / d_model.",
            lambda length, d_model: waves_of(length, d_model, lambda t, i, D: t / 10000 ** (i / (D - 2))),
            seen="log_timescale_increment in tensor2tensor divides by num_timescales - 1",
        ),
        Mistake(
            "the exponent is rounded to a whole number",
            "i // d_model is 0 in every column: i / d_model.",
            lambda length, d_model: waves_of(length, d_model, lambda t, i, D: t / 10000 ** (i // D)),
            seen="// for /",
        ),
        Mistake(
            "the power is taken of the whole fraction",
            "Only 10000 has the exponent: t / 10000 ** (i / d_model).",
            lambda length, d_model: waves_of(length, d_model, lambda t, i, D: (t / 10000) ** (i / D)),
            seen="brackets: (t / 10000) ** (i / d_model)",
        ),
        Mistake(
            "every place is a whole turn",
            "The paper's angles have no 2π: the first hand turns by 1 a place.",
            lambda length, d_model: waves_of(
                length, d_model, lambda t, i, D: 2 * math.pi * t / 10000 ** (i / D)
            ),
            seen="clocks and frequencies have a 2π",
        ),
        Mistake(
            "your base is 1000",
            "It is 10000, four zeros.",
            lambda length, d_model: table(length, d_model, base=1000.0),
            seen="maxjcohen/transformer issue 62",
        ),
        Mistake(
            "your base is e",
            "It is 10000: exp() needs the factor log(10000) within.",
            lambda length, d_model: table(length, d_model, base=math.e),
            seen="torch.exp(i / d_model) without math.log(10000.0)",
        ),
        Mistake(
            "your places start from 1",
            "The first word stands at place 0, where all angles are 0.",
            lambda length, d_model: table(length, d_model, first=1),
            seen="places counted as people count; fairseq leaves the first for padding",
        ),
        Mistake(
            "all columns are sines",
            "The odd columns hold the cosines: without them the same sine stands for two places.",
            lambda length, d_model: table(length, d_model, odd="sin"),
            seen="the second of the paper's two equations is overlooked",
        ),
        Mistake(
            "rows and columns have changed places",
            "A row for each place, a column for each feature: (length, d_model).",
            lambda length, d_model: sinusoidal_positions(length, d_model).T,
            seen="torch.arange(length) without [:, None] stands along the columns",
        ),
    ],
    right=[looped_positions, tutorial_positions, table],
    atol=1e-4,
)


def turned_by(x, turned=None, signs=(-1, 1), swap=False):
    """Each pair of neighbours turned by an angle: a cos + s1 b sin, b cos + s2 a sin."""
    turned = angles(torch.arange(x.size(-2), dtype=x.dtype), x.size(-1)) if turned is None else turned
    cos, sin = (turned.sin(), turned.cos()) if swap else (turned.cos(), turned.sin())
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos + signs[0] * b * sin, b * cos + signs[1] * a * sin), dim=-1).flatten(-2)


def brought_together(x, split, join):
    """The rotation, with other ways to take pairs apart and to bring them together."""
    turned, (a, b) = angles(places(x), x.size(-1)), split(x)
    return join(a * turned.cos() - b * turned.sin(), a * turned.sin() + b * turned.cos())


def neighbours(x):
    return x[..., 0::2], x[..., 1::2]


def one_after_the_other(a, b):
    return torch.cat((a, b), dim=-1)


def alternating(a, b):
    return torch.stack((a, b), dim=-1).flatten(-2)


def other_sign_only(x):
    turned, (a, b) = angles(places(x), x.size(-1)), neighbours(x)
    return alternating(a * turned.cos() - b * turned.sin(), a * turned.cos() + b * turned.sin())


def overwritten(x):
    turned, (a, b) = angles(places(x), x.size(-1)), neighbours(x)
    a = a * turned.cos() - b * turned.sin()
    return alternating(a, a * turned.sin() + b * turned.cos())


def places(x, first=0):
    return torch.arange(first, first + x.size(-2), dtype=x.dtype)


def half_angles(x):
    """The angles written twice as for halves, and the features turned as neighbours."""
    turned = angles(places(x), x.size(-1))
    twice = torch.cat((turned, turned), dim=-1)
    swapped = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)
    return x * twice.cos() + swapped * twice.sin()


def complex_rotation(x):
    turned = angles(places(x), x.size(-1))
    points = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(points * torch.polar(torch.ones_like(turned), turned)).flatten(-2)


def equation_34(x):
    twice = angles(places(x), x.size(-1)).repeat_interleave(2, dim=-1)
    swapped = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)
    return x * twice.cos() + swapped * twice.sin()


rotation = Exercise(
    "05",
    "rotation",
    rotate,
    {
        "one sentence": lambda: (torch.randn(5, 6),),
        "a batch with heads": lambda: (torch.randn(2, 3, 5, 6),),
    },
    [
        Mistake(
            "you turn the other way",
            "The new first feature is a cos − b sin, the new second one a sin + b cos.",
            lambda x: turned_by(x, signs=(1, -1)),
            seen="rows and columns of the matrix confused; scores stay the same, weights cannot be exchanged",
        ),
        Mistake(
            "a sign is missing",
            "A rotation keeps lengths: a cos − b sin, and a sin + b cos. Yours stretches.",
            lambda x: turned_by(x, signs=(1, 1)),
            seen="the minus sign of rotate_half is lost",
        ),
        Mistake(
            "the first half is paired with the second",
            "Here neighbours are a pair, features 0 and 1, 2 and 3: x[..., 0::2] and x[..., 1::2].",
            lambda x: brought_together(x, lambda x: x.chunk(2, dim=-1), one_after_the_other),
            seen="GPT-NeoX, LLaMA in Hugging Face; the paper pairs neighbours. Weights cannot be exchanged",
        ),
        Mistake(
            "neighbours are turned, but with the angles of two halves",
            "Both features of a pair have the same angle: repeat_interleave(2, dim=-1), not torch.cat.",
            half_angles,
            seen="torch.cat((angles, angles)) belongs to rotate_half",
        ),
        Mistake(
            "the pairs are turned, and then put down in two halves",
            "Bring them together as they were: torch.stack((first, second), dim=-1).flatten(-2).",
            lambda x: brought_together(x, neighbours, one_after_the_other),
            seen="torch.cat((first, second), dim=-1)",
        ),
        Mistake(
            "halves are taken apart, and put down as neighbours",
            "Take neighbours: x[..., 0::2] and x[..., 1::2], not x.chunk(2).",
            lambda x: brought_together(x, lambda x: x.chunk(2, dim=-1), alternating),
            seen="two codes that pair differently, mixed",
        ),
        Mistake(
            "the second feature is computed from the new first one",
            "Both need the old a: compute them side by side before either is overwritten.",
            overwritten,
            seen="a = … on one line, and a used on the next",
        ),
        Mistake(
            "all pairs turn at one speed",
            "Pair i turns by t / 10000^(2i/K): each one more slowly than the one before.",
            lambda x: turned_by(x, places(x)[:, None].expand(-1, x.size(-1) // 2)),
            seen="the picture with one hand is taken for all",
        ),
        Mistake(
            "the exponent counts pairs, not features",
            "The first features of the pairs are 0, 2, 4, …: torch.arange(0, K, 2) / K.",
            lambda x: turned_by(
                x, places(x)[:, None] / 10000 ** (torch.arange(x.size(-1) // 2) / x.size(-1))
            ),
            seen="torch.arange(K // 2) / K",
        ),
        Mistake(
            "sine and cosine have changed places",
            "At place 0 nothing is turned, and cos 0 = 1: the cosine goes with the feature itself.",
            lambda x: turned_by(x, swap=True),
            seen="freqs.sin() and freqs.cos() returned in this order, taken in the other",
        ),
        Mistake(
            "your places start from 1",
            "The first word stands at place 0 and is not turned.",
            lambda x: turned_by(x, angles(places(x, 1), x.size(-1))),
            seen="places counted as people count",
        ),
        Mistake(
            "places are counted from the end",
            "Row 0 stands at place 0.",
            lambda x: turned_by(x, angles(places(x), x.size(-1)).flip(0)),
            seen="an axis turned round",
        ),
        Mistake(
            "the second feature is the first one with another sign",
            "The new first feature is a cos − b sin, the new second one a sin + b cos.",
            other_sign_only,
            seen="one line copied and not changed",
        ),
        Mistake(
            "you add the waves",
            "Rotary positions add nothing: each pair of features is turned.",
            lambda x: x + sinusoidal_positions(x.size(-2), x.size(-1)),
            seen="the positions one knows",
        ),
        Mistake(
            "you only multiply by the cosine",
            "To turn a point, its other feature is needed as well, times the sine.",
            lambda x: turned_by(x, signs=(0, 0)),
            seen="half of the equation",
        ),
    ],
    right=[complex_rotation, equation_34, turned_by],
    atol=1e-4,
)


def rotary_look(q, k, v, real, turn_q=rotate, turn_k=rotate, turn_v=lambda v: v, mask=None):
    """The whole layer with something done to a part of it; `mask` makes another mask of the real words."""
    allowed = causal_mask(q.size(1)) & real[:, None, :] if mask is None else mask(real)
    return attention(turn_q(q), turn_k(k), turn_v(v), allowed)[0]


def changed(**changes):
    return lambda *given: rotary_look(*given, **changes)


def drawn_words():
    real = torch.arange(7) >= torch.tensor([0, 2, 3])[:, None]  # padding stands on the left
    return *drawn_vectors(3, 7, 6), real


def real_rows(answer, q, k, v, real):
    """The mixtures of real words. What stands in rows of padding is nobody's business: zeros here."""
    mixtures = answer(q, k, v, real)
    if isinstance(mixtures, torch.Tensor) and mixtures.shape == v.shape:
        return mixtures.masked_fill(~real[..., None], 0.0)
    return mixtures


def same_vector(x):
    return x


rotary_attention = Exercise(
    "05",
    "rotary_attention",
    rotary_look,
    {"sentences padded on the left": drawn_words},
    call=real_rows,
    mistakes=[
        Mistake(
            "the values are turned as well",
            "What is handed on must not depend on the place: turn queries and keys only.",
            changed(turn_v=rotate),
            seen="q, k, v = map(rotate, (q, k, v)), one loop for all three",
        ),
        Mistake(
            "only the queries are turned",
            "Turn the keys as well, so that a score depends on the distance of the two places.",
            changed(turn_k=same_vector),
            seen="one line copied and not changed",
        ),
        Mistake(
            "only the keys are turned",
            "Turn the queries as well, so that a score depends on the distance of the two places.",
            changed(turn_q=same_vector),
            seen="the cache holds turned keys, and the new query is forgotten",
        ),
        Mistake(
            "nothing is turned",
            "`rotate` gives a new tensor: q = rotate(q).",
            changed(turn_q=same_vector, turn_k=same_vector),
            seen="rotate(q) on a line of its own",
        ),
        Mistake(
            "the mixture is turned, and neither queries nor keys",
            "Rotation must come before the scores, so that these know the distance.",
            lambda q, k, v, real: rotate(rotary_look(q, k, v, real, same_vector, same_vector)),
            seen="positions put in where the layer ends",
        ),
        Mistake(
            "the scores are not divided by √d",
            "`attention` divides; if you write it out, do not forget it.",
            changed(turn_q=lambda q: rotate(q) * q.size(-1) ** 0.5),
            seen="attention written out once more",
        ),
        Mistake(
            "the causal mask is turned round",
            "Rows look, columns are looked at: the lower triangle, tril().",
            changed(mask=lambda real: causal_mask(real.size(1)).T & real[:, None, :]),
            seen="triu for tril, as in masks that say who may NOT look",
        ),
        Mistake(
            "query and key have changed places",
            "Queries ask: attention(rotate(q), rotate(k), v, mask).",
            lambda q, k, v, real: rotary_look(k, q, v, real),
            seen="two arguments in the wrong order",
        ),
        Mistake(
            "keys stand one place further than queries",
            "Both stand at the places 0, 1, 2, …: rotate(q) and rotate(k), with the same start.",
            changed(turn_k=lambda k: rotate(k, 1)),
            seen="counted from 0 here and from 1 there",
        ),
        Mistake(
            "waves are added, and nothing is turned",
            "Here positions are rotary: turn queries and keys with `rotate`.",
            changed(
                turn_q=lambda q: q + sinusoidal_positions(*q.shape[1:]),
                turn_k=lambda k: k + sinusoidal_positions(*k.shape[1:]),
            ),
            seen="the positions one knows",
        ),
        Mistake(
            "padding is looked at, and nothing but padding",
            "`real` is True where a word is none: without ~.",
            changed(mask=lambda real: causal_mask(real.size(1)) & ~real[:, None, :]),
            seen="masks of padding in nn.Transformer are True where padding is",
        ),
        Mistake(
            "your mask has an axis of heads, (B, 1, 1, S)",
            "Here there is no such axis, and every sentence has met every other's mask: real[:, None, :], "
            "(B, 1, S).",
            changed(mask=lambda real: causal_mask(real.size(1)) & real[:, None, None, :]),
            seen="padding_mask with q of three axes: they broadcast without a word",
        ),
        Mistake(
            "padding is hidden as if it stood on the right",
            "It is on the left: take `real` as it is, and no length of the sentence.",
            changed(
                mask=lambda real: (
                    causal_mask(real.size(1))
                    & (torch.arange(real.size(1)) < real.sum(dim=1)[:, None])[:, None, :]
                )
            ),
            seen="masks made from lengths",
        ),
        Mistake(
            "positions are there twice",
            "Turn each of them once.",
            changed(turn_q=lambda q: rotate(rotate(q)), turn_k=lambda k: rotate(rotate(k))),
            seen="turned when they are made, and again before the scores",
        ),
        Mistake(
            "waves are added and queries and keys are turned",
            "Positions are there twice: rotary ones need no waves.",
            changed(
                turn_q=lambda q: rotate(q + sinusoidal_positions(*q.shape[1:])),
                turn_k=lambda k: rotate(k + sinusoidal_positions(*k.shape[1:])),
            ),
            seen="rotary positions put into a model that has its own",
        ),
        Mistake(
            "padding is attended to",
            "Padding stands on the left, where the causal mask lets every word see it. It may not be looked "
            "AT: & real[:, None, :], the columns; real[:, :, None] hides the rows, those who look.",
            changed(mask=lambda real: causal_mask(real.size(1))),
            seen="right for padding on the right, where the causal mask hides it; None in the wrong place",
        ),
        Mistake(
            "the future is attended to",
            "A word may look at itself and at what was before: causal_mask(S).",
            changed(mask=lambda real: real[:, None, :]),
            seen="the mask of an encoder",
        ),
        Mistake(
            "a word may not look at itself",
            "The diagonal belongs to the mask: tril(), not tril(-1).",
            changed(mask=lambda real: causal_mask(real.size(1)).tril(-1) & real[:, None, :]),
            seen="causal mask off by one",
        ),
        Mistake(
            "a word sees the next one",
            "tril(), not tril(1): column t + 1 is the future of row t.",
            changed(
                mask=lambda real: (
                    torch.ones(real.size(1), real.size(1), dtype=torch.bool).tril(1) & real[:, None, :]
                )
            ),
            seen="causal mask off by one; the loss falls to nothing",
        ),
        Mistake(
            "one of the two masks is enough for you",
            "A word must be past and real: &, not |.",
            changed(mask=lambda real: causal_mask(real.size(1)) | real[:, None, :]),
            seen="masks of the other polarity are joined by |",
        ),
        Mistake(
            "the mask is upside down",
            "Here True means: may look.",
            changed(mask=lambda real: ~(causal_mask(real.size(1)) & real[:, None, :])),
            seen="the masks of nn.MultiheadAttention",
        ),
    ],
    right=[
        lambda q, k, v, real: torch.stack(
            [rotary_look(*(part[None] for part in row))[0] for row in zip(q, k, v, real, strict=True)]
        ),
        lambda q, k, v, real: F.scaled_dot_product_attention(
            rotate(q, 5), rotate(k, 5), v, causal_mask(q.size(1)) & real[:, None, :]
        ),
        changed(mask=lambda real: (causal_mask(7) & real[:, None, :]) | torch.eye(7, dtype=torch.bool)),
        changed(mask=lambda real: causal_mask(7) & (real[:, None, :] | ~real[:, :, None])),
        lambda *given: rotary_look(*given).masked_fill(~given[-1][..., None], math.nan),
    ],
)
