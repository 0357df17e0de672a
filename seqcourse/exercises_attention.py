"""The exercises of lesson 04: what is right, and the mistakes that people make."""

import torch

from .exercise import Exercise, Mistake
from .recurrent import LSTMCell


def drawn_scores(B, T, S):
    """Scores (B, T, S) and a memory (B, S, H)."""
    return 2 * torch.randn(B, T, S), torch.randn(B, S, 11)


look_back = Exercise(
    "04",
    "look_back",
    lambda scores, memory: scores.softmax(dim=-1) @ memory,
    {
        "one sentence, one step": lambda: drawn_scores(1, 1, 7),
        "one sentence": lambda: drawn_scores(1, 5, 7),
        "a batch": lambda: drawn_scores(3, 5, 7),
    },
    [
        Mistake(
            "you softmax over the steps, not over the words of the source",
            "Each step shares out 1 among the source words: its row sums to 1, so dim=-1.",
            lambda scores, memory: scores.softmax(dim=1) @ memory,
            seen="F.softmax(scores, dim=1), right for (B, S) and kept when there is a T",
        ),
        Mistake(
            "you softmax over the sentences of the batch",
            "Sentences know nothing of each other: dim=-1, over the source words.",
            lambda scores, memory: scores.softmax(dim=0) @ memory,
            seen="torch.softmax(scores, 0), copied from code for one vector",
        ),
        Mistake(
            "you softmax over all steps and words together",
            "Each step shares out its own 1: a softmax along the last axis alone.",
            lambda scores, memory: scores.flatten(1).softmax(dim=-1).view_as(scores) @ memory,
            seen="a map taken for one distribution",
        ),
        Mistake(
            "there is no softmax: you weigh by the scores themselves",
            "Scores may be negative and sum to anything; softmax turns them into shares.",
            lambda scores, memory: scores @ memory,
            seen="the two matrix products of the equation, without what stands between them",
        ),
        Mistake(
            "you divide the scores by their sum",
            "Shares are exp(score) over the sum of exp(score): softmax.",
            lambda scores, memory: scores / scores.sum(dim=-1, keepdim=True) @ memory,
            seen="normalising taken for softmax; negative scores give negative shares",
        ),
        Mistake(
            "the exp is not divided by its sum",
            "The shares of a step sum to 1.",
            lambda scores, memory: scores.exp() @ memory,
            seen="half a softmax",
        ),
        Mistake(
            "you take the word with the highest score, and nothing of the others",
            "Mix all words, each by its share. (A choice of one has no gradient for the scores.)",
            lambda scores, memory: (
                torch.nn.functional.one_hot(scores.argmax(dim=-1), scores.size(-1)).to(memory.dtype) @ memory
            ),
            seen="hard attention, Xu et al. 2015",
        ),
        Mistake(
            "that is the mean of the words, whatever the scores",
            "Weigh each word by its share, then sum.",
            lambda scores, memory: memory.mean(dim=1, keepdim=True).expand(-1, scores.size(1), -1),
            seen="mean pooling, with the scores forgotten",
        ),
        Mistake(
            "it is a weighted mean divided by S once more",
            "The shares sum to 1 already: sum, do not average.",
            lambda scores, memory: scores.softmax(dim=-1) @ memory / scores.size(-1),
            seen="(weights[..., None] * memory).mean(dim=-2) for .sum(dim=-2)",
        ),
        Mistake(
            "you softmax twice",
            "Once is enough: a second softmax makes all shares nearly equal.",
            lambda scores, memory: scores.softmax(dim=-1).softmax(dim=-1) @ memory,
            seen="a softmax in the score function and one more in the mixture",
        ),
        Mistake(
            "that is log_softmax",
            "Shares, not their logarithms.",
            lambda scores, memory: scores.log_softmax(dim=-1) @ memory,
            seen="the function that one calls before a loss",
        ),
        Mistake(
            "you divide the scores by the root of the width",
            "No scale here: the scores go into the softmax as they are. Lesson 05 divides, and says why.",
            lambda scores, memory: (scores / memory.size(-1) ** 0.5).softmax(dim=-1) @ memory,
            seen="the scaled dot product of the Transformer, known by heart",
        ),
        Mistake(
            "the softmax goes over the memory, and not over the scores",
            "The shares come from the scores; the vectors of the memory are mixed as they are.",
            lambda scores, memory: scores @ memory.softmax(dim=1),
            seen="the softmax put on the second of two arguments",
        ),
        Mistake(
            "the softmax comes after the mixture",
            "First the shares, from the scores; then the mixture, which needs no softmax.",
            lambda scores, memory: (scores @ memory).softmax(dim=-1),
            seen="(scores @ memory).softmax(-1), the brackets in the wrong place",
        ),
    ],
    right=[
        lambda scores, memory: torch.einsum("bts,bsh->bth", scores.softmax(-1), memory),
        lambda scores, memory: (scores.softmax(-1)[..., None] * memory[:, None]).sum(dim=2),
    ],
)


