"""Waiting for what becomes of an execution, however long its target is away meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import click

from .. import console
from ..boards.follow import SILENT
from ..errors import FAILED, HostError
from .targets import Target, Told

_Seen = TypeVar("_Seen")
_POLL = 0.3  # s between two looks at what is waited for
_AWAY = (*SILENT, "TSME-S071")
OPEN = ("new", "running", "pending_redrive")
TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(0), metavar="SECONDS", help="And no longer."
)


class Watch:
    """How an execution stands, now and again until `timeout` seconds are over, at least once.
    `following`: what it comes through meanwhile."""

    def __init__(self, target: Target, name: str, timeout: float | None = None) -> None:
        self.target = target
        self.name = name
        self.following = target.following(name)
        self._until = None if timeout is None else time.monotonic() + timeout

    def __iter__(self) -> Iterator[Told]:
        """What `describe` tells."""
        for told, _ in self.looks(lambda _: None):
            yield told

    def looks(self, look: Callable[[Told], _Seen]) -> Iterator[tuple[Told, _Seen]]:
        """That, and what `look` sees then.  A target that is away is said to be so, and asked
        again."""
        away = False
        while True:
            try:
                told = self.target.describe(self.name)
                seen = look(told)
            except HostError as error:
                if error.code not in _AWAY:
                    raise
                if not away:
                    away = True
                    console.note(f"tsme: {error.message}; it is asked again until it is there")
            else:
                yield told, seen
            if self._until is not None and time.monotonic() >= self._until:
                return
            time.sleep(_POLL)

    def late(self, what: str) -> int:
        """It was not so in time.  -> an exit code"""
        return no(f"{self.name} was not {what} in time")


def no(text: str) -> int:
    """Say why the answer is no.  -> an exit code"""
    click.secho(f"tsme: {text}", err=True, fg="red")
    return FAILED
