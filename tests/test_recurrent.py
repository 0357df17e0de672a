"""Recurrent cells and the loop that runs them: equal to torch's, and blind to padding."""

import pytest
import torch
from torch import nn

from seqcourse.recurrent import Bidirectional, GRUCell, LSTMCell, Recurrent, RNNCell

B, S, D, H = 3, 7, 5, 11
LENGTHS = torch.tensor([7, 2, 5])
CELLS = {RNNCell: nn.RNNCell, GRUCell: nn.GRUCell, LSTMCell: nn.LSTMCell}
LAYERS = {RNNCell: nn.RNN, GRUCell: nn.GRU, LSTMCell: nn.LSTM}
every_cell = pytest.mark.parametrize("kind", CELLS, ids=lambda kind: kind.__name__)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def weights(cell):
    """Our parameters in torch's order, by torch's names."""
    return {
        "weight_ih": cell.from_input.weight,
        "weight_hh": cell.from_hidden.weight,
        "bias_ih": cell.from_input.bias,
        "bias_hh": cell.from_hidden.bias,
    }


def tensors(state):
    return list(state) if isinstance(state, tuple) else [state]


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def slopes(results, leaves):
    """The gradients of some fixed sum of all results."""
    torch.manual_seed(1)
    return torch.autograd.grad(sum((r * torch.randn(r.shape)).sum() for r in results), leaves)


@every_cell
def test_a_cell_is_torch_s_in_values_and_gradients(kind):
    ours, theirs = kind(D, H), CELLS[kind](D, H)
    theirs.load_state_dict(weights(ours))
    x = torch.randn(B, D, requires_grad=True)
    before = [torch.randn(B, H, requires_grad=True) for _ in tensors(ours.first_state(x))]
    state = tuple(before) if len(before) > 1 else before[0]
    a, b = tensors(ours(x, state)), tensors(theirs(x, state))
    same(a, b)
    named = dict(theirs.named_parameters())
    same(
        slopes(a, [x, *before, *weights(ours).values()]),
        slopes(b, [x, *before, *(named[name] for name in weights(ours))]),
    )


def mask_of(lengths):
    return torch.arange(S) < lengths[:, None]


def torch_layer(kind, cells):
    """torch's layer with the weights of one cell, or of two for both directions."""
    layer = LAYERS[kind](D, H, batch_first=True, bidirectional=len(cells) == 2)
    for cell, direction in zip(cells, ("", "_reverse"), strict=False):
        for name, weight in weights(cell).items():
            getattr(layer, f"{name}_l0{direction}").data = weight.data.clone()
    return layer


def packed(layer, x, state=None):
    """What torch's layer gives for a packed batch: outputs with zeros for padding, and the last states."""
    pack = nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    outputs, last = layer(pack, state)
    return nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)[0], last


@every_cell
@pytest.mark.parametrize("padding", [False, True])
def test_a_run_is_torch_s_run_over_a_packed_batch_in_values_and_gradients(kind, padding):
    cell, x = kind(D, H), torch.randn(B, S, D, requires_grad=True)
    layer = torch_layer(kind, [cell])
    first = [torch.randn(B, H) for _ in tensors(cell.first_state(x))]
    state = tuple(first) if len(first) > 1 else first[0]
    stacked = tuple(s[None] for s in first) if len(first) > 1 else first[0][None]
    outputs, last = Recurrent(cell)(x, mask_of(LENGTHS) if padding else None, state)
    theirs, their_last = packed(layer, x, stacked) if padding else layer(x, stacked)
    same([outputs, *tensors(last)], [theirs, *(s[0] for s in tensors(their_last))])
    ours_down = slopes([outputs, *tensors(last)], [x, *weights(cell).values()])
    named = [getattr(layer, f"{name}_l0") for name in weights(cell)]
    same(ours_down, slopes([theirs, *(s[0] for s in tensors(their_last))], [x, *named]))


@every_cell
def test_both_directions_are_torch_s_bidirectional_layer_over_a_packed_batch(kind):
    there, back = kind(D, H), kind(D, H)
    layer = torch_layer(kind, [there, back])
    x = torch.randn(B, S, D, requires_grad=True)
    outputs, (last, first) = Bidirectional(there, back)(x, mask_of(LENGTHS))
    theirs, their_last = packed(layer, x)
    same([outputs], [theirs])
    for number, state in enumerate((last, first)):
        same(tensors(state), [s[number] for s in tensors(their_last)])
    named = [getattr(layer, f"{n}_l0{direction}") for direction in ("", "_reverse") for n in weights(there)]
    ours_down = slopes([outputs], [x, *weights(there).values(), *weights(back).values()])
    same(ours_down, slopes([theirs], [x, *named]))


@every_cell
def test_padding_changes_no_state_in_either_direction_wherever_it_stands_and_whatever_it_holds(kind):
    network, x = Bidirectional(kind(D, H), kind(D, H)), torch.randn(B, S, D)
    for mask in (mask_of(LENGTHS), mask_of(LENGTHS).flip(1)):
        outputs, lasts = network(x, mask)
        other, other_lasts = network(torch.where(mask[..., None], x, 100 * torch.randn(B, S, D)), mask)
        assert torch.equal(outputs, other) and (outputs[~mask] == 0).all()
        for a, b in zip(lasts, other_lasts, strict=True):
            assert all(map(torch.equal, tensors(a), tensors(b)))
        for row, real in enumerate(mask):
            alone, alone_lasts = network(x[row : row + 1, real])
            same([outputs[row, real]], alone)
            for a, b in zip(lasts, alone_lasts, strict=True):
                same([s[row] for s in tensors(a)], [s[0] for s in tensors(b)])


@every_cell
def test_no_gradient_reaches_padding(kind):
    x, mask = torch.randn(B, S, D, requires_grad=True), mask_of(LENGTHS)
    outputs, _ = Bidirectional(kind(D, H), kind(D, H))(x, mask)
    (down,) = torch.autograd.grad(outputs.square().sum(), x)
    assert (down[~mask] == 0).all() and (down[mask] != 0).any(dim=-1).all()


@every_cell
def test_from_left_to_right_the_future_cannot_leak(kind):
    run, x = Recurrent(kind(D, H)), torch.randn(B, S, D)
    changed = torch.cat((x[:, :3], torch.randn(B, S - 3, D)), dim=1)
    assert torch.equal(run(x)[0][:, :3], run(changed)[0][:, :3])


@every_cell
def test_a_run_can_be_cut_in_two_and_carried_on_from_its_state(kind):
    run, x = Recurrent(kind(D, H)), torch.randn(B, S, D)
    whole, last = run(x)
    start, between = run(x[:, :3])
    end, after = run(x[:, 3:], state=between)
    assert torch.equal(whole, torch.cat((start, end), dim=1))
    assert all(map(torch.equal, tensors(last), tensors(after)))


@pytest.mark.parametrize("mask", [torch.ones(B, S), torch.ones(B, S + 1, dtype=torch.bool)])
def test_a_mask_that_does_not_fit_is_refused(mask):
    with pytest.raises(ValueError, match=r"boolean and \(3, 7\)"):
        Recurrent(RNNCell(D, H))(torch.randn(B, S, D), mask)
