"""Calling a function that somebody is still writing: whatever it does, we live to tell what it did."""

import ctypes
import dis
import io
import re
import time
import traceback
from contextlib import redirect_stdout
from dataclasses import dataclass
from threading import Thread

PRINTED = 1000  # characters kept of what a function prints
NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}  # what the bytecode of a stub does


@dataclass(frozen=True)
class Attempt:
    """What a call came to: an answer, or trouble, a sentence that says which; and what it printed."""

    answer: object = None
    trouble: str = ""
    printed: str = ""


class Stopped(BaseException):
    """Raised inside a function that has had its time."""


class NothingGiven(Exception):
    """Raised where a function gives back None, at once, before anybody works with it."""


def giving(function):
    """The function, but for None, which it may not give back."""

    def asked(*arguments):
        answer = function(*arguments)
        if answer is None:
            raise NothingGiven
        return answer

    return asked


class FirstLines(io.StringIO):
    """Keeps what is printed up to a limit, so that a loop which prints for ever fills no memory."""

    def write(self, text):
        super().write(text[: max(0, PRINTED - self.tell())])
        return len(text)


def attempt(call, function, arguments, seconds):
    """Make `call(function, *arguments)` in a thread of its own; after so many seconds of computing stop it.

    Nothing that the function does is raised here: not its errors, not `exit()`, not a loop without end.
    None, as an answer, is trouble.
    """
    found = []

    def work():
        try:
            found.append(Attempt(call(giving(function), *arguments)))
        except Stopped:
            pass
        except BaseException as error:
            found.append(Attempt(trouble=describe_error(error, function)))

    thread = Thread(target=work, daemon=True)
    with redirect_stdout(FirstLines()) as printed:
        thread.start()
        try:
            wait(thread, seconds)
        finally:  # also when the learner presses stop
            stop(thread)
    late = f"It was stopped after {seconds:g} seconds. Is there a loop that never ends?"
    done = found[0] if found else Attempt(trouble=late)
    return Attempt(done.answer, done.trouble, printed.getvalue())


def wait(thread, seconds):
    """Wait for a thread while it computes for so many seconds, or, on a busy machine, ten times as long."""
    computed, began = time.process_time(), time.monotonic()
    while time.process_time() - computed < seconds and time.monotonic() - began < 10 * seconds:
        thread.join(0.05)
        if not thread.is_alive():
            return


def stop(thread):
    """Raise Stopped in a thread that still runs; works wherever Python does, signals do not."""
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stopped))
        thread.join(1)


def describe_error(error, function):
    """An error in one sentence, with the line of the learner's code that it came from."""
    if isinstance(error, NothingGiven):
        return "It gives back None. Is the `return` missing?"
    says = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, RecursionError):
        says = "It calls itself without end (RecursionError)"
    home = getattr(getattr(function, "__code__", None), "co_filename", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == home]
    if own and home != __file__:
        return f"{says}, in line {own[-1].lineno} of your cell: {own[-1].line}"
    if isinstance(error, TypeError) and re.search(
        r"positional argument|required|keyword argument", str(error)
    ):
        return f"It cannot be called as the exercise calls it: {error}."
    return f"It raises {says}"


def is_stub(function):
    """Whether a function does nothing yet: its body is `return None`, `pass` or `...`, and perhaps text."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    steps = list(dis.get_instructions(code))
    constants = {s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")}
    return {step.opname for step in steps} <= NOTHING and constants == {None}
