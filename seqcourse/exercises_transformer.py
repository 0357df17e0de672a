"""The exercises of lesson 07: what is right, and the mistakes that people make."""

import torch
import torch.nn.functional as F
from torch import nn

from .attention import causal_mask, padding_mask
from .exercise import Exercise, Mistake
from .layers import DecoderLayer
from .transformer import TransformerConfig

PAD_ID = 9  # not 0, so that a 0 written into an answer shows


def drawn_sublayer():
    f, norm = nn.Sequential(nn.Linear(7, 7), nn.Tanh()), nn.LayerNorm(7)
    norm.weight.data, norm.bias.data = torch.rand(7) + 0.5, torch.randn(7)  # no other norm is like it
    return 3 * torch.randn(2, 5, 7) + 1, f, norm


pre_norm = Exercise(
    "07",
    "pre_norm",
    lambda x, f, norm: x + f(norm(x)),
    {"random vectors": drawn_sublayer},
    [
        Mistake(
            "that is post-norm",
            "In pre-norm the norm stands before f: norm what f reads, and add what f wrote to x.",
            lambda x, f, norm: norm(x + f(x)),
            seen="the paper's own order; harvardnlp/annotated-transformer issues 1, 13, 92, 110",
        ),
        Mistake(
            "the residual carries the normed x",
            "What is added is x itself; only f reads the normed copy.",
            lambda x, f, norm: norm(x) + f(norm(x)),
            seen="comes of writing x = norm(x) on a line of its own",
        ),
        Mistake(
            "you norm what f wrote",
            "Norm what f reads.",
            lambda x, f, norm: x + norm(f(x)),
            seen="the norm is put next to f, on the wrong side",
        ),
        Mistake(
            "the residual is missing",
            "Where did x go? Add what f wrote to it.",
            lambda x, f, norm: f(norm(x)),
            seen="layers stacked as in a plain network",
        ),
        Mistake(
            "there is no norm in it",
            "f reads norm(x), not x.",
            lambda x, f, norm: x + f(x),
            seen="norm is an argument that one forgets",
        ),
        Mistake(
            "there are two norms in it, one before f and one at the end",
            "A pre-norm sublayer ends with the sum; the last norm stands at the end of the stack.",
            lambda x, f, norm: norm(x + f(norm(x))),
            seen="both formulas read as one",
        ),
        Mistake(
            "the norm stands on the wrong branch",
            "f reads the normed copy, and x itself is what is carried past.",
            lambda x, f, norm: norm(x) + f(x),
            seen="the two terms taken for each other",
        ),
        Mistake(
            "there are two norms in it, one on each side of f",
            "Only what f reads is normed; what it wrote is added as it is.",
            lambda x, f, norm: x + norm(f(norm(x))),
            seen="the sandwich norm of some later models",
        ),
        Mistake(
            "a norm of your own takes the place of `norm`",
            "Use the function that is handed over: its γ and β are learnt.",
            lambda x, f, norm: x + f(F.layer_norm(x, (7,))),
            seen="nn.LayerNorm made inside the function",
        ),
    ],
    right=[lambda x, f, norm: torch.add(f(norm(x.clone())), x)],
)


def past(tokens):
    return causal_mask(tokens.size(1)).expand(len(tokens), 1, -1, -1)  # (B, 1, T, T)


def drawn_padding(left):
    tokens = torch.randint(1, 9, (3, 7))
    tokens[1, 3] = 0  # a word like any other
    for row, most in ((0, 2), (2, 3)):
        tokens[row, slice(most) if left else slice(7 - most, 7)] = PAD_ID
    return tokens, PAD_ID


