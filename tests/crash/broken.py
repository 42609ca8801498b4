"""Journals that are broken on purpose, to show that the proof finds it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tsme import walk


@dataclass(frozen=True)
class Break:
    """One way to break the journal."""

    what: str
    apply: Callable[[], None]


def _checksum() -> None:
    kind: Any = walk.Walk
    body = kind._body

    def trusting(self: Any) -> Any:
        return None if body(self) is None else self._crc

    kind._body = trusting


BREAKS = {"checksum": Break("the checksum of a record is ignored", _checksum)}
