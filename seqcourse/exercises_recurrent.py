"""The exercises of lesson 02: what is right, and the mistakes that people make."""

import torch
import torch.nn.functional as F

from .exercise import Exercise, Mistake
from .gradients import results_and_gradients
from .recurrent import RNNCell


def states_of(step, start=torch.zeros, backwards=False):
    """A loop over the words; step(word, memory, b) makes a state of what comes in and what is remembered."""

    def read(x, W, U, b):
        hidden, states = start(len(U)), []
        for word in x.flip(0) if backwards else x:
            hidden = step(word @ W.T, hidden @ U.T, b)
            states.append(hidden)
        return torch.stack(states[::-1] if backwards else states)

    return read


def shifted(states):
    """The states with zeros before them."""
    return torch.cat((torch.zeros_like(states[:1]), states))


right_states = states_of(lambda word, memory, b: (word + memory + b).tanh())


def looped_states(x, W, U, b):
    hidden, states = torch.zeros(len(U)), []
    for vector in x:
        hidden = (W @ vector + U @ hidden + b).tanh()
        states.append(hidden)
    return torch.stack(states)


def written_over(x, W, U, b):
    states = torch.zeros(len(x) + 1, len(U))
    for t, vector in enumerate(x):
        states[t + 1] = (W @ vector + U @ states[t] + b).tanh()
    return states[1:]


rnn_states = Exercise(
    "02",
    "rnn_states",
    right_states,
    {
        "one word": lambda: drawn_sentence(1),
        "a sentence": lambda: drawn_sentence(5),
    },
    [
        Mistake(
            "every word starts from nothing",
            "Give the state that one word leaves behind to the next: hidden = …, inside the loop.",
            lambda x, W, U, b: (x @ W.T + b).tanh(),
            seen="the state is made before the loop and never renewed in it",
        ),
        Mistake(
            "the tanh is missing",
            "Squeeze the sum: (…).tanh().",
            states_of(lambda word, memory, b: word + memory + b),
            seen="the linear half of the equation alone",
        ),
        Mistake(
            "only the word is squeezed, and not the memory",
            "The tanh stands around the whole sum.",
            states_of(lambda word, memory, b: (word + b).tanh() + memory),
            seen="brackets closed too early",
        ),
        Mistake(
            "U is turned round",
            "A row of U makes one number of the new state: U @ hidden, not hidden @ U.",
            lambda x, W, U, b: right_states(x, W, U.T, b),
            seen="hidden @ U fits as well, because U is square",
        ),
        Mistake(
            "the bias is missing",
            "Add b inside the tanh.",
            states_of(lambda word, memory, b: (word + memory).tanh()),
            seen="an argument that one forgets",
        ),
        Mistake(
            "it gives the last state only",
            "Collect the state after every word, and stack them: (S, H).",
            lambda x, W, U, b: right_states(x, W, U, b)[-1],
            seen="return hidden, where all states are asked for",
        ),
        Mistake(
            "the first state is made of ones",
            "Nothing has been read before the first word: start with zeros.",
            states_of(lambda word, memory, b: (word + memory + b).tanh(), start=torch.ones),
            seen="torch.ones for torch.zeros",
        ),
        Mistake(
            "it reads from right to left",
            "Begin with x[0].",
            states_of(lambda word, memory, b: (word + memory + b).tanh(), backwards=True),
            seen="the backward half of a bidirectional network",
        ),
        Mistake(
            "it squeezes with a sigmoid",
            "tanh: states lie between -1 and 1.",
            states_of(lambda word, memory, b: (word + memory + b).sigmoid()),
            seen="Elman's own network did",
        ),
        Mistake(
            "it squeezes with ReLU",
            "tanh: what is not bounded can grow from word to word.",
            states_of(lambda word, memory, b: (word + memory + b).relu()),
            seen="the habit of feed-forward networks; nonlinearity='relu' of nn.RNN",
        ),
        Mistake(
            "each state is collected before its word is read",
            "First renew the state, then append it.",
            lambda x, W, U, b: shifted(right_states(x, W, U, b))[:-1],
            seen="append stands above the line that renews the state",
        ),
        Mistake(
            "the zeros of the beginning are among the states",
            "Start with an empty list: one state for each word.",
            lambda x, W, U, b: shifted(right_states(x, W, U, b)),
            seen="states = [hidden] before the loop",
        ),
        Mistake(
            "the gradient does not reach the word before",
            "The numbers are right, but detach() cuts every state off from those before it: leave it away.",
            states_of(lambda word, memory, b: (word + memory.detach() + b).tanh()),
            seen="detach() is right between two batches, and copied into the loop over the words",
        ),
        Mistake(
            "no gradient flows back through it",
            "The numbers are right. Collect the states in a list, and stack them: .item(), .data, .detach() "
            "cut the gradient off, and so does writing states[t] = … where U needs states[t - 1] again.",
            written_over,
            seen="a tensor of zeros that is filled place by place; torch.tensor(states)",
        ),
    ],
    right=[looped_states],
    call=results_and_gradients,
)


