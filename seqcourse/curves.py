"""Numbers as pictures: losses and learning rates over the steps, scores by group."""

from .drawing import COLOURS, DASHES, finish, new_figure, style
from .labels import inches, printable


def draw_loss(history):
    """Draw how the loss per target token falls with the steps; below it the learning rate, if recorded.

    history: list of dicts with "step" and any of "train_loss", "valid_loss", "learning_rate". Where training
    loss goes on falling while validation loss rises, the model learns by heart. Without a loss: ValueError.
    """
    training, validation = curve(history, "train_loss"), curve(history, "valid_loss")
    rates = curve(history, "learning_rate")
    if not training and not validation:
        raise ValueError("the history holds no loss: train first")
    with style():
        panels = 2 if rates else 1
        figure = new_figure(7, 2.2 + 1.3 * panels, layout="constrained")
        axes = figure.subplots(panels, 1, sharex=True, squeeze=False, height_ratios=[3, 1][:panels])[:, 0]
        if training:
            axes[0].plot(*zip(*training, strict=True), ".-", color=COLOURS[0], label="training")
        if validation:
            axes[0].plot(
                *zip(*validation, strict=True), "s--", markersize=3, color=COLOURS[1], label="validation"
            )
        axes[0].set_ylabel("loss per target token (nats)")
        axes[0].legend(frameon=False)
        if rates:
            axes[1].plot(*zip(*rates, strict=True), ".-", color=COLOURS[2])
            axes[1].set(ylabel="learning rate", ylim=(0, None))
        axes[-1].set_xlabel("step")
        finish(figure)
    return figure


def curve(history, name):
    """The points (step, value) of a history, where it has this value."""
    return [(entry["step"], entry[name]) for entry in history if entry.get(name) is not None]


def draw_schedule(schedules, steps):
    """Draw one or several learning-rate schedules over training: a dict from name to function of the step.

    steps: how many; they count from 1. Raises ValueError when there is no step or no schedule.
    """
    if steps < 1 or not schedules:
        raise ValueError(
            f"a schedule needs steps and a function, not {steps} steps, {len(schedules)} functions"
        )
    with style():
        figure = new_figure(7, 3.2, layout="constrained")
        ax = figure.subplots()
        times = sorted(
            {round(1 + i * (steps - 1) / 999) for i in range(1000)}
        )  # a thousand points are smooth
        for number, (name, schedule) in enumerate(schedules.items()):
            line = DASHES[number % len(DASHES)]
            ax.plot(times, [schedule(step) for step in times], line, linewidth=2, label=name)
        ax.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
        ax.legend(frameon=False)
        finish(figure)
    return figure


def draw_scores(scores, measure="BLEU"):
    """Draw a score for each group of sentences (of a length, with a phenomenon), and the group's size.

    scores: {group: (score, count)}, or {system: {group: (score, count)}} to set several systems side by side.
    A bar over few sentences is a rumour: look at its n. Raises ValueError when there is no score.
    """
    systems = scores if all(isinstance(groups, dict) for groups in scores.values()) else {"": scores}
    sizes = {group: n for by_group in systems.values() for group, (_, n) in by_group.items()}
    if not sizes:
        raise ValueError("there is no score to draw")
    groups = list(sizes)
    room = max(0.7, 0.34 * len(systems), min(1, 4 / len(groups)))  # inches for each group
    bar = 0.82 / len(systems)
    with style():
        figure = new_figure(1 + room * len(groups), 3.4, layout="constrained")
        ax = figure.subplots()
        for number, (system, by_group) in enumerate(systems.items()):
            shift = (number - (len(systems) - 1) / 2) * bar
            places = [groups.index(group) + shift for group in by_group]
            bars = ax.bar(places, [float(score) for score, _ in by_group.values()], bar * 0.94, label=system)
            ax.bar_label(bars, fmt="%.0f", fontsize=8, padding=1)
        names = [f"{printable(str(group), 24)}\nn = {n:,}" for group, n in sizes.items()]
        crowded = max(inches(printable(str(group), 24), 10) for group in groups) > 0.95 * room
        slanted = dict(rotation=40, ha="right", rotation_mode="anchor") if crowded else {}
        ax.set_xticks(range(len(groups)), labels=names, parse_math=False, **slanted)
        ax.grid(False, axis="x")
        ax.set_ylabel(measure)
        if len(systems) > 1:
            figure.legend(loc="outside upper center", ncols=min(4, len(systems)), frameon=False)
        finish(figure)
    return figure