decoder_mask = Exercise(
    "07",
    "decoder_mask",
    lambda tokens, pad_id: past(tokens) & padding_mask(tokens, pad_id),
    {
        "no padding": lambda: (torch.randint(1, 9, (2, 5)), PAD_ID),
        "padding on the right": lambda: drawn_padding(left=False),
        "padding on the left": lambda: drawn_padding(left=True),
    },
    [
        Mistake(
            "the future is hidden, but the padding is not",
            "Combine two masks: `causal_mask` for the future, `padding_mask` for the padding.",
            lambda tokens, pad_id: past(tokens),
            seen="bentrevett/pytorch-seq2seq, notebook 3, has no mask of the source",
        ),
        Mistake(
            "the padding is hidden, but the future is not",
            "Combine two masks: `causal_mask` for the future, `padding_mask` for the padding.",
            lambda tokens, pad_id: padding_mask(tokens, pad_id).expand_as(past(tokens)),
            seen="jadore801120/attention-is-all-you-need-pytorch issue 19: 98 % accuracy by cheating",
        ),
        Mistake(
            "it is upside down",
            "True must mean: may look. (nn.MultiheadAttention has it the other way round.)",
            lambda tokens, pad_id: ~(past(tokens) & padding_mask(tokens, pad_id)),
            seen="rasbt/LLMs-from-scratch issue 1061; the masks of torch have two conventions",
        ),
        Mistake(
            "you show the future and hide the past",
            "A row may look at columns up to its own: the lower triangle, tril, not triu.",
            lambda tokens, pad_id: past(tokens).mT & padding_mask(tokens, pad_id),
            seen="tril and triu taken for each other",
        ),
        Mistake(
            "no word may look at itself",
            "Keep the diagonal: tril(-1) leaves it out.",
            lambda tokens, pad_id: past(tokens).tril(-1) & padding_mask(tokens, pad_id),
            seen="the causal mask off by one",
        ),
        Mistake(
            "you hide rows, what padding looks at, and not the padding itself",
            "Padding is looked at, or not: it is a column of the mask. Its shape is (B, 1, 1, T).",
            lambda tokens, pad_id: past(tokens) & padding_mask(tokens, pad_id).mT,
            seen="hyunwoongko/transformer issue 40: unsqueeze(3) for unsqueeze(2)",
        ),
        Mistake(
            "rows of padding are hidden, too",
            "Only columns need hiding; what padding finds is used by nobody.",
            lambda tokens, pad_id: (
                past(tokens) & padding_mask(tokens, pad_id) & padding_mask(tokens, pad_id).mT
            ),
            seen="one mask for both axes",
        ),
        Mistake(
            "you let every token see itself, padding, too",
            "A row that may look at nothing gets zeros here, not NaN: no exception is needed.",
            lambda tokens, pad_id: (
                past(tokens) & padding_mask(tokens, pad_id) | torch.eye(tokens.size(1), dtype=torch.bool)
            ),
            seen="a cure for NaN in rows that are all masked",
        ),
        Mistake(
            "the padding is shown and the words are hidden",
            "Compare with !=: True must mean: may look.",
            lambda tokens, pad_id: past(tokens) & ~padding_mask(tokens, pad_id),
            seen="key_padding_mask of nn.MultiheadAttention is True at padding",
        ),
        Mistake(
            "one of the two is not enough",
            "A word must be past and real: &, not |.",
            lambda tokens, pad_id: past(tokens) | padding_mask(tokens, pad_id),
            seen="masks of the other polarity are joined by |",
        ),
        Mistake(
            "pad_id is not used",
            "Padding is not always 0: compare with `pad_id`.",
            lambda tokens, pad_id: past(tokens) & padding_mask(tokens, 0),
            seen="tokens != 0, or tokens.bool(), in many tutorials",
        ),
    ],
    right=[
        lambda tokens, pad_id: torch.stack(
            [(row != pad_id).expand(tokens.size(1), -1).tril() for row in tokens]
        )[:, None]
    ],
)


def sizes_of_parts(D, F):
    """The parameters of an attention layer, of a LayerNorm and of a feed-forward half."""
    return 4 * (D * D + D), 2 * D, 2 * D * F + F + D


def decoder_count(attention=2, norm=3, half=1):
    """A formula with so many of each part."""

    def count(D, F):
        A, N, FF = sizes_of_parts(D, F)
        return attention * A + norm * N + half * FF

    return count


