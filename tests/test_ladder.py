"""The ladder's results are whole and compare like with like; its pictures show every seed."""

import json

import pytest

from seqcourse import ladder
from seqcourse.drawing import rendered
from seqcourse.ladder import draw_ladder, draw_spread, ladder_runs

MODELS = ["RNN", "GRU", "LSTM", "convolutional", "Transformer"]
MODELS += ["LSTM + additive", "LSTM + general", "LSTM + dot", "convolutional + attention"]
NETWORKS = ("equal steps", "equal seconds")


@pytest.mark.parametrize("part", NETWORKS)
def test_all_models_of_a_part_have_about_equally_many_parameters_and_three_seeds(part):
    models = ladder_runs(part)
    assert set(MODELS) <= set(models)
    for model in MODELS:
        assert [run["seed"] for run in models[model]] == [0, 1, 2]
    counts = [run["parameters"] for model in MODELS for run in models[model]]
    assert max(counts) < 1.03 * min(counts)


def test_on_tatoeba_all_models_have_the_same_seeds_steps_and_about_equally_many_parameters():
    models = ladder_runs("equal steps", "tatoeba-en-zh")
    assert set(models) == set(MODELS)
    assert len({tuple(run["seed"] for run in runs) for runs in models.values()}) == 1
    assert len({run["steps"] for runs in models.values() for run in runs}) == 1
    counts = [run["parameters"] for runs in models.values() for run in runs]
    assert max(counts) < 1.03 * min(counts)


def test_equal_steps_are_equal_and_equal_seconds_nearly_so():
    assert len({run["steps"] for model in MODELS for run in ladder_runs("equal steps")[model]}) == 1
    seconds = [run["seconds"] for model in MODELS for run in ladder_runs("equal seconds")[model]]
    assert max(seconds) < 1.05 * min(seconds)


def test_the_runs_of_the_bottleneck_differ_in_the_state_or_in_the_direction_of_reading():
    models = ladder_runs("bottleneck")
    counts = {name: runs[0]["parameters"] for name, runs in models.items()}
    assert counts["LSTM, 128"] == counts["LSTM, 128, reversed"]
    widths = [counts[f"LSTM, {width}"] for width in (16, 64, 128, 256)]
    assert widths == sorted(widths) and len(counts) == 5
    assert all(run["steps"] == models["LSTM, 16"][0]["steps"] for runs in models.values() for run in runs)


def test_the_patient_lstm_is_the_one_of_the_bottleneck_with_three_times_the_steps():
    patient, hasty = ladder_runs("patience")["LSTM, 128, patient"], ladder_runs("bottleneck")["LSTM, 128"]
    assert [run["seed"] for run in patient] == [0, 1, 2]
    assert {run["parameters"] for run in patient} == {run["parameters"] for run in hasty}
    assert patient[0]["steps"] == 3 * hasty[0]["steps"]


def test_heads_are_cut_from_the_same_features_and_four_of_them_are_the_rung_of_the_ladder():
    models = ladder_runs("heads")
    assert len({run["parameters"] for runs in models.values() for run in runs}) == 1 and len(models) == 5
    assert all([run["seed"] for run in runs] == [0, 1, 2] for runs in models.values())
    four, rung = models["Transformer, 4 heads"], ladder_runs("equal steps")["Transformer"]
    for one, other in zip(four, rung, strict=True):
        assert abs(one["BLEU"] - other["BLEU"]) < 1  # the same run, on another day


def test_a_part_that_there_is_not_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match="has no part 'equal luck'; it has .*equal steps"):
        ladder_runs("equal luck")
    with pytest.raises(ValueError, match="the ladder of nowhere has no part"):
        ladder_runs("equal steps", "nowhere")


def test_each_model_has_a_bar_at_the_mean_and_a_dot_for_each_seed():
    figure = draw_ladder({"now": {"one": [1.0, 3.0], "two": [5.0]}, "later": {"two": [4.0, 6.0]}})
    now, later = figure.axes
    assert [bar.get_width() for bar in now.patches] == [2.0, 5.0]
    assert [list(line.get_xdata()) for line in now.lines] == [[1.0, 3.0], [5.0]]
    assert [bar.get_y() + bar.get_height() / 2 for bar in later.patches] == [1.0]
    assert [label.get_text() for label in now.get_yticklabels()] == ["one", "two"]
    assert rendered(figure, "png")[:4] == b"\x89PNG"


def test_a_line_runs_through_the_means_within_its_range():
    figure = draw_spread({"a": {16: [1.0, 3.0], 64: [4.0, 8.0]}, "b": {16: [0.0], 64: [2.0]}}, log=True)
    (ax,) = figure.axes
    first, second = ax.lines
    assert list(first.get_xdata()) == [16, 64] and list(first.get_ydata()) == [2.0, 6.0]
    assert list(second.get_ydata()) == [0.0, 2.0]
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (1.0, 8.0)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["16", "64"]
    assert ax.get_ylim()[0] == 0
    assert first.get_marker() != second.get_marker()


def test_places_may_be_names_and_a_line_may_lack_one():
    figure = draw_spread({"a": {"short": [1.0], "long": [2.0]}, "b": {"long": [3.0]}})
    (ax,) = figure.axes
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1], [1]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["short", "long"]


def test_what_was_taught_lies_on_grey_whether_places_are_numbers_or_names():
    for places, taught, ground in (((16, 64), (16, 32), (16, 16)), (("a", "b"), ("a", "b"), (0, 1))):
        figure = draw_spread({"line": {place: [50.0] for place in places}}, floor=40, taught=taught)
        (patch,) = figure.axes[0].patches
        assert (patch.get_x(), patch.get_width()) == ground and figure.axes[0].get_ylim()[0] == 40


def test_nothing_to_draw_says_so():
    with pytest.raises(ValueError, match="no model"):
        draw_ladder({"now": {}})
    with pytest.raises(ValueError, match="no line"):
        draw_spread({})


def test_only_the_runs_of_the_part_and_the_corpus_count(monkeypatch, tmp_path):
    keys = [("a", "p", "m", 0), ("b", "p", "m", 0), ("a", "q", "n", 0), ("a", "p", "m", 1)]
    runs = [dict(zip(("corpus", "part", "model", "seed"), key, strict=True)) for key in keys]
    (tmp_path / "ladder.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    monkeypatch.setattr(ladder, "shipped", lambda name: tmp_path / "ladder.json")
    found = ladder_runs("p", "a")
    assert {model: [run["seed"] for run in runs] for model, runs in found.items()} == {"m": [0, 1]}


def test_every_panel_has_room_for_the_longest_bar_of_all():
    figure = draw_ladder({"low": {"one": [1.0, 2.0]}, "high": {"one": [7.0], "two": [3.0]}})
    for ax in figure.axes:
        left, right = ax.get_xlim()
        assert left == 0 and right >= 7
