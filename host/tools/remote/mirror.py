"""What a laptop knows of a machine's clocks, kept by what the board tells of them (SPEC 8.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from tsme import TsmeError
from tsme.relational import Schema
from tsme.relational.clocks import Clocks

Body = dict[str, Any]


def digest(data: bytes) -> str:
    """What a board calls a schema."""
    return hashlib.sha256(data).digest()[:8].hex()


class View:
    """The states that are followed, of a schema; others are as good as unknown."""

    def __init__(self, schema: Schema, mask: int, machine: str) -> None:
        self.schema = schema
        self.mask = mask
        self.machine = machine
        self.which = [i for i in range(len(schema.names)) if mask >> i & 1]
        self.names = [schema.names[i] for i in self.which]
        self.at = {i: n for n, i in enumerate(self.which)}

    def indexes(self, states: str | Iterable[str]) -> tuple[int, ...]:
        """Where these are among those that are followed; raises TsmeError."""
        found = self.schema.indexes(states if isinstance(states, str) else list(states))
        for i in found:
            if i not in self.at:
                name = self.schema.names[i]
                text = f'"{name}" of {self.machine} is not followed; name it in states=, or take '
                raise TsmeError("TSME-N079", text + "it out of skip=")
        return tuple(self.at[i] for i in found)


class Mirror:
    """Ticks of the states of a view, and whether what was told last fits them.

    `told(body)` takes an answer or a push; `False`: something was lost, and the whole is wanted.
    A change is staged until all of it is there.
    """

    def __init__(self, view: View, shallow: bool = False) -> None:
        self.view = view
        self._shallow = shallow  # 1 is told of each change of a tick that is 0 or 1
        self.execution = 0
        self.ticks = [0] * len(view.which)
        self.queue_tick = 0
        self.machine_tick = 0
        self.more = False  # the rest is to be asked for
        self._staged = list(self.ticks)
        self._queue = self._machine = 0
        self._count = 255

    def begin(self, execution: int, ticks: Sequence[int] | None = None) -> None:
        """What is told next begins from these ticks, or from nothing."""
        self.execution = execution
        self._staged = [0] * len(self.view.which) if ticks is None else list(ticks)
        self._queue = self._machine = 0
        self._count = 255

    def told(self, body: Body) -> bool:
        """Take what has ticked; raises ValueError if it is no such thing."""
        now = body.get("now")
        if not isinstance(now, list) or len(now) % 2 or any(type(n) is not int for n in now):
            raise ValueError(f'"now" is {now!r}')
        if len(now) < 4:
            raise ValueError(f'"now" is {now!r}')
        count, queue, machine, check, *pairs = now
        if count != (self._count + 1) % 256:
            return False
        self._count = count
        self._queue += queue
        self._machine += machine
        for i, by in zip(pairs[::2], pairs[1::2], strict=True):
            at = self.view.at.get(i)
            if at is None:
                raise ValueError(f"state {i} is not followed")
            self._staged[at] = self._staged[at] ^ by if self._shallow else self._staged[at] + by
        if (sum(self._staged) + self._queue + self._machine) % 256 != check:
            return False
        self.more = bool(body.get("more"))
        if not self.more:
            self.ticks = list(self._staged)
            self.queue_tick, self.machine_tick = self._queue, self._machine
        return True

    def clocks(self) -> Clocks:
        """They can be asked as those of an engine."""
        return Clocks(self.view, self.ticks)
