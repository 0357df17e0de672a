"""Tables and batches are drawn with every number and word in its place, and refuse names that do not fit."""

import pytest
import torch

from seqcourse.tables import draw_tables, draw_words


def written(ax):
    return {(t.get_position(), t.get_text()) for t in ax.texts}


def test_every_number_of_a_table_stands_in_its_square_and_nothings_are_left_out():
    first, second = torch.tensor([[0.25, 0.75, 0.0]]), torch.tensor([[1.0, 0.0, 0.001]])
    figure = draw_tables({"before": first, "after": second}, ["cat 猫"], ["a", "b", "c"], x="f", y="e")
    before, after = figure.axes
    assert written(before) == {((0, 0), "0.25"), ((1, 0), "0.75")} and written(after) == {((0, 0), "1.00")}
    assert [before.get_title(), after.get_title()] == ["before", "after"]
    assert [t.get_text() for t in before.get_yticklabels()] == ["cat 猫"] and not after.get_yticklabels()
    assert [t.get_text() for t in after.get_xticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize("tables", [{}, {"a": [[0.1, 0.9]]}, {"a": [[0.5], [0.5]], "b": [[1.0]]}])
def test_tables_that_do_not_fit_their_names_are_refused(tables):
    with pytest.raises(ValueError, match="2 rows and 1 columns do not name"):
        draw_tables(tables, ["a", "b"], ["c"])


def test_every_word_of_a_batch_stands_in_its_place_and_padding_on_grey():
    figure = draw_words({"src": [["a", "</s>", "<pad>"], ["b", "c", "</s>"]], "tgt": [["猫"]]})
    src, tgt = figure.axes
    assert ((2.5, 0.5), "<pad>") in written(src) and ((1.5, 1.5), "c") in written(src)
    assert len(written(src)) == 6 and len(src.patches) == 1 and written(tgt) == {((0.5, 0.5), "猫")}
    assert src.get_title(loc="left") == "src  (2, 3)"


@pytest.mark.parametrize("grid", [[], [["a"], ["b", "c"]]])
def test_a_batch_must_be_a_rectangle(grid):
    with pytest.raises(ValueError, match="src: the rows have"):
        draw_words({"src": grid})
