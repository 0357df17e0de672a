"""Maps side by side show each record under its name, and the truth among them."""

import pytest
import torch

from seqcourse.drawing import rendered
from seqcourse.maps import draw_maps, gold_record
from seqcourse.record import AttentionRecord


def make_record(target=("三", "只", "猫", "</s>"), gold=frozenset({(0, 0), (0, 1), (1, 2), (2, 2)}), seed=0):
    weights = torch.rand(1, 2, len(target), 3, generator=torch.Generator().manual_seed(seed)).softmax(-1)
    return AttentionRecord(["three", "cats", "</s>"], list(target), cross=weights, gold=gold)


def test_gold_links_become_a_map_whose_rows_share_one_among_the_linked_words():
    expected = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 0.5, 0.5], [0, 0, 0]])
    assert torch.equal(gold_record(make_record()).cross[0, 0], expected)
    with pytest.raises(ValueError, match="knows no gold links"):
        gold_record(make_record(gold=None))


def test_each_record_has_a_panel_with_its_weights_under_its_name():
    one, two = make_record(), make_record(seed=1)
    figure = draw_maps({"one": one, "two": two, "gold": gold_record(one)})
    panels = figure.axes[:3]
    assert [ax.get_title() for ax in panels] == ["one", "two", "gold"]
    for ax, record in zip(panels, (one, two, gold_record(one)), strict=True):
        shown = torch.as_tensor(ax.images[0].get_array())
        torch.testing.assert_close(shown, record.cross[-1].mean(dim=0))
    assert [len(ax.patches) for ax in panels] == [4, 4, 0]
    assert rendered(figure, "png")[:4] == b"\x89PNG"


def test_what_cannot_stand_side_by_side_says_so():
    with pytest.raises(ValueError, match="no map"):
        draw_maps({})
    with pytest.raises(ValueError, match="different sentences"):
        draw_maps({"one": make_record(), "two": make_record(target=("三", "个", "猫", "</s>"))})
