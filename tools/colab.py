"""Run the lessons as Colab does, with the versions that Colab has: `make test-colab`.

An environment in .colab gets the versions of colab-constraints.txt. Copies of the notebooks get an address,
and the set-up cell of the first one installs the course from there, word for word as it stands: git is told
to read a snapshot of this folder at that address, and to ask no other. That may add packages, and replace
none. Then every cell of the notebooks must run (nbval) in that environment, far from the clone. Without a
name the tests of the playground follow there, JupyterLab in a browser among them.

Not simulated: Colab's page, its other packages, and its Python, 3.13; here it is that of .venv.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tools import address, environment, run_notebooks

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".colab"
PYTHON = PLACE / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONTENT = PLACE / "content"  # what Colab calls the folder in which notebooks run
SNAPSHOT = PLACE / "snapshot.git"
REPO = "owner/name"  # stands for the address of a published copy
INSTALL = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
PIN = re.compile(r"^([\w.-]+)==(\S+)$", re.M)
NBVAL = [
    "--nbval-lax",
    "--nbval-kernel-name=colab",
    "--nbval-cell-timeout=600",
    "--nbval-kernel-startup-timeout=180",
    "--nbval-sanitize-with=tests/nbval_sanitize.cfg",
    "-p",
    "no:cacheprovider",
]
# These run in .colab/env, too; what a test needs beyond Colab's packages, it finds in .venv.
PLAYGROUND = ["tests/test_playground.py", "tests/test_playground_jupyterlab.py"]
WITH_MORE = "import sys; sys.path.append(sys.argv.pop(1)); import pytest; sys.exit(pytest.main(sys.argv[1:]))"


def main(arguments):
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("make test-colab", description=__doc__, formatter_class=layout)
    parser.add_argument("name", nargs="*", help="00_start_here, or 00; NB=... in make; without a name, all")
    names = parser.parse_args(arguments).name
    paths = run_notebooks.find(names, ROOT / "notebooks")
    before = colab_environment(versions())
    copies = publish(paths)
    install_course(copies[0], before)
    run([sys.executable, "-m", "pytest", *NBVAL, *copies])
    if not names:
        run([PYTHON, "-c", WITH_MORE, sysconfig.get_path("purelib"), "-p", "no:cacheprovider", *PLAYGROUND])
    report(before, installed(), "after all of it")


def versions():
    """Colab's versions, with the torch of constraints.txt where the CPU build of its own cannot be had."""
    colab = pins((ROOT / "colab-constraints.txt").read_text(encoding="utf-8"))
    no_gpu_on_linux = platform.system() == "Linux" and not shutil.which("nvidia-smi")
    if no_gpu_on_linux and not environment.wants_cpu_build():
        ours = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))["torch"]
        environment.say(f"torch {ours} stands for Colab's {colab['torch']}, whose CPU build is not to be had")
        colab["torch"] = ours
    return colab


def pins(text):
    """The exact versions that a file of constraints names: name -> version."""
    return dict(PIN.findall(text))


def colab_environment(wanted):
    """Make .colab/env, unless it is there as wanted; return what is installed in it, name -> version."""
    made = PLACE / "made.json"  # written when all is well
    python = platform.python_version()
    if made.is_file() and environment.works(str(PYTHON)):
        known = json.loads(made.read_text(encoding="utf-8"))
        if (known["wanted"], known["python"]) == (wanted, python):
            if extra := sorted(set(installed()) - set(known["installed"])):  # what the last run added
                run([PYTHON, "-m", "pip", "uninstall", "--quiet", "--yes", *extra])
            if installed() == known["installed"]:
                return known["installed"]
    made.unlink(missing_ok=True)
    environment.say(f"making .colab/env with Python {python} and {len(wanted)} versions of Colab's: a minute")
    start = time.time()
    run([sys.executable, "-m", "venv", "--clear", PLACE / "env"])
    index = ["--extra-index-url", environment.CPU_BUILDS] if environment.wants_cpu_build() else []
    run([*INSTALL, *index, *(f"{name}=={version}" for name, version in wanted.items())])
    known = {"wanted": wanted, "python": python, "installed": installed()}
    made.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    environment.say(f"it has {len(known['installed'])} packages ({time.time() - start:.0f} s)")
    return known["installed"]


