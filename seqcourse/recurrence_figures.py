"""Pictures of recurrence: a network drawn out over time, the inside of an LSTM, states as colours."""

from .diagrams import ATTENTION, NORM, THINKING, WORDS, Box, draw_flow
from .drawing import finish, new_figure, style
from .heatmaps import plain

STEP = 1.35  # inches from one word to the next


def draw_unrolled(words, above="next word?"):
    """Draw a recurrent network over a sentence: words go in below, states to the right, guesses out above.

    `above` is what stands in the boxes above, for networks that guess something else.
    Raises ValueError without a word.
    """
    if not words:
        raise ValueError("there is no word to read")
    boxes, arrows = {"start": Box(-STEP, 1, "zeros")}, []
    for t, word in enumerate(words):
        boxes["word", t] = Box(STEP * t, 0, word, WORDS)
        boxes["cell", t] = Box(STEP * t, 1, "cell", ATTENTION)
        boxes["guess", t] = Box(STEP * t, 2, above)
        before = ("cell", t - 1) if t else "start"
        arrows.append((before, ("cell", t), f"h{t}"))
        arrows += [(("word", t), ("cell", t), ""), (("cell", t), ("guess", t), "")]
    boxes["end"] = Box(STEP * len(words), 1, "…")
    arrows.append((("cell", len(words) - 1), "end", f"h{len(words)}"))
    return draw_flow(boxes, arrows)


def draw_lstm():
    """Draw the inside of an LSTM: above, the cell goes from left to right; below stand the gates."""
    boxes = {
        "old": Box(0, 1.7, "cell c"),
        "forget": Box(1.4, 0.7, "forget gate f\nσ of x, h", ATTENTION),
        "keep": Box(1.4, 1.7, "×"),
        "input": Box(3.0, 0.7, "input gate i\nσ of x, h", ATTENTION),
        "write": Box(4.3, 0.7, "×"),
        "candidate": Box(4.3, -0.4, "candidate g\ntanh of x, h", THINKING),
        "add": Box(4.3, 1.7, "+"),
        "part": Box(6.0, 1.7, ""),
        "show": Box(6.0, 0.7, "×"),
        "output": Box(6.0, -0.4, "output gate o\nσ of x, h", ATTENTION),
        "new": Box(7.6, 1.7, "new cell c'"),
        "hidden": Box(7.6, 0.7, "new hidden h'", NORM),
    }
    arrows = [
        ("old", "keep", ""), ("forget", "keep", ""), ("keep", "add", "f ⊙ c"), ("input", "write", ""),
        ("candidate", "write", ""), ("write", "add", "i ⊙ g"), ("add", "part", ""), ("part", "new", ""),
        ("part", "show", "tanh"), ("output", "show", ""), ("show", "hidden", ""),
    ]  # fmt: skip
    return draw_flow(boxes, arrows)


def draw_states(states, tokens):
    """Draw states as colours: a row for each token, a column for each number, blue below 0 and red above.

    states: (S, H). Raises ValueError when there is not one token a row.
    """
    if len(states) != len(tokens):
        raise ValueError(f"{len(tokens)} tokens do not name {len(states)} states")
    with style():
        figure = new_figure(6, 0.6 + 0.28 * len(tokens), layout="constrained")
        ax = figure.subplots()
        image = ax.imshow(states.numpy(), cmap="RdBu_r", vmin=-1, vmax=1, interpolation="none", aspect="auto")
        plain(ax)
        ax.set_yticks(range(len(tokens)), labels=tokens, parse_math=False)
        ax.set_xlabel("number in the state")
        figure.colorbar(image, ax=ax, label="value")
        finish(figure)
    return figure