decoder_layer_parameters = Exercise(
    "07",
    "decoder_layer_parameters",
    decoder_count(),
    {"a width and an inner width": lambda: (7 * torch.randint(2, 12, ()).item(), 53)},
    [
        Mistake(
            "that is an encoder layer",
            "A decoder layer also looks over at the source: one more attention, one more norm.",
            decoder_count(attention=1, norm=2),
            seen="the formula just above the exercise",
        ),
        Mistake(
            "one attention is missing",
            "A decoder layer attends twice: back, and over.",
            decoder_count(attention=1),
            seen="the encoder's formula with a third norm",
        ),
        Mistake(
            "one LayerNorm is missing",
            "There are three sublayers, and each has its own.",
            decoder_count(norm=2),
            seen="the encoder's formula with a second attention",
        ),
        Mistake(
            "LayerNorm is not counted",
            "γ and β are parameters, D numbers each.",
            decoder_count(norm=0),
            seen="norms count little, and are forgotten",
        ),
        Mistake(
            "a LayerNorm has more than D numbers",
            "It has γ and β: 2D.",
            decoder_count(norm=1.5),
            seen="RMSNorm has γ only",
        ),
        Mistake(
            "the biases are missing",
            "Every linear layer has one: D more in each matrix of attention, F and D in feed-forward.",
            lambda D, F: 8 * D * D + 2 * D * F + 6 * D,
            seen="weights are counted, biases forgotten",
        ),
        Mistake(
            "the biases of attention are missing",
            "Here each of its matrices has one, D numbers, as in torch.",
            lambda D, F: decoder_count()(D, F) - 8 * D,
            seen="the paper writes none in attention",
        ),
        Mistake(
            "the biases of feed-forward are missing",
            "The first matrix has one of F numbers, the second one of D.",
            lambda D, F: decoder_count()(D, F) - F - D,
            seen="weights are counted, biases forgotten",
        ),
        Mistake(
            "the biases of feed-forward are not as wide as that",
            "A bias is as wide as what comes out: F after the first matrix, D after the second.",
            lambda D, F: decoder_count()(D, F) - D + F,
            seen="the wider side taken for both",
        ),
        Mistake(
            "two matrices of attention are missing",
            "Query, key, value and output: four in looking back, four in looking over.",
            lambda D, F: decoder_count()(D, F) - 2 * (D * D + D),
            seen="the equation of attention shows Q, K and V only",
        ),
        Mistake(
            "you count the feed-forward half twice",
            "A decoder layer has two attentions, and one feed-forward half.",
            decoder_count(half=2),
            seen="an encoder layer doubled",
        ),
    ],
    right=[lambda D, F: sum(p.numel() for p in nn.TransformerDecoderLayer(D, 7, F).parameters())],
)


def mean_square(x, dim=-1):
    return x.square().mean(dim=dim, keepdim=True) + 1e-5


