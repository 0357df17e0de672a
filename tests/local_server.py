"""A server on this machine that answers as servers do on bad days, and an opener that meets no other."""

import contextlib
import http.client
import http.server
import threading
import urllib.request

import pytest

from seqcourse.downloads import https_opener

BODY = bytes(i * i % 251 for i in range(10_007))
GIVE_UP = 10  # seconds after which a silent answer ends, should the test not end it


class Answers(http.server.BaseHTTPRequestHandler):
    """Each path is a way to answer; `pages` of the server holds further ones, path -> bytes."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        name = self.path.strip("/")
        with contextlib.suppress(ConnectionError):
            if self.path in self.server.pages:
                self.send(self.server.pages[self.path])
            elif name in self.server.redirects:
                self.send(b"", 302, Location=self.server.redirects[name])
            else:
                getattr(self, name, self.nothing)()

    def good(self):
        self.send(BODY)

    def short(self):
        self.send(BODY[:5_003], length=len(BODY))

    def short_unannounced(self):
        self.send(BODY[:5_003], length=None)

    def wrong(self):
        self.send(BODY[::-1])

    def too_long(self):
        self.send(BODY + b"!")

    def endless(self):
        self.send(BODY, length=None)
        while not self.server.closing.is_set():
            self.wfile.write(BODY)

    def stalls(self):
        self.send(BODY[:11], length=len(BODY))
        self.server.closing.wait(GIVE_UP)

    def silent(self):
        self.server.closing.wait(GIVE_UP)

    def fails(self):
        self.send(b"<html>sorry</html>", 503)

    def nothing(self):
        self.send(b"<html>no such page</html>", 404)

    def send(self, data, code=200, length=..., **headers):
        self.send_response(code)
        length = len(data) if length is ... else length
        if length is not None:
            headers["Content-Length"] = length
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Plain(urllib.request.HTTPSHandler):
    """For https:// addresses of any host: speak to the server on this machine, without the encryption."""

    def __init__(self, port):
        super().__init__()
        self.port = port

    def https_open(self, wanted):
        connection = http.client.HTTPConnection
        return self.do_open(lambda host, timeout: connection("127.0.0.1", self.port, timeout=timeout), wanted)


@pytest.fixture
def server(monkeypatch):
    """The server: `port`, `opener()`, what it was `asked`, `pages` and `redirects` to fill."""
    monkeypatch.setenv("no_proxy", "*")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.port = server.server_address[1]
    server.asked, server.pages, server.closing = [], {}, threading.Event()
    server.redirects = {
        "elsewhere": "https://elsewhere.example/good",
        "to_http": f"http://127.0.0.1:{server.port}/good",
        "to_ftp": "ftp://elsewhere.example/good",
        "to_file": "file:///good",
        "round": "https://here.example/round",
    }
    server.opener = lambda: https_opener(Plain(server.port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def unused_port():
    """A port of this machine that refuses connections."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    server.server_close()
    return server.server_address[1]
