"""A real browser for tests that look at a page as a reader does; where there is none, they are skipped."""

import shutil
from contextlib import contextmanager

import pytest

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-quic",
]


@contextmanager
def chromium():
    """Start Chromium, the system's own or the one that playwright fetched."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser: pip install playwright")
    with playwright.sync_playwright() as running:
        own = shutil.which("chromium") or shutil.which("chromium-browser")
        try:
            browser = running.chromium.launch(executable_path=own, args=QUIET)
        except playwright.Error as error:
            pytest.skip(f"no browser: playwright install chromium ({str(error).splitlines()[0]})")
        yield browser
        browser.close()


class Watched:
    """A page, and what it did that a reader would not want: complaints, and requests to other machines."""

    def __init__(self, browser, **options):
        self.page, self.complaints, self.requests = browser.new_page(**options), [], []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def outside(self):
        """The requests that left this machine."""
        inside = (
            "file:",
            "data:",
            "blob:",
            "about:",
            "http://127.0.0.1",
            "ws://127.0.0.1",
            "http://localhost",
        )
        return [url for url in self.requests if not url.startswith(inside)]

    def ran(self):
        """Whether a hostile token (hostile_tokens.py) ran, in the page or in a frame of it."""
        return any(frame.evaluate("window.ran !== undefined") for frame in self.page.frames)
