"""A relational machine as simulations run it: what its handlers raise is not lost."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tsme.errors import fault
from tsme.relational import Relational

_RELATIONAL: Any = Relational  # device code has no types
_WORDS = (
    ("input.now", "m.now"),
    ("actions.timer(ms)", "m.timer(ms, add=..)"),
    ("actions.task()", "m.task()"),
    ("actions.", "m."),
)


def cure(reason: str) -> str:
    """Why something must not be, in the words of a relational machine: it has `m` for all."""
    for word, own in _WORDS:
        reason = reason.replace(word, own)
    return reason


class _Instead:
    """A class with another function in the place of one of its own."""

    def __init__(self, machine: Any, name: str, function: Any) -> None:
        self.__dict__[name] = function
        self.__dict__[""] = machine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__[""], name)


class Heard(_RELATIONAL):  # type: ignore[misc]
    """The same machine.  raised: (handler, exception) of the newest step, if one has raised.

    On a device an exception leads to the state Exception, and the machine goes on.
    """

    machine: Any
    raised: tuple[str, Exception] | None = None

    def handler(self, name: str, sort: int, i: int, j: int) -> None:
        """Found by its name: the class's own, and a word about what it raises."""
        super().handler(name, sort, i, j)
        kept = self.own.get(sort, {})
        for key, row in kept.items():
            if isinstance(row, dict):
                row.update({k: self._heard(f, name) for k, f in row.items()})
            else:
                kept[key] = self._heard(row, name)

    def evaluate(self, m: Any, item: Any) -> Any:
        """A function that is called by its name."""
        machine: Any = self.machine
        name = item[1]
        function = getattr(machine, name, None)
        if not callable(function):
            self.raised = (name, fault("TSME-M021", self.program.name, name))
            return super().evaluate(m, item)
        self.machine = _Instead(machine, name, self._heard(function, name))
        try:
            return super().evaluate(m, item)
        finally:
            self.machine = machine

    def _heard(self, f: Any, name: str) -> Callable[[Any], Any]:
        if hasattr(f, "__wrapped__") and getattr(f, "machine", None) is self:
            return f  # type: ignore[no-any-return]

        @functools.wraps(f)
        def heard(m: Any) -> Any:
            try:
                return f(m)
            except Exception as e:
                self.raised = (name, e)
                raise

        heard.machine = self  # type: ignore[attr-defined]
        return heard
