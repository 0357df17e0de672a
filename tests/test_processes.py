"""What only a process of its own shows: how fast it helps, closed pipes, Ctrl-C, a full disk."""

import os
import signal
import subprocess
import sys
import time

import command_line_runs
import pytest
from command_line_runs import TINY
from small_course import small_translator

from seqcourse.corpora import load_corpus
from seqcourse.making import make_translator
from seqcourse.translator import Translator

COMMAND = [sys.executable, "-m", "seqcourse"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
place = command_line_runs.place  # fixture
posix_only = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")


def start(*arguments):
    pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
    return subprocess.Popen([*COMMAND, *arguments], env=ENVIRONMENT, **pipes)


def test_help_comes_at_once_and_without_torch(place):
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([*COMMAND, "train", "--help"], env=ENVIRONMENT, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.5
    program = (
        "import sys; from seqcourse.__main__ import make_parser; make_parser(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).stdout.strip() == b"False"


@posix_only
def test_a_reader_who_has_enough_is_no_error(place):
    with start("translate", "--model", "model") as process:
        process.stdin.write(b"The cat sleeps.\n" * 600)
        process.stdin.close()
        assert process.stdout.readline().endswith("。\n".encode())
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (0, b"")


@posix_only
def test_standard_streams_that_are_closed_disturb_nothing(place):
    line = f"{sys.executable} -m seqcourse translate --model model 'The zebra sleeps.' <&- 2>&-"
    done = subprocess.run(line, shell=True, env=ENVIRONMENT, capture_output=True)
    assert done.returncode == 0
    assert done.stdout.decode() == small_translator().translate("The zebra sleeps.").text + "\n"


@posix_only
def test_ctrl_c_leaves_a_run_that_goes_on_as_the_message_says(place):
    process = start("train", "own.tsv", "--out", "run", "--steps", "400", *TINY)
    while not os.path.exists("run/checkpoint.pt"):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-2:] == [
        "to go on: python -m seqcourse train own.tsv --out run --resume",
        "seqcourse: interrupted",
    ]
    assert b"Traceback" not in err
    assert sorted(os.listdir("run")) == ["checkpoint.pt", "config.json", "source.json", "target.json"]


@posix_only
def test_a_full_disk_is_said_once_and_the_run_goes_on_when_there_is_space(place):
    train = f"{sys.executable} -m seqcourse train own.tsv --out run --steps 2 {' '.join(TINY)}"
    done = subprocess.run(f"ulimit -f 20; {train}", shell=True, env=ENVIRONMENT, capture_output=True)  # 10 kB
    assert (done.returncode, done.stdout) == (2, b"")
    message = "seqcourse: File too large; nothing was changed: run/checkpoint.pt"
    assert done.stderr.decode().splitlines()[-1] == message
    assert b"Traceback" not in done.stderr
    assert sorted(os.listdir("run")) == ["config.json", "source.json", "target.json"]
    make_translator(load_corpus("own.tsv"), "run", resume=True, report=lambda entry: None)
    assert Translator.load("run").about["steps"] == 2
