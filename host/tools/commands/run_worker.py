"""The interpreter of `tsme run`: a process that ends when the command does, however that comes.

Ctrl-C, SIGTERM and SIGHUP end it as Ctrl-C does, so that handlers can clean up.  A command that is
killed cannot do that: a shell waits beside it for the end of a pipe, which no death can prevent,
and kills the interpreter then, which for the workflow is a power cut.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ...ending import Stopped

_GUARD = 'trap "" HUP INT TERM; read -r worker || exit; read -r _ || kill -KILL "$worker"'
_BY_ITSELF = 0.3  # s that it has after Ctrl-C, of which a terminal tells it too
_AT_MOST = 5.0  # s that its handlers may take to clean up


def work(command: list[str], environment: dict[str, str], shared: tuple[int, ...]) -> int:
    """Run it; its exit code, or minus a signal.  What it prints goes to the standard error.

    Raises KeyboardInterrupt and Stopped when it has ended on their account.
    """
    sys.stderr.flush()
    with _guarded() as guard:
        process = _start(command, environment, shared)
        guard(process.pid)
        try:
            return process.wait()
        except (KeyboardInterrupt, Stopped) as stop:
            _end(process, 0 if isinstance(stop, Stopped) else _BY_ITSELF)
            raise
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()


def _start(
    command: list[str], environment: dict[str, str], shared: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    """Begin it.  CPython learns of Ctrl-C when it can say something (boards/unix/main.py)."""
    waits = command[0] == sys.executable and hasattr(signal, "pthread_sigmask")
    if waits:
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        return subprocess.Popen(command, stdout=2, stderr=2, env=environment, pass_fds=shared)
    finally:
        if waits:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))


def _end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Let it end as after Ctrl-C, or at last without being asked."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
        return
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_AT_MOST)


@contextmanager
def _guarded() -> Iterator[Callable[[int], None]]:
    """Somebody who kills the process that it is told, unless this one leaves the block."""
    if not os.access("/bin/sh", os.X_OK):
        yield lambda _: None
        return
    null = subprocess.DEVNULL
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD], stdin=subprocess.PIPE, stdout=null, stderr=null, bufsize=0
    )
    assert guard.stdin
    pipe = guard.stdin.fileno()
    try:
        yield lambda pid: _tell(pipe, f"{pid}\n")
    finally:
        _tell(pipe, "done\n")
        guard.stdin.close()
        guard.wait()


def _tell(pipe: int, text: str) -> None:
    with suppress(BrokenPipeError):  # somebody killed it
        os.write(pipe, text.encode())
