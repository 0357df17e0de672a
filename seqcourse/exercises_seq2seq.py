"""The exercises of lesson 03: what is right, and the mistakes that people make."""

import math

import torch
import torch.nn.functional as F

from .exercise import Exercise, Mistake
from .gradients import results_and_gradients
from .seq2seq import reverse

PAD_ID, BOS_ID, EOS_ID = 9, 2, 3  # padding is not 0, so that a 0 written into an answer shows


def drawn_outputs(lengths):
    """What a network gives out after every word, and which words are real: (B, S, H), (B, S)."""
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    return torch.randn(len(lengths), max(lengths), 5), mask


def picked(outputs, places):
    return outputs[torch.arange(len(outputs)), places]


last_state = Exercise(
    "03",
    "last_state",
    lambda outputs, mask: picked(outputs, mask.sum(dim=1) - 1),
    {
        "one sentence": lambda: drawn_outputs([7]),
        "a padded batch": lambda: drawn_outputs([4, 7, 2]),
        "another padded batch": lambda: drawn_outputs([7, 3, 1, 5, 6]),
    },
    [
        Mistake(
            "you read the last column, which is padding for all but the longest sentence",
            "The last real word of row b stands at mask[b].sum() - 1; index rows and places together.",
            lambda outputs, mask: outputs[:, -1],
            seen="output[:, -1] after an nn.LSTM that was not told of padding",
        ),
        Mistake(
            "you are one word too late",
            "Places count from 0: the last of n words stands at n - 1.",
            lambda outputs, mask: picked(outputs, mask.sum(dim=1).clamp(max=mask.size(1) - 1)),
            seen="the length taken for an index",
        ),
        Mistake(
            "you are one word too early",
            "The last of n words stands at n - 1; only once is 1 taken away.",
            lambda outputs, mask: picked(outputs, mask.sum(dim=1) - 2),
            seen="</s> taken for padding",
        ),
        Mistake(
            "that is the state after the first word",
            "The last word has read all others; the first has read none.",
            lambda outputs, mask: outputs[:, 0],
            seen="the summary of BERT stands at the first place, and argmax of a mask finds the first True",
        ),
        Mistake(
            "that is the mean over all real words",
            "A recurrent network has summed up by itself: take what it gives out after the last word.",
            lambda outputs, mask: (outputs * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True),
            seen="mean pooling, as in sentence classification",
        ),
        Mistake(
            "that is the mean over all columns, padding included",
            "Take what stands at the last real word, and nothing else.",
            lambda outputs, mask: outputs.mean(dim=1),
            seen="outputs.mean(dim=1) without a mask",
        ),
        Mistake(
            "that is the sum over the words",
            "Take what stands at the last real word, and nothing else.",
            lambda outputs, mask: (outputs * mask[..., None]).sum(dim=1),
            seen="a mask multiplied, then the sum taken",
        ),
        Mistake(
            "every sentence is cut to the length of the shortest",
            "Each row has a length of its own: mask.sum(dim=1), not its minimum.",
            lambda outputs, mask: outputs[:, mask.sum(dim=1).min() - 1],
            seen="one length for the whole batch",
        ),
        Mistake(
            "you pick the places of all sentences from every row",
            "outputs[:, places] is (B, B, H). Pick row 0 with place 0, row 1 with place 1, and so on: "
            "outputs[torch.arange(B), places].",
            lambda outputs, mask: outputs[:, mask.sum(dim=1) - 1],
            seen="a colon for the rows, where their numbers are needed",
        ),
        Mistake(
            "you pick the places of all sentences from every row; squeeze(1) helps only a batch of one",
            "Pick row 0 with place 0, row 1 with place 1, and so on: outputs[torch.arange(B), places].",
            lambda outputs, mask: outputs[:, mask.sum(dim=1) - 1].squeeze(1),
            seen="a shape mended on a batch of one",
        ),
        Mistake(
            "that is the largest of each feature over the real words",
            "Take what stands at the last real word, and nothing else.",
            lambda outputs, mask: outputs.masked_fill(~mask[..., None], -torch.inf).amax(dim=1),
            seen="max pooling, as in sentence classification",
        ),
        Mistake(
            "that is the largest of each feature over all columns, padding included",
            "Take what stands at the last real word, and nothing else.",
            lambda outputs, mask: outputs.amax(dim=1),
            seen="outputs.max(dim=1).values without a mask",
        ),
    ],
    right=[
        lambda outputs, mask: outputs.gather(
            1, (mask.sum(dim=1) - 1)[:, None, None].expand(-1, 1, outputs.size(2))
        )[:, 0],
        lambda outputs, mask: torch.stack([row[real][-1] for row, real in zip(outputs, mask, strict=True)]),
    ],
)


