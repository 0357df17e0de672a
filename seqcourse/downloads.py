"""Where downloaded files lie."""

import os
from pathlib import Path


def data_file(name):
    """The path of a file in the folder that SEQCOURSE_DATA names; FileNotFoundError if it is not there."""
    path = Path(os.environ.get("SEQCOURSE_DATA", ""), name)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: set SEQCOURSE_DATA to the folder that has {name}")
    return path
