"""A model whose scores are changed is the same model in all else."""

import torch

from seqcourse.attentive import AttentiveConfig, AttentiveSeq2Seq
from seqcourse.changed_scores import even, misplaced, with_scores

SRC = torch.tensor([[5, 6, 7, 8, 3], [9, 4, 3, 0, 0]])
TGT = torch.tensor([[2, 5, 6], [2, 7, 8]])


def look(model):
    record = {"cross": []}
    return model(SRC, TGT, record=record), record["cross"][0][:, 0]  # (B, T, V), (B, T, S)


def make_model():
    torch.manual_seed(0)
    return AttentiveSeq2Seq(AttentiveConfig(11, 13, d_model=5, hidden_size=6, dropout=0.0)).eval()


def test_scores_that_are_not_changed_change_nothing_and_the_model_stays_as_it_is():
    model = make_model()
    before, weights = look(model)
    logits, same = look(with_scores(model, lambda scores, real: scores))
    assert torch.equal(logits, before) and torch.equal(same, weights)
    with_scores(model, even)
    assert torch.equal(look(model)[0], before)


def test_misplaced_scores_are_the_same_shares_elsewhere_and_padding_gets_none():
    model = make_model()
    for parameter in model.decoder.score.parameters():
        parameter.data *= 9  # shares that differ
    _, weights = look(model)
    torch.manual_seed(1)
    logits, moved = look(with_scores(model, misplaced))
    torch.testing.assert_close(moved.sort(dim=-1).values, weights.sort(dim=-1).values)
    assert not moved[1, :, 3:].any() and not torch.equal(moved, weights)
    assert not torch.equal(logits, look(model)[0])


def test_even_scores_mix_all_real_words_alike():
    _, weights = look(with_scores(make_model(), even))
    torch.testing.assert_close(weights[0], torch.full((3, 5), 1 / 5))
    torch.testing.assert_close(weights[1], torch.tensor([[1 / 3] * 3 + [0.0] * 2] * 3))


def test_what_is_dealt_out_reaches_every_place():
    scores, real = (
        torch.arange(4.0).expand(200, 1, 4),
        torch.tensor([True, True, True, False]).expand(200, 1, 4),
    )
    torch.manual_seed(0)
    dealt = misplaced(scores, real)
    assert (dealt[..., 3] == 3).all()
    for place in range(3):
        assert set(dealt[:, 0, place].tolist()) == {0.0, 1.0, 2.0}
