"""Which processes go on.

One that has ended is a zombie until somebody asks for its end, which whoever adopted it may never
do: signal 0 reaches it all the while.
"""

import contextlib
import os
import signal
import time

import psutil


def alive(pid: int) -> bool:
    """Does this process go on?"""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def of_group(group: int) -> list[int]:
    """The processes of a group that go on."""
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            if os.getpgid(pid) == group and alive(pid):
                found.append(pid)
    return found


def freeze(group: int) -> None:
    """Stop all processes of a group; SIGCONT lets them go on."""
    os.killpg(group, signal.SIGSTOP)
    for pid in of_group(group):
        with contextlib.suppress(psutil.NoSuchProcess):
            while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
                time.sleep(0.01)
