"""A file from the network: over https only, and all of it or nothing."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException
from urllib import request
from urllib.error import HTTPError, URLError

from . import __version__

STALL = 30  # seconds without a byte after which we give up


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch: its name in the data folder, its address, its size in bytes and the most we accept.

    Where its publisher never changes it, `sha256` says what it must be. Elsewhere `unpack` gives what we keep
    of what came, and raises ValueError when that is not what it should be.
    """

    name: str
    url: str
    size: int
    most: int
    sha256: str | None = None
    unpack: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True)
class Origin:
    """Where the files of a corpus come from, and on what terms."""

    page: str
    licence: str
    files: tuple[RemoteFile, ...]


def download(file, opener=None, stall=STALL):
    """What we keep of a file, with a progress bar; ConnectionError, with the reason, unless all is well.

    A server may be silent for `stall` seconds. `opener` opens addresses, by default `https_opener()`.
    """
    wanted = request.Request(file.url, headers={"User-Agent": f"seqcourse/{__version__}"})
    try:
        with (opener or https_opener()).open(wanted, timeout=stall) as response:
            data = read(response, file)
        if file.sha256 and sha256(data).hexdigest() != file.sha256:
            raise ValueError(f"what came is another file, its sha256 is not {file.sha256}")
        return file.unpack(data)
    except (OSError, HTTPException, ValueError) as error:
        raise ConnectionError(f"cannot fetch {file.url}: {reason(error, stall)}") from error


def https_opener(https=None):
    """What opens addresses that begin with https://, and follows redirects to such addresses only."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        https or request.HTTPSHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
        request.HTTPDefaultErrorHandler(),
        HTTPSOnly(),
    ):
        opener.add_handler(handler)
    return opener


class HTTPSOnly(request.BaseHandler):
    """Refuse what no other handler opens: http, ftp, file and the like."""

    def unknown_open(self, wanted):
        raise URLError(f"it leads to {wanted.full_url}, which is not https")


def read(response, file):
    """All bytes of an answer; ValueError when it is cut short, or has more than the file may have."""
    from tqdm.auto import tqdm

    announced, data = int(response.headers.get("Content-Length", 0)), bytearray()
    bar = {"unit": "B", "unit_scale": True, "leave": False, "file": sys.stderr}
    with tqdm(total=announced or file.size, desc=f"fetching {file.name}", **bar) as progress:
        while chunk := response.read(1 << 16):
            data += chunk
            progress.update(len(chunk))
            if len(data) > file.most:
                raise ValueError(f"it sends more than the {file.most:,} bytes that we accept")
    if len(data) < announced:
        raise ValueError(f"only {len(data):,} of {announced:,} bytes came")
    return bytes(data)


def reason(error, stall):
    """Why a download failed, in words."""
    if isinstance(error, HTTPError):
        error.close()
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, URLError):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"nothing came for {stall} seconds"
    return getattr(error, "strerror", None) or str(error)