def installed():
    """What .colab/env holds: name -> version."""
    command = [str(PYTHON), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listed = subprocess.run(command, env=surroundings(), capture_output=True, text=True, check=True).stdout
    return {package["name"].lower(): package["version"] for package in json.loads(listed)}


def publish(paths):
    """Snapshot this folder, and copy the notebooks as `make address` would leave them; return the copies."""
    for folder in (SNAPSHOT, CONTENT):
        shutil.rmtree(folder, ignore_errors=True)
    CONTENT.mkdir(parents=True)
    git = ["git", "--git-dir", SNAPSHOT, "--work-tree", ROOT]
    run([*git, "init", "--quiet", "--initial-branch=main"])
    run([*git, "add", "--all"])
    someone = ["-c", "user.name=test-colab", "-c", "user.email=", "-c", "commit.gpgSign=false"]
    run([*git, *someone, "commit", "--quiet", "--no-verify", "--message=snapshot"])
    copies = []
    for path in paths:
        copies.append(CONTENT / path.name)
        text = address.notebook_text(path, REPO, "main")
        copies[-1].write_text(text, encoding="utf-8", newline="\n")
    kernel = PLACE / "jupyter" / "kernels" / "colab" / "kernel.json"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    command = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Colab's versions", "language": "python"}
    kernel.write_text(json.dumps(spec), encoding="utf-8")
    return copies


def install_course(notebook, before):
    """Run the first two cells of a notebook, title and set-up, and see what they installed."""
    start = time.time()
    alone = json.loads(notebook.read_text(encoding="utf-8"))
    alone["cells"] = alone["cells"][:2]
    set_up = CONTENT / "set_up.ipynb"
    set_up.write_text(json.dumps(alone), encoding="utf-8")
    run([sys.executable, "-m", "pytest", *NBVAL, "--quiet", set_up])
    now = installed()
    if "seqcourse" not in now:
        sys.exit("the set-up cell ran, and did not install the course")
    report(before, now, f"the set-up cell installed the course ({time.time() - start:.0f} s)")


def report(before, now, what):
    """Say how many packages came, and exit if one was replaced or has gone."""
    added, changed = difference(before, now)
    environment.say(f"{what}: {len(changed)} packages replaced, {len(added)} added: {', '.join(added)}")
    if changed:
        sys.exit("Colab's own were replaced, so a learner would be told to restart: " + ", ".join(changed))


def difference(before, now):
    """Two states of an environment, name -> version: what was added, and what was replaced or has gone."""
    added = [f"{name} {now[name]}" for name in sorted(set(now) - set(before))]
    changed = [
        f"{name} {version} by {now.get(name, 'nothing')}"
        for name, version in sorted(before.items())
        if now.get(name) != version
    ]
    return added, changed


def surroundings():
    """The variables of a new machine, but that git reads the address of the course from the snapshot."""
    private = ("PYTHONPATH", "PYTHONHOME", "MPLBACKEND", "SEQCOURSE_", "JUPYTER_", "GIT_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    return ours | {
        "PATH": os.pathsep.join([str(PYTHON.parent), ours.get("PATH", "")]),
        "JUPYTER_PATH": str(PLACE / "jupyter"),
        "SEQCOURSE_PROGRESS": str(PLACE / "progress.json"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger would warn at each start of a kernel
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{SNAPSHOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{REPO}",
    }


def run(command):
    code = subprocess.run(list(map(str, command)), cwd=ROOT, env=surroundings()).returncode
    if code:
        sys.exit(f"this failed (exit code {code}), see above: {' '.join(map(str, command[:4]))} …")


if __name__ == "__main__":
    main(sys.argv[1:])