def drawn_sentence(S, D=3, H=7):
    return torch.randn(S, D), torch.randn(H, D), torch.randn(H, H) / 2, torch.randn(H)


def norm(gradients):
    return torch.cat([gradient.flatten() for gradient in gradients]).norm()


def scaled(gradients, factor):
    return [factor * gradient for gradient in gradients]


def drawn_gradients(size):
    return [size * torch.randn(3, 5), 3 * size * torch.randn(7)], 1 + torch.rand(()).item()


clip_by_norm = Exercise(
    "02",
    "clip_by_norm",
    lambda gradients, most: scaled(gradients, (most / norm(gradients)).clamp(max=1)),
    {
        "short gradients": lambda: drawn_gradients(0.05),
        "long gradients": lambda: drawn_gradients(5),
    },
    [
        Mistake(
            "you clip each number by itself",
            "That turns the gradient another way. Multiply all of it by one factor, most / norm.",
            lambda gradients, most: [gradient.clamp(-most, most) for gradient in gradients],
            seen="nn.utils.clip_grad_value_ for clip_grad_norm_",
        ),
        Mistake(
            "short gradients are made longer",
            "Only what is longer than `most` is cut: the factor is never above 1.",
            lambda gradients, most: scaled(gradients, most / norm(gradients)),
            seen="the min(1, …) is forgotten",
        ),
        Mistake(
            "the root is missing in the norm",
            "The norm is the root of the sum of squares.",
            lambda gradients, most: scaled(gradients, (most / norm(gradients) ** 2).clamp(max=1)),
            seen="the sum of squares taken for the norm",
        ),
        Mistake(
            "each tensor has a norm of its own",
            "Take one norm of all the gradients together, or some directions are cut and others not.",
            lambda gradients, most: [g * (most / g.norm()).clamp(max=1) for g in gradients],
            seen="clipping inside the loop over parameters",
        ),
        Mistake(
            "the norms are added up",
            "Add the squares of all numbers, and take the root of that.",
            lambda gradients, most: scaled(gradients, (most / sum(g.norm() for g in gradients)).clamp(max=1)),
            seen="a sum of norms for the norm of everything",
        ),
        Mistake(
            "the gradients come out with length 1",
            "Divide by the norm, and multiply by `most`.",
            lambda gradients, most: scaled(gradients, 1 / norm(gradients).clamp(min=1)),
            seen="a vector brought to length 1, from geometry",
        ),
        Mistake(
            "it clips what is short and leaves what is long",
            "The smaller of the two: min(1, most / norm).",
            lambda gradients, most: scaled(gradients, (most / norm(gradients)).clamp(min=1)),
            seen="max taken for min",
        ),
        Mistake(
            "long gradients are thrown away",
            "Make them shorter; their direction is still the best guess.",
            lambda gradients, most: scaled(gradients, float(norm(gradients) <= most)),
            seen="a step is skipped when its gradient is too long",
        ),
        Mistake(
            "it measures the largest number, not the length",
            "The norm is the root of the sum of squares.",
            lambda gradients, most: scaled(
                gradients, (most / max(g.abs().max() for g in gradients)).clamp(max=1)
            ),
            seen="norm_type=inf of clip_grad_norm_",
        ),
        Mistake(
            "it measures the sum of the absolute values",
            "The norm is the root of the sum of squares.",
            lambda gradients, most: scaled(
                gradients, (most / sum(g.abs().sum() for g in gradients)).clamp(max=1)
            ),
            seen="norm_type=1 of clip_grad_norm_",
        ),
        Mistake(
            "it measures the longest tensor alone",
            "One norm of all: add the squares of all numbers in all tensors, and take the root.",
            lambda gradients, most: scaled(gradients, (most / max(g.norm() for g in gradients)).clamp(max=1)),
            seen="the largest of the norms for the norm of everything",
        ),
        Mistake(
            "it measures the first tensor alone",
            "One norm of all: add the squares of all numbers in all tensors, and take the root.",
            lambda gradients, most: scaled(gradients, (most / gradients[0].norm()).clamp(max=1)),
            seen="gradients[0], from trying it out with one tensor",
        ),
        Mistake(
            "it measures the root of the mean of squares",
            "The norm is the root of the sum: do not divide by how many numbers there are.",
            lambda gradients, most: scaled(
                gradients, (most / norm(gradients) * sum(g.numel() for g in gradients) ** 0.5).clamp(max=1)
            ),
            seen="mean() for sum(): the root mean square is shorter than the norm",
        ),
    ],
    right=[
        lambda gradients, most: [
            g * min(1.0, most / sum((h**2).sum() for h in gradients) ** 0.5) for g in gradients
        ],
    ],
)


