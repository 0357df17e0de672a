"""Test the playground with the older ipywidgets, those of Colab: `make oldwidgets`.

Usage: python tools/old_widgets.py     (from the environment of the course)
Makes an environment that sees all packages of this one, with those of 2022 before them, and runs the tests of
the playground there: its logic, and JupyterLab in a browser.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".oldwidgets"
PACKAGES = [
    "ipywidgets==7.7.1",
    "jupyterlab_widgets==1.1.11",
    "widgetsnbextension==3.6.10",
    "ipython_genutils==0.2.0",
]
TESTS = ["tests/test_playground.py", "tests/test_playground_jupyterlab.py"]
KNOWN = "ignore:The `ipykernel.comm.Comm` class has been deprecated:DeprecationWarning"


def main():
    python = PLACE / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = PLACE / ".ready"
    if not ready.exists():
        run(sys.executable, "-m", "venv", "--clear", str(PLACE))
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.run(
            [python, "-c", ask], capture_output=True, text=True, check=True
        ).stdout.strip()
        Path(packages, "course.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES)
        ready.touch()
    run(python, "-m", "pytest", "-W", KNOWN, *TESTS)


def run(*command):
    code = subprocess.run(list(map(str, command)), cwd=ROOT).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