rms_norm = Exercise(
    "07",
    "rms_norm",
    lambda x, gamma: gamma * x / mean_square(x).sqrt(),
    {
        "one word": lambda: (2 * torch.randn(1, 1, 7) + 1, torch.rand(7) + 0.5),
        "a batch": lambda: (2 * torch.randn(3, 5, 7) + 1, torch.rand(7) + 0.5),
        "tiny features": lambda: (3e-3 * torch.randn(3, 5, 7), torch.rand(7) + 0.5),
    },
    [
        Mistake(
            "that is LayerNorm",
            "Do not subtract the mean.",
            lambda x, gamma: F.layer_norm(x, gamma.shape, gamma),
            seen="the norm one knows",
        ),
        Mistake(
            "you divide by the standard deviation",
            "It subtracts the mean before it squares; take the mean of x².",
            lambda x, gamma: gamma * x / (x.var(dim=-1, keepdim=True, correction=0) + 1e-5).sqrt(),
            seen="half a LayerNorm",
        ),
        Mistake(
            "you divide by the standard deviation of a sample",
            "It subtracts the mean, and divides by D - 1; take the mean of x², over D.",
            lambda x, gamma: gamma * x / (x.std(dim=-1, keepdim=True) + 1e-5),
            seen="x.std() divides by D - 1 unless told otherwise",
        ),
        Mistake(
            "you divide by the mean square",
            "Divide by its root.",
            lambda x, gamma: gamma * x / mean_square(x),
            seen="the root is forgotten",
        ),
        Mistake(
            "you divide by the root of the sum",
            "Take the mean of the squares, not their sum: that is what F.normalize does.",
            lambda x, gamma: gamma * F.normalize(x, dim=-1),
            seen="the length of a vector for its root mean square",
        ),
        Mistake(
            "you divide by the length of the vector, the root of the sum of squares and ε",
            "Take the mean of the squares, not their sum.",
            lambda x, gamma: gamma * x / (x.square().sum(dim=-1, keepdim=True) + 1e-5).sqrt(),
            seen="sum and mean taken for each other",
        ),
        Mistake(
            "ε is missing",
            "Under the root: without it tiny features blow up, and a vector of zeros becomes NaN.",
            lambda x, gamma: gamma * x / x.square().mean(dim=-1, keepdim=True).sqrt(),
            seen="makes no difference until a vector is nearly 0",
        ),
        Mistake(
            "ε is added after the root",
            "It stands under the root, beside the mean square.",
            lambda x, gamma: gamma * x / (x.square().mean(dim=-1, keepdim=True).sqrt() + 1e-5),
            seen="as Adam has it",
        ),
        Mistake(
            "your ε is another",
            "Here it is 0.00001, that is 1e-5.",
            lambda x, gamma: gamma * x / (x.square().mean(dim=-1, keepdim=True) + 1e-6).sqrt(),
            seen="1e-6 is the value of several published models",
        ),
        Mistake(
            "γ is squared with x",
            "First divide, then multiply by γ.",
            lambda x, gamma: gamma * x / mean_square(gamma * x).sqrt(),
            seen="x = gamma * x on a line before",
        ),
        Mistake(
            "you square the mean",
            "Square first, then take the mean.",
            lambda x, gamma: gamma * x / (x.mean(dim=-1, keepdim=True).square() + 1e-5).sqrt(),
            seen="the words root, mean and square done in the order they are read",
        ),
        Mistake(
            "you take the mean of the sizes",
            "The root of the mean square, not the mean of |x|.",
            lambda x, gamma: gamma * x / (x.abs().mean(dim=-1, keepdim=True) + 1e-5),
            seen="another way to measure how large features are",
        ),
        Mistake(
            "gamma is missing",
            "Multiply each feature by its own γ.",
            lambda x, gamma: x / mean_square(x).sqrt(),
            seen="an argument that one forgets",
        ),
        Mistake(
            "the mean is taken over everything",
            "Each word has its own: dim=-1, keepdim=True.",
            lambda x, gamma: gamma * x / (x.square().mean() + 1e-5).sqrt(),
            seen=".mean() without dim",
        ),
        Mistake(
            "the mean is taken over the positions",
            "The features are the last axis, dim=-1.",
            lambda x, gamma: gamma * x / mean_square(x, dim=1).sqrt(),
            seen="dim=1 is the features where there is no batch",
        ),
    ],
    right=[lambda x, gamma: F.rms_norm(x, gamma.shape, gamma, 1e-5)],
    atol=1e-4,
)


def drawn_decoder_layer():
    config = TransformerConfig(23, 23, 14, 7, dim_feedforward=11, dropout=0.0, norm_first=True)
    layer = DecoderLayer(config)
    for parameter in layer.parameters():  # γ = 1 and β = 0 would hide mistakes
        parameter.data += 0.3 * torch.randn_like(parameter)
    mask = torch.arange(11) < torch.tensor([11, 7, 3])[:, None]  # sources of unlike length
    return layer, torch.randn(3, 5, 14), torch.randn(3, 11, 14), mask[:, None, None]


