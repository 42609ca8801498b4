"""Where `tsme` begins.  From here on Ctrl-C ends it in one line, also while modules are read."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130


def interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End at once: what is under way is the reading of modules, or the end itself."""
    os.write(2, b"\ntsme: interrupted\n")
    os._exit(INTERRUPTED)


def main() -> NoReturn:
    """Run the command line; `python -m tsme` and the installed `tsme` come here.

    Start and end are what a short command takes most of its time for: there is no garbage to look
    for while modules are read, and nothing to take apart at the end, since commands leave nothing
    behind that would have to be.
    """
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as by nohup
        signal.signal(signal.SIGINT, interrupted)
    from .tools.cli import main as command  # noqa: PLC0415

    try:
        command(prog_name="tsme")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stderr.flush()
    os._exit(code)