def drawn_targets(lengths):
    words = torch.randint(10, 30, (len(lengths), max(lengths)))
    for row, length in zip(words, lengths, strict=True):
        row[length:] = PAD_ID
    return words, BOS_ID, EOS_ID, PAD_ID


def drawn_bare_targets(lengths):
    words, *ids = drawn_targets(lengths)
    words[0, 0] = 0  # a word like any other
    return words, *ids


def column(tgt, token):
    return torch.full_like(tgt[:, :1], token)


def widened(tgt, pad_id):
    return torch.cat([tgt, column(tgt, pad_id)], dim=1)


def ended(tgt, eos_id, pad_id, back=0):
    """Each row with `</s>` after its last word, or `back` places before: one column more."""
    place = (tgt != pad_id).sum(dim=1, keepdim=True) - back
    return widened(tgt, pad_id).scatter(1, place, eos_id)


def started(tgt, bos_id):
    return torch.cat([column(tgt, bos_id), tgt], dim=1)


def shifted(tgt, bos_id, eos_id, pad_id):
    return started(tgt, bos_id), ended(tgt, eos_id, pad_id)


def asked_for(answer, tgt, bos_id, eos_id, pad_id):
    """What goes in and what is to come out; where nothing is asked for, it does not matter what is fed."""
    rows = answer(tgt, bos_id, eos_id, pad_id)
    pair = isinstance(rows, list | tuple) and len(rows) == 2
    if pair and all(isinstance(row, torch.Tensor) for row in rows) and rows[0].shape == rows[1].shape:
        return rows[0].masked_fill(rows[1] == pad_id, pad_id), rows[1]
    return rows