def lstm(gates, cell, order="ifgo", write=torch.tanh, forget=torch.sigmoid, show=torch.tanh):
    """A step of an LSTM, with some of it done in another way."""
    of = dict(zip(order, gates.chunk(4, dim=-1), strict=True))
    cell = forget(of["f"]) * cell + of["i"].sigmoid() * write(of["g"])
    return of["o"].sigmoid() * show(cell), cell


def lstm_in_words(i, f, g, o, cell):
    cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def forget_the_candidate(gates, cell):
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = i.sigmoid() * cell + f.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def show_the_old_cell(gates, cell):
    hidden = gates.chunk(4, dim=-1)[3].sigmoid() * cell.tanh()
    return hidden, lstm(gates, cell)[1]


def carry_the_squeezed_cell(gates, cell):
    hidden, cell = lstm(gates, cell)
    return hidden, cell.tanh()


def gates_without_sigmoid(gates, cell):
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = f * cell + i * g.tanh()
    return o * cell.tanh(), cell


def tied_gates(gates, cell):
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = f.sigmoid() * cell + (1 - f.sigmoid()) * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def forget_both(gates, cell):
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = f.sigmoid() * (cell + i.sigmoid() * g.tanh())
    return o.sigmoid() * cell.tanh(), cell


def write_without_forgetting(gates, cell):
    i, _, g, o = gates.chunk(4, dim=-1)
    cell = cell + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def squeeze_nothing(gates, cell):
    i, f, g, o = gates.chunk(4, dim=-1)
    cell = f * cell + i * g
    return o * cell, cell


def drawn_gates(B):
    return 2 * torch.randn(B, 4 * 5), 2 * torch.randn(B, 5)


