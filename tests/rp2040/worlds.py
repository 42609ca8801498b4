"""Worlds of workflows on an emulated Pico, whose power goes again and again.

A life begins with what the life before left in flash and ends when the power goes: in the middle
of a page program or an erase, or before any instruction.  What the board says on its UART is the
ledger outside.  After each life the laptop reads the journals, replays what is new in them, and
compares the two.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.rp2040.account import Account
from tests.rp2040.subjects import SUBJECTS
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, FLASH, Pico
from tsme_host.tools.journal.image import Log, read_logs
from tsme_host.tools.journal.partition import parts_of

FORGOTTEN = 2_000_000_000  # instructions in which a life ends, or hangs
CUTS = 12  # of a world at most; then it may end
AHEAD = 3  # records that may be durable after the last of which the board has told
TEARS = ("none", "first", "first", "bits", "all")


class Violation(AssertionError):
    """A promise is broken; the text says which, and how to see it again."""


@dataclass
class Count:
    """What was done, and what it met."""

    worlds: int = 0
    cuts: Counter[str] = field(default_factory=Counter)  # by kind
    recovering: int = 0  # cuts before recovery had ended
    torn: int = 0  # recoveries that found something torn
    interrupted: int = 0  # `once` tasks of which nobody knows
    handlers: int = 0
    records: int = 0
    checkpoints: int = 0
    erases: int = 0
    instructions: int = 0

    @property
    def total(self) -> int:
        """All cuts."""
        return self.cuts.total()

    def line(self) -> str:
        """In one line."""
        kinds = ", ".join(f"{count} in a {kind}" for kind, count in sorted(self.cuts.items()))
        return (
            f"{self.worlds} worlds, {self.total} cuts ({kinds or 'none'}; "
            f"{self.recovering} in recovery), {self.torn} torn, {self.interrupted} interrupted, "
            f"{self.records} records, {self.checkpoints} checkpoints, "
            f"{self.instructions / 1e6:.0f} M instructions"
        )

    def add(self, other: Count) -> None:
        """The sum."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Worlds:
    """Worlds of one subject, one after the other on the same flash: a context manager."""

    def __init__(
        self,
        name: str,
        seed: int = 1,
        broken: str = "",
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.tell = tell
        self.subject = SUBJECTS[name]
        self.name = name
        self.seed = seed
        self.count = Count()
        self.pico = Pico(usb=False)
        self.pico.put_files(self.subject.files(broken))
        self.pico.start()
        ready = self.pico.run(until="P\n", line="uart", instructions=FORGOTTEN)
        if ready.uart != "P\n":
            raise Violation(f"it does not begin: {ready}")
        self.pico.save()
        self.outside = self._outside()
        self.flash = b"\xff" * (self.subject.blocks * BLOCK)
        self.over = 0  # executions of the worlds before
        self.account = Account(self.subject, self.wrong)
        self.lives: list[str] = []
        self.before = ready

    def __enter__(self) -> Worlds:
        return self

    def __exit__(self, *_: object) -> None:
        self.pico.close()

    def live(self) -> None:
        """One world: until its executions have ended."""
        random = Random(f"{self.name} {self.seed}")
        self.lives = []
        for life in range(CUTS + 1):
            if self.life(random if life < CUTS else None, life):
                break
        else:
            self.wrong("it does not end")
        if self._outside() != self.outside:
            self.wrong("flash was written outside the journals")
        self.count.worlds += 1
        self.account.close()
        self.over = self.account.greatest
        for name in ("records", "checkpoints", "handlers", "interrupted"):
            setattr(self.count, name, getattr(self.account, name))
        self.seed += 1

    def life(self, random: Random | None, life: int) -> bool:
        """One life.  True if the executions have ended."""
        pico = self.pico
        pico.restore()
        pico.put_journals(self.flash)
        pico.write(b"%d\n" % self.over, "uart")
        cut = plan(random, life) if random else {}
        if cut:
            pico.cut(**cut)
        after = pico.run(until="Z\n", line="uart", instructions=FORGOTTEN)
        spent = after.instructions - self.before.instructions
        self.lives.append(f"{cut or 'no cut'}: {spent} instructions")
        self.tell(f"world {self.seed}: {self.lives[-1]}")
        self.flash = pico.journals(self.subject.blocks)
        self.count.instructions += spent
        self.count.erases += after.erases - self.before.erases
        recovered, ended = self.hear(after.uart)
        if after.unaligned or after.overwritten:
            self.wrong(f"the flash was programmed as it may not be: {after}")
        self.pull()
        if after.why == "cut":
            self.count.cuts["instruction" if "instruction" in cut else after.last] += 1
            self.count.recovering += not recovered
        elif not ended:
            self.wrong(f"it hangs: {after}")
        return ended

    def hear(self, said: str) -> tuple[bool, bool]:
        """What the board said in a life: has it recovered, have the executions ended?"""
        recovered: set[str] = set()
        ended = False
        account = self.account
        for line in said.splitlines():
            what, *words = line.split()
            if what == "R":
                journals = account.of(words[0])
                found = int(words[1])
                if found < journals.told or (journals.told and found > journals.told + AHEAD):
                    self.wrong(f"{found} records recovered, {journals.told} were durable")
                journals.told = found
                recovered.add(words[0])
                self.count.torn += int(words[2])
            elif what == "S":
                account.of(words[0]).told = int(words[1])
            elif what == "B":
                account.begins(int(words[0]), int(words[1]))
            elif what == "Z":
                ended = True
            elif what != "E":
                self.wrong(f"it said: {said}")
        return len(recovered) == len(self.subject.names), ended

    def pull(self) -> None:
        """The laptop reads the flash, replays what is new, and compares with the ledger."""
        for name, log in self.logs():
            self.account.take(name, log)
        self.account.compare()

    def logs(self) -> Iterator[tuple[str, Log]]:
        """The journals in flash, by the names of their regions."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "flash"
            if not self.subject.several:
                path.write_bytes(self.flash)
                yield self.subject.names[0], read_logs(str(path))[0]
                return
            for part in parts_of(str(path), self.flash) or ():
                if part.kind == "journal":
                    path.write_bytes(part.data)
                    yield part.name, read_logs(str(path))[0]

    def _outside(self) -> str:
        """A digest of the flash that is not the journals'."""
        end = FILES + self.pico.region.start * BLOCK
        rest = end + self.subject.blocks * BLOCK
        return self.pico.digest(0, end) + self.pico.digest(rest, FLASH - rest)

    def wrong(self, what: str) -> NoReturn:
        """Raise it, with how to see it again."""
        lives = "; ".join(self.lives)
        raise Violation(f"{what}\n  world {self.seed} of {self.name}: {lives}")


def plan(random: Random, life: int) -> dict[str, Any]:
    """When the power goes: within an operation on flash, or before an instruction."""
    chance = random.random()
    if chance < 0.1:  # recovery
        return {"instruction": 1 + random.randrange(6_000_000)}
    if chance < 0.25:
        return {"instruction": 1 + random.randrange(15_000_000)}
    most = 16 if life == 0 else 6
    tear = {"kind": random.choice(TEARS), "share": random.random()}
    tear |= {"density": 1 + random.randrange(7), "seed": random.randrange(1 << 31)}
    return {"operation": 1 + random.randrange(most), "tear": tear}
