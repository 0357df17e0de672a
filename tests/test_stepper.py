"""The stepper shows the picture of the step it stands at, however it was moved there."""

import pytest

from seqcourse.drawing import new_figure, rendered
from seqcourse.stepper import step_through


def draw(step):
    figure = new_figure(1, 1)
    figure.text(0.5, 0.5, str(step))
    return figure


def test_slider_and_buttons_move_the_picture_and_stop_at_the_ends():
    image, controls = step_through(draw, 3).children
    back, slider, on = controls.children
    pictures = [rendered(draw(step), "png") for step in range(3)]
    assert image.value == pictures[0]
    seen = []
    for button in (on, on, on, back, back, back):
        button.click()
        seen.append((slider.value, pictures.index(image.value)))
    assert seen == [(1, 1), (2, 2), (2, 2), (1, 1), (0, 0), (0, 0)]
    slider.value = 2
    assert image.value == pictures[2]


def test_a_picture_is_drawn_once():
    drawn = []
    image, controls = step_through(lambda step: drawn.append(step) or draw(step), 2).children
    for value in (1, 0, 1, 0):
        controls.children[1].value = value
    assert drawn == [0, 1]


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="0 steps"):
        step_through(draw, 0)
