"""`tsme repl --python`: MicroPython's own prompt of a board, on this terminal."""

from __future__ import annotations

import sys

from .. import console
from ..boards.session import Where
from ..boards.target import target
from ..errors import DONE, HostError

_HELP = """\
tsme: {port}; Ctrl-] leaves, nothing else does
      Ctrl-C stops what the board runs and goes to its prompt: executions stand still from there on
      Ctrl-D at the prompt restarts it, and they go on
      Ctrl-C, then Ctrl-B: out of a raw prompt that another tool has left"""


def through(where: Where) -> int:
    """Put this terminal through to the board, as a serial terminal does.

    The board prints what its program prints. Ctrl-C stops that program and goes to MicroPython's
    prompt, where executions stand still; Ctrl-D at the prompt restarts it. Nothing is lost by
    either: executions go on from their journals.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        hint = "for a script: tsme logs, or mpremote exec"
        raise HostError("TSME-N074", "tsme repl --python needs a terminal", hint)
    goal = target(where.board, where.port, where.via)
    from ..boards import terminal  # noqa: PLC0415

    if terminal.through(goal.port, lambda: console.note(_HELP.format(port=goal.port))):
        console.note("tsme: left; at its prompt the board runs nothing: tsme reset restarts it")
    else:
        console.note("tsme: left; what the board runs, it goes on to run")
    return DONE