PAST = causal_mask(5)


def with_mask(mask):
    return lambda layer, x, memory, memory_mask: layer(x, memory, mask, memory_mask)


def decoder_layer_by_hand(
    layer, x, memory, memory_mask, query=lambda back: back, key=lambda back: back, mask=PAST
):
    """The layer with something done to what asks, and to what is looked at, when it looks back."""
    back = layer.looking_back.norm(x)
    x = x + layer.self_attention(query(back), key(back), mask)
    x = x + layer.cross_attention(layer.looking_over.norm(x), memory, memory_mask)
    return x + layer.feed_forward(layer.thinking.norm(x))


def spoilt(**changes):
    return lambda *given: decoder_layer_by_hand(*given, **changes)


def over_positions(back):
    return back - back.mean(dim=1, keepdim=True)


def over_features(back):
    return back - back.mean(dim=-1, keepdim=True)


def without_first_norm(layer, x, memory, memory_mask):
    x = x + layer.self_attention(x, x, PAST)
    x = x + layer.cross_attention(layer.looking_over.norm(x), memory, memory_mask)
    return x + layer.feed_forward(layer.thinking.norm(x))


def leaks(ask):
    """Whether the first two rows of the answer move when the words from the third on change."""
    layer, x, memory, mask = drawn_decoder_layer()
    changed = torch.cat((x[:, :2], torch.randn(3, 3, 14)), dim=1)
    before, after = ask(layer, x, memory, mask)[:, :2], ask(layer, changed, memory, mask)[:, :2]
    if torch.allclose(before, after, atol=1e-5):
        return "Nothing leaks, but it is no longer our decoder layer: compare with DecoderLayer.forward."
    return "It leaks: when the words from the third on change, the first two rows of the answer move."


decoder_layer = Exercise(
    "07",
    "decoder_layer",
    with_mask(PAST),
    {"a random layer": drawn_decoder_layer},
    [
        Mistake(
            "it is still leaking, as before",
            "The mask is right. Over which axis does each line take a mean?",
            spoilt(query=over_positions, key=over_positions),
            seen="the leaky layer itself, handed in unchanged",
        ),
        Mistake(
            "what asks is mended, and what is looked at still leaks",
            "The mean over positions must go from both.",
            spoilt(key=over_positions),
            seen="one of the two arguments of self-attention changed",
        ),
        Mistake(
            "what is looked at is mended, and what asks still leaks",
            "The mean over positions must go from both.",
            spoilt(query=over_positions),
            seen="one of the two arguments of self-attention changed",
        ),
        Mistake(
            "nothing leaks, but that mask was right",
            "A word may look at itself: the diagonal belongs to the mask.",
            spoilt(mask=PAST.tril(-1)),
            seen="the mask is the first suspect",
        ),
        Mistake(
            "the causal mask is gone, and all the future leaks",
            "Keep the mask; it is the line with the mean that goes.",
            spoilt(mask=None),
            seen="the wrong line is deleted",
        ),
        Mistake(
            "the causal mask is turned around",
            "It was right: True = may look, the lower triangle.",
            spoilt(mask=PAST.mT),
            seen="the mask is the first suspect",
        ),
        Mistake(
            "that mean does not leak, but it is not needed either",
            "LayerNorm has taken the mean over the features already, and then added β. The line can go.",
            spoilt(query=over_features, key=over_features),
            seen="dim=1 repaired to dim=-1",
        ),
        Mistake(
            "the norm of the first sublayer is gone, too",
            "Only the line with the mean over positions leaks; `layer.looking_back.norm` is right.",
            without_first_norm,
            seen="both lines that make `back` are deleted",
        ),
        Mistake(
            "the mask of the source is lost",
            "Cross-attention needs memory_mask: some sources are padded.",
            lambda layer, x, memory, memory_mask: decoder_layer_by_hand(layer, x, memory, None),
            seen="an argument that one forgets",
        ),
    ],
    right=[decoder_layer_by_hand],
    remark=leaks,
)