def drawn_masked(lengths, T=5):
    """Scores (B, T, S) and which words are real (B, S); the longest sentence has no padding."""
    S = max(max(lengths), 2)
    return 2 * torch.randn(len(lengths), T, S), torch.arange(S)[None] < torch.tensor(lengths)[:, None]


def filled(scores, mask, number):
    return scores.masked_fill(~mask[:, None], number).softmax(dim=-1)


masked_shares = Exercise(
    "04",
    "masked_shares",
    lambda scores, mask: filled(scores, mask, -torch.inf).masked_fill(~mask[:, None], 0.0),
    {
        "no padding": lambda: drawn_masked([7]),
        "a padded batch": lambda: drawn_masked([3, 7, 1]),
        "a sentence that is padding only": lambda: drawn_masked([7, 0]),
    },
    [
        Mistake(
            "the padding is looked at",
            "Use the mask: a word that may not be looked at has the share 0.",
            lambda scores, mask: scores.softmax(dim=-1),
            seen="bentrevett/pytorch-seq2seq, notebook 3, has no mask of the source",
        ),
        Mistake(
            "you mask after the softmax, and the rows no longer sum to 1",
            "What padding took is lost. Put -inf in place of its scores, before the softmax.",
            lambda scores, mask: scores.softmax(dim=-1) * mask[:, None],
            seen="weights * mask, the last line added when padding was noticed",
        ),
        Mistake(
            "you multiply the scores by the mask: a score of 0 is no share of 0",
            "exp(0) is 1. A share of 0 needs a score of -inf.",
            lambda scores, mask: (scores * mask[:, None]).softmax(dim=-1),
            seen="scores * mask, as one masks values",
        ),
        Mistake(
            "padding enters the softmax with a score of 0, and is masked only after it",
            "exp(0) is 1, so padding takes its part of the whole. A share of 0 needs a score of -inf.",
            lambda scores, mask: (scores * mask[:, None]).softmax(dim=-1) * mask[:, None],
            seen="scores * mask or masked_fill(~mask, 0), and the mask once more after the softmax",
        ),
        Mistake(
            "the mask is upside down: only padding is looked at",
            "True means: may look. Fill where it is *not* True: masked_fill(~mask, …).",
            lambda scores, mask: filled(scores, ~mask, -torch.inf).masked_fill(mask[:, None], 0.0),
            seen="key_padding_mask of nn.MultiheadAttention is True at padding",
        ),
        Mistake(
            "a row in which nothing may be looked at is NaN",
            "softmax of -inf everywhere is 0/0. Put zeros where the mask is False after the softmax, too.",
            lambda scores, mask: filled(scores, mask, -torch.inf),
            seen="the mask of most tutorials; pytorch issue 41508",
        ),
        Mistake(
            "a row in which nothing may be looked at gives equal shares, to padding",
            "A large negative number is not -inf: where all scores have it, all are equal again.",
            lambda scores, mask: filled(scores, mask, -1e9),
            seen="masked_fill(mask == 0, -1e9): Annotated Transformer and its heirs",
        ),
        Mistake(
            "you softmax over the steps",
            "Each step shares out its own 1: dim=-1.",
            lambda scores, mask: (
                scores.masked_fill(~mask[:, None], -torch.inf).softmax(dim=1).masked_fill(~mask[:, None], 0.0)
            ),
            seen="F.softmax(scores, dim=1), right for (B, S) and kept when there is a T",
        ),
        Mistake(
            "all sentences are cut to the length of the shortest",
            "Each row of the mask belongs to one sentence: mask[:, None] is (B, 1, S).",
            lambda scores, mask: filled(
                scores, mask.all(dim=0)[None].expand_as(mask), -torch.inf
            ).masked_fill(~mask.all(dim=0)[None, None].expand_as(scores), 0.0),
            seen="one mask for the whole batch",
        ),
        Mistake(
            "the number that you fill in is not low enough: padding keeps a little",
            "exp(-10) is small, but not 0. Fill in -inf (and zeros after the softmax).",
            lambda scores, mask: filled(scores, mask, -10.0),
            seen="masked_fill(~mask, -10), low enough by eye",
        ),
        Mistake(
            "the number that you fill in is not low enough: the rows do not quite sum to 1",
            "exp(-10) is small, but not 0, and what padding took is lost. Fill in -inf.",
            lambda scores, mask: filled(scores, mask, -10.0) * mask[:, None],
            seen="masked_fill(~mask, -10), and the mask once more after the softmax",
        ),
        Mistake(
            "all is NaN, for 0 times infinity is NaN",
            "Do not multiply by -inf: put it where it belongs, with masked_fill(~mask, -inf).",
            lambda scores, mask: (scores + (1 - mask[:, None].float()) * -torch.inf).softmax(dim=-1),
            seen="(1 - mask) * -1e9 of BERT, with -inf in place of -1e9",
        ),
        Mistake(
            "there is no softmax: these are scores still",
            "Mask them, and then make shares of them.",
            lambda scores, mask: scores.masked_fill(~mask[:, None], -torch.inf),
            seen="the softmax left to the caller",
        ),
        Mistake(
            "you softmax twice",
            "Mask the scores, and softmax once: a second softmax makes all shares nearly equal.",
            lambda scores, mask: filled(scores.softmax(dim=-1), mask, -torch.inf).masked_fill(
                ~mask[:, None], 0.0
            ),
            seen="the mask put on shares, and a softmax to make them sum to 1 again",
        ),
    ],
    right=[
        lambda scores, mask: torch.nan_to_num(filled(scores, mask, -torch.inf)),
        lambda scores, mask: filled(scores, mask, -1e9) * mask[:, None],
    ],
)