teacher_forcing = Exercise(
    "03",
    "teacher_forcing",
    shifted,
    {
        "one sentence": lambda: drawn_bare_targets([5]),
        "a padded batch": lambda: drawn_bare_targets([3, 7, 5]),
    },
    [
        Mistake(
            "the decoder is fed the very word that it should say",
            "What goes in begins with `<s>`: at each place it is the word before the one asked for.",
            lambda tgt, bos_id, eos_id, pad_id: (ended(tgt, eos_id, pad_id),) * 2,
            seen="the target not shifted: the loss falls to nothing, and lesson 07 shows why",
        ),
        Mistake(
            "`<s>` is missing",
            "Before the first word there is nothing to feed but `<s>`.",
            lambda tgt, bos_id, eos_id, pad_id: (tgt, ended(tgt, eos_id, pad_id)[:, 1:]),
            seen="tgt[:, :-1] and tgt[:, 1:] of a target without `<s>`",
        ),
        Mistake(
            "`</s>` is missing",
            "What is to come out ends with `</s>`, or the model never learns to stop.",
            lambda tgt, bos_id, eos_id, pad_id: (started(tgt, bos_id)[:, :-1], tgt),
            seen="the end of a sentence looks like nothing",
        ),
        Mistake(
            "`</s>` is missing, and padding stands in its place",
            "What is to come out ends with `</s>`, or the model never learns to stop.",
            lambda tgt, bos_id, eos_id, pad_id: (started(tgt, bos_id), widened(tgt, pad_id)),
            seen="a column added for `</s>`, which is never written into it",
        ),
        Mistake(
            "`</s>` stands in the place of the last word",
            "The n words of a row stand at 0 to n - 1: the place for `</s>` is n.",
            lambda tgt, bos_id, eos_id, pad_id: (started(tgt, bos_id), ended(tgt, eos_id, pad_id, back=1)),
            seen="1 taken away, as where the last word is looked for",
        ),
        Mistake(
            "all padding has become `</s>`",
            "One `</s>` a row; after it the padding stays.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(tgt, bos_id),
                widened(tgt, pad_id).masked_fill(widened(tgt, pad_id) == pad_id, eos_id),
            ),
            seen="padding filled up with `</s>`; then most of what is asked for is `</s>`",
        ),
        Mistake(
            "pad_id is not used: 0 is taken for padding",
            "Padding is not always 0: compare with pad_id, and fill with it.",
            lambda tgt, bos_id, eos_id, pad_id: shifted(tgt, bos_id, eos_id, 0),
            seen="padding is 0 in most code, and in ours outside of this check",
        ),
        Mistake(
            "0 is taken for padding where you count the words",
            "Padding is not always 0: compare with pad_id.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(tgt, bos_id),
                widened(tgt, pad_id).scatter(1, (tgt != 0).sum(dim=1, keepdim=True), eos_id),
            ),
            seen="(tgt != 0).sum(dim=1), written from memory",
        ),
        Mistake(
            "`</s>` stands after the padding",
            "It belongs right after the last word of each row: its place is the number of real words.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(tgt, bos_id),
                torch.cat([tgt, column(tgt, eos_id)], dim=1),
            ),
            seen="torch.cat with a column of `</s>`, after the batch was padded",
        ),
        Mistake(
            "the two are exchanged",
            "First what goes in, which begins with `<s>`; then what is to come out.",
            lambda *given: shifted(*given)[::-1],
            seen="the order of a pair",
        ),
        Mistake(
            "what goes in begins with `</s>`",
            "It begins with `<s>`, bos_id.",
            lambda tgt, bos_id, eos_id, pad_id: (started(tgt, eos_id), ended(tgt, eos_id, pad_id)),
            seen="fairseq starts its decoder with `</s>`; here `<s>` has a number of its own",
        ),
        Mistake(
            "`<s>` and `</s>` are exchanged",
            "A sentence starts with bos_id and ends with eos_id.",
            lambda tgt, bos_id, eos_id, pad_id: shifted(tgt, eos_id, bos_id, pad_id),
            seen="two ids next to each other in every vocabulary",
        ),
        Mistake(
            "`<s>` is asked for, too",
            "It is fed and never asked for: what is to come out starts with the first word.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(ended(tgt, eos_id, pad_id), bos_id)[:, :-1],
                started(tgt, bos_id),
            ),
            seen="both sides get `<s>`, and the model learns to repeat what it is fed",
        ),
        Mistake(
            "`<s>` is asked for, too, and there is a column more",
            "It is fed and never asked for: what is to come out starts with the first word.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(tgt, bos_id),
                started(ended(tgt, eos_id, pad_id), bos_id),
            ),
            seen="`<s>` and `</s>` put round every sentence, and only one side cut",
        ),
        Mistake(
            "`</s>` is fed, too",
            "After `</s>` nothing is asked for, so it is not fed: both have one column more than the target.",
            lambda tgt, bos_id, eos_id, pad_id: (
                started(ended(tgt, eos_id, pad_id), bos_id),
                ended(tgt, eos_id, pad_id),
            ),
            seen="`<s>` and `</s>` put round every sentence; bentrevett/pytorch-seq2seq cuts one off later",
        ),
    ],
    right=[
        # `<s>`, the words, `</s>` and padding, without the last column and without the first
        lambda tgt, bos_id, eos_id, pad_id: (
            started(ended(tgt, eos_id, pad_id), bos_id)[:, :-1],
            ended(tgt, eos_id, pad_id),
        ),
    ],
    call=asked_for,
)


def drawn_logits(lengths):
    targets = drawn_targets(lengths)[0]
    targets[0, 0] = 0  # a word like any other
    return 2 * torch.randn(*targets.shape, 30), targets, PAD_ID


def word_losses(logits, tgt_out):
    return F.cross_entropy(logits.mT, tgt_out, reduction="none")  # (B, T)


