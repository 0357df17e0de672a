"""Make .venv, the environment of the course, once: `make lab` and `make test` call this when it is missing or out of date.

Usage: python3 tools/environment.py [CONSTRAINTS]      (default: constraints.txt; "" installs the newest versions)

This file must be readable by an old Python, so that an old Python can say that it is too old.
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
        say("making .venv with Python {}.{}.{}", *sys.version_info[:3])
        run(sys.executable, "-m", "venv", "--clear", VENV)
    pins = ["--constraint", constraints] if constraints else []
    if wants_cpu_build():
        say("installing torch, the build for CPUs")
        pip(*pins, "--extra-index-url", CPU_BUILDS, "torch")
    say("installing what the course needs: a few minutes, this once")
    pip(*pins, "--editable", ".[dev]")
    with open(os.path.join(VENV, ".ready"), "w", encoding="utf-8") as stamp:
        stamp.write("made from {}\n".format(constraints or "the newest versions"))
    say("the environment is ready ({:.0f} s)", time.time() - start)


def refuse_unsuitable_python():
    """Stop, and name a Python that will do, unless this one can hold the course."""
    version = sys.version_info[:2]
    names = ["python3.{}".format(minor) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    if not OLDEST <= version <= NEWEST:
        found = [name for name in names if works(shutil.which(name))]
        sys.exit(
            "seqcourse needs Python 3.{} to 3.{}; {} is {}.{}. ".format(
                OLDEST[1], NEWEST[1], sys.executable, *version
            )
            + (
                "Found here: {0}. Say: make PYTHON={0} ...".format(found[0])
                if found
                else "Install one, then say: make PYTHON={} ...".format(names[1])
            )
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "This Python cannot make environments. On Debian and Ubuntu: sudo apt install python{}.{}-venv".format(*version)
        )


def works(python):
    """Can this program be run, and has it pip or can it make it? A pyenv shim is found and may still run nothing."""
    if not python or not os.path.exists(python):
        return False
    asked = subprocess.run([python, "-c", "import ensurepip"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return asked.returncode == 0


def wants_cpu_build():
    """On Linux the package index holds torch with CUDA, gigabytes of it: without a GPU, ask where the small build lies.

    Elsewhere the package index holds the small build. Where the address cannot be reached within three seconds, pip
    is not told of it (it would try for minutes, for every package) and takes what its own configuration offers.
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
    run(PYTHON, "-m", "pip", "install", *(quiet + list(arguments)))


def run(*command):
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        sys.exit("this command failed (exit code {}), see above: {}".format(code, " ".join(command)))


def say(text, *values):
    print("==> " + text.format(*values), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
