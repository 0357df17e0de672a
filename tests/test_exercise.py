"""Checks of exercises survive whatever a learner's function does, and say something useful about it."""

import json
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from seqcourse import progress
from seqcourse.attempts import is_stub
from seqcourse.comparing import difference, same
from seqcourse.exercise import Exercise, Mistake, Result


def drawn(rows):
    """Scores and a mask, True = may look; with three rows the second may look at two columns only."""
    scores, mask = torch.randn(rows, 5), torch.ones(rows, 5, dtype=torch.bool)
    if rows > 1:
        mask[1, 2:] = False
    return scores, mask


def right(scores, mask):
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)


WEIGHTS = Exercise(
    "99",
    "weights",
    right,
    {"one row": lambda: drawn(1), "a masked row": lambda: drawn(3)},
    [
        Mistake("the softmax is over the rows", "dim=-1.", lambda s, m: s.softmax(dim=0), seen="dim=0"),
        Mistake(
            "the mask comes after the softmax", "Before.", lambda s, m: s.softmax(dim=-1) * m, seen="order"
        ),
    ],
    seconds=0.5,
)


def says(answer, exercise=WEIGHTS):
    result = exercise.judge(answer)
    return result.state, result.says


def test_the_right_answer_and_each_mistake_are_told_apart():
    assert says(right) == ("right", "Right.")
    assert says(lambda s, m: s.softmax(dim=0)) == ("mistake", "Not yet: the softmax is over the rows.")
    assert WEIGHTS.judge(lambda s, m: m * s.softmax(-1)).hint == "Before."


def test_what_does_nothing_yet_is_not_written():
    def with_text(scores, mask):
        """The weights."""
        return None

    def passes(scores, mask):
        pass

    def dots(scores, mask): ...

    for stub in (with_text, passes, dots, lambda scores, mask: None):
        assert says(stub) == ("not written", "Not written yet.")

    def forgets(scores, mask):
        scores.softmax(dim=-1)

    assert not is_stub(forgets)
    assert says(forgets)[0] == "something else" and "return" in says(forgets)[1]
    asked = replace(WEIGHTS, call=lambda answer, *given: answer(*given).tolist(), mistakes=[])
    assert "return" in says(forgets, asked)[1]
    assert not is_stub(lambda s: 3) and not is_stub(torch.relu) and not is_stub(torch.nn.ReLU)


def test_an_error_is_told_with_the_line_it_came_from():
    def broken(scores, mask):
        return scores.softmax(dim=-1) / len([])[0]

    state, text = says(broken)
    assert state == "something else" and "TypeError" in text
    assert "return scores.softmax(dim=-1) / len([])[0]" in text and "in line" in text

    def recursive(scores, mask):
        return recursive(scores, mask)

    assert "calls itself without end" in says(recursive)[1]
    assert "cannot be called as the exercise calls it" in says(lambda scores: scores)[1]

    def leaves(scores, mask):
        raise SystemExit(3)

    assert "SystemExit" in says(leaves)[1]


def test_a_loop_without_end_is_stopped_even_one_that_catches_everything():
    def loops(scores, mask):
        while True:
            pass

    def clings(scores, mask):
        while time.monotonic() < began + 20:
            try:
                while time.monotonic() < began + 20:
                    pass
            except BaseException:
                pass

    for endless in (loops, clings):
        began = time.monotonic()
        state, text = says(endless)
        assert state == "something else" and "never ends" in text


def test_the_course_goes_on_after_a_loop_without_end():
    def loops(scores, mask):
        while True:
            scores = scores + 1

    says(loops)
    assert says(right) == ("right", "Right.")


def test_what_a_function_prints_is_kept_and_shown_and_cut():
    def talks(scores, mask):
        print("shape", tuple(scores.shape))
        return right(scores, mask)

    result = WEIGHTS.judge(talks)
    assert result.state == "right" and result.printed == "shape (1, 5)\n"
    assert "shape (1, 5)" in repr(result) and "shape (1, 5)" in result._repr_html_()

    def shouts(scores, mask):
        while True:
            print("a" * 1000)

    assert len(WEIGHTS.judge(shouts).printed) <= 1000