def cut_off(logits, tgt_out, pad_id):
    return word_losses(logits, tgt_out)[tgt_out != pad_id].mean().item()


def probability_of(logits, tgt_out, dim=-1):
    return logits.softmax(dim=dim).gather(-1, tgt_out[..., None])[..., 0]  # (B, T)


def loss_with(mean):
    """A loss from the surprise at each place and which places are real."""
    return lambda logits, tgt_out, pad_id: mean(word_losses(logits, tgt_out), tgt_out != pad_id)


mean_loss = Exercise(
    "03",
    "mean_loss",
    loss_with(lambda losses, real: losses[real].mean()),
    {
        "no padding": lambda: drawn_logits([5]),
        "a padded batch": lambda: drawn_logits([3, 7, 2]),
    },
    [
        Mistake(
            "padding is counted",
            "Leave out the places where tgt_out == pad_id: a mask, or ignore_index=pad_id.",
            loss_with(lambda losses, real: losses.mean()),
            seen="F.cross_entropy without ignore_index, in many tutorials",
        ),
        Mistake(
            "you leave padding out of the sum, but divide by all places",
            "Divide by the number of real words.",
            loss_with(lambda losses, real: (losses * real).mean()),
            seen="(loss * mask).mean()",
        ),
        Mistake(
            "that is a mean of means: words of short sentences weigh more than others",
            "One sum over all real words of the batch, divided by how many they are.",
            loss_with(lambda losses, real: ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()),
            seen="the mean taken sentence by sentence",
        ),
        Mistake(
            "that is the sum",
            "Divide by the number of real words.",
            loss_with(lambda losses, real: losses[real].sum()),
            seen='reduction="sum"; then long batches take longer steps',
        ),
        Mistake(
            "that is the sum of each sentence, averaged over sentences",
            "Divide by the number of words, not of sentences.",
            loss_with(lambda losses, real: (losses * real).sum() / len(losses)),
            seen="the loss divided by the batch size, as is usual for pictures",
        ),
        Mistake(
            "the logits went through a softmax before the loss",
            "F.cross_entropy takes the softmax itself: hand it the logits.",
            lambda logits, tgt_out, pad_id: word_losses(logits.softmax(dim=-1), tgt_out)[
                tgt_out != pad_id
            ].mean(),
            seen="a softmax as the model's last layer",
        ),
        Mistake(
            "the sign is wrong",
            "Surprise is -log p, and above 0.",
            loss_with(lambda losses, real: -losses[real].mean()),
            seen="log-likelihood for its negative",
        ),
        Mistake(
            "pad_id is not used: word 0 is left out in its place",
            "Padding is not always 0: compare with pad_id.",
            lambda logits, tgt_out, pad_id: word_losses(logits, tgt_out)[tgt_out != 0].mean(),
            seen="ignore_index=0, or tgt_out.bool(), written from memory",
        ),
        Mistake(
            "the number is right, but no gradient flows from it to the logits",
            "Return the tensor itself: .item(), .detach() and no_grad cut it off, and nothing can be learnt.",
            cut_off,
            seen=".item() belongs to the line that prints the loss",
        ),
        Mistake(
            "that is in bits, not in nats",
            "Here log is the natural logarithm, as torch.log and F.cross_entropy have it.",
            loss_with(lambda losses, real: losses[real].mean() / math.log(2)),
            seen="torch.log2, as information is measured in bits",
        ),
        Mistake(
            "that is the mean of the probabilities",
            "Surprise is -log p: take the logarithm of each word's probability, then the mean.",
            lambda logits, tgt_out, pad_id: probability_of(logits, tgt_out)[tgt_out != pad_id].mean(),
            seen="the softmax taken, the logarithm forgotten",
        ),
        Mistake(
            "that is the mean of the probabilities, with a minus",
            "Surprise is -log p: take the logarithm of each word's probability, then the mean.",
            lambda logits, tgt_out, pad_id: -probability_of(logits, tgt_out)[tgt_out != pad_id].mean(),
            seen="F.nll_loss handed probabilities",
        ),
        Mistake(
            "the logarithm comes after the mean",
            "Take -log p of each word, and then the mean.",
            lambda logits, tgt_out, pad_id: -probability_of(logits, tgt_out)[tgt_out != pad_id].mean().log(),
            seen="two steps in the wrong order",
        ),
        Mistake(
            "the softmax runs over the places, not over the words",
            "Axis 1 is T. At each place the probabilities of all words sum to 1: dim=-1.",
            lambda logits, tgt_out, pad_id: (
                -probability_of(logits, tgt_out, dim=1).log()[tgt_out != pad_id].mean()
            ),
            seen="softmax(dim=1), right for (B, V)",
        ),
    ],
    right=[
        lambda logits, tgt_out, pad_id: F.cross_entropy(
            logits.flatten(0, 1), tgt_out.flatten(), ignore_index=pad_id
        ),
    ],
    call=results_and_gradients,
)


