"""A journal from a board into a file that all tools read, each time only what is new.

What was pulled is never lost: where the board's records do not follow those of the file, the file
is kept beside, and a new one begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from tsme.journal.records import HEAD

from ..journal.archive import Archive, BrokenChain, keep, read_archive, replace
from . import failures
from .answers import JournalInfo, Records
from .client import Client, Progress

GAP = "gap"  # the board's ring has gone on, and forgotten records in between
_MOST = 8  # times that a journal may turn out to be another one
ANOTHER = "another"  # the board has another journal by this name


@dataclass(frozen=True)
class Kept:
    """A file that what came does not follow: `path` is where it is now; `why`: GAP or ANOTHER;
    records from `next` to before `first` are lost if it is a gap."""

    path: str
    why: str
    next: int
    first: int

    def __str__(self) -> str:
        if self.why == GAP:
            lost = self.first - self.next
            text = f"{lost} records are gone on the board, from {self.next} to {self.first - 1}"
        else:
            text = "the board has begun another journal"
        return f'{text}; what was pulled before is kept in "{self.path}"'


@dataclass(frozen=True)
class Pulled:
    """`new` records came; the file now has those from `first` to before `next`."""

    path: str
    new: int
    first: int
    next: int
    kept: tuple[Kept, ...] = ()


def pull(client: Client, name: str, path: str, progress: Progress | None = None) -> Pulled:
    """Pull the journal of an execution into the image `path`, which is replaced as a whole.

    `progress` gets records, not bytes.  If the line is lost for good, or a record is damaged
    (TSME-N042), the file has what came before the HostError.
    """
    return _Pull(client, name, path, progress).run()


class _Pull:
    def __init__(
        self, client: Client, name: str, path: str, progress: Progress | None
    ) -> None:  # fmt: skip
        self.client = client
        self.name = name
        self.path = path
        self.progress = progress
        self.kept: list[Kept] = []
        self.info: JournalInfo = client.journal(name)
        found = read_archive(path)
        self.written = found is not None  # does the file hold what the archive does?
        self.archive = found if found and found.records else self._fresh()
        self.new = 0
        self.rest = bytearray()  # the beginning of a record

    def run(self) -> Pulled:
        if self.archive.records and self.info.next < self.archive.next:
            self._begin(ANOTHER, self.info.first)
        try:
            self._all()
        except BaseException:
            if self.archive.records:
                self._write()
            raise
        self._write()
        archive = self.archive
        return Pulled(self.path, self.new, archive.first, archive.next, tuple(self.kept))

    def _write(self) -> None:
        if not self.written:
            replace(self.path, self.archive.image())
            self.written = True

    def _all(self) -> None:
        """Asks at least once: only an answer tells whether the newest record is the board's."""
        start = self.archive.next
        damaged = False
        strange = 0
        while True:
            piece = self.client.records(self.name, self.archive.next, len(self.rest))
            if not self._follows(piece):
                start = self.archive.next
                strange += 1
                if strange > _MOST:
                    raise failures.restless(f'the journal "{self.name}"')
                continue
            try:
                self._take(piece.data)
                damaged = False
            except BrokenChain:
                if damaged:
                    raise failures.damaged(self.name, self.archive.next) from None
                damaged = True  # asked for once more
                self.rest.clear()
                continue
            if self.progress:
                self.progress(self.archive.next - start, max(self.info.next - start, 0))
            if self.archive.next >= self.info.next and not self.rest:
                return
            if not piece.data:
                raise failures.restless(f'the journal "{self.name}"')

    def _follows(self, piece: Records) -> bool:
        """Does it go on where the archive ends?  Else another archive has begun."""
        archive = self.archive
        if piece.start == archive.next and piece.chain == archive.tail:
            return True
        if archive.records:
            self._begin(GAP if piece.start > archive.next else ANOTHER, piece.start)
        else:  # nothing that it could follow
            self.rest.clear()
            self.archive = self._fresh(piece.start, piece.chain)
        return False

    def _fresh(self, first: int | None = None, chain: int = 0) -> Archive:
        first = self.info.first if first is None else first
        return Archive(first, chain, self.info.block, self.info.slot)

    def _begin(self, why: str, first: int) -> None:
        """Keep the file as it is, with what came now, and begin another."""
        self._write()
        self.kept.append(Kept(keep(self.path), why, self.archive.next, first))
        self.info = self.client.journal(self.name)
        self.archive = self._fresh()
        self.written = False
        self.rest.clear()

    def _take(self, data: bytes) -> None:
        """The records that are whole now; what is left waits for more."""
        self.rest += data
        while len(self.rest) >= HEAD:
            size = HEAD + int.from_bytes(self.rest[:3], "little")
            if len(self.rest) < size:
                return
            record = bytes(self.rest[:size])
            self.archive.add(record)
            self.new += 1
            self.written = False
            del self.rest[:size]
