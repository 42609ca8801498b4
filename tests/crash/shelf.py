"""The store of programs in flash: cut everywhere, look, cut again, look, run on.

`p256x6p32:ab.c@4f20` is a reproducer: a geometry, then lives of letters (LETTERS), of which the
last operation of one may be cut in a shape, as in tests/crash/lives.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import Any

from sim.nor import PowerLoss
from tests.crash.explore import Violation
from tests.crash.flash import LETTERS as SHAPES
from tests.crash.flash import NAMES, Op, Shape, State, Traced, few, shapes_of
from tests.crash.geometry import Geometry
from tests.crash.oracle import Wrong
from tsme.errors import LimitError
from tsme.journal.records import crc32
from tsme.program import store_flash
from tsme.program.store import ProgramRegion

GEOMETRIES = [
    Geometry.parse(text) for text in ("256x5p32", "256x6p1", "512x4p256", "256x6e32", "512x4e64")
]
DEPTH = 3
SHELF: Any = store_flash  # device code has no types
Must = tuple[dict[bytes, bytes], tuple[bytes, bytes | None] | None]

# What a life does: put a program of a part of a block, of a whole one and of two; put one again
# that has another debug part; drop each.
LETTERS = "sltSxyz"
_POOL = Random(3).randbytes(4096)


def programs(geometry: Geometry) -> dict[str, tuple[bytes, bytes | None]]:
    """By letter: a digest, and the program that is put under it, None for one that is dropped."""
    room = geometry.block - geometry.slot

    def made(name: int, size: int) -> tuple[bytes, bytes]:
        digest = bytes([name]) * 8
        body = _POOL[name * 7 : name * 7 + size - 11]
        return digest, b"\x87\x02\x48" + digest + body

    small, whole, two = made(1, room // 2), made(2, room), made(3, room + 40)
    again = (small[0], small[1] + b"debug")
    gone = [(digest, None) for digest, _ in (small, whole, two)]
    return dict(zip(LETTERS, (small, whole, two, again, *gone), strict=True))


@contextmanager
def trusted() -> Iterator[None]:
    """What is put is not verified: it is no program, and verifying takes long."""
    verify = SHELF.Program
    SHELF.Program = lambda data: SimpleNamespace(digest=bytes(data[3:11]))
    try:
        yield
    finally:
        SHELF.Program = verify


class Shelf:
    """Flash with a store on it, and what must be in the store."""

    def __init__(self, geometry: Geometry, tell: Callable[[str], None] | None = None) -> None:
        self.flash = geometry.flash(Traced)
        self.flash.mind = self.state
        self.programs = programs(geometry)
        self.room = geometry.block - geometry.slot  # of a program's bytes in a block
        self.count = geometry.count
        self.must: dict[bytes, bytes] = {}
        self.under_way: tuple[bytes, bytes | None] | None = None
        self.tell = tell

    def state(self) -> Must:
        return dict(self.must), self.under_way

    def restore(self, state: Must) -> None:
        self.must, self.under_way = dict(state[0]), state[1]

    def act(self, letter: str) -> None:
        digest, data = self.under_way = self.programs[letter]
        store = ProgramRegion(self.flash)
        if data is None:
            store.drop(digest)
        else:
            try:
                if store.put(data) != digest:
                    raise Wrong("put() gave another digest")
            except LimitError:
                if self._blocks(data) + sum(map(self._blocks, self.must.values())) <= self.count:
                    raise
                data = self.must.get(digest)  # there was no room, and nothing has happened
        self._settle(data)

    def _blocks(self, data: bytes) -> int:
        return -(-len(data) // self.room)

    def _settle(self, data: bytes | None) -> None:
        assert self.under_way
        self.must.pop(self.under_way[0], None)
        if data is not None:
            self.must[self.under_way[0]] = data
        self.under_way = None

    def boot(self) -> None:
        """What is there must be what was put; of what was under way, all or nothing."""
        before = self.flash.ops
        store = ProgramRegion(self.flash)
        there = {digest: store.get(digest) for digest in store.digests()}
        for digest, found in there.items():
            if not found or found[1] != crc32(found[0]):
                raise Wrong(f"the program {digest.hex()} is listed and not there")
        got = {digest: found[0] for digest, found in there.items() if found}
        if self.under_way:
            digest, data = self.under_way
            if got.get(digest) not in (data, self.must.get(digest)):
                raise Wrong("a program that was under way is neither the old nor the new one")
            self._settle(got.get(digest))
        if got != self.must:
            names = [sorted(d.hex()[:2] for d in part) for part in (got, self.must)]
            raise Wrong(f"there are {names[0]}, there must be {names[1]}")
        if self.flash.ops != before:
            raise Wrong("looking wrote to the flash")


class ShelfExplorer:
    """All cut states of a store of one geometry; counts and collects as Explorer does."""

    def __init__(self, geometry: Geometry, tick: Callable[[], None] = lambda: None) -> None:
        self.geometry = geometry
        self.tick = tick
        self.world = Shelf(geometry)
        self.flash = self.world.flash
        self.fresh = self.flash.state()
        self.states = self.workloads = self.violations = 0
        self.kinds: dict[str, Violation] = {}
        self._seen: set[int] = set()
        self._turn = 0

    def search(self, depth: int = DEPTH) -> None:
        """Every workload of so many actions, cut in each operation of its last one."""
        with trusted():
            for length in range(1, depth + 1):
                for letters in product(LETTERS, repeat=length):
                    self.tick()
                    self.word("".join(letters), whole=length < depth)

    def word(self, letters: str, whole: bool) -> None:
        self.workloads += 1
        for op in self._trace(self.fresh, ({}, None), letters, letters):
            shapes = shapes_of(op, self.geometry)
            for shape in shapes if whole else few(shapes, self._turn):
                self._cut(letters, op, shape, whole)

    def _trace(self, state: State, must: Must, letters: str, lives: str) -> list[Op]:
        """The operations of the last letter."""
        flash = self.flash
        flash.restore(state)
        self.world.restore(must)
        trace: list[Op] = []
        flash.trace = trace
        try:
            for i, letter in enumerate(letters):
                flash.tracing = i == len(letters) - 1
                if flash.tracing:
                    flash.life = flash.ops
                self.world.act(letter)
            flash.tracing = False
            self.world.boot()
        except Exception as error:  # whatever goes wrong in a store is a violation
            flash.tracing = False
            self._violated(lives, error)
            return []
        return trace

    def _cut(self, letters: str, op: Op, shape: Shape, whole: bool) -> None:
        lives = f"{letters}@{op.number}{SHAPES[shape[0]]}{'' if shape[1] is None else shape[1]}"
        if not self._torn(op, shape, lives):
            return
        torn, must = self.flash.state(), self.world.state()
        self._turn += 1
        following = LETTERS[self._turn % len(LETTERS)]
        for second in self._trace(torn, must, following, f"{lives}.{following}"):
            shapes = few(shapes_of(second, self.geometry), self._turn)
            for again in shapes if whole else shapes[:: len(shapes) - 1 or 1]:
                name = f"{lives}.{following}@{second.number}{SHAPES[again[0]]}"
                name += "" if again[1] is None else str(again[1])
                if self._torn(second, again, name):
                    self._run_on(name)

    def _torn(self, op: Op, shape: Shape, lives: str) -> bool:
        """Leave the flash torn and look; True if it was not seen before and is right."""
        self.flash.tear(op, *shape)
        assert isinstance(op.must, tuple)
        self.world.restore(op.must)
        number = hash((self.flash.state(), str(op.must)))
        if number in self._seen:
            return False
        self._seen.add(number)
        self.states += 1
        try:
            self.world.boot()
        except Exception as error:  # as above
            self._violated(lives, error)
            return False
        return True

    def _run_on(self, lives: str) -> None:
        letters = LETTERS[self._turn % len(LETTERS)] + LETTERS[self.states % len(LETTERS)]
        try:
            for letter in letters:
                self.world.act(letter)
                self.world.boot()
        except Exception as error:  # as above
            self._violated(f"{lives}.{letters}", error)

    def _violated(self, lives: str, error: Exception) -> None:
        self.violations += 1
        found = Violation(f"p{self.geometry}:{lives}", f"{type(error).__name__}: {error}")
        known = self.kinds.get(found.kind)
        if not known or len(found.reproducer) < len(known.reproducer):
            self.kinds[found.kind] = found


def fails(text: str, tell: Callable[[str], None] | None = None) -> str | None:
    """Go through a reproducer's lives: what goes wrong, or None; ValueError if it is none."""
    shape, _, lives = text.removeprefix("p").partition(":")
    world = Shelf(Geometry.parse(shape), tell)
    try:
        with trusted():
            for life in lives.split("."):
                _live(world, life, tell)
    except (Wrong, Exception) as error:
        if isinstance(error, ValueError):
            raise
        return f"{type(error).__name__}: {error}"
    return None


def _live(world: Shelf, life: str, tell: Callable[[str], None] | None) -> None:
    found = re.fullmatch(rf"([{LETTERS}]+)(?:@(\d+)([a-z])(\d+)?)?", life)
    if not found:
        raise ValueError(f"{life!r} is no life of a store such as sl@4f20")
    letters, number, name, amount = found.groups()
    try:
        for i, letter in enumerate(letters):
            if number and i == len(letters) - 1:
                amount = int(amount) if amount else None
                world.flash.cut_at(int(number), NAMES[name], amount)
            world.act(letter)
            if tell:
                tell(f"{letter}: it is done")
    except PowerLoss:
        world.flash.power_on()
        if tell:
            tell("the power goes")
    world.boot()
    if tell:
        tell(f"there are {sorted(digest.hex()[:2] for digest in world.must)}")