lstm_step = Exercise(
    "02",
    "lstm_step",
    lstm,
    {"one sentence": lambda: drawn_gates(1), "a batch": lambda: drawn_gates(3)},
    [
        Mistake(
            "the last two are exchanged: that is the order input, forget, output, candidate",
            "The order here is torch's: input gate, forget gate, candidate, output gate.",
            lambda gates, cell: lstm(gates, cell, "ifog"),
            seen="TensorFlow and Keras list i, f, c, o; older code i, f, o, g (karpathy's numpy LSTM)",
        ),
        Mistake(
            "the forget gate lies on what is new, the input gate on what is old",
            "Forget multiplies the old cell, input the candidate.",
            forget_the_candidate,
            seen="the first two gates exchanged",
        ),
        Mistake(
            "the cell is shown without its tanh",
            "hidden = output gate · tanh(cell).",
            lambda gates, cell: lstm(gates, cell, show=lambda cell: cell),
            seen="the second tanh is overlooked, it stands in another line of the paper",
        ),
        Mistake(
            "the candidate goes through a sigmoid",
            "Gates go through a sigmoid; the candidate is no gate, it may be negative: tanh.",
            lambda gates, cell: lstm(gates, cell, write=torch.sigmoid),
            seen="gates.sigmoid().chunk(4): one sigmoid for all four",
        ),
        Mistake(
            "the candidate is written without its tanh",
            "Squeeze what is new: candidate.tanh().",
            lambda gates, cell: lstm(gates, cell, write=lambda candidate: candidate),
            seen="only the three gates get a function",
        ),
        Mistake(
            "the gates are no gates yet",
            "A gate is a share between 0 and 1: sigmoid it.",
            gates_without_sigmoid,
            seen="the sigmoid is thought to be in the gates that were handed over",
        ),
        Mistake(
            "the forget gate is turned round",
            "1 means keep: the gate is how much of the old cell stays.",
            lambda gates, cell: lstm(gates, cell, forget=lambda f: 1 - f.sigmoid()),
            seen="its name says forget, and it says how much to keep",
        ),
        Mistake(
            "it shows the cell as it was before the word",
            "First renew the cell, then show it.",
            show_the_old_cell,
            seen="the two lines in the wrong order",
        ),
        Mistake(
            "the cell that goes on is squeezed",
            "The tanh is for showing only; what goes on is the cell itself.",
            carry_the_squeezed_cell,
            seen="cell = cell.tanh() on a line of its own",
        ),
        Mistake(
            "cell and hidden come back in the wrong order",
            "Return hidden, cell.",
            lambda gates, cell: lstm(gates, cell)[::-1],
            seen="some libraries keep (c, h), as Flax and Haiku's older LSTM do",
        ),
        Mistake(
            "the input gate is not used",
            "Here input and forget gate are two: what is new comes in by the input gate, not by 1 - forget.",
            tied_gates,
            seen="the GRU's way, and the coupled gates of Greff et al. 2017",
        ),
        Mistake(
            "the forget gate lies on the candidate as well",
            "It multiplies the old cell alone; the new part is added after that.",
            forget_both,
            seen="a bracket too many: forget · (cell + …)",
        ),
        Mistake(
            "the output gate goes through a tanh",
            "A gate is a share between 0 and 1: sigmoid.",
            lambda gates, cell: (
                gates.chunk(4, dim=-1)[3].tanh() * lstm(gates, cell)[1].tanh(),
                lstm(gates, cell)[1],
            ),
            seen="one tanh too many in a line with another",
        ),
        Mistake(
            "the cell is missing",
            "Return both, hidden and cell: the next step needs them.",
            lambda gates, cell: lstm(gates, cell)[0],
            seen="return of what is shown only",
        ),
        Mistake(
            "nothing is squeezed",
            "You are given plain sums: gates need a sigmoid, the candidate and what is shown a tanh.",
            squeeze_nothing,
            seen="the two lines with ⊙ alone, without those that make i, f, g and o",
        ),
        Mistake(
            "the output gate is no gate yet",
            "A gate is a share between 0 and 1: sigmoid it as well.",
            lambda gates, cell: (
                gates.chunk(4, dim=-1)[3] * lstm(gates, cell)[1].tanh(),
                lstm(gates, cell)[1],
            ),
            seen="the gates in the first line are squeezed, the one in the second is overlooked",
        ),
        Mistake(
            "nothing is forgotten",
            "The forget gate says how much of the old cell stays: f · cell + i · candidate.",
            write_without_forgetting,
            seen="Hochreiter & Schmidhuber 1997 have no forget gate",
        ),
        Mistake(
            "the output gate stands inside the tanh",
            "Squeeze the cell first, then multiply: o · tanh(cell).",
            lambda gates, cell: (
                (gates.chunk(4, dim=-1)[3].sigmoid() * lstm(gates, cell)[1]).tanh(),
                lstm(gates, cell)[1],
            ),
            seen="brackets: (o * cell).tanh()",
        ),
        Mistake(
            "the old cell is cut off from the gradient",
            "The numbers are right, but detach() stops the gradient on the very way it is to take.",
            lambda gates, cell: lstm(gates, cell.detach()),
            seen="detach() is right between two batches, and copied into the step",
        ),
        Mistake(
            "no gradient flows back through it",
            "The numbers are right, but .data, .detach() or torch.no_grad() cut the gradient off.",
            lambda gates, cell: lstm(gates.detach(), cell.detach()),
            seen="torch.no_grad(), from code that only applies a model",
        ),
    ],
    right=[
        lambda gates, cell: lstm_in_words(*gates.chunk(4, dim=-1), cell),
    ],
    call=results_and_gradients,
)