def test_changing_the_input_in_place_is_told():
    def in_place(scores, mask):
        scores += 1
        return right(scores, mask)

    assert "in place" in says(in_place)[1]
    asked = replace(WEIGHTS, cases={"a list": lambda: ([3, 1, 2],)}, reference=sorted, mistakes=[])

    def sorts(numbers):
        numbers.sort()
        return numbers

    assert "in place" in says(sorts, asked)[1] and says(sorted, asked)[0] == "right"


def test_what_is_no_tensor_or_of_another_kind_is_told_with_its_numbers():
    assert says(lambda s, m: right(s, m).tolist())[1].startswith(
        "Not yet. It gives a list; a tensor is asked"
    )
    assert "a NumPy array" in says(lambda s, m: right(s, m).numpy())[1]
    assert "Its numbers are right." in says(lambda s, m: np.asarray(right(s, m)))[1]
    assert "torch.bool" in says(lambda s, m: right(s, m) > 0.5)[1]
    assert "NaN" in says(lambda s, m: right(s, m) / 0 * 0)[1]
    assert says(lambda s, m: right(s.double(), m))[0] == "right"  # more digits than asked for are no mistake
    assert "(5, 1)" in says(lambda s, m: right(s, m).T)[1]


def test_tensors_of_another_sort_are_told():
    assert "device meta" in says(lambda s, m: right(s, m).to("meta"))[1]
    assert "sparse" in says(lambda s, m: right(s, m).to_sparse())[1]
    assert says(lambda s, m: right(s, m).to(torch.complex64))[0] == "something else"
    assert says(lambda s, m: (x for x in s))[1].startswith("Not yet. It gives a generator; a tensor of shape")
    assert says(torch.nn.Linear)[0] == "something else"


def test_right_in_the_easy_case_only_is_told():
    text = says(lambda s, m: s.softmax(dim=-1).clamp(max=1.0))[1]
    assert "This was with a masked row; it is right with one row." in text


def test_the_function_itself_is_asked_for():
    assert "without brackets" in says(torch.ones(3))[1]
    assert "without brackets" in says(None)[1]


def test_a_remark_explains_what_no_mistake_does():
    def looks(ask):
        scores, mask = drawn(3)
        return "Rows do not sum to 1." if ask(scores, mask).sum(-1).max() > 1.1 else ""

    exercise = replace(WEIGHTS, remark=looks)
    assert says(lambda s, m: s.exp(), exercise)[1] == "Not yet. Rows do not sum to 1."
    assert "numbers are wrong" in says(lambda s, m: right(s, m) ** 2, exercise)[1]

    def fails(ask):
        raise RuntimeError("no")

    assert "numbers are wrong" in says(lambda s, m: s.exp(), replace(WEIGHTS, remark=fails))[1]


def test_a_check_leaves_the_random_numbers_as_they_were():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    WEIGHTS.judge(right)
    assert torch.equal(torch.rand(3), expected)


def test_whatever_the_learner_wrote_is_escaped():
    def hostile(scores, mask):
        print("<script>alert(1)</script>")
        raise ValueError("</div><img src=x onerror=alert(2)>")

    page = WEIGHTS.judge(hostile)._repr_html_()
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    page = Result("mistake", "<b>", "<i>", "<u>")._repr_html_()
    assert "&lt;i&gt;" in page and "&lt;u&gt;" in page


# ------------------------------------------------------------------------------------------ two answers


@pytest.mark.parametrize(
    "a, b",
    [
        (3, torch.tensor(3)),
        (0.5, np.float64(0.5)),
        ([1, 2], (1, 2)),
        ({"a": [1.0]}, {"a": (1,)}),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")])),
        ({1, 2}, {2, 1}),
        ("one", "one"),
    ],
)
def test_these_are_the_same(a, b):
    assert same(a, b, 1e-5) and same(b, a, 1e-5)


