"""Lives of a journal as one short string, and what happens in them.

    256x3p32:mLmLmL.sm@4f20.is@2b.s

A geometry, then one life after the other. A life begins with a recovery and does what its letters
say (tests/crash/world.py), until the power is cut in the operation behind the `@`, counted from
the life's beginning, in the shape behind it (tests/crash/flash.py). `@4f20`: of the fourth
operation the first 20 bytes are done. A life without `@` ends as a reset does, between operations.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.nor import PowerLoss
from tests.crash import partition
from tests.crash.flash import LETTERS, NAMES, Shape, Traced
from tests.crash.geometry import Geometry
from tests.crash.partition import Partition
from tests.crash.world import ACTIONS, WEAR, World


@dataclass(frozen=True)
class Life:
    """What is done, and the operation in which the power goes, with the shape that it leaves."""

    letters: str
    op: int = 0  # 0: it is not cut
    shape: Shape = ("none", None)

    def __str__(self) -> str:
        if not self.op:
            return self.letters
        name, amount = self.shape
        return f"{self.letters}@{self.op}{LETTERS[name]}{'' if amount is None else amount}"

    @classmethod
    def parse(cls, text: str, regions: bool = False) -> "Life":
        """The life that `str` gave as text, perhaps of regions; ValueError if it is none."""
        found = re.fullmatch(r"(\w*)(?:@(\d+)([a-z])(\d+)?)?", text)
        letters = {*(partition.ACTIONS if regions else ACTIONS), *WEAR}
        if not found or set(found[1]) - letters or found[3] and found[3] not in NAMES:
            raise ValueError(f"{text!r} is no life such as sm@4f20")
        if not found[2]:
            return cls(found[1])
        return cls(found[1], int(found[2]), (NAMES[found[3]], int(found[4]) if found[4] else None))


def write(geometry: Geometry, lives: tuple[Life, ...]) -> str:
    """The reproducer."""
    return f"{geometry}:{'.'.join(str(life) for life in lives)}"


def read(text: str) -> tuple[Geometry, tuple[Life, ...]]:
    """What `write` wrote; ValueError if it is nothing such."""
    shape, _, lives = text.partition(":")
    geometry = Geometry.parse(shape)
    return geometry, tuple(Life.parse(life, geometry.regions) for life in lives.split("."))


def world_of(
    geometry: Geometry, flash: Traced, tell: Callable[[str], None] | None = None
) -> World:
    """What lives on flash of this shape."""
    return (Partition if geometry.regions else World)(flash, tell)


def lead(world: World, lives: tuple[Life, ...]) -> None:
    """Go through lives. Afterwards the power is on and nothing is recovered yet."""
    flash = world.flash
    for life in lives:
        world.boot()
        if isinstance(flash, Traced):
            flash.life = flash.ops
        if life.op:
            flash.cut_at(life.op, *life.shape)
        try:
            for letter in life.letters:
                world.act(letter)
        except PowerLoss:
            world.oracle.power_went()
            if world.tell:
                name, amount = life.shape
                world.tell(f"the power goes: {name}{'' if amount is None else f' {amount}'}")
        flash.power_on()


class Told(Traced):
    """Flash that tells what it is asked."""

    tell: Callable[[str], None]

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        """Program, and tell."""
        shown = bytes(buf).rstrip(b"\xff")
        number = self.ops + 1 - self.life
        self.tell(f"  {number}: program {len(buf)} bytes at {off} of block {n}: {brief(shown)}")
        return super().writeblocks(n, buf, off)

    def ioctl(self, op: int, arg: int) -> int:
        """Erase, and tell."""
        if op == 6:
            self.tell(f"  {self.ops + 1 - self.life}: erase block {arg}")
        return super().ioctl(op, arg)


def brief(data: bytes) -> str:
    """The first bytes in hexadecimal."""
    return data[:24].hex(" ", 4) + (" .." if len(data) > 24 else "")


def fails(text: str, tell: Callable[[str], None] | None = None) -> str | None:
    """Go through a reproducer's lives and boot once more: what goes wrong, or None.

    `tell` is told each step. ValueError if the text is no reproducer.
    """
    geometry, lives = read(text)
    flash: Traced
    if tell:
        flash = geometry.flash(Told)
        assert isinstance(flash, Told)
        flash.tell = tell
    else:
        flash = geometry.flash(Traced)
    world = world_of(geometry, flash, tell)
    try:
        lead(world, lives)
        world.boot()
    except Exception as error:  # whatever goes wrong in a journal is a violation
        return wrong(error)
    return None


Fails = Callable[[str], str | None]


def shrink(text: str, tries: int = 2000, fails: Fails = fails) -> tuple[str, str]:
    """A shorter reproducer that fails too, and what goes wrong there.

    Leaves out lives and actions as long as something still goes wrong; a cut may then be in an
    earlier operation.
    """
    what = fails(text)
    if what is None:
        return text, "it does not happen again"
    shorter = True
    while shorter:
        shorter = False
        for candidate in _smaller(*read(text)):
            tries -= 1
            found = fails(candidate) if tries > 0 else None
            if found:
                text, what = candidate, found
                shorter = True
                break
    return text, what


def _smaller(geometry: Geometry, lives: tuple[Life, ...]) -> Iterator[str]:
    for i, life in enumerate(lives):
        if len(lives) > 1:
            yield write(geometry, lives[:i] + lives[i + 1 :])
        for j in range(len(life.letters)):
            letters = life.letters[:j] + life.letters[j + 1 :]
            for op in range(life.op, max(0, life.op - 12), -1) if life.op else [0]:
                changed = (*lives[:i], Life(letters, op, life.shape), *lives[i + 1 :])
                yield write(geometry, changed)


def wrong(error: Exception) -> str:
    """What went wrong, in one line."""
    return f"{type(error).__name__}: {error}"
