"""Journals that are broken on purpose, to show that the proof finds it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tsme import journal
from tsme.journal import blocks, cursor, heads, provision, recovery, walk

# setattr, or one that can be undone: pytest's monkeypatch.setattr.
Patch = Callable[[object, str, object], object]

Blocks: Any = blocks.Blocks
Journal: Any = journal.Journal
Cursor: Any = cursor.Cursor
Walk: Any = walk.Walk
Heads: Any = heads.Heads


@dataclass(frozen=True)
class Break:
    """One way to break the journal: what is wrong then, and how to do it."""

    what: str
    apply: Callable[[Patch], None]


def _checksum(patch: Patch) -> None:
    body = Cursor._body
    patch(Cursor, "_body", lambda self: None if body(self) is None else self._crc)


def _order(patch: Patch) -> None:
    commit = Journal.commit
    idle = Journal.idle

    def flush(self: Any) -> None:
        late = self.__dict__.pop("late", None)
        if late:
            commit(self, *late)

    def later(self: Any, kind: int, body: Any) -> int:
        flush(self)
        self.late = (kind, bytes(body))
        return int(self.number)

    def idling(self: Any) -> Any:
        flush(self)
        return idle(self)

    patch(Journal, "commit", later)
    patch(Journal, "idle", idling)


def _generation(patch: Patch) -> None:
    scan = recovery.scan

    def by_place(found: Any) -> tuple[int, bool]:
        newest, owned = scan(found)
        for block in range(found.blocks.count):
            if found.look(block) == heads.USED:
                newest = found.generation
        return newest, owned

    patch(recovery, "scan", by_place)


def _blank(patch: Patch) -> None:
    make_ready = Blocks.make_ready

    def trusting(self: Any, generation: int, before: int) -> Any:
        return self.blank(self.of(generation)) or make_ready(self, generation, before)

    patch(Blocks, "make_ready", trusting)


def _spoil(patch: Patch) -> None:
    patch(Blocks, "make_ready", lambda self, generation, before: self.erase(self.of(generation)))


def _tail(patch: Patch) -> None:
    step = Walk.step

    def unaware(self: Any, load: bool = False) -> Any:
        found = step(self, load)
        self.torn = False
        return found

    patch(Walk, "step", unaware)


def _reserve(patch: Patch) -> None:
    left = Journal._blocks_left
    patch(Journal, "_blocks_left", lambda self: left(self) + self._kept)


def _claim(patch: Patch) -> None:
    patch(provision, "own", lambda b: None)


def _early(patch: Patch) -> None:
    opening = Journal._open

    def sealed(self: Any, generation: int, before: int, *what: Any) -> Any:
        self._seal(self._blocks.of(before) if before else self._blocks.claimed)
        return opening(self, generation, before, *what)

    patch(Journal, "_open", sealed)


def _drop(patch: Patch) -> None:
    def upward(j: Any) -> None:
        h = Heads(j._blocks)
        left = []
        generation = j._newest
        while generation > j._generation and h.used(generation):
            left.append(generation)
            generation = h.before
        for generation in reversed(left):
            j._blocks.make_ready(generation, j._generation)
        j._newest = j._generation

    patch(provision, "drop", upward)


BREAKS = {
    "checksum": Break("the checksum of a record is ignored", _checksum),
    "order": Break("a commit returns before its record is programmed", _order),
    "generation": Break("the newest block is taken by its place, not its generation", _generation),
    "blank": Break("a block that looks blank is not erased again", _blank),
    "spoil": Break("a mark of an earlier try is not spoilt before the erase", _spoil),
    "tail": Break("the slots behind a torn record are used again", _tail),
    "reserve": Break("steps open blocks that recovery needs", _reserve),
    "claim": Break("a new region is not claimed before its first erase", _claim),
    "early": Break("a block is sealed before there is a record in the next", _early),
    "drop": Break("blocks that a torn commit left are erased from the first up", _drop),
}
