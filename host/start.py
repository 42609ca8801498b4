"""Where `tsme` begins.  From here on Ctrl-C ends it in one line, also while modules are read."""

from __future__ import annotations

import gc
import os
import signal
import sys

from .ending import INTERRUPTED, Stopped

TYPE_CHECKING = False  # to read typing takes as long as all else here
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn


def stopped(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave what is under way, which cleans up."""
    raise Stopped(number)


def interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End at once: what is under way is the reading of modules, or the end itself."""
    os.write(2, b"\ntsme: interrupted\n")
    os._exit(INTERRUPTED)


def end_quickly() -> None:
    """Until a command begins, and when it has ended, there is nothing to clean up."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as by nohup
        signal.signal(signal.SIGINT, interrupted)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is stopped:
            signal.signal(number, signal.SIG_DFL)


def clean_up() -> None:
    """From here on what is told to end raises KeyboardInterrupt or Stopped."""
    if signal.getsignal(signal.SIGINT) is interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stopped)


def open_standard() -> None:
    """Nothing that is opened later gets the number of a standard stream that is closed (`2>&-`).

    The standard output stays None: what a command would print there is not to be lost unsaid.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def main() -> NoReturn:
    """Run the command line; `python -m tsme` and the installed `tsme` come here.

    Start and end are what a short command takes most of its time for: there is no garbage to look
    for while modules are read, and nothing to take apart at the end, since commands leave nothing
    behind that would have to be.
    """
    gc.disable()
    end_quickly()
    open_standard()
    from .tools.cli import main as command  # noqa: PLC0415

    try:
        clean_up()
        command(prog_name="tsme")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except (KeyboardInterrupt, Stopped):  # once more, while the first was answered
        code = INTERRUPTED
    end_quickly()
    os._exit(code)
