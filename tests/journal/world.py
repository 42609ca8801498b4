"""A journal, a list of what it must hold, and a power switch.

The list knows nothing of blocks and bytes: after a cut exactly the records whose commit returned
must be there, and perhaps the one under way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, Nor, PowerLoss
from tsme.journal import CHECKPOINT, STEP, Info, Journal

Record = tuple[int, bytes]
State = tuple[bytes, bytes, bytes]


@dataclass
class World:
    """What was committed, and at most one record that may or may not be."""

    flash: Nor
    committed: list[Record] = field(default_factory=list)
    under_way: Record | None = None

    def boot(self) -> Journal:
        """Recover, and check everything that may be asked of recovery."""
        journal = Journal(self.flash)
        found: list[Record] = []
        before = self.flash.ops
        info = journal.recover(
            lambda body: found.append((CHECKPOINT, bytes(body))),
            lambda body: found.append((STEP, bytes(body))),
        )
        assert self.flash.ops == before, "recovery writes nothing"
        self._settle(info)
        assert found == self._needed(), "recovery gives the newest checkpoint and what follows"
        assert info.steps == sum(kind == STEP for kind, _ in found)
        self._all_readable(journal)
        return journal

    def _settle(self, info: Info) -> None:
        if self.under_way and info.records == len(self.committed) + 1:
            self.committed.append(self.under_way)
        self.under_way = None
        assert info.records == len(self.committed), "none is lost, none invented"

    def _needed(self) -> list[Record]:
        newest = 0
        for i, (kind, _) in enumerate(self.committed):
            if kind == CHECKPOINT:
                newest = i
        return self.committed[newest:]

    def _all_readable(self, journal: Journal) -> None:
        damage: list[object] = []
        read = list(journal.records(lambda *where: damage.append(where)))
        assert not damage
        for number, kind, body, _, _ in read:
            assert (kind, body) == self.committed[number]
        assert len(read) >= len(self._needed())

    def commit(self, journal: Journal, kind: int, body: bytes) -> None:
        """Commit one record, after a checkpoint if one is due, as the runner does."""
        if kind == STEP and (journal.needs_checkpoint() or journal.room < len(body)):
            self.commit(journal, CHECKPOINT, b"due" + len(self.committed).to_bytes(2, "big"))
        self.under_way = (kind, body)
        assert journal.commit(kind, body) == len(self.committed)
        self.committed.append(self.under_way)
        self.under_way = None

    def live_on(self) -> None:
        """Boot, commit, boot again: the journal must still work, and keep it."""
        journal = self.boot()
        self.commit(journal, STEP, b"after")
        journal.idle()
        self.commit(journal, STEP, b"and more, over a slot's end" * 2)
        self.boot()


Workload = Callable[[World, Journal], None]


@dataclass
class _Op:
    before: State
    erase: int | None
    program: tuple[int, bytes, int] | None
    committed: int
    under_way: Record | None


class _Tracing(Nor):
    """Remembers each operation with the flash and the list before it."""

    world: World
    trace: list[_Op]

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        self._note(None, (n, bytes(buf), off))
        super().writeblocks(n, buf, off)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self._note(arg, None)
        return super().ioctl(op, arg)

    def _note(self, erase: int | None, program: tuple[int, bytes, int] | None) -> None:
        world = self.world
        self.trace.append(_Op(self.state(), erase, program, len(world.committed), world.under_way))


@dataclass(frozen=True)
class Geometry:
    block: int = 512
    count: int = 4
    program_size: int = 32
    program_once: bool = False

    def flash(self, kind: type[Nor] = Nor) -> Nor:
        return kind(self.block, self.count, self.program_size, self.program_once, strict=True)


def cut_everywhere(
    geometry: Geometry, start: State | None, history: Sequence[Record], workload: Workload
) -> Iterator[World]:
    """Run the workload once, then give the world after each cut of each operation."""
    flash = geometry.flash(_Tracing)
    assert isinstance(flash, _Tracing)
    if start:
        flash.restore(start)
    world = flash.world = World(flash, list(history))
    flash.trace = []
    workload(world, world.boot())
    for op in flash.trace:
        shapes = PROGRAM_SHAPES if op.program else ERASE_SHAPES
        seen = set()
        for shape, amount in [(shape, None) for shape in shapes] + [("first", 5), ("first", 40)]:
            torn = geometry.flash()
            torn.restore(op.before)
            torn.cut_at(1, shape, amount)
            try:
                if op.program:
                    torn.writeblocks(*op.program)
                elif op.erase is not None:
                    torn.ioctl(6, op.erase)
            except PowerLoss:
                torn.power_on()
            state = torn.state()
            if state not in seen:
                seen.add(state)
                yield World(torn, world.committed[: op.committed], op.under_way)