ENDLESS = 40  # words: no speaker that is drawn goes on for so long


class RandomDecoder:
    """A decoder with random weights: its next word depends on the word fed and on all before it."""

    def __init__(self, words=11, size=7):
        self.words, self.output = 2 * torch.randn(words, size), 2 * torch.randn(size, words)
        self.turn = torch.randn(size, size)

    def step(self, token, state):
        if not isinstance(token, torch.Tensor) or token.shape != (1,):
            kind = f"a tensor {tuple(token.shape)}" if isinstance(token, torch.Tensor) else repr(token)
            raise TypeError(f"step takes a token as a tensor (1,), not {kind}")
        state = (self.words[token] + state @ self.turn).tanh()
        return state @ self.output, state


def said(step, state, bos_id, eos_id, most, renew=True, fed=None, best=torch.argmax):
    """The words that a speaker says; `renew`: does it keep its state? `fed`: fed in place of them."""
    tokens, token = [], bos_id
    for _ in range(most):
        logits, new = step(torch.tensor([token if fed is None else fed]), state)
        state, token = new if renew else state, best(logits[0]).item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


def skipping_the_end(step, state, bos_id, eos_id, most):
    return [token for token in said(step, state, bos_id, -1, most) if token != eos_id]


def drawn_speaker(ends):
    """A speaker that comes to its end after some words, or only after more than it may say."""
    while True:
        *given, most = RandomDecoder().step, torch.randn(1, 7), BOS_ID, EOS_ID, 8
        words = len(said(*given, ENDLESS))
        if (3 <= words < 7) if ends else most < words < ENDLESS:
            return *given, most


greedy = Exercise(
    "03",
    "greedy",
    said,
    {
        "a sentence that ends in time": lambda: drawn_speaker(ends=True),
        "a sentence longer than `most`": lambda: drawn_speaker(ends=False),
    },
    [
        Mistake(
            "the state is forgotten",
            "Each step needs the state that the step before gave back: logits, state = step(token, state).",
            lambda *given: said(*given, renew=False),
            seen="logits, _ = step(token, state), in a loop",
        ),
        Mistake(
            "every step is fed `<s>`",
            "Feed the word that was just chosen.",
            lambda *given: said(*given, fed=BOS_ID),
            seen="token is set before the loop and never in it",
        ),
        Mistake(
            "you take the least likely word",
            "argmax, not argmin.",
            lambda *given: said(*given, best=torch.argmin),
            seen="a score taken for a loss",
        ),
        Mistake(
            "`</s>` is among the words",
            "It says that the sentence is over, and is no part of it.",
            lambda step, state, bos_id, eos_id, most: with_end(
                said(step, state, bos_id, eos_id, most), eos_id, most
            ),
            seen="append before the test",
        ),
        Mistake(
            "`<s>` is among the words",
            "It is fed, and nobody said it.",
            lambda step, state, bos_id, eos_id, most: [bos_id, *said(step, state, bos_id, eos_id, most)],
            seen="tokens = [bos_id], to have something to feed",
        ),
        Mistake(
            "it does not stop at `</s>`",
            "When the likeliest token is eos_id, the sentence is over: leave the loop.",
            lambda step, state, bos_id, eos_id, most: said(step, state, bos_id, -1, most),
            seen="for _ in range(most), and no break",
        ),
        Mistake(
            "it stops one word early",
            "Up to `most` words may be said.",
            lambda step, state, bos_id, eos_id, most: said(step, state, bos_id, eos_id, most - 1),
            seen="`<s>` counted as a word: range(1, most)",
        ),
        Mistake(
            "it begins with `</s>`",
            "The first token fed is bos_id.",
            lambda step, state, bos_id, eos_id, most: said(step, state, eos_id, eos_id, most),
            seen="fairseq starts its decoder with `</s>`; a model must be asked as it was taught",
        ),
        Mistake(
            "it says more than `most` words",
            "After `most` words it stops, whether `</s>` has come or not.",
            lambda step, state, bos_id, eos_id, most: said(step, state, bos_id, eos_id, ENDLESS),
            seen="while True, with `</s>` as the only way out",
        ),
        Mistake(
            "`</s>` is left out of the words, and still it goes on",
            "When the likeliest token is eos_id, the sentence is over: leave the loop.",
            skipping_the_end,
            seen="if token != eos_id: tokens.append(token), and no break",
        ),
    ],
)


