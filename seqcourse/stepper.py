"""A picture that moves on step by step, where a kernel runs: a slider, and two buttons."""

from functools import cache

from .drawing import rendered


def step_through(draw, steps):
    """Show `draw(step)`, a Figure of the course for each step from 0, with a slider and two buttons under it.

    Needs ipywidgets, 7.7 or newer, and a running kernel: draw the same without it first, for paper. Raises
    ValueError when there is no step.
    """
    import ipywidgets

    if steps < 1:
        raise ValueError(f"there is nothing to step through: {steps} steps")
    picture = cache(lambda step: rendered(draw(step), "png"))
    image = ipywidgets.Image(value=picture(0), format="png", layout={"max_width": "100%"})
    slider = ipywidgets.IntSlider(0, 0, steps - 1, description="step")
    back, on = ipywidgets.Button(description="back"), ipywidgets.Button(description="on")

    def move(change):
        image.value = picture(slider.value)

    def go(by):
        slider.value += by  # the slider stops at its ends

    slider.observe(move, names="value")
    back.on_click(lambda button: go(-1))
    on.on_click(lambda button: go(1))
    return ipywidgets.VBox([image, ipywidgets.HBox([back, slider, on])])
