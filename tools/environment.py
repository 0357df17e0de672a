"""Make .venv, the environment of the course: `make lab` and `make test` call this when it is missing or old.

Usage: python3 tools/environment.py [CONSTRAINTS]      default: constraints.txt; "" takes the newest versions

An old Python must be able to read this file, so that it can say that it is too old.
"""

import http.client
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.request

OLDEST, NEWEST = (3, 11), (3, 13)
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin", "python")


def main(constraints="constraints.txt"):
    refuse_unsuitable_python()
    start = time.time()
    if not works(PYTHON):
        say(f"making .venv with Python {platform.python_version()}")
        run(sys.executable, "-m", "venv", "--clear", VENV)
    pins = ["--constraint", constraints] if constraints else []
    if wants_cpu_build():
        say("installing torch, the build for CPUs")
        pip(*pins, "--extra-index-url", CPU_BUILDS, "torch")
    say("installing what the course needs: a few minutes, this once")
    pip(*pins, "--editable", ".[dev]")
    with open(os.path.join(VENV, ".ready"), "w", encoding="utf-8") as stamp:
        stamp.write(f"made from {constraints or 'the newest versions'}\n")
    say(f"the environment is ready ({time.time() - start:.0f} s)")


def refuse_unsuitable_python():
    """Stop, and say what will do, unless this Python can hold the course."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
        found = [name for name in names if works(shutil.which(name))]
        sys.exit(
            f"seqcourse needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; "
            f"{sys.executable} is {platform.python_version()}.\n"
            + ("There is another here" if found else "Install one")
            + f", and name it: make lab PYTHON={(found or names)[0]}"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(
            f"This Python cannot make environments. On Debian and Ubuntu: apt install python{version}-venv"
        )


def works(python):
    """Does this program run? A shim of pyenv is found, and may still stand for nothing."""
    if not python or not os.path.exists(python):
        return False
    command = [python, "-c", "import ensurepip"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def wants_cpu_build():
    """On Linux the package index holds torch with CUDA, gigabytes of it; without a GPU, take the small build.

    Elsewhere the index holds the small build. Where the small build's address does not answer within seconds,
    pip is not told of it: it would ask again and again, for every package, for minutes.
    """
    if platform.system() != "Linux" or shutil.which("nvidia-smi"):
        return False
    try:
        with urllib.request.urlopen(CPU_BUILDS + "/torch/", timeout=3):
            return True
    except (OSError, http.client.HTTPException):
        return False


def pip(*arguments):
    quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action", "ignore"]
    run(PYTHON, "-m", "pip", "install", *quiet, *arguments)


def run(*command):
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        sys.exit(f"this failed (exit code {code}), see above: {' '.join(command)}")


def say(text):
    print("==> " + text, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
