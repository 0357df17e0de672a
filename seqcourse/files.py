"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_atomically(path, data):
    """Write bytes to a file so that nobody ever finds half of them: not after a crash, not on a full disk.

    The bytes go to a temporary file beside it, which then takes the place of the old one. Raises OSError, naming
    the file and leaving the old one as it was, when they cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, f"{error.strerror}; nothing was changed", str(path)) from error
        raise
