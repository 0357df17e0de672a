"""What becomes of the history of a run while it grows: lines in the terminal, TensorBoard, W&B."""

from .fitting import print_line

FIGURES = ("train_loss", "valid_loss", "learning_rate")


def reporter(tensorboard=None, wandb=None):
    """What to call with each entry of a history: it prints a line, and tells TensorBoard and W&B if asked.

    tensorboard: a folder. wandb: the name of a project at Weights & Biases. ValueError, with the remedy, when
    a package for them is missing, or W&B does not let us in.
    """
    reports = [print_line]
    if tensorboard is not None:
        reports.append(to_tensorboard(tensorboard))
    if wandb is not None:
        reports.append(to_wandb(wandb))

    def report(entry):
        for each in reports:
            each(entry)

    return report


def to_tensorboard(folder):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ValueError("--tensorboard needs a package more: pip install tensorboard") from error
    writer = SummaryWriter(folder)

    def report(entry):
        for name in FIGURES:
            writer.add_scalar(name, entry[name], entry["step"])
        writer.flush()

    return report


def to_wandb(project):
    try:
        from wandb import Error, init
    except ImportError as error:
        raise ValueError("--wandb needs a package more: pip install wandb") from error
    try:
        run = init(project=project)
    except Error as error:
        raise ValueError(f"W&B: {error} (with WANDB_MODE=offline it needs no account)") from error

    def report(entry):
        run.log({name: entry[name] for name in FIGURES}, step=entry["step"])
        if entry["step"] == entry["steps"]:
            run.finish()  # says where the run is on standard error; left to the end of the program, on output

    return report
