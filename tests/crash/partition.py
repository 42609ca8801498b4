"""A partition cut into regions, each with a journal, and the list of what must be there."""

from collections.abc import Callable
from dataclasses import dataclass

from sim.nor import Nor
from tests.crash.flash import Traced
from tests.crash.oracle import CHECKPOINT, STEP, Record, Wrong
from tests.crash.world import BUFFER, WEAR, World, body
from tsme.errors import TsmeError
from tsme.journal import Journal, recut
from tsme.journal.regions import Regions

TABLE = 4  # blocks of the table (docs/SPEC.md, 4.7)

# What a life does, one letter each.
ACTIONS = {
    "A": "a new region of two blocks",
    "B": "a new region of three",
    "g": "the oldest region grows by a block",
    "h": "the newest shrinks by one, or grows",
    "x": "the oldest is retired",
    "y": "the newest is retired",
    "s": "a step in the oldest one's journal",
    "c": "a checkpoint in the newest one's",
    "F": "all is formatted",
    "r": "a reboot",
}
FOLLOWING = ("As", "gs", "xB", "h", "B", "yg", "sc", "A")
RUN_ON = ("A", "sg", "xB", "F", "h")
WANDERING = ("ABghxyscFr", (6, 4, 4, 3, 3, 2, 6, 4, 1, 2))


@dataclass(frozen=True)
class Held:
    """A region: its name, its blocks, and what its journal gives on recovery."""

    name: str
    count: int
    records: tuple[Record, ...] = ()


Table = tuple[Held, ...]


class TableOracle:
    """What the table must say, and what it may say because that was under way."""

    def __init__(self) -> None:
        self.now: Table = ()
        self.next: Table | None = None

    def begins(self, then: Table) -> None:
        """A change begins; until it is done either may be there."""
        self.next = then

    def done(self) -> None:
        """The change returned."""
        assert self.next is not None
        self.now, self.next = self.next, None

    def refused(self) -> None:
        """The change said that it did nothing."""
        self.next = None

    def power_went(self) -> None:
        """Nothing is known of this; for who expects it."""

    def must(self) -> tuple[object, ...]:
        """What must be there, and what may be, for telling states apart."""
        return self.now, self.next

    def state(self) -> tuple[Table, Table | None]:
        """For `restore`."""
        return self.now, self.next

    def restore(self, state: tuple[Table, Table | None]) -> None:
        """Back to what `state` gave."""
        self.now, self.next = state

    def check(self, seen: Table) -> None:
        """Wrong if what is there is neither what was nor what was to be."""
        if self.next is not None and seen == self.next:
            self.now = seen
        elif seen != self.now:
            raise Wrong(f"the regions are {show(seen)}, not {show(self.now)}")
        self.next = None


class Partition(World):
    """Flash that is cut into regions. `tell` is told each thing that happens."""

    regions: Regions
    journals: dict[str, Journal]

    def __init__(self, flash: Nor, tell: Callable[[str], None] | None = None) -> None:
        super().__init__(flash, tell)
        self.oracle = TableOracle()  # type: ignore[assignment]
        self.table: TableOracle = self.oracle  # type: ignore[assignment]
        self.made = 0

    def boot(self, whole: bool = True) -> Journal:
        """Read the table and recover every journal; Wrong if they are not as they must be."""
        before = self.flash.ops
        self.regions = Regions(self.flash)
        self.regions.buffer = BUFFER
        self.journals = {}
        there = self.regions.list()
        self._apart(there)
        seen = tuple(self._read(name, count) for name, _, count, _ in there)
        if self.flash.ops != before:
            raise Wrong("reading the table wrote to the flash")
        if self.tell:
            self.tell(f"there are {show(seen)}")
        self.table.check(tuple(sorted(seen, key=lambda held: held.name)))
        return Journal(self.flash)

    def _apart(self, there: list[tuple[str, int, int, int]]) -> None:
        end = TABLE
        for name, start, count, _ in there:
            if start < end or start + count > self.flash.count:
                raise Wrong(f"the region {name} is at block {start}")
            end = start + count

    def _read(self, name: str, count: int) -> Held:
        journal = self.journals[name] = Journal(self.regions.open(name), buffer=BUFFER)
        found: list[Record] = []
        journal.recover(
            lambda body: found.append((CHECKPOINT, bytes(body))),
            lambda body: found.append((STEP, bytes(body))),
        )
        return Held(name, count, tuple(found))

    def act(self, letter: str) -> None:
        """One of ACTIONS or WEAR."""
        if letter == "r":
            self.boot()
        elif letter in WEAR:
            super().act(letter)
        elif letter == "F":
            if recut.read(self.regions)[0].number:  # else it is to be done again, if it is cut
                self._format()
        elif letter in "AB":
            self._create("AB".index(letter) + 2)
        elif self.table.now:
            held = self.table.now[-1 if letter in "hyc" else 0]
            if letter in "sc":
                if not self._wears():
                    self._commit(held, CHECKPOINT if letter == "c" else STEP)
            elif letter in "xy":
                self._change(held, None, lambda: self.regions.retire(held.name))
            else:
                self._resize(held, 1 if letter == "g" or held.count < 3 else -1)

    def _wears(self) -> bool:
        # A journal of two or three blocks has none to spare: what fails is the table's, or free.
        return isinstance(self.flash, Traced) and (self._worn() or self.flash.weak[-1] > 0)

    def _create(self, count: int) -> None:
        names = {held.name for held in self.table.now}
        name = min({f"{n:02}" for n in range(len(names) + 1)} - names)
        made = Held(name, count)
        self._change(None, made, lambda: self.regions.create(name, count))

    def _resize(self, held: Held, more: int) -> None:
        count = held.count + more
        then = Held(held.name, count, held.records)
        self._change(held, then, lambda: self.regions.resize(held.name, count))

    def _format(self) -> None:
        self.table.begins(())
        if self.tell:
            self.tell("format")
        self.regions.format()
        self.table.done()
        self.journals = {}

    def _change(self, old: Held | None, new: Held | None, change: Callable[[], object]) -> None:
        """The table is changed so, or not at all because there is no room for it."""
        now = [held for held in self.table.now if held != old] + ([new] if new else [])
        self.table.begins(tuple(sorted(now, key=lambda held: held.name)))
        if self.tell:
            self.tell(f"{show((old,) if old else ())} becomes {show((new,) if new else ())}")
        try:
            change()
        except TsmeError as error:
            # Of a journal that shrinks, or a block that fails as one of two or three takes it,
            # which has none to spare: not the table's.
            worn = ("TSME-J009", "TSME-J011", "TSME-J012") if self._worn() else ()
            if error.code not in ("TSME-J015", "TSME-J007", "TSME-J008", *worn):
                raise
            self.table.refused()
            if self.tell:
                self.tell(f"there is no room for that: {error}")
            return
        self.table.done()
        if new:
            self._read(new.name, new.count)

    def _commit(self, held: Held, kind: int) -> None:
        journal = self.journals[held.name]
        text = body(self.made, 9)
        self.made += 1
        if kind == STEP and (journal.needs_checkpoint() or journal.room < len(text)):
            kind = CHECKPOINT
        records = (*(() if kind == CHECKPOINT else held.records), (kind, text))
        then = Held(held.name, held.count, records)
        self.table.begins(tuple(then if h == held else h for h in self.table.now))
        if self.tell:
            self.tell(f"commit in {held.name}")
        journal.commit(kind, text)
        self.table.done()


def show(table: Table) -> str:
    """Regions in few words."""
    words = [f"{held.name} of {held.count} ({len(held.records)} records)" for held in table]
    return ", ".join(words) or "nothing"
