"""A relational machine whose class nobody has here: its board tells its states and their ticks."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tsme.relational import Schema

from ..boards.session import Session
from ..errors import HostError
from ..link import failures
from ..remote.mirror import Mirror, View, digest
from .states import States
from .targets import Following, Moment, Told

_SELDOM = 1 << 28  # ms between pushes: it is asked
_TRIES = 40  # 60 states come in one
_GONE, _OVER, _WRONG = "TSME-N012", "TSME-K002", "TSME-N003"


class OnLink(Following):
    """`line`: the board, for as long as it is asked."""

    def __init__(self, name: str, line: Callable[[], AbstractContextManager[Session]]) -> None:
        self._name = name
        self._line = line
        self._to = zlib.crc32(name.encode()) & 0xFFFF  # as what it is followed
        self._mirror: Mirror | None = None
        self._program = ""
        self._followed = False

    def states(self, told: Told) -> States:  # noqa: ARG002
        mirror = self._asked()[0]
        return States.at(dict(zip(mirror.view.names, mirror.ticks, strict=True)))

    def moments(self, told: Told, states: Sequence[str] = ()) -> Sequence[Moment]:
        try:
            mirror, before = self._asked()
        except HostError as error:
            if error.code != _OVER or self._mirror is None:
                raise
            return ()
        names = mirror.view.names
        return [
            Moment(
                None, told.get("now", 0), dict(zip(names, ticks, strict=True)), mirror.execution
            )
            for ticks in _between(mirror, before, states)
        ]

    def _asked(self) -> tuple[Mirror, list[int] | None]:
        """How it stands, and how it stood, in an execution that is a new one at its beginning;
        None: that is not known.  Raises HostError TSME-K002 if none is under way."""
        known = self._mirror
        was = (known.execution, list(known.ticks)) if known and known.execution else None
        with self._line() as board:
            for _ in range(_TRIES):
                if self._followed and self._mirror is not None:
                    whole = self._take(self._look(board))
                else:
                    whole = self._take(self._follow(board))
                if whole and self._mirror is not None:
                    mirror = self._mirror
                    if was and was[0] != mirror.execution:
                        was = 0, [0] * len(mirror.ticks)
                    return mirror, was[1] if was else None
        raise failures.not_understood("what is followed", "it does not come to an end")

    def _look(self, board: Session) -> dict[str, Any]:
        try:
            return board.client.ask("clock", {"to": self._to})
        except HostError as error:
            if error.code != _GONE:
                raise
            self._followed = False  # for 30 s nobody asked, or the board was reset
            return {}

    def _follow(self, board: Session) -> dict[str, Any]:
        fields: dict[str, Any] = {"to": self._to, "name": self._name, "every": _SELDOM}
        if self._mirror is not None:
            fields["program"] = self._program
            if self._mirror.execution:
                known = self._mirror
                fields |= {"execution": known.execution, "time": known.ticks}
        try:
            answer = board.client.ask("follow", fields)
        except HostError as error:
            if error.code != _WRONG or self._mirror is None or not self._mirror.execution:
                raise
            self._mirror.begin(0)  # these are ticks of another board
            return {}
        execution = answer.get("execution")
        if "now" not in answer:  # its states are not known
            data = b"".join(_schema(board, self._name))
            schema = Schema(data)
            view = View(schema, (1 << len(schema.names)) - 1, self._name)
            self._mirror, self._program = Mirror(view), digest(data)
        elif self._mirror is not None and type(execution) is int:
            same = execution == self._mirror.execution
            self._mirror.begin(execution, self._mirror.ticks if same else None)
            self._followed = True
        return answer

    def _take(self, answer: dict[str, Any]) -> bool:
        """Is all of it there?"""
        mirror = self._mirror
        if mirror is None or not self._followed:
            return False
        if answer.get("over"):
            self._followed = False
            raise HostError(_OVER, f"no execution of {self._name} is running")
        if "program" in answer:
            self._followed = False
            return False
        if type(answer.get("execution")) is int and "now" in answer:
            if answer["execution"] != mirror.execution:
                mirror.begin(answer["execution"])
        try:
            good = mirror.told(answer)
        except ValueError as error:
            raise failures.not_understood("what is followed", str(error)) from None
        if not good:
            mirror.begin(0)
            self._followed = False
        return good and not mirror.more


def _schema(board: Session, name: str) -> Iterator[bytes]:
    off, size = 0, 1
    while off < size:
        answer = board.client.ask("schema", {"name": name, "off": off})
        data, whole = answer.get("data"), answer.get("len")
        if not isinstance(data, bytes) or not isinstance(whole, int) or not data:
            raise failures.not_understood("schema", "it is no piece of what was asked for")
        size = whole
        yield data
        off += len(data)


def _between(
    mirror: Mirror, before: list[int] | None, states: Sequence[str]
) -> Iterator[list[int]]:
    """Ticks that there were since, at the end those of now.  Of the states that count those that
    came and went are known if it was one of them alone."""
    if before is None:
        yield mirror.ticks
    if before is None or before == mirror.ticks:
        return
    names = mirror.view.names
    moved = [
        i for i, tick in enumerate(mirror.ticks)
        if tick != before[i] and (not states or names[i] in states)
    ]  # fmt: skip
    if len(moved) == 1:
        for tick in range(before[moved[0]] + 1, mirror.ticks[moved[0]]):
            yield [*mirror.ticks[: moved[0]], tick, *mirror.ticks[moved[0] + 1 :]]
    yield mirror.ticks
