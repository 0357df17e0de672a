"""A JupyterLab of one's own, and a browser that runs notebooks in it.

It is that of the Python that runs the tests, and so are its ipywidgets: Colab's, with `make test-colab`.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TOKEN = secrets.token_hex(16)
# The kernel must be there before cells are run, or JupyterLab waits for ever.
CONNECTED = """async () => {
  const fail = (_, no) => setTimeout(() => no(new Error("no kernel after 90 seconds")), 90000);
  const { sessionContext } = jupyterapp.shell.currentWidget;
  await Promise.race([new Promise(fail), sessionContext.ready]);
  await Promise.race([new Promise(fail), sessionContext.session.kernel.info]);
}"""
RUN = "void jupyterapp.commands.execute('notebook:run-all-cells')"
DONE = """() => {
  const all = [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')];
  const prompts = all.map(e => e.textContent);
  return prompts.length > 0 && prompts.every(text => /\\[\\d+\\]/.test(text));
}"""


class Lab:
    """A running server whose folder is `root`; `open` shows a notebook in the browser and runs it."""

    def __init__(self, root, theme="JupyterLab Light"):
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        settings = root / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        for name, said in (("themes", {"theme": theme}), ("notification", {"fetchNews": "false"})):
            (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(said), encoding="utf-8")
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        command += [f"--port={self.address.split(':')[-1]}", "--ServerApp.port_retries=0"]
        command += [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}"]
        command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
        command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        command += [f"--LabApp.user_settings_dir={root / 'settings'}"]
        command += [f"--LabApp.workspaces_dir={root / 'workspaces'}"]
        self.log = open(root / "lab.log", "w", encoding="utf-8")
        self.server = subprocess.Popen(
            command, cwd=root, env=surroundings(root), stdout=self.log, stderr=subprocess.STDOUT
        )

    def wait(self, seconds=90):
        """Until the server answers; otherwise the test fails with what it printed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/api?token={TOKEN}", timeout=5):
                return self
            time.sleep(0.2)
        pytest.fail("JupyterLab did not start:\n" + (self.root / "lab.log").read_text(encoding="utf-8"))

    def open(self, watched, name, cells=None, seconds=240, **options):
        """Show a notebook, made of these code cells if they are given, and run it to its end."""
        if cells is not None:
            made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
            made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}  # or Lab asks which
            nbformat.write(made, self.root / name)
        watched.allowed += (self.address,)
        page = watched.open(f"{self.address}/doc/tree/{name}?token={TOKEN}", **options)
        page.set_default_timeout(90_000)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.evaluate(CONNECTED)
        page.evaluate(RUN)  # never awaited: it may not end
        page.wait_for_function(DONE, timeout=seconds * 1000)
        return page

    def stop(self):
        self.server.terminate()
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.log.close()


def surroundings(root):
    """The environment of server and kernels: the course in this clone, and no settings of the user's."""
    import jupyterlab

    own = {name: str(root / "own") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    homes = [parent / "share" / "jupyter" / "lab" for parent in Path(jupyterlab.__file__).parents]
    home = next((home for home in homes if (home / "static").is_dir()), homes[0])
    here = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "JUPYTERLAB_DIR": str(home)}
    here["JUPYTER_CONFIG_PATH"] = str(
        home.parents[2] / "etc" / "jupyter"
    )  # which server extensions there are
    return {**os.environ, **own, **here, "SEQCOURSE_PROGRESS": str(root / "progress.json")}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab for all tests of a file."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    try:
        yield running.wait()
    finally:
        running.stop()
