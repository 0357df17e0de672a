"""A download is whole, over https and what it should be; else it is said why, and nothing is left behind."""

import json
import re
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import local_server
import pytest
from local_server import BODY, Plain, unused_port

from seqcourse import __version__, data_folder
from seqcourse.data_folder import data_files, missing
from seqcourse.downloads import Origin, RemoteFile, download, https_opener

server = local_server.server  # a fixture

DIGEST = sha256(BODY).hexdigest()


def remote(path="good", **changes):
    facts = {"name": f"somewhere/{path}.bin", "url": f"https://here.example/{path}", "size": len(BODY)}
    return RemoteFile(**{**facts, "most": len(BODY), "sha256": DIGEST, **changes})


def origin(*files):
    return Origin("https://here.example/about", "free", files)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data folder."""
    monkeypatch.setenv("SEQCOURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def left(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", ["good", "elsewhere"])
def test_all_bytes_come_also_when_another_host_has_them(server, path):
    assert download(remote(path), server.opener()) == BODY
    assert {agent for _, agent in server.asked} == {f"seqcourse/{__version__}"}


WRONGS = {  # path: what the message says
    "short": "only 5,003 of 10,007 bytes came",
    "short_unannounced": "what came is another file, its sha256 is not [0-9a-f]{64}",
    "wrong": "what came is another file",
    "too_long": "it sends more than the 10,007 bytes that we accept",
    "endless": "it sends more than the 10,007 bytes that we accept",
    "stalls": "nothing came for 0.3 seconds",
    "silent": "nothing came for 0.3 seconds",
    "nowhere": "the server answers 404 Not Found",
    "fails": "the server answers 503 Service Unavailable",
    "to_http": r"it leads to http://127\.0\.0\.1:\d+/good, which is not https",
    "to_ftp": "it leads to ftp://elsewhere.example/good, which is not https",
    "to_file": "the server answers 302 .*not allowed",
    "round": "the server answers 302 .*infinite loop",
}


@pytest.mark.parametrize(("path", "message"), WRONGS.items())
def test_what_goes_wrong_is_said_and_nothing_is_left(server, folder, path, message):
    start = time.perf_counter()
    with pytest.raises(ConnectionError) as error:
        data_files(origin(remote(path)), server.opener(), stall=0.3)
    assert re.match(f"cannot fetch https://here.example/{path}: {message}", str(error.value))
    assert left(folder) == []
    assert time.perf_counter() - start < local_server.GIVE_UP / 2
    if path == "to_http":
        assert [asked for asked, _ in server.asked] == ["/to_http"]  # and never /good


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/good", "ftp://127.0.0.1:{}/good", "file:///{}"])
def test_only_https_is_opened(server, url):
    with pytest.raises(ConnectionError, match="which is not https"):
        download(remote(url=url.format(server.port)))
    assert server.asked == []


def test_https_means_encrypted(server):
    with pytest.raises(ConnectionError, match="cannot fetch"):
        download(remote(url=f"https://127.0.0.1:{server.port}/good"), stall=5)
    assert server.asked == []


def test_what_has_no_hash_is_unpacked_and_checked(server):
    assert download(remote(sha256=None, unpack=lambda data: data[:3]), server.opener()) == BODY[:3]

    def refuse(data):
        raise ValueError(f"{len(data)} bytes of nonsense")

    with pytest.raises(ConnectionError, match="good: 10007 bytes of nonsense$"):
        download(remote(sha256=None, unpack=refuse), server.opener())


def test_without_a_network_it_is_said_which_file_goes_where(folder):
    files = remote("one"), remote("two"), remote("three", unpack=lambda data: data)
    folder.joinpath("somewhere").mkdir(parents=True)
    folder.joinpath("somewhere/one.bin").touch()
    with pytest.raises(ConnectionError) as error:
        data_files(origin(*files), https_opener(Plain(unused_port())))
    first, page, two, three, last = str(error.value).splitlines()
    assert first.startswith("cannot fetch https://here.example/two: ")
    assert "https://here.example/about" in page and "SEQCOURSE_DATA" in last
    assert two.split() == [str(folder / "somewhere/two.bin"), "from", "https://here.example/two"]
    assert three.split()[0] == str(folder / "somewhere/three.bin") and three.endswith("three, unpacked")


def test_a_file_is_fetched_once(server, folder):
    files = origin(remote(), remote("elsewhere"))
    assert missing(files) == list(files.files)
    paths = data_files(files, server.opener())
    assert [path.read_bytes() for path in paths] == [BODY, BODY]
    assert left(folder) == ["somewhere/elsewhere.bin", "somewhere/good.bin"]
    count = len(server.asked)
    assert data_files(files, server.opener()) == paths and missing(files) == []
    assert len(server.asked) == count


def test_a_local_file_wins_over_the_network(server, folder):
    folder.joinpath("somewhere").mkdir(parents=True)
    folder.joinpath("somewhere/good.bin").write_bytes(b"mine")
    assert [path.read_bytes() for path in data_files(origin(remote()), server.opener())] == [b"mine"]
    assert server.asked == []


def test_a_file_without_a_known_hash_gets_a_record_and_is_held_to_it(server, folder):
    files = origin(remote(sha256=None))
    (path,) = data_files(files, server.opener())
    record = folder / "somewhere/good.bin.json"
    facts = json.loads(record.read_text(encoding="utf-8"))
    assert (facts["url"], facts["sha256"]) == ("https://here.example/good", DIGEST)
    path.write_bytes(BODY[:-1])
    with pytest.raises(ValueError) as error:
        data_files(files, server.opener())
    assert f"{path} is not what was fetched on {facts['fetched']}: delete it" in str(error.value)
    record.unlink()
    assert data_files(files, server.opener()) == [path]  # mine now
    path.unlink()
    assert data_files(files, server.opener())[0].read_bytes() == BODY


def test_a_full_disk_is_no_fault_of_the_network(server, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left on device; nothing was changed") as error:
        data_files(origin(remote()), server.opener())
    assert not isinstance(error.value, ConnectionError)
    assert left(folder) == []


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from local_server import Plain
from seqcourse.data_folder import data_files
from seqcourse.downloads import https_opener
from test_downloads import origin, remote
data_files(origin(remote(), remote("stalls")), https_opener(Plain({port})))
"""


def test_a_killed_download_leaves_no_half_file(server, folder):
    program = KILLED.format(tests=str(Path(__file__).parent), port=server.port)
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    start = time.perf_counter()
    while "/stalls" not in [path for path, _ in server.asked] and time.perf_counter() - start < 60:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert left(folder) == ["somewhere/good.bin"]
    assert data_files(origin(remote(), remote("elsewhere")), server.opener())[0].read_bytes() == BODY


@pytest.mark.parametrize(
    ("platform", "settings", "place"),
    [
        ("linux", {}, "home/.cache/seqcourse"),
        ("linux", {"XDG_CACHE_HOME": "caches"}, "caches/seqcourse"),
        ("darwin", {}, "home/Library/Caches/seqcourse"),
        ("win32", {}, "home/AppData/Local/seqcourse"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/seqcourse"),
        ("linux", {"SEQCOURSE_DATA": "mine", "XDG_CACHE_HOME": "caches"}, "mine"),
        ("linux", {"SEQCOURSE_DATA": ""}, "home/.cache/seqcourse"),
    ],
)
def test_downloads_lie_where_caches_do_or_where_one_says(monkeypatch, platform, settings, place):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert data_folder.data_folder() == Path(place)