@pytest.mark.parametrize(
    "a, b",
    [
        (30000, 30001),
        (0.5, 0.501),
        ([1, 2], [1, 2, 3]),
        ([1, 2], {1, 2}),
        ({"a": 1}, {"b": 1}),
        (torch.zeros(2, 3), torch.zeros(3, 2)),
        (torch.tensor([True]), torch.tensor([1])),
        (torch.zeros(2), [0.0, 0.0]),
        ("1", 1),
        (None, 0),
        (np.zeros(2), np.zeros(3)),
    ],
)
def test_these_are_not_the_same(a, b):
    assert not same(a, b, 1e-5) and not same(b, a, 1e-5)


def test_what_is_no_tensor_is_told_without_a_warning_of_torch():
    learnt, sealed = torch.randn(3, requires_grad=True), np.zeros(3)
    sealed.flags.writeable = False
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert "a tuple" in difference((torch.randn(2, 3), learnt), torch.zeros(3), 1e-5)
        assert "a list" in difference([*learnt], torch.zeros(3), 1e-5)
        assert "a NumPy array" in difference(sealed, torch.zeros(3), 1e-5)
    assert not told


def test_simple_relations_to_the_right_answer_are_seen():
    x = torch.randn(3, 5)
    assert "2 times the right one" in difference(2 * x, x, 1e-5)
    assert "sign is wrong" in difference(-x, x, 1e-5)
    assert "off by 0.25" in difference(x + 0.25, x, 1e-5)
    assert "backwards along axis 1" in difference(x.flip(1), x, 1e-5)
    assert "axes 0 and 1 exchanged" in difference(x.T, x, 1e-5)
    assert "should be (3, 5)" in difference(x[:2], x, 1e-5)
    assert "upside down" in difference(x < 0, x >= 0, 1e-5)
    assert difference([1, 3], [1, 2], 1e-5) == "Item 1: It gives 3 where 2 is right."
    assert "Item 1: Item 0" in difference([[1], [4]], [[1], [2]], 1e-5)
    learnt = torch.ones(2, 3, requires_grad=True)
    assert "3 times the right one" in difference(3 * learnt, learnt, 1e-5)  # and no warning
    assert "where 1 is asked for" in difference([1, 2], [1], 1e-5)
    assert "'c' does not belong" in difference({"a": 1, "c": 2}, {"a": 1}, 1e-5)
    assert "times" not in difference(1.00001, 1, 0) and "times" not in difference(0.0, 3.0, 0)
    assert "3 items where 2" in difference([1, 2, 3], [1, 2], 1e-5)
    assert "sign is wrong" in difference(-0.5, 0.5, 1e-5)
    assert "at [1, 2]" in difference(x.index_put((torch.tensor(1), torch.tensor(2)), torch.tensor(9.0)), x, 0)
    assert "a number is asked for" in difference("0.5", 0.5, 1e-5)
    assert "a list or tuple of 2 items is asked for" in difference("ab", ["a", "b"], 1e-5)
    assert "'b' is missing" in difference({"a": 1}, {"a": 1, "b": 2}, 1e-5)


# ------------------------------------------------------------------------------------------ progress


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCOURSE_PROGRESS", str(tmp_path / "mine" / "progress.json"))
    return tmp_path / "mine" / "progress.json"


def test_progress_is_noted_only_when_something_was_tried(file):
    WEIGHTS.check(lambda s, m: None)
    assert not file.exists()
    WEIGHTS.check(lambda s, m: s)
    assert json.loads(file.read_text("utf-8"))["99 weights"] == {"tries": 1, "right": None}
    WEIGHTS.check(right)
    WEIGHTS.check(lambda s, m: s)
    entry = progress.solved()["99 weights"]
    assert entry["tries"] == 3 and entry["right"]  # once right, it stays solved


def test_a_damaged_or_unwritable_file_costs_only_the_note(file, capsys):
    file.parent.mkdir()
    file.write_text("{", encoding="utf-8")
    assert WEIGHTS.check(right).state == "right"
    assert str(file) in capsys.readouterr().err and file.read_text("utf-8") == "{"
    with pytest.raises(ValueError, match="damaged"):
        progress.solved()
    file.write_text('{"99 weights": 3}', encoding="utf-8")
    with pytest.raises(ValueError, match="no progress of ours"):
        progress.solved()
    file.unlink()
    file.mkdir()
    assert WEIGHTS.check(right).state == "right"
    assert "not written down" in capsys.readouterr().err
