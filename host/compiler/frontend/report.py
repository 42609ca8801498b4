"""Problems for people and for editors: plain text with the source line shown, or JSON.

Colour is left to the caller: the text is plain.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TypedDict

from .model import Problem
from .source import BOM, Flow, Parsed

_WINDOW = 88  # how much of a long source line is shown
_LEAST = 12  # of it on the narrowest terminal
_AROUND = 11  # cells beside it: margins, and dots on both sides
_BEFORE = 40  # how much of that, at most, stands before the place


class ProblemJson(TypedDict):
    """One problem as `--json` prints it."""

    code: str
    message: str
    file: str
    pointer: str
    line: int
    column: int
    help: str
    refusal: bool
    severity: str  # "error" or "warning"


def render_text(problems: Iterable[Problem], flow: Flow, filename: str, width: int = 0) -> str:
    """All problems as one text, a blank line between them, without a final newline.

    `flow` is what the problems were found in; `filename` is printed as it is given.
    """
    text = flow.text if isinstance(flow, Parsed) else flow.removeprefix(BOM)
    lines = text.split("\n")
    return "\n\n".join(_render(problem, lines, filename, width) for problem in problems)


def to_json(problems: Iterable[Problem], filename: str) -> list[ProblemJson]:
    """All problems as plain data, for `json.dumps`."""
    return [
        ProblemJson(
            code=problem.code,
            message=problem.message,
            file=filename,
            pointer=problem.where.pointer,
            line=problem.where.line,
            column=problem.where.column,
            help=problem.hint,
            refusal=problem.refusal,
            severity=_severity(problem),
        )
        for problem in problems
    ]


def _severity(problem: Problem) -> str:
    return "warning" if problem.warning else "error"


def _render(problem: Problem, lines: list[str], filename: str, width: int) -> str:
    where = problem.where
    place = f"{filename}:{where.line}:{where.column}"
    head = f"{place}: {_severity(problem)} {problem.code}: {problem.message}"
    parts = _wrapped(head, width)
    if where.line <= len(lines):
        number = str(where.line)
        room = max(_LEAST, width - len(number) - _AROUND) if width else _WINDOW
        shown, caret = _excerpt(lines[where.line - 1].rstrip("\r"), where.column, room)
        parts.append(f"  {number} | {shown}")
        parts.append(f"  {' ' * len(number)} | {' ' * caret}^")
    if where.pointer:
        parts.append(f"  at: {where.pointer}")
    if problem.hint:
        parts += _wrapped(f"  help: {problem.hint}", width)
    return "\n".join(parts)


def _wrapped(text: str, width: int) -> list[str]:
    """A text as lines that break between words; those after the first stand further in."""
    if not width or len(text) <= width:
        return [text]
    from textwrap import wrap  # noqa: PLC0415

    return wrap(
        text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _excerpt(line: str, column: int, room: int) -> tuple[str, int]:
    """The part of a line around a column, and how far from its start the caret stands.

    room: cells of the terminal, of which wide characters take two.
    """
    start, end = 0, len(line)
    window = min(_WINDOW, room)
    while True:
        if len(line) > window:
            ahead = min(_BEFORE, window // 2)
            start = max(0, min(column - 1 - ahead, len(line) - window))
            end = min(len(line), start + window)
        if room >= _WINDOW or window <= 1 or sum(map(_width, line[start:end])) <= room:
            break
        window -= 1
    shown = "".join(c if c.isprintable() else " " for c in line[start:end])
    before = shown[: column - 1 - start]
    if start > 0:
        shown, before = "..." + shown, "..." + before
    if end < len(line):
        shown += "..."
    return shown, sum(_width(char) for char in before)


def _width(char: str) -> int:
    """How many cells of a terminal a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
