"""Work in a process of its own, which may die without taking anybody along.

The process ends as soon as the one that began it does, however that ends, and after a minute in
which it was asked nothing. It never hears of Ctrl-C: whoever began it does.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from tsme.errors import TsmeError
from tsme_host.tools.errors import HostError

_BEGIN = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from tsme_sim.apart import serve
serve(int(sys.argv[2]))
"""
_IDLE = 60.0  # s
_NOTE, _DONE, _WRONG = range(3)


class Died(Exception):
    """The process has died.  during: what it had noted last, or None; how: in words."""

    def __init__(self, during: Any, how: str) -> None:
        super().__init__(f"a process {how}")
        self.during = during
        self.how = how


class Apart:
    """A process with an object in it, of which methods are called from here.

    target: "module:name" of what makes the object from `given`; paths: where modules are looked
    for before all else.
    """

    def __init__(self, target: str, given: tuple[Any, ...], paths: tuple[str, ...] = ()) -> None:
        self.asked = 0
        self._pipe, there = Pipe()
        command = [sys.executable, "-c", _BEGIN, json.dumps([*paths, *sys.path])]
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            self._process = subprocess.Popen(
                [*command, str(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
            )
        except BaseException:
            self._pipe.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            there.close()
        self._during: Any = None
        self._first: Any = (target, given)

    def ask(self, method: str, *given: Any) -> Any:
        """Call a method there: what it returns.

        Raises Died, or what is raised there as HostError, TsmeError or RuntimeError.
        """
        self._during = None
        try:
            if self._first:
                self._pipe.send(self._first)
                self._first = None
            self._pipe.send((method, given))
            while True:
                kind, value = self._pipe.recv()
                if kind == _NOTE:
                    self._during = value
                elif kind == _DONE:
                    self.asked += 1
                    return value
                else:
                    raise _raised(*value)
        except (EOFError, OSError):
            raise Died(self._during, self._how()) from None

    def _how(self) -> str:
        status = self.end()
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended itself with status {status}"

    def end(self) -> int:
        """End it: its status, as that of subprocess."""
        self._pipe.close()
        return self._process.wait()

    def kill(self) -> None:
        """Let it end, whatever it does.  Whoever asks it meanwhile is told that it died."""
        self._process.kill()


def _raised(code: str, message: str, hint: str) -> Exception:
    if hint or code.startswith("TSME-H"):
        return HostError(code, message, hint)
    return TsmeError(code, message) if code else RuntimeError(message)


_to: Connection | None = None


def note(what: Any) -> None:
    """In the process: tell what is under way, in case that it dies of it."""
    if _to:
        _to.send((_NOTE, what))


def serve(number: int) -> NoReturn:
    """In the process: make the object, and answer until nobody asks any more."""
    global _to  # noqa: PLW0603
    _to = connection = Connection(number)
    asked: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while True:
                asked.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    made: Any = None
    while True:
        try:
            name, given = asked.get(timeout=_IDLE)
        except queue.Empty:
            os._exit(0)
        try:
            if made is None:
                module, _, what = name.partition(":")
                made = getattr(import_module(module), what)(*given)
                continue
            answer = (_DONE, getattr(made, name)(*given))
        except Exception as error:
            if made is None:
                asked.get()  # what it was to do
            answer = (_WRONG, told(error))
        try:
            connection.send(answer)
        except OSError:  # nobody is there any more
            os._exit(0)


def told(error: Exception) -> tuple[str, str, str]:
    """Code, message and hint of an error; of one without a code its name and text."""
    if isinstance(error, (HostError, TsmeError)):
        return error.code, error.message, getattr(error, "hint", "")
    return "", f"{type(error).__name__}: {error}", ""