def gru(a, hidden, U, c, order="rzn", candidate=None, mix=lambda z, old, new: z * old + (1 - z) * new):
    """A step of a GRU; `candidate(a, m, r)` makes what is new, `mix(z, old, new)` the state."""
    of = dict(zip(order, a.chunk(3, dim=-1), strict=True))
    more = dict(zip(order, (hidden @ U.T + c).chunk(3, dim=-1), strict=True))
    r, z = ((of[gate] + more[gate]).sigmoid() for gate in "rz")
    new = (of["n"] + r * more["n"]).tanh() if candidate is None else candidate(of["n"], more["n"], r)
    return mix(z, hidden, new)


def reset_before(a, hidden, U, c):
    H = hidden.size(-1)
    return gru(a, hidden, U, c, candidate=lambda n, _, r: (n + (r * hidden) @ U[-H:].T + c[-H:]).tanh())


def gates_of_the_word_alone(a, hidden, U, c):
    H = hidden.size(-1)
    blind = torch.cat((torch.zeros_like(U[: 2 * H]), U[2 * H :]))
    return gru(a, hidden, blind, torch.cat((torch.zeros_like(c[: 2 * H]), c[2 * H :])))


def bias_outside(a, hidden, U, c):
    last = c[-hidden.size(-1) :]
    return gru(a, hidden, U, c, candidate=lambda n, m, r: (n + r * (m - last) + last).tanh())


def drawn_gru(B, H=5):
    return 2 * torch.randn(B, 3 * H), torch.randn(B, H), torch.randn(3 * H, H), torch.randn(3 * H)


