"""The text of a workflow, and text made of another one that knows where its characters stood.

A definition may be a text within a template, and may have had values put into its placeholders;
its problems are shown in the file that people have before them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .model import Where

_PROPERTIES = re.compile(r"(?:[!&][^\s]*\s+)*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)", re.S)
_JOINED = re.compile(r"\\\n[ \t]*")
PLACEHOLDER = re.compile(r"\$\{([^{}\"\n]*)\}")


@dataclass(frozen=True)
class Text:
    """The whole source text, able to turn an offset into a line and a column."""

    text: str
    lines: tuple[int, ...] = field(repr=False)  # offset of the first character of each line

    @staticmethod
    def of(text: str) -> Text:
        starts = [0] + [m.end() for m in re.finditer("\n", text)]
        return Text(text, tuple(starts))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1; columns count characters, not bytes."""
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def where(self, pointer: str, offset: int) -> Where:
        line, column = self.place(offset)
        return Where(pointer, line, column)


@dataclass(frozen=True)
class Placed(Text):
    """A text with the places of another: `offsets` has one for each character, and the end."""

    outer: Text | None = None
    offsets: Sequence[int] = field(default=(), repr=False)

    @staticmethod
    def at(text: str, outer: Text, offsets: Sequence[int]) -> Placed:
        return Placed(text, Text.of(text).lines, outer, offsets)

    def place(self, offset: int) -> tuple[int, int]:
        assert self.outer is not None
        return self.outer.place(self.offsets[min(offset, len(self.offsets) - 1)])


def substitute(source: Text, value: Callable[[str], str | None]) -> Text:
    """Puts values into placeholders; one without (None) stays.  Returns `source` if all do."""
    parts: list[str] = []
    offsets: list[int] = []
    done = 0
    for match in PLACEHOLDER.finditer(source.text):
        new = value(match[1].strip())
        if new is None:
            continue
        parts += [source.text[done : match.start()], new]
        offsets += [*range(done, match.start()), *[match.start()] * len(new)]
        done = match.end()
    if not done:
        return source
    parts.append(source.text[done:])
    offsets += range(done, len(source.text) + 1)
    return Placed.at("".join(parts), source, offsets)


def joined(texts: Sequence[tuple[str, Sequence[int]]], outer: Text) -> Text:
    """Texts one behind the other, each with the places of its characters in `outer`."""
    text = "".join(part for part, _ in texts)
    offsets = [place for part, places in texts for place in places[: len(part)]]
    last = texts[-1][1][-1] if texts else 0
    return Placed.at(text, outer, [*offsets, last])


def align(value: str, text: str, start: int, end: int, style: str) -> list[int]:
    """Where the characters of a YAML scalar stand in its text, and its end.

    `start` and `end` are those of the scalar with its tag; `style` is as in `YamlNode`.
    """
    properties = _PROPERTIES.match(text, start)
    at = properties.end() if properties else start
    if style == "|":
        return _literal(value, text, at, end)
    if style == ">":
        at = text.find("\n", at, end) + 1 or end
    elif style:
        at += 1
    places: list[int] = []
    for char in value:
        at = _to(char, text, at, end, style)
        places.append(min(at, end))
        at += _width(text, at, style)
    return [*places, min(at, end)]


def _to(char: str, text: str, at: int, end: int, style: str) -> int:
    """Where the next character of a scalar is, behind line breaks and indentation."""
    while style == '"' and (match := _JOINED.match(text, at, end)):
        at = match.end()
    here = text[at : at + 1]
    if here == "\n" or char not in " \n" and here in (" ", "\t"):
        space = at
        while at < end and text[at] in " \t\n":
            at += 1
        return space if char in " \n" and space < at else at
    return at


def _width(text: str, at: int, style: str) -> int:
    """How much of the text one character of a scalar takes."""
    if style == '"' and (match := _ESCAPE.match(text, at)):
        return match.end() - at
    return 2 if style == "'" and text.startswith("''", at) else 1


def _literal(value: str, text: str, at: int, end: int) -> list[int]:
    """Of a block behind `|`: each line of the value is the end of a line of the text."""
    places: list[int] = []
    line = text.find("\n", at) + 1 or end
    for part in value.split("\n"):
        stop = text.find("\n", line)
        stop = len(text) if stop < 0 else stop
        first = max(line, stop - len(part) - text.startswith("\r", stop - 1))
        places += range(first, first + len(part) + 1)
        line = min(stop + 1, end)
    return places