def drawn_additive(B, T, S):
    """Queries (B, T, H), a memory (B, S, H), two matrices (A, H) and a vector (A,)."""
    H, A = 7, 11
    W, U, v = torch.randn(A, H), torch.randn(A, H), torch.randn(A)
    return torch.randn(B, T, H), torch.randn(B, S, H), W, U, v


def both(query, memory, W, U):
    return (query @ W.T)[:, :, None] + (memory @ U.T)[:, None]  # (B, T, S, A)


additive_scores = Exercise(
    "04",
    "additive_scores",
    lambda query, memory, W, U, v: both(query, memory, W, U).tanh() @ v,
    {
        "one sentence, one step": lambda: drawn_additive(1, 1, 5),
        "a batch": lambda: drawn_additive(2, 3, 5),
    },
    [
        Mistake(
            "there is no tanh",
            "Without it every step gives the same shares: W q only shifts all scores of a row alike.",
            lambda query, memory, W, U, v: both(query, memory, W, U) @ v,
            seen="energies without the nonlinearity",
        ),
        Mistake(
            "v is not used: you sum over the features",
            "v weighs the features: multiply by it, then sum.",
            lambda query, memory, W, U, v: both(query, memory, W, U).tanh().sum(dim=-1),
            seen="d2l and others hide v in a layer without bias, where it is overlooked",
        ),
        Mistake(
            "v is not used: you take the mean over the features",
            "v weighs the features: multiply by it, then sum.",
            lambda query, memory, W, U, v: both(query, memory, W, U).tanh().mean(dim=-1),
            seen="a mean where a product with v belongs",
        ),
        Mistake(
            "the tanh comes after v",
            "tanh first, feature by feature; then v.",
            lambda query, memory, W, U, v: (both(query, memory, W, U) @ v).tanh(),
            seen="scores squeezed between -1 and 1: no share can become large",
        ),
        Mistake(
            "W and U are exchanged",
            "W belongs to the query, U to the memory.",
            lambda query, memory, W, U, v: both(query, memory, U, W).tanh() @ v,
            seen="two matrices of the same shape",
        ),
        Mistake(
            "you squeeze the two parts one by one",
            "Add first: tanh(W q + U h) is not tanh(W q) + tanh(U h).",
            lambda query, memory, W, U, v: (
                ((query @ W.T).tanh()[:, :, None] + (memory @ U.T).tanh()[:, None]) @ v
            ),
            seen="each part written as a layer of its own, with its own tanh",
        ),
        Mistake(
            "you multiply the two parts",
            "Additive: W q + U h. A product is the idea of the other kind of score.",
            lambda query, memory, W, U, v: ((query @ W.T)[:, :, None] * (memory @ U.T)[:, None]).tanh() @ v,
            seen="additive and multiplicative mixed up",
        ),
        Mistake(
            "steps and words are exchanged: the result is (B, S, T)",
            "A row is a step: query[:, :, None] and memory[:, None].",
            lambda query, memory, W, U, v: (both(query, memory, W, U).tanh() @ v).mT,
            seen="the two new axes put the other way round",
        ),
        Mistake(
            "that is a sigmoid",
            "The paper squeezes with tanh, between -1 and 1.",
            lambda query, memory, W, U, v: both(query, memory, W, U).sigmoid() @ v,
            seen="the gates of the LSTM",
        ),
        Mistake(
            "that is a ReLU",
            "The paper squeezes with tanh, between -1 and 1.",
            lambda query, memory, W, U, v: both(query, memory, W, U).relu() @ v,
            seen="the usual layer of later networks",
        ),
        Mistake(
            "these are shares already",
            "Scores are asked for: leave the softmax to the mixture.",
            lambda query, memory, W, U, v: (both(query, memory, W, U).tanh() @ v).softmax(dim=-1),
            seen="score and softmax in one function, as most tutorials have it",
        ),
        Mistake(
            "W goes with both, and U is not used",
            "W belongs to the query, U to the memory.",
            lambda query, memory, W, U, v: both(query, memory, W, W).tanh() @ v,
            seen="a line copied, and changed in one place of two",
        ),
        Mistake(
            "that is a dot product of the two parts",
            "Additive: W q + U h, squeezed, and weighed with v. The product is the other kind of score.",
            lambda query, memory, W, U, v: (query @ W.T) @ (memory @ U.T).mT,
            seen="the scores of the Transformer, known by heart",
        ),
    ],
    right=[
        lambda query, memory, W, U, v: torch.stack(
            [((q[:, None] @ W.T) + memory @ U.T).tanh() @ v for q in query.unbind(dim=1)], dim=1
        )
    ],
)


