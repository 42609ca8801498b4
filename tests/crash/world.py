"""A journal, the list of what it must hold, and a power switch."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from sim.nor import Nor
from tests.crash.flash import ERASE, PROGRAM, TOLD, WORN, Traced
from tests.crash.oracle import CHECKPOINT, STEP, Oracle, Record, Seen
from tsme.errors import LimitError
from tsme.journal import Journal

# Small, so that a record takes several program operations where a block is larger.
BUFFER = 256

# What a life does, one letter each.
ACTIONS = {
    "s": "a small step",
    "z": "a step without a body",
    "e": "a step of exactly a slot",
    "m": "a step of four slots",
    "f": "a step that ends where its block ends",
    "L": "a step over as many blocks as may be, or two",
    "c": "a small checkpoint",
    "C": "a checkpoint as large as may be",
    "i": "an idle moment",
    "r": "a reboot",
}

# What wears a block out; for flash of the kind Traced. Not among the actions of every workload.
WEAR = {
    "w": ("the next erase will fail", ERASE),
    "p": ("the next program operation will fail", PROGRAM),
    "q": ("the next program operation will fail and say so", TOLD),
}

_POOL = Random(1).randbytes(1 << 16)
_HEAD = 8  # bytes before a body (docs/SPEC.md, 4.2), to fill slots exactly


@cache
def body(number: int, size: int) -> bytes:
    """The body of a record: what torn bits do depends on it, so some are all FF or all 00."""
    if not size:
        return b""
    first = bytes([number & 0xFF])
    kind = number % 4
    if kind == 1:
        return first + b"\xff" * (size - 1)
    if kind == 3:
        return first + bytes(size - 1)
    at = number * 251 & 0x7FFF
    return first + _POOL[at : at + size - 1]


class World:
    """Flash with a journal on it. `tell` is told each thing that happens."""

    journal: Journal
    kind: Any = None  # another than Journal, as the one in C

    def __init__(self, flash: Nor, tell: Callable[[str], None] | None = None) -> None:
        self.flash = flash
        self.oracle = Oracle()
        self.tell = tell

    def boot(self, whole: bool = True) -> Journal:
        """Recover, and check everything that may be asked of recovery; Wrong if it is not so.

        Without `whole` only what is recovered is looked at, not also all that can be read.
        """
        flash = self.flash
        before = flash.ops
        self.journal = journal = (self.kind or Journal)(flash, buffer=BUFFER)
        recovered: list[Record] = []
        info = journal.recover(
            lambda body: recovered.append((CHECKPOINT, bytes(body))),
            lambda body: recovered.append((STEP, bytes(body))),
        )
        damage: list[object] = []
        kept = None
        if whole:
            found = journal.records(lambda *place: damage.append(place))
            kept = [(number, kind, body) for number, kind, body, _, _ in found]
        seen = Seen(
            info.records, info.steps, info.torn, recovered, kept, damage, flash.ops != before
        )
        if self.tell:
            self.tell(
                f"recovered: {seen.records} records, {seen.steps} steps since the newest "
                f"checkpoint{', something is torn' if seen.torn else ''}"
            )
        self.oracle.check(seen)
        return journal

    def commit(self, kind: int, body: bytes) -> None:
        """Commit one record, after a checkpoint if one is due, as the runner does."""
        journal = self.journal
        if kind == STEP and (journal.needs_checkpoint() or journal.room < len(body)):
            number = len(self.oracle.committed)
            self.commit(CHECKPOINT, b"due" + number.to_bytes(2, "big"))
            body = body[: journal.room]
        if self.tell:
            what = "checkpoint" if kind == CHECKPOINT else "step"
            self.tell(f"commit {what} {len(self.oracle.committed)} of {len(body)} bytes")
        self.oracle.begins(kind, body)
        try:
            number = journal.commit(kind, body)
        except LimitError:
            if kind != STEP or not self._worn():
                raise
            self._once_more(body)
            return
        self.oracle.done(number)
        if self.tell:
            self.tell("it is committed")

    def _worn(self) -> bool:
        return isinstance(self.flash, Traced) and WORN in self.flash.weak

    def _once_more(self, body: bytes) -> None:
        # A block failed on the way, and there is less room than was said before.
        self.oracle.refused()
        if self.tell:
            self.tell("there is no room for it any more")
        self.commit(CHECKPOINT, b"room")
        self.commit(STEP, body[: self.journal.room])

    def act(self, letter: str) -> None:
        """One of ACTIONS or WEAR."""
        if letter == "i":
            if self.tell:
                self.tell("an idle moment")
            self.journal.idle()
        elif letter == "r":
            self.boot()
        elif letter in WEAR:
            what, kind = WEAR[letter]
            if self.tell:
                self.tell(what)
            assert isinstance(self.flash, Traced)
            self.flash.wear(kind)
        else:
            kind = CHECKPOINT if letter in "cC" else STEP
            size = self._size(letter)
            self.commit(kind, body(len(self.oracle.committed), size))

    def _size(self, letter: str) -> int:
        if letter == "s":
            return 7
        if letter == "z":
            return 0
        if letter == "c":
            return 20
        journal = self.journal
        most = int(journal.most)
        if letter == "C":
            return most
        slot = max(32, self.flash.program_size if self.flash.program_once else 0)
        if letter == "e":
            return slot - _HEAD
        if letter == "m":
            return 3 * slot + 4
        # What is left of the block, if there is room for steps at all.
        room = self.flash.block - (3 if self.flash.program_once else 2) * slot
        rest = int(journal.room + _HEAD) % room - _HEAD
        if rest < 0:
            rest += room
        if letter == "f":
            return min(most, rest)
        blocks = (most + _HEAD) // room
        return min(most, rest + (blocks - 1) * room + slot + 5)

    def live(self, letters: str) -> None:
        """Do all that, then boot: the journal must work, and keep it."""
        for letter in letters:
            self.act(letter)
        self.boot()

    def live_on(self) -> None:
        """Boot, commit, boot again."""
        self.boot()
        self.live("sie")
