"""The debug part of a program (docs/SPEC.md, 2.13): for people and tools, never for a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from tsme.errors import TsmeError
from tsme.values import cbor

from .ir import Lowered, Site

T = TypeVar("T")

VERSION = 2
TYPES = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")


class SiteInfo(NamedTuple):
    """What the debug part tells of an instruction that can fail (see `compiler.ir.Site`)."""

    kind: str
    text: str
    field: str
    line: int
    column: int


class StateName(NamedTuple):
    """A state of the debug part; `line` and `column` count from 1."""

    name: str
    type: str
    line: int
    column: int


class Variables(NamedTuple):
    """The variables that frames of one machine have, by slot from slot 1.  `first`: the number of
    the machine's first state; its others follow."""

    first: int
    names: list[str]


@dataclass
class Debug:
    """The debug part: names and places, by number."""

    filename: str = ""
    states: list[StateName] = field(default_factory=list)
    windows: list[Variables] = field(default_factory=list)  # of each machine
    sites: dict[int, SiteInfo] = field(default_factory=dict)  # by pc
    size: int = 0

    def state(self, number: int) -> str:
        return self.states[number].name if number < len(self.states) else f"state {number}"

    def variables(self, state: int) -> list[str]:
        """Those of frames in a state, by slot from slot 1; `#` begins what a state keeps there."""
        found: list[str] = []
        for window in self.windows:
            if window.first <= state:
                found = window.names
        return found


def write_debug(lowered: Lowered, digest: bytes, filename: str, sites: dict[int, Site]) -> bytes:
    """The encoded debug part.  `sites`: by pc, ascending."""
    found = [
        (pc, (site.kind, site.text, site.field), site.where.line, site.where.column)
        for pc, site in sites.items()
    ]
    used = Counter(text for _, texts, _, _ in found for text in texts)
    numbers = {text: n for n, (text, _) in enumerate(used.most_common())}
    flat: list[int] = []
    at, line = 0, 1
    # Instructions that follow each other and come of one path are one entry.
    for (start, texts, row, column), group in groupby(
        enumerate(found), lambda item: (item[1][0] - item[0], *item[1][1:])
    ):
        run = list(group)
        first = start + run[0][0]
        flat += [first - at, len(run), *(numbers[text] for text in texts), row - line, column]
        at, line = first + len(run), row
    states = [[s.name, TYPES.index(s.type), s.where.line, s.where.column] for s in lowered.states]
    windows = [[window.first, list(window.slots)] for window in lowered.windows]
    debug = [VERSION, digest, filename, states, windows, list(numbers), flat]
    return cbor.encode(debug, True)


def read_debug(data: bytes) -> tuple[bytes, Debug] | None:
    """The digest of the program it belongs to, and the debug part; None if there is none."""
    if not data:
        return None
    try:
        item, end = cbor.decode(data, 0, True)
        version, digest, filename, states, windows, texts, sites = item
        if version != VERSION:
            return None
        debug = Debug(
            _is(str, filename),
            [_state(*_all(state, str, int, int, int)) for state in states],
            [_window(*_all(window, int, list)) for window in windows],
            dict(_sites([_is(str, text) for text in texts], [_is(int, n) for n in sites])),
            end,
        )
        return _is(bytes, digest), debug
    except (TsmeError, ValueError, TypeError, IndexError):
        return None


def _state(name: str, kind: int, line: int, column: int) -> StateName:
    return StateName(name, TYPES[kind], line, column)


def _window(first: int, names: list[Any]) -> Variables:
    return Variables(first, [_is(str, name) for name in names])


def _sites(texts: list[str], flat: list[int]) -> Iterator[tuple[int, SiteInfo]]:
    at, line = 0, 1
    for n in range(0, len(flat), 7):
        skip, count, kind, text, name, down, column = flat[n : n + 7]
        at += skip
        line += down
        site = SiteInfo(texts[kind], texts[text], texts[name], line, column)
        if count > 65536:
            raise ValueError("a run that no code has")
        for _ in range(count):
            yield at, site
            at += 1


def _is(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise TypeError(kind)
    return value


def _all(values: list[Any], *kinds: type[Any]) -> list[Any]:
    return [_is(kind, value) for kind, value in zip(kinds, values, strict=True)]
