"""Replay in C: whether a journal comes out of its programs again, and how much of it.

Nothing of it is decoded. Whatever is not the same, or not the core's to run, is left to
replayer.py, which tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tsme import core
from tsme.errors import TsmeError
from tsme.kernel.protocol import START
from tsme.kernel.replay import read_step
from tsme.values import cbor

from ...compiler.frontend.model import CompileError
from ..errors import HostError
from ..files import read_program
from ..inputs import read_bytes
from . import store
from .image import image_of
from .replayer import Known, know

_UNIT = 32  # bytes that flash programs at once
_BUFFER = 4096  # bytes that are read at once, at least
_MEMORY = 1 << 18  # bytes that the core works in; where that is too little Python replays
_MOST = 1 << 24
_WORK = 1 << 31
_NUMBERED = 15  # items of a checkpoint


@dataclass(frozen=True)
class Same:
    """A journal of which all that can be replayed is identical.

    skipped: records whose state before is gone, from the record `first` on.
    """

    steps: int
    checkpoints: int
    executions: int
    skipped: int
    first: int
    torn: bool


class _Programs:
    """Programs by their digests, and the handles of those that were needed."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.known = {bytes(one.program.digest): one for one in known}
        self.handles: dict[bytes, Any] = {}

    def find(self, body: bytes) -> Any:
        """The handle for the body of a start or a checkpoint; None if there is none."""
        digest = _program_of(body)
        if digest not in self.handles:
            known = self.known.get(digest)
            self.handles[digest] = _boot(known) if known else None
        return self.handles[digest]


def _program_of(body: bytes) -> bytes:
    try:
        item = cbor.decode(body, 0, True)[0]
        if isinstance(item, list) and len(item) == _NUMBERED:
            return bytes(item[-2])
    except TsmeError:
        pass
    _, event = read_step(body, 0)
    return bytes(event[3]) if event[0] == START else b""


def _boot(known: Known) -> Any:
    client: Any = core.runs(known.program)
    made = core.core.boot(known.program.data, None, _MEMORY, client.call, _MOST, 0, _WORK)
    return None if isinstance(made, int | str) else made


def identical(path: str, given: tuple[str, ...]) -> Same | None:
    """All of a journal, if it is the same; None if somebody has to look closer."""
    if not core.core or any(".py" in one for one in given):
        return None
    try:
        kept = [know(item) for item in store.kept(path)]
        named = [know(read_program(one)) for one in given]
        image = image_of(path, read_bytes(path))
        return _same(image, _Programs([*kept, *named]), named)
    except (CompileError, HostError, TsmeError, OSError, ValueError, IndexError, TypeError):
        return None


def _same(image: Any, programs: _Programs, named: list[Known]) -> Same | None:
    opened = core.core.journal_open(
        image.data, None, image.count, image.block, _UNIT, image.program_once, image.slot, _BUFFER
    )
    if isinstance(opened, int):
        return None
    found = core.core.replay(opened, programs.find)
    if found is None or not found[0] + found[1]:
        return None
    if any(programs.handles.get(bytes(one.program.digest)) is None for one in named):
        return None  # one was given in vain, which is to be said
    recovered = core.core.journal_recover(opened)
    if isinstance(recovered, int):
        return None
    steps, checkpoints, executions, skipped, first = found
    return Same(steps, checkpoints, executions, skipped, first, bool(recovered[2]))