def drawn_heat(B, T, S):
    return 2 * torch.randn(B, T, S), 0.4 + 2 * torch.rand(()).item()


tempered_shares = Exercise(
    "04",
    "tempered_shares",
    lambda scores, temperature: (scores / temperature).softmax(dim=-1),
    {
        "one step": lambda: drawn_heat(1, 1, 7),
        "a batch": lambda: drawn_heat(3, 5, 7),
    },
    [
        Mistake(
            "you multiply by the temperature",
            "Hot means even: divide the scores by a large number, and they come close to each other.",
            lambda scores, temperature: (scores * temperature).softmax(dim=-1),
            seen="the inverse temperature β of physics",
        ),
        Mistake(
            "you divide after the softmax",
            "Then the rows no longer sum to 1. The scores are what is divided.",
            lambda scores, temperature: scores.softmax(dim=-1) / temperature,
            seen="softmax before the temperature",
        ),
        Mistake(
            "you softmax twice",
            "Divide the scores, not the shares, and softmax once.",
            lambda scores, temperature: (scores.softmax(dim=-1) / temperature).softmax(dim=-1),
            seen="the temperature put on what a softmax layer gave",
        ),
        Mistake(
            "you divide by the root of the temperature",
            "By the temperature itself; the root belongs to the width, in lesson 05.",
            lambda scores, temperature: (scores / temperature**0.5).softmax(dim=-1),
            seen="taken for the scale of scaled dot products",
        ),
        Mistake(
            "the temperature changes nothing",
            "Divide the scores: subtracting it, or dividing shares and sharing out 1 anew, changes nothing.",
            lambda scores, temperature: scores.softmax(dim=-1),
            seen="scores - temperature, or an argument that is forgotten",
        ),
        Mistake(
            "you raise the shares to the power of the temperature",
            "The power is 1 / temperature, and then the rows must sum to 1 again.",
            lambda scores, temperature: scores.softmax(dim=-1) ** temperature,
            seen="p ** τ for p ** (1 / τ)",
        ),
        Mistake(
            "the rows do not sum to 1",
            "p ** (1 / temperature) has the right proportions: divide each row by its sum.",
            lambda scores, temperature: scores.softmax(dim=-1) ** (1 / temperature),
            seen="the power without the division",
        ),
        Mistake(
            "you softmax over the steps",
            "Each step shares out its own 1: dim=-1.",
            lambda scores, temperature: (scores / temperature).softmax(dim=1),
            seen="F.softmax(scores, dim=1), right for (B, S) and kept when there is a T",
        ),
        Mistake(
            "there is no softmax: these are scores still",
            "Divide, and then make shares of them.",
            lambda scores, temperature: scores / temperature,
            seen="the softmax left to the caller",
        ),
        Mistake(
            "that is log_softmax",
            "Shares, not their logarithms.",
            lambda scores, temperature: (scores / temperature).log_softmax(dim=-1),
            seen="the function that one calls before a loss",
        ),
    ],
    right=[
        lambda scores, temperature: (
            scores.softmax(-1) ** (1 / temperature)
            / (scores.softmax(-1) ** (1 / temperature)).sum(-1, keepdim=True)
        ),
    ],
)