def with_end(tokens, eos_id, most):
    return [*tokens, eos_id] if len(tokens) < most else tokens


def drawn_sources(lengths):
    words = drawn_targets(lengths)[0]
    words[0, 1] = 0  # a word like any other
    return words, PAD_ID


def turned_by(src, n):
    """The first n words of every row turned round."""
    return torch.cat((src[:, :n].flip(1), src[:, n:]), dim=1)


reverse_source = Exercise(
    "03",
    "reverse_source",
    reverse,
    {
        "one sentence": lambda: drawn_sources([5]),
        "a padded batch": lambda: drawn_sources([5, 7, 3]),
    },
    [
        Mistake(
            "all rows turn by the length of the shortest",
            "Each row has its own number of real words.",
            lambda src, pad_id: turned_by(src, (src != pad_id).sum(dim=1).min().item()),
            seen=".min() over the batch, or one length for all",
        ),
        Mistake(
            "the padding has come to the front",
            "flip turns the whole row; only the first n of it, the real words, are to turn.",
            lambda src, pad_id: src.flip(1),
            seen="src.flip(1), or [::-1] after padding",
        ),
        Mistake(
            "you reverse the order of the sentences",
            "Axis 0 is the batch; the words stand along axis 1.",
            lambda src, pad_id: src.flip(0),
            seen="torch.flip(src, [0]), right for (S, B)",
        ),
        Mistake(
            "the last word stays where it was",
            "All real tokens turn round, the last one, too.",
            lambda src, pad_id: kept_last(src, pad_id),
            seen="Sutskever et al. leave `</s>` at the end; here it is a token like the others",
        ),
        Mistake(
            "the first word stays where it was",
            "All real tokens turn round, the first one, too.",
            lambda src, pad_id: torch.cat([src[:, :1], reverse(src[:, 1:], pad_id)], dim=1),
            seen="row[:0:-1], a slice that ends one early",
        ),
        Mistake(
            "all rows turn by the length of the first",
            "Each row has a length of its own: (src != pad_id).sum(dim=1, keepdim=True).",
            lambda src, pad_id: by_length_of_first(src, pad_id),
            seen="one length for the whole batch",
        ),
        Mistake(
            "pad_id is not used: 0 is taken for padding",
            "Padding is not always 0: compare with pad_id.",
            lambda src, pad_id: reverse(src, 0),
            seen="(src != 0).sum(dim=1), written from memory",
        ),
    ],
    right=[
        lambda src, pad_id: torch.stack(
            [torch.cat([row[row != pad_id].flip(0), row[row == pad_id]]) for row in src]
        )
    ],
)


def kept_last(src, pad_id):
    last = (src != pad_id).sum(dim=1, keepdim=True) - 1
    token = src.gather(1, last)
    return reverse(src.scatter(1, last, pad_id), pad_id).scatter(1, last, token)


def by_length_of_first(src, pad_id):
    length = (src[0] != pad_id).sum()
    return torch.cat([src[:, :length].flip(1), src[:, length:]], dim=1)
