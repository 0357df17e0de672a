"""A real browser for tests: Chromium, driven by playwright; what it may not do, it is caught doing."""

import os
import shutil

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOW = "no Chromium here: `apt-get install chromium`, or let CHROMIUM name a Chromium or Chrome"


def program():
    """The browser's path, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium():
    """A browser for all tests of a file."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install -e .[dev]"
    )
    if program() is None:
        pytest.skip(HOW)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """Pages of a browser; `close` fails when one asked the network for something, or complained."""

    def __init__(self, browser):
        self.browser, self.contexts, self.seen = browser, [], []
        self.allowed = ("file:", "data:", "blob:")

    def open(self, address, **options):
        context = self.browser.new_context(
            **{"viewport": {"width": 1200, "height": 900}, "accept_downloads": True} | options
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: self.note(message.type, message.text))
        page.on("pageerror", lambda error: self.seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.ask(request.url))
        page.goto(address)
        return page

    def note(self, kind, text):
        if kind in ("error", "warning"):
            self.seen.append(f"console: {text}")

    def ask(self, url):
        if not url.startswith(self.allowed):
            self.seen.append(f"request: {url}")

    def close(self):
        for context in self.contexts:
            for page in context.pages:
                if page.evaluate("typeof window.ran") != "undefined":
                    self.seen.append("a token ran")
            context.close()
        assert not self.seen, "\n".join(self.seen)


@pytest.fixture
def watched(chromium):
    pages = Watched(chromium)
    yield pages
    pages.close()


def saved_notebook(*shown):
    """A notebook as HTML, as nbconvert makes it, which would load a few libraries that nothing here needs."""
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    cells = [
        new_code_cell("view", outputs=[new_output("display_data", {"text/html": each._repr_html_()})])
        for each in shown
    ]
    nothing = "data:text/javascript,"
    exporter = HTMLExporter(
        require_js_url=nothing,
        mathjax_url=nothing,
        mermaid_js_url=nothing + "export default {initialize() {}}",
    )
    return exporter.from_notebook_node(new_notebook(cells=cells))[0]