gru_step = Exercise(
    "02",
    "gru_step",
    gru,
    {"one sentence": lambda: drawn_gru(1), "a batch": lambda: drawn_gru(3)},
    [
        Mistake(
            "the update gate is taken the other way round",
            "Here z is the share of the old state that stays: z · hidden + (1 - z) · candidate.",
            lambda *given: gru(*given, mix=lambda z, old, new: (1 - z) * old + z * new),
            seen="Chung et al. 2014, equation 5, has it so; Cho et al. 2014, equation 7, and torch as here",
        ),
        Mistake(
            "the reset gate stands before the linear map, as in the paper",
            "Here, as in torch, it multiplies what the map gives: r · (U hidden + c).",
            reset_before,
            seen="Cho et al. 2014, equation 8, and TensorFlow's reset_after=False",
        ),
        Mistake(
            "the reset gate lies on the whole candidate",
            "It lies on the memory alone: tanh(a + r · memory).",
            lambda *given: gru(*given, candidate=lambda n, m, r: (r * (n + m)).tanh()),
            seen="a bracket too far to the left",
        ),
        Mistake(
            "the reset gate lies on the new word",
            "It lies on the memory: r · memory, not r · a.",
            lambda *given: gru(*given, candidate=lambda n, m, r: (r * n + m).tanh()),
            seen="what is reset? The past, not the present",
        ),
        Mistake(
            "the reset gate is not used",
            "The candidate is tanh(a + r · memory).",
            lambda *given: gru(*given, candidate=lambda n, m, r: (n + m).tanh()),
            seen="the candidate made as in a plain RNN",
        ),
        Mistake(
            "reset and update are exchanged",
            "The order here is torch's: reset, update, candidate.",
            lambda *given: gru(*given, order="zrn"),
            seen="the papers and TensorFlow name z first",
        ),
        Mistake(
            "the tanh is missing",
            "Squeeze the candidate: (…).tanh().",
            lambda *given: gru(*given, candidate=lambda n, m, r: n + r * m),
            seen="only the gates get a function",
        ),
        Mistake(
            "the candidate goes through a sigmoid",
            "The candidate is no gate, it may be negative: tanh.",
            lambda *given: gru(*given, candidate=lambda n, m, r: (n + r * m).sigmoid()),
            seen="one sigmoid for all three",
        ),
        Mistake(
            "nothing of the old state stays",
            "Mix it with the candidate: z · hidden + (1 - z) · candidate.",
            lambda *given: gru(*given, mix=lambda z, old, new: (1 - z) * new),
            seen="the first half of the last line is forgotten",
        ),
        Mistake(
            "the second bias is missing",
            "The memory is U hidden + c; r multiplies c as well.",
            lambda a, hidden, U, c: gru(a, hidden, U, torch.zeros_like(c)),
            seen="the papers write no biases",
        ),
        Mistake(
            "the candidate sees the hidden state without U",
            "r multiplies the last third of U hidden + c.",
            lambda a, hidden, U, c: gru(a, hidden, U, c, candidate=lambda n, m, r: (n + r * hidden).tanh()),
            seen="r ⊙ h of the paper, with its map forgotten",
        ),
        Mistake(
            "the second bias stands outside the reset gate",
            "r multiplies the whole memory: r · (U hidden + c).",
            bias_outside,
            seen="the papers write no biases, so one adds c at the end",
        ),
        Mistake(
            "the gates do not see the hidden state",
            "r and z are σ of a sum: a part of a, and the same part of U hidden + c.",
            gates_of_the_word_alone,
            seen="the memory is added in the candidate only",
        ),
        Mistake(
            "it gives the candidate",
            "Mix it with the old state: z · hidden + (1 - z) · candidate.",
            lambda *given: gru(*given, mix=lambda z, old, new: new),
            seen="return n, the last line forgotten",
        ),
        Mistake(
            "the old state stays whole",
            "Keep the share z of it, and fill up with 1 - z of the candidate.",
            lambda *given: gru(*given, mix=lambda z, old, new: old + z * new),
            seen="a residual, from other networks",
        ),
    ],
)


def padded(x, left, right=0):
    return F.pad(x, (0, 0, left, right))


def drawn_places(dilation):
    return torch.randn(2, 5, 3), 4, dilation


