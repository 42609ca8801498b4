"""What must be in a journal.

Shares no code with the journal and knows nothing of blocks and bytes: a list of the records whose
commit returned, the one that was under way when the power went, and what recovery said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# The kinds of records, as docs/SPEC.md (4.2) numbers them.
STEP = 1
CHECKPOINT = 2

Record = tuple[int, bytes]


class Wrong(Exception):
    """The journal broke its promise; the text says how."""


@dataclass
class Seen:
    """All that a journal says after power-up."""

    records: int  # committed in all
    steps: int  # since the newest checkpoint
    torn: bool
    recovered: list[Record]  # the newest checkpoint, if there is one, and the steps behind it
    kept: list[tuple[int, int, bytes]] | None  # number, kind, body of all that can be read
    damage: Sequence[object]  # places that are said to be damaged
    wrote: bool  # something of the flash changed meanwhile


class Oracle:
    """The list. `state` and `restore` let many ways begin at one place."""

    def __init__(self) -> None:
        self.committed: tuple[Record, ...] = ()
        self.under_way: Record | None = None
        # The power went since the last commit: something may be torn.
        self.cut = False
        self._sum = 0

    def begins(self, kind: int, body: bytes) -> None:
        """A commit begins; until it returns its record may be there or not."""
        self.under_way = (kind, body)

    def done(self, number: int) -> None:
        """The commit returned."""
        if number != len(self.committed):
            raise Wrong(f"the commit gave number {number}, it is the {len(self.committed)}th")
        self._add()
        self.cut = False

    def refused(self) -> None:
        """The commit said that it did nothing: its record may not be there."""
        self.under_way = None

    def power_went(self) -> None:
        """Something may be torn until the next commit returns."""
        self.cut = True

    def _add(self) -> None:
        if self.under_way is None:
            raise Wrong("a commit returned that never began")
        self.committed = (*self.committed, self.under_way)
        self._sum = hash((self._sum, self.under_way))
        self.under_way = None

    def must(self) -> tuple[object, ...]:
        """What must be there, and what may be, for telling states apart."""
        return len(self.committed), self._sum, self.under_way

    def state(self) -> tuple[tuple[Record, ...], Record | None, bool, int]:
        """For `restore`."""
        return self.committed, self.under_way, self.cut, self._sum

    def restore(self, state: tuple[tuple[Record, ...], Record | None, bool, int]) -> None:
        """Back to what `state` gave."""
        self.committed, self.under_way, self.cut, self._sum = state

    def check(self, seen: Seen) -> None:
        """Wrong if what was recovered is not just what must be there."""
        if seen.wrote:
            raise Wrong("recovery wrote to the flash")
        if self.under_way and seen.records == len(self.committed) + 1:
            self._add()
        self.under_way = None
        count = len(self.committed)
        if seen.records < count:
            raise Wrong(f"{count - seen.records} of {count} committed records are lost")
        if seen.records > count:
            raise Wrong(f"{seen.records - count} records are invented")
        newest = self._newest()
        if seen.recovered != list(self.committed[newest:]):
            raise Wrong(
                f"recovered are {show(seen.recovered)}, not {show(self.committed[newest:])}"
            )
        if seen.steps != sum(kind == STEP for kind, _ in seen.recovered):
            raise Wrong(f"{seen.steps} steps are said to follow the newest checkpoint")
        if seen.torn and not self.cut:
            raise Wrong("something is said to be torn, but nothing was")
        if seen.damage:
            raise Wrong(f"damage is reported, but only power was cut: {seen.damage}")
        if seen.kept is not None:
            self._check_kept(seen.kept, newest)

    def _newest(self) -> int:
        for number in range(len(self.committed) - 1, -1, -1):
            if self.committed[number][0] == CHECKPOINT:
                return number
        return 0

    def _check_kept(self, kept: list[tuple[int, int, bytes]], newest: int) -> None:
        # What is older than the newest checkpoint may be gone, also in the middle: blocks that
        # are not needed are erased, and an erase may be cut. All that is there must be right.
        before = -1
        for number, kind, body in kept:
            if not before < number < len(self.committed):
                raise Wrong(f"records() gives number {number} after {before}")
            if (kind, body) != self.committed[number]:
                raise Wrong(f"records() gives another record {number}: {show([(kind, body)])}")
            before = number
        there = {number for number, _, _ in kept}
        missing = [n for n in range(newest, len(self.committed)) if n not in there]
        if missing:
            raise Wrong(f"records() leaves out {missing}")


def show(records: Sequence[Record]) -> str:
    """Records in few words, the last few of them."""
    words = [
        f"{'checkpoint' if kind == CHECKPOINT else 'step'} of {len(body)} bytes {body[:4].hex()}"
        for kind, body in records[-4:]
    ]
    more = f"{len(records) - 4} more and " if len(records) > 4 else ""
    return f"[{more}{', '.join(words)}]"
