"""Files that are there whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path


def write_atomically(path, data):
    """Write bytes to a file so that nobody ever finds half of them, after a crash or on a full disk.

    The bytes go to a hidden file beside it, which then takes the place of the old one. Raises OSError,
    naming the file and leaving the old one as it was, when they cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OSError(error.errno, f"{error.strerror}; nothing was changed", str(path)) from error