causal_padding = Exercise(
    "02",
    "causal_padding",
    lambda x, kernel_size, dilation: padded(x, (kernel_size - 1) * dilation),
    {"neighbours": lambda: drawn_places(1), "every third word": lambda: drawn_places(3)},
    [
        Mistake(
            "the padding stands on the right",
            "Before the first word there is nothing: the zeros come first, F.pad(x, (0, 0, past, 0)).",
            lambda x, kernel_size, dilation: padded(x, 0, (kernel_size - 1) * dilation),
            seen="the last two numbers of F.pad exchanged: every word sees its future",
        ),
        Mistake(
            "there is padding on both sides",
            "All of it goes to the left, or a word sees those after it.",
            lambda x, kernel_size, dilation: padded(x, *2 * [(kernel_size - 1) * dilation]),
            seen="nn.Conv1d(padding=…) pads both sides; Bai et al. 2018 cut the right end off again (chomp)",
        ),
        Mistake(
            "half of the padding stands on each side",
            "That is for networks that may see the future. All of it goes to the left.",
            lambda x, kernel_size, dilation: padded(
                x,
                (kernel_size - 1) * dilation // 2,
                (kernel_size - 1) * dilation - (kernel_size - 1) * dilation // 2,
            ),
            seen='padding="same" of torch and Keras',
        ),
        Mistake(
            "the dilation is forgotten",
            "The words of the window stand `dilation` apart: it reaches (kernel_size - 1) · dilation back.",
            lambda x, kernel_size, dilation: padded(x, kernel_size - 1),
            seen="right for the first layer, whose dilation is 1",
        ),
        Mistake(
            "there is one step too much",
            "A window of kernel_size words has kernel_size - 1 steps between them.",
            lambda x, kernel_size, dilation: padded(x, kernel_size * dilation),
            seen="fence posts and gaps: every word loses sight of itself",
        ),
        Mistake(
            "dilation - 1 of the zeros are too many",
            "There are kernel_size - 1 steps between its words, each `dilation` words long.",
            lambda x, kernel_size, dilation: padded(x, kernel_size * dilation - 1),
            seen="kernel_size * dilation - 1, a bracket too few",
        ),
        Mistake(
            "you pad the features",
            "F.pad counts axes from the last: two numbers for the features, 0 and 0, then two for the words.",
            lambda x, kernel_size, dilation: F.pad(x, ((kernel_size - 1) * dilation, 0)),
            seen="F.pad(x, (past, 0)) is for (B, D, S), the order of nn.Conv1d",
        ),
        Mistake(
            "the first word is repeated",
            "Pad with zeros: before the first word there is nothing.",
            lambda x, kernel_size, dilation: torch.cat(
                (x[:, :1].expand(-1, (kernel_size - 1) * dilation, -1), x), dim=1
            ),
            seen='mode="replicate"',
        ),
        Mistake(
            "that is right for a window of two words only",
            "It reaches kernel_size - 1 steps back, each of them `dilation` words.",
            lambda x, kernel_size, dilation: padded(x, dilation),
            seen="the example by hand had a kernel of 2",
        ),
        Mistake(
            "there is half of it, and that on both sides",
            "All of it goes to the left: (kernel_size - 1) · dilation zeros, and none to the right.",
            lambda x, kernel_size, dilation: padded(x, *2 * [(kernel_size - 1) * dilation // 2]),
            seen="padding=(k - 1) * d // 2 of nn.Conv1d, for networks that may see the future",
        ),
        Mistake(
            "the last words are cut off",
            "Do not cut back to S places: each of the S windows needs its past as well.",
            lambda x, kernel_size, dilation: padded(x, (kernel_size - 1) * dilation)[:, : x.size(1)],
            seen="Bai et al. 2018 cut off after the convolution, not before it",
        ),
    ],
    right=[
        lambda x, kernel_size, dilation: torch.cat(
            (x.new_zeros(len(x), (kernel_size - 1) * dilation, x.size(2)), x), dim=1
        ),
    ],
)


def reads(renew, pick=None):
    """A loop over padded words; renew(real, new, old) is the next state, pick(states, mask) the answer."""

    def read(x, mask, cell):
        hidden, states = cell.first_state(x[:, 0]), []
        for t in range(x.size(1)):
            hidden = renew(mask[:, t, None], cell(x[:, t], hidden), hidden)
            states.append(hidden)
        return hidden if pick is None else pick(torch.stack(states, dim=1), mask)

    return read


def at_length(states, mask, off=0):
    """The state at the place of each sentence's last word, found by counting words."""
    places = (mask.sum(dim=1) - 1 + off).clamp(0, mask.size(1) - 1)
    return states[torch.arange(len(states)), places]


def drawn_padded(lengths):
    x = torch.randn(len(lengths), max(lengths), 3)
    return x, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None], RNNCell(3, 7)


last_states = Exercise(
    "02",
    "last_states",
    reads(torch.where),
    {
        "no padding": lambda: drawn_padded([5, 5]),
        "padding": lambda: drawn_padded([5, 7, 2]),
    },
    [
        Mistake(
            "the mask of the first sentence serves for all",
            "Each sentence has its own: mask[:, t, None], not mask[0, t].",
            lambda x, mask, cell: reads(torch.where)(x, mask[:1].expand_as(mask), cell),
            seen="if mask[0, t], written with one sentence in mind",
        ),
        Mistake(
            "the state runs on into the padding",
            "Where the mask is False, keep the state as it was: torch.where(mask[:, t, None], new, old).",
            reads(lambda real, new, old: new),
            seen="output[:, -1] of nn.LSTM; a classic in forum questions on padded batches",
        ),
        Mistake(
            "the mask is upside down",
            "True means: a real word. There the state is new, elsewhere old.",
            reads(lambda real, new, old: torch.where(real, old, new)),
            seen="torch's own key_padding_mask says True for padding",
        ),
        Mistake(
            "the padding wipes the state out",
            "Multiplying by the mask gives 0 in the padding; what we want is the state as it was.",
            reads(lambda real, new, old: new * real),
            seen="states * mask, which is right for outputs, done to the state",
        ),
        Mistake(
            "it is the state before the last word",
            "A sentence of n words ends at place n - 1, with that word read.",
            reads(lambda real, new, old: new, pick=lambda s, mask: at_length(s, mask, -1)),
            seen="lengths - 2, one subtracted twice",
        ),
        Mistake(
            "it is the state one place too late",
            "A sentence of n words ends at place n - 1: places count from 0.",
            reads(lambda real, new, old: new, pick=lambda s, mask: at_length(s, mask, 1)),
            seen="states[:, lengths]: right for the longest only because of a clamp",
        ),
        Mistake(
            "it is the mean of the states",
            "Asked for is the state after the last real word.",
            reads(
                lambda real, new, old: new,
                pick=lambda s, mask: (s * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
            ),
            seen="mean pooling, another way to make one vector of a sentence",
        ),
        Mistake(
            "it is the state after the first word",
            "Read on: the last real word, not the first.",
            reads(lambda real, new, old: new, pick=lambda s, mask: s[:, 0]),
            seen="right for the backward direction of a bidirectional network",
        ),
        Mistake(
            "the padding is read as a word of zeros",
            "A word of zeros renews the state, too. Choose between the new state and the old one.",
            lambda x, mask, cell: reads(lambda real, new, old: new)(x * mask[..., None], mask, cell),
            seen="padding_idx of nn.Embedding, which makes zeros of it, taken for a mask",
        ),
        Mistake(
            "these are all states",
            "Only the last one of each sentence is asked for: (B, H).",
            reads(torch.where, pick=lambda states, mask: states),
            seen="the list of states is returned, not the state",
        ),
        Mistake(
            "the loop ends for all where the shortest sentence ends",
            "Read on for the others: choose for each sentence by its mask.",
            lambda x, mask, cell: reads(torch.where)(x[:, : mask.all(dim=0).sum()], mask, cell),
            seen="break at the first padding, which is right for one sentence",
        ),
    ],
    right=[reads(lambda real, new, old: new, pick=at_length)],
)