def drawn_step(B):
    """A cell, a way to look back, the vector of the word fed, and the state before it; all of width H."""
    H, S = 7, 5
    cell, memory = LSTMCell(H, H), torch.randn(B, S, H)

    def look(query):  # (B, H) -> (B, H)
        return ((memory @ query[..., None]).softmax(dim=1) * memory).sum(dim=1)

    return cell, look, torch.randn(B, H), (torch.randn(B, H), torch.randn(B, H))


def stepped(asks=lambda x, old, new: new[0], beside=lambda seen, old, new: (seen, new[0])):
    """One step: what asks, and what is put side by side, from the states before and after the word."""

    def answer(cell, look, x, state):
        new = cell(x, state)
        return torch.cat(beside(look(asks(x, state, new)), state, new), dim=-1), new

    return answer


def fed_with_what_is_seen(cell, look, x, state):
    hidden, memory_cell = cell(x, state)
    seen = look(hidden)
    return torch.cat([seen, hidden], dim=-1), (seen, memory_cell)


def fed_beside_the_word(cell, look, x, state):
    seen = look(state[0])
    new = cell(x + seen, state)
    return torch.cat([seen, new[0]], dim=-1), new


def swapped(cell, look, x, state):
    joined, (hidden, memory_cell) = stepped()(cell, look, x, state)
    return joined, (memory_cell, hidden)


