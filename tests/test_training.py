"""The loss counts every word once and no padding; a pass learns; what is measured is what is."""

import math

import pytest
import torch
import torch.nn.functional as F

from seqcourse.batching import make_batch
from seqcourse.schedules import SCHEDULES, inverse_square_root, one_cycle
from seqcourse.training import evaluate_model, token_loss, train_model
from seqcourse.transformer import Transformer, TransformerConfig

V = 17


def make_model(dropout=0.0):
    torch.manual_seed(0)
    sizes = dict(d_model=15, nhead=3, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=11)
    return Transformer(TransformerConfig(V, V, **sizes, dropout=dropout, max_length=31))


def make_examples(lengths=((5, 3), (2, 7), (4, 4), (1, 0)), seed=0):
    generator = torch.Generator().manual_seed(seed)

    def words(length):
        return torch.randint(4, V, (length,), generator=generator).tolist()

    return [([*words(s), 3], words(t)) for s, t in lengths]


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_the_mean_over_words_one_by_one(smoothing):
    model, examples = make_model().eval(), make_examples()
    total = words = 0
    for source, target in examples:  # alone, so without any padding
        logits = model(torch.tensor([source]), torch.tensor([[2, *target]]))[0].log_softmax(-1)
        for t, word in enumerate([*target, 3]):
            total -= ((1 - smoothing) * logits[t, word] + smoothing * logits[t].mean()).item()
            words += 1
    loss, count = token_loss(model, make_batch(examples), label_smoothing=smoothing)
    assert count == words
    assert math.isclose(loss.item(), total / words, rel_tol=1e-5)


def test_the_mean_over_batches_weighs_words_not_batches():
    model, examples = make_model(), make_examples()
    whole = evaluate_model(model, [make_batch(examples)])
    assert math.isclose(evaluate_model(model, [make_batch([e]) for e in examples]), whole, rel_tol=1e-5)
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    assert math.isclose(train_model(model, [make_batch([e]) for e in examples], frozen), whole, rel_tol=1e-5)


def test_one_step_is_the_step_of_the_optimizer_with_a_clipped_gradient():
    model, twin, batch = make_model(), make_model(), make_batch(make_examples())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    train_model(model, [batch], optimizer, label_smoothing=0.3, clip=0.25)
    logits = twin(batch.src, batch.tgt_in).transpose(1, 2)
    loss = F.cross_entropy(logits, batch.tgt_out, ignore_index=0, label_smoothing=0.3)
    gradients = torch.autograd.grad(loss, list(twin.parameters()))
    norm = torch.stack([g.norm() for g in gradients]).norm()
    assert norm > 0.25
    for after, before, gradient in zip(model.parameters(), twin.parameters(), gradients, strict=True):
        torch.testing.assert_close(after, before - 0.5 * gradient * 0.25 / norm, atol=1e-5, rtol=1e-4)


def test_learning_drops_whatever_the_mode_before():
    model, batches = make_model(dropout=0.5).eval(), [make_batch(make_examples())]
    whole, frozen = evaluate_model(model, batches), torch.optim.SGD(model.parameters(), lr=0.0)
    assert abs(train_model(model, batches, frozen) - whole) > 1e-3
    assert model.training


def test_measuring_learns_nothing_drops_nothing_and_leaves_the_mode_as_it_was():
    model, batches = make_model(dropout=0.5), [make_batch(make_examples())]
    before, seen = [p.clone() for p in model.parameters()], []
    model.register_forward_hook(lambda model, tokens, logits: seen.append(logits.requires_grad))
    model.train()
    assert evaluate_model(model, batches) == evaluate_model(model, batches)
    assert model.training
    model.eval()
    evaluate_model(model, batches)
    assert not model.training
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert seen == [False] * 3  # and keeps nothing for gradients


def test_an_untrained_model_knows_as_much_as_a_die_with_as_many_sides_as_there_are_words():
    loss = evaluate_model(make_model(), [make_batch(make_examples(((5, 30),) * 7))])
    assert abs(loss - math.log(V)) < 1


def test_training_moves_the_schedule_once_a_batch():
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    train_model(model, [make_batch(make_examples())] * 3, optimizer, schedule)
    assert schedule.get_last_lr() == [1 / 4]


def test_nothing_to_learn_from_is_said():
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for attempt in (lambda: train_model(model, [], optimizer), lambda: evaluate_model(model, [])):
        with pytest.raises(ValueError, match="no batch"):
            attempt()


@pytest.mark.parametrize("score", [math.nan, -math.inf])
def test_a_loss_that_is_no_number_is_said_and_nothing_is_learnt_from_it(score):
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with torch.no_grad():
        model.decoder.output.bias[3] = score  # every sentence ends with </s>
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(FloatingPointError, match="lower learning rate"):
        train_model(model, [make_batch(make_examples())], optimizer)
    for a, b in zip(before, model.parameters(), strict=True):
        assert torch.equal(a.nan_to_num(), b.nan_to_num())


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_rises_in_a_line_to_its_peak_of_one_and_then_falls(name):
    rates = [SCHEDULES[name](step, steps=97, warmup=13) for step in range(1, 98)]
    for step in range(1, 14):
        assert math.isclose(rates[step - 1], step / 13)
    assert max(rates) == rates[12] == 1
    assert all(b < a for a, b in zip(rates[12:], rates[13:], strict=False))
    assert all(0 < rate <= 1 for rate in rates)


def test_the_schedules_are_those_of_the_papers():
    for step in (1, 3999, 4000, 4001, 90000):
        paper = 512**-0.5 * min(step**-0.5, step * 4000**-1.5)
        assert math.isclose(inverse_square_root(step, 100000, 4000) * (512 * 4000) ** -0.5, paper)
    assert math.isclose(one_cycle(98, steps=97, warmup=13), 0, abs_tol=1e-12)
    assert math.isclose(one_cycle(55.5, steps=97, warmup=13), 0.5)
