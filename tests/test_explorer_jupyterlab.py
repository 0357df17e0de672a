"""The explorer in JupyterLab, live: a notebook is run, its cells show explorers, and they obey."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import browser
import nbformat
import pytest
from hostile_tokens import HOSTILE
from nbformat.v4 import new_code_cell, new_notebook
from random_records import random_record

from seqcourse.labels import shortened, visible

chromium, watched = browser.chromium, browser.watched  # fixtures
ROOT = Path(__file__).parents[1]
CELLS = (
    "from seqcourse.explorer import explore\nfrom seqcourse.record import AttentionRecord",
    "explore(AttentionRecord.load('plain.json'))",
    "explore(AttentionRecord.load('hostile.json'))",
)
# The notebook says that its kernel is idle before there is one.
CONNECTED = """async () => {
  const late = new Promise((_, fail) => setTimeout(() => fail("no kernel"), 60000));
  const soon = (promise) => Promise.race([promise, late]);
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  await soon(context.ready);
  await soon(context.session.kernel.info);
}"""
RUN_ALL = "void window.jupyterapp.commands.execute('notebook:run-all-cells')"
ALL_RUN = r"""() => [...document.querySelectorAll(".jp-CodeCell .jp-InputArea-prompt")]
  .every((prompt) => /\[\d+\]/.test(prompt.textContent))"""


@pytest.fixture
def jupyterlab(tmp_path):
    """A server of its own, which knows nothing of the user's settings: its address and its token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces"),
    }
    options = f"""--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port={port}
        --IdentityProvider.token={token} --LabApp.expose_app_in_browser=True --LabApp.news_url=None
        --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate""".split()
    log = tmp_path / "server.log"
    with open(log, "w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}"],
            env=os.environ | own | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
            stdout=output,
            stderr=output,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(server, f"{address}/api?token={token}", log)
        yield address, token
    finally:
        server.terminate()
        server.wait(30)


def wait_for(server, address, log):
    for _ in range(300):
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not answer: {log.read_text(encoding='utf-8')}")


def test_explorers_work_in_jupyterlab(jupyterlab, watched, tmp_path):
    address, token = jupyterlab
    plain = random_record(5, 7)
    plain.save(tmp_path / "plain.json")
    random_record(HOSTILE, HOSTILE[::-1], 1, 1, 1).save(tmp_path / "hostile.json")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        new_notebook(cells=list(map(new_code_cell, CELLS)), metadata=kernel), tmp_path / "look.ipynb"
    )
    watched.allowed += (address,)
    page = watched.open(f"{address}/doc/tree/look.ipynb?token={token}")
    page.set_default_timeout(60_000)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.evaluate(CONNECTED)
    page.evaluate(RUN_ALL)  # never awaited: it may not end
    page.wait_for_function(ALL_RUN)
    page.wait_for_function("document.querySelectorAll('.attn .frame').length === 2")

    cell = page.locator(".jp-CodeCell").nth(1)
    cell.locator("select[name=head]").select_option(value="1")
    frame = cell.get_by_role("application")
    frame.click(position={"x": 1, "y": 1})
    frame.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    reading = cell.locator(".reading").inner_text()
    assert reading.startswith("t2 looks at s1: ") and reading.endswith("pinned")
    assert abs(float(reading.split()[4].strip(";")) - plain.cross[-1, 1, 2, 1]) <= 1e-4
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    assert page.evaluate(active) == 1 and page.evaluate("document.activeElement.matches('.frame')")

    names = page.locator(".jp-CodeCell").nth(2).locator(".rows text").all_text_contents()
    assert names == [shortened(visible(token), 20) for token in HOSTILE[::-1]]
    light = "element => getComputedStyle(element).backgroundColor"
    assert cell.locator(".attn").evaluate(light) == "rgb(255, 255, 255)"
    page.evaluate(
        "void window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("document.querySelector('.attn').dataset.theme === 'dark'")