def fed_twice(cell, look, x, state):
    return stepped()(cell, look, x, cell(x, state))


def never_renewed(cell, look, x, state):
    return stepped()(cell, look, x, state)[0], state


one_step = Exercise(
    "04",
    "one_step",
    stepped(),
    {"one sentence": lambda: drawn_step(1), "a batch": lambda: drawn_step(3)},
    [
        Mistake(
            "the state from before the word asks",
            "First the cell reads the word; then its new hidden state asks. (The other order is Bahdanau's.)",
            stepped(asks=lambda x, old, new: old[0]),
            seen="Bahdanau et al. ask with s of step i - 1, Luong et al. with h of step t",
        ),
        Mistake(
            "the cell asks, which an LSTM keeps to itself",
            "A state is (hidden, cell): the first of the two is what it shows, and asks with.",
            stepped(asks=lambda x, old, new: new[1]),
            seen="the second item of the state taken for the first",
        ),
        Mistake(
            "the word asks",
            "The vector of a word does not know what has been said already: the hidden state asks.",
            stepped(asks=lambda x, old, new: x),
            seen="the old PyTorch tutorial scored embedding and hidden side by side",
        ),
        Mistake(
            "the two halves are exchanged",
            "What is seen first, then the hidden state: the layer that reads them was learnt in that order.",
            stepped(beside=lambda seen, old, new: (new[0], seen)),
            seen="torch.cat([hidden, seen]); papers differ in the order, weights do not forgive it",
        ),
        Mistake(
            "beside what is seen stands the state from before the word",
            "Put the new hidden state there, which has read the word.",
            stepped(beside=lambda seen, old, new: (seen, old[0])),
            seen="a variable that is renewed one line too late",
        ),
        Mistake(
            "beside what is seen stands the cell",
            "A state is (hidden, cell): the first of the two is what it shows.",
            stepped(beside=lambda seen, old, new: (seen, new[1])),
            seen="the second item of the state taken for the first",
        ),
        Mistake(
            "beside what is seen stands the word",
            "Put the new hidden state there.",
            lambda cell, look, x, state: (
                torch.cat([look(cell(x, state)[0]), x], dim=-1),
                cell(x, state),
            ),
            seen="the readout of Bahdanau et al. also hears the word",
        ),
        Mistake(
            "the state is not renewed",
            "Return the state that the cell gave, or every step begins where the first did.",
            never_renewed,
            seen="the old state returned by mistake",
        ),
        Mistake(
            "the cell reads the word twice",
            "Call it once, and keep both things that it gives.",
            fed_twice,
            seen="cell(x, state)[0] on one line and state = cell(x, state) on the next",
        ),
        Mistake(
            "what is seen takes the place of the hidden state",
            "What is seen stands beside the hidden state; the state that goes on is the cell's own.",
            fed_with_what_is_seen,
            seen="input feeding (Luong et al. 2015, section 3.3) misread",
        ),
        Mistake(
            "the state comes back the wrong way round",
            "A state is (hidden, cell), in this order: return the pair as the cell gave it.",
            swapped,
            seen="c, h = cell(x, state), or the pair put together anew",
        ),
        Mistake(
            "what is seen goes into the cell with the word",
            "Here the cell reads the word alone, and what is seen goes to the output only.",
            fed_beside_the_word,
            seen="input feeding, or Bahdanau et al.: the old state asks, and the cell hears the answer",
        ),
    ],
)
