"""Where the files lie that come with the course."""

from difflib import get_close_matches
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped(name):
    """Path of a file or folder under `data/`, in a clone and in an installed wheel alike.

    Raises FileNotFoundError, with the nearest names there are, when it does not exist.
    """
    home = PACKAGE / "data" if (PACKAGE / "data").is_dir() else PACKAGE.parent / "data"
    path = home / name
    if path.exists():
        return path
    there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there) or sorted(there)
    raise FileNotFoundError(f"{path} does not exist; there is: {', '.join(near) or 'nothing'}")
