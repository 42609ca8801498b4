"""Which lines of a class ran within a step: the step is made again, and watched line by line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tsme.errors import TsmeError

from ..journal.replayer import Player
from .moments import Moment


def lines_run(moment: Moment, path: Path) -> frozenset[int]:
    """Those of the file that has the class; none where the step cannot be made again."""
    record, known = moment.record, moment.known
    if known is None or moment.before is None or record.kind != "step":
        return frozenset()
    if record.input == "migrate" or moment.played.difference or moment.played.skipped:
        return frozenset()
    player = Player([known])
    player.stand(moment.before, bytes(known.program.digest))
    found: set[int] = set()

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            found.add(frame.f_lineno)
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Any:
        return line if Path(frame.f_code.co_filename).name == path.name else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        player.play(record)
    except TsmeError:
        return frozenset()
    finally:
        sys.settrace(before)
    return frozenset(found)
