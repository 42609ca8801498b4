"""A track: one journal on the time axis, opened without replaying it.

What is shown is replayed from the nearest place before it where the state is known (a checkpoint
in flash, the beginning, or an anchor that was made in the background), a stretch at a time.
"""

from __future__ import annotations

import struct
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from tsme.journal import CHECKPOINT
from tsme.journal.records import crc32

from ..journal.image import Record, read_records
from ..journal.replayer import Known, Player
from .index import Bytes, Raw, Records, Unsound, opened, walked
from .moments import Moment, Stretch, play, stand

LONG: Final = 512  # records of a stretch, at most; so far apart are anchors that are made
_KEPT: Final = 24  # stretches
_ASK: Final = 64  # records between two looks whether somebody still wants them
_ROOM: Final = 1 << 26  # bytes of anchors: then every second one goes

Wanted = Callable[[int], bool]  # told how far a long work is; says whether to go on


class Track:
    """One journal.  Its methods may be called from several threads."""

    def __init__(self, name: str, data: Bytes, programs: list[Known]) -> None:
        self.name = name
        self.programs = programs
        self.records: Records
        self.views: dict[int, Any] = {}  # of who shows it, by what ran
        self.anchors: dict[int, bytes] = {}  # made: checkpoint of the state before this record
        self._sorted: list[int] = []
        self._apart = LONG
        self._lock = threading.RLock()
        self._stretches: OrderedDict[int, Stretch] = OrderedDict()
        self._data = data
        self.records = opened(name, data)

    @property
    def first(self) -> int:
        """The number of the oldest record."""
        return self.records.first

    @property
    def next(self) -> int:
        """One more than the number of the newest record."""
        return self.records.next

    def __len__(self) -> int:
        return self.next - self.first

    def grown(self, data: Bytes) -> bool:
        """Take the image as it is now.  False: it has no more records than before.

        What was known of older records stays, if they are the same.
        """
        with self._lock:
            before, last = self.records, self.records.raw(self.next - 1)
            self.records = opened(self.name, data)
            self._data = data
            same = self.records.first <= last.number < self.records.next
            if not same or self.records.raw(last.number).chain != last.chain:
                self.anchors.clear()
                self._sorted.clear()
            self._stretches.clear()
            return (before.first, before.next) != (self.first, self.next) or not same

    # --- records ---

    def _walk(self) -> None:
        """The image is not whole after all."""
        self.records = walked(self.name, bytes(self._data[:]))
        self._stretches.clear()

    def raw(self, number: int) -> Raw | None:
        """A record as it is in flash; None of one that is lost."""
        with self._lock:
            try:
                found = self.records.raw(number)
            except Unsound:
                self._walk()
                found = self.records.raw(number)
            return found if found.number == number else None

    def stretch(self, number: int, keep: bool = True) -> Stretch:
        """The stretch that a record is in.  `keep`: somebody may soon ask again."""
        with self._lock:
            for known in reversed(self._stretches.values()):
                if known.first <= number <= known.last:
                    self._stretches.move_to_end(known.first)
                    return known
            try:
                made = self._stretch(number)
            except Unsound:
                self._walk()
                made = self._stretch(number)
            if keep:
                self._stretches[made.first] = made
                if len(self._stretches) > _KEPT:
                    self._stretches.popitem(last=False)
            return made

    def begins(self, number: int) -> int | None:
        """The record before or at this one from which its state can be had, if there is any."""
        with self._lock:
            flash = self.records.anchor(number)
            at = bisect_right(self._sorted, number) - 1
            if at >= 0 and (flash is None or self._sorted[at] > flash):
                return self._sorted[at]
            return flash

    def _stretch(self, number: int) -> Stretch:
        start = self.begins(number)
        body = None if start is None else self.anchors.get(start)
        floor = self.records.run(number) if start is None else start
        first = floor + (number - floor) // LONG * LONG
        known = first == start  # else nobody knows the time, until there is an anchor
        raws = [self.records.raw(first)]
        until = min(first + LONG, self.next)
        for n in range(first + 1, until):
            raw = self.records.raw(n)
            if raw.number != n or raw.kind == CHECKPOINT or n in self.anchors:
                break
            _check(raws[-1], raw)
            raws.append(raw)
        if raws[0].number > number:
            return _lost(raws[0], number)
        now, before = None, -1
        if known and body is not None:
            now = read_records([(first - 1, CHECKPOINT, body, 0, 0)])[0].now
            before = first - 1
        items = ((r.number, r.kind, r.body, r.block, r.offset) for r in raws)
        return Stretch(read_records(items, now, before), body if known else None)

    # --- moments ---

    def moment(self, number: int, wanted: Wanted | None = None) -> Moment | None:
        """What is known right after a record; None if it is lost, or nobody wants it any more."""
        moments = self.moments(number, wanted)
        for moment in moments or ():
            if moment.number == number:
                return moment
        return None

    def moments(
        self, number: int, wanted: Wanted | None = None, keep: bool = True
    ) -> list[Moment] | None:
        """All moments of the stretch that a record is in.  None if `wanted` said no."""
        start = self.begins(number)
        if start is not None and number - start >= LONG and self.programs:
            if not self.advance(start, number, wanted):
                return None
            with self._lock:
                self._stretches.clear()
        stretch = self.stretch(number, keep)
        if stretch.moments is None:
            made = []
            for moment in play(stretch, self.programs):
                made.append(moment)
                if wanted and not len(made) % _ASK and not wanted(moment.number):
                    return None
            stretch.moments = made
        return stretch.moments

    def routes(self, number: int) -> list[tuple[Record, list[str]]]:
        """Records of the stretch that a record is in, with the states that each has entered: as
        fast as the core can."""
        start = self.begins(number)
        if start is not None and number - start >= LONG and self.programs:
            self.advance(start, number)
        stretch = self.stretch(number, keep=False)
        player = Player(self.programs, quick=True)
        if stretch.before is not None:
            stand(player, stretch.first, stretch.before)
        found = []
        for record in stretch.records:
            played = player.play(record)
            names = [name for route in played.routes for name in route]
            names += [one[1:] for one in played.changed if one[:1] == "+"]
            found.append((record, names))
        return found

    def ready(self, number: int) -> Moment | None:
        """The moment, if it was replayed already."""
        with self._lock:
            for known in reversed(self._stretches.values()):
                if known.first <= number <= known.last:
                    moments = known.moments
                    return moments[number - known.first] if moments else None
        return None

    def advance(self, start: int, number: int, wanted: Wanted | None = None) -> bool:
        """Make anchors from a known place up to a record.  False if `wanted` said no."""
        player = Player(self.programs, quick=True)
        body = self.anchors.get(start)
        if body is not None:
            stand(player, start, body)
        begun = start
        now, before = None, -1
        if body is not None:
            now, before = player.state and player.state.now, start - 1
        while begun + self._apart <= number:
            until = min(begun + self._apart, self.next)
            raws = [self.raw(n) for n in range(begun, until)]
            items = [(r.number, r.kind, r.body, r.block, r.offset) for r in raws if r]
            if len(items) < until - begun:
                return True  # what follows is damaged: no anchor can be there
            for record in read_records(items, now, before):
                player.play(record)
                now, before = record.now, record.number
                if wanted and not record.number % _ASK and not wanted(record.number):
                    return False
            if player.state is None:
                return True
            begun = until
            self._anchor(begun, bytes(player.kernel.checkpoint(player.state)))
        return True

    def _anchor(self, number: int, body: bytes) -> None:
        with self._lock:
            self.anchors[number] = body
            self._sorted = sorted(self.anchors)
            if sum(map(len, self.anchors.values())) > _ROOM:
                for gone in self._sorted[::2]:
                    del self.anchors[gone]
                self._sorted = sorted(self.anchors)
                self._apart *= 2

    def sparse(self) -> int | None:
        """The first record so far from any known place that its moment would take long."""
        number = self.first
        while number < self.next:
            far = min(number + LONG * 2, self.next - 1)
            start = self.begins(far)
            if start is not None and far - start >= LONG:
                return far
            number += LONG * 2
        return None

    # --- time ---

    def time(self, number: int) -> int | None:
        """ms since 1970 at a record, where it is known."""
        record = self.stretch(number).record(number)
        return record.now if record else None

    def at_time(self, ms: int) -> int:
        """The newest record that is not later; the oldest if all are.

        Times are taken to go up, as they do within an execution.
        """
        found = low = self._latest(lambda record: record.now is None or record.now <= ms)
        while low < self.next:
            stretch = self.stretch(low)
            for record in stretch.records:
                if record.now is not None and record.now > ms:
                    return found
                found = record.number
            low = stretch.last + 1
        return found

    def at_step(self, execution: int, step: int) -> int | None:
        """The record of a step of an execution, counted from 1; None if it is not there."""

        def before(record: Record) -> bool:
            fields = record.fields
            return (fields["execution"], fields.get("steps", 0)) < (execution, step)

        number = self._latest(before)
        where = (0, 0)
        if number in self.anchors:
            known = self.known(number)
            where = (known.fields["execution"], known.fields["steps"]) if known else where
        for n in range(number, self.next):
            record = self.stretch(n).record(n)
            if record is None:
                return None
            if "execution" in record.fields:
                where = (record.fields["execution"], record.fields.get("steps", 1))
            elif record.kind == "step":
                where = (where[0], where[1] + 1)
            if record.kind == "step" and where >= (execution, step):
                return n if where == (execution, step) else None
        return None

    def _latest(self, fits: Callable[[Record], bool]) -> int:
        """The newest place where the state is known that fits, as all before it do; else the
        oldest record."""
        low, high = self.first, self.next
        while high - low > 1:
            start = self.begins((low + high) // 2)
            if start is None or start <= low:
                break
            known = self.known(start)
            if known is None or fits(known):
                low = start
            else:
                high = start
        return low

    def known(self, number: int) -> Record | None:
        """The checkpoint or start at a place where the state is known."""
        body = self.anchors.get(number)
        if body is not None:
            return read_records([(number - 1, CHECKPOINT, body, 0, 0)])[0]
        raw = self.raw(number)
        if raw is None:
            return None
        return read_records([(raw.number, raw.kind, raw.body, raw.block, raw.offset)])[0]

    # --- what ran ---

    def program(self, digest: bytes) -> Known | None:
        """The program, or machine, with this digest."""
        for known in self.programs:
            if bytes(known.program.digest) == digest:
                return known
        return None

    def newest_program(self) -> bytes | None:
        """The digest of what ran last, as far as a checkpoint or a start near the end says it."""
        stretch = self.stretch(self.next - 1)
        for record in reversed(stretch.records):
            digest = record.fields.get("program", record.fields.get("to"))
            if digest is not None:
                return bytes(digest)
        if stretch.before is not None:
            number = stretch.first - 1
            made: Any = read_records([(number, CHECKPOINT, stretch.before, 0, 0)])[0]
            return bytes(made.fields["program"])
        return None


def _check(before: Raw, raw: Raw) -> None:
    """A record follows the one before it.  Raises Unsound."""
    word = struct.pack("<I", len(raw.body) | raw.kind << 24)
    if before.number == raw.number - 1:
        if crc32(raw.body, crc32(word, before.chain)) != raw.chain:
            raise Unsound(f"record {raw.number} does not follow")


def _lost(found: Raw, number: int) -> Stretch:
    """A stretch of one record, which stands for those that are lost before it."""
    record = Record(number, "lost", b"", found.block, found.offset, None)
    return Stretch([record])
