"""Which lines of a machine run."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType, FunctionType
from typing import Any, Protocol

from .reach import codes, lines

_MONITOR: Any = getattr(sys, "monitoring", None)  # from Python 3.12 on
_TOOL = 4  # of six; those below have uses of their own


class Counted(Protocol):
    """By file: lines that ran, and all that could."""

    lines: dict[str, set[int]]
    could: dict[str, set[int]]


class Lines:
    """A context in which the lines of functions are counted: into seen.lines, by file.

    All that could run are in seen.could.  Where another tracer is at work, as a debugger or
    coverage.py, nothing is counted.
    """

    def __init__(self, functions: Iterable[FunctionType], seen: Counted) -> None:
        self.seen = seen
        # By id, since hashing code takes long: lines that have not run, where they are noted.
        self.left: dict[int, tuple[set[int], set[int]]] = {}
        self.codes: list[CodeType] = []
        for f in functions:
            path = f.__code__.co_filename
            ran = seen.lines.setdefault(path, set())
            seen.could.setdefault(path, set()).update(lines(f.__code__))
            for code in codes(f.__code__):
                could = {n for _, _, n in code.co_lines() if n}
                if could - ran - {code.co_firstlineno}:
                    self.left[id(code)] = (could - ran, ran)
                    self.codes.append(code)

    def __enter__(self) -> None:
        self.on = bool(self.left) and _free()
        if self.on and _MONITOR:
            _MONITOR.use_tool_id(_TOOL, "tsme")
            _MONITOR.register_callback(_TOOL, _MONITOR.events.LINE, self._seen)
            self._watch(_MONITOR.events.LINE)
        elif self.on:
            sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        if self.on and _MONITOR:
            self._watch(0)
            _MONITOR.register_callback(_TOOL, _MONITOR.events.LINE, None)
            _MONITOR.free_tool_id(_TOOL)
        elif self.on:
            sys.settrace(None)

    def _ran(self, code: CodeType, line: int) -> None:
        left, ran = self.left[id(code)]
        ran.add(line)
        left.discard(line)

    # --- from Python 3.12 on ---

    def _watch(self, events: int) -> None:
        for code in self.codes:
            _MONITOR.set_local_events(_TOOL, code, events)

    def _seen(self, code: CodeType, line: int) -> Any:
        self._ran(code, line)
        return _MONITOR.DISABLE

    # --- before ---

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        known = self.left.get(id(frame.f_code))
        return self._line if known and known[0] else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self._ran(frame.f_code, frame.f_lineno)
        return self._line


def _free() -> bool:
    """Is nobody else counting?"""
    if _MONITOR:
        return _MONITOR.get_tool(_TOOL) is None
    return sys.gettrace() is None
