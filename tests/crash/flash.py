"""Flash that remembers what it was asked, and every way in which a cut may leave an operation."""

from collections.abc import Callable
from functools import cache
from typing import NoReturn

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, Nor, PowerLoss
from tests.crash.geometry import Geometry

State = tuple[bytes, bytes, bytes]

# In `weak`, of a block: nothing can be erased or programmed in it any more.
WORN = 2
# What fails next.
ERASE = 1  # an erase: nothing happens
PROGRAM = 2  # a program operation: half is done, and the device does not say so
TOLD = 3  # a program operation: nothing is done, and the device says so


class Op:
    """One operation of the flash: its number in its life, the flash before it, what was asked."""

    __slots__ = ("before", "buf", "must", "n", "number", "off")

    def __init__(
        self, number: int, before: State, must: object, n: int, off: int, buf: bytes | None
    ) -> None:
        self.number = number
        self.before = before
        self.must = must  # what `mind` gave just before it
        self.n = n
        self.off = off
        self.buf = buf  # None for an erase

    @property
    def size(self) -> int:
        """Bytes programmed, 0 for an erase."""
        return len(self.buf) if self.buf is not None else 0


class Traced(Nor):
    """Nor that notes each operation while `tracing`, with what `mind` gives just before it.

    A block may wear out: `wear` says what fails next, and from then on nothing can be erased or
    programmed in that block. That is part of `weak`, hence of the state.
    """

    tracing = False
    trace: list[Op]
    mind: Callable[[], object]
    life = 0  # `ops` when the present life began

    def __init__(
        self,
        block: int = 4096,
        count: int = 16,
        program_size: int = 32,
        program_once: bool = False,
        seed: int = 1,
        strict: bool = False,
    ) -> None:
        super().__init__(block, count, program_size, program_once, seed, strict)
        self.weak.append(0)  # what fails next

    def wear(self, what: int) -> None:
        """The next operation of that kind fails: one of ERASE, PROGRAM, TOLD."""
        self.weak[self.count] = what

    def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> None:
        """As Nor's, without its accounts: reading is most of what the proof does."""
        at = n * self.block + off
        end = at + len(buf)
        if end > (n + 1) * self.block:
            super().readblocks(n, buf, off)
        buf[:] = self.data[at:end]

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        """Program, after a note of it."""
        if self.tracing:
            number = self.ops + 1 - self.life
            self.trace.append(Op(number, self.state(), self.mind(), n, off, bytes(buf)))
        fails = self.weak[self.count]
        if self.weak[n] == WORN or fails == TOLD:
            self._refuse(n)
        if fails == PROGRAM:
            self._half(n, off, buf)
            return 0
        return super().writeblocks(n, buf, off)

    def _half(self, n: int, off: int, buf: bytes | bytearray | memoryview) -> None:
        # Half of it is programmed, the rest never will be, and the device does not say so.
        half = len(buf) // 2
        part = bytes(buf[:half]) + b"\xff" * (len(buf) - half)
        self.weak[self.count] = 0
        super().writeblocks(n, part, off)
        self.weak[n] = WORN

    def _refuse(self, n: int) -> NoReturn:
        # Nothing happens, and the device says so.
        self.ops += 1
        if self.ops == self._cut:
            self._lose(n * self.block, 0)
        if self.weak[n] != WORN:
            self.weak[self.count] = 0
            self.weak[n] = WORN
        raise OSError(5)

    def ioctl(self, op: int, arg: int) -> int:
        """As Nor's, with a note of an erase."""
        if op == 6 and self.tracing:
            number = self.ops + 1 - self.life
            self.trace.append(Op(number, self.state(), self.mind(), arg, 0, None))
        if op == 6 and (self.weak[arg] == WORN or self.weak[self.count] == ERASE):
            self._refuse(arg)
        return super().ioctl(op, arg)

    def tear(self, op: Op, shape: str, amount: int | None) -> None:
        """Leave the flash as a cut in `op` does."""
        self.restore(op.before)
        self.cut_at(1, shape, amount)
        try:
            if op.buf is None:
                self.ioctl(6, op.n)
            else:
                self.writeblocks(op.n, op.buf, op.off)
        except PowerLoss:
            self.power_on()

    # A reproducer may be of another journal, whose operation was of the other kind: a shape that
    # this kind has not is none.

    def _cut_program(self, at: int, old: bytearray, new: bytes | bytearray | memoryview) -> None:
        if self._shape not in PROGRAM_SHAPES:
            self._shape = "none"
        super()._cut_program(at, old, new)

    def _tear(self, n: int, shape: str) -> None:
        super()._tear(n, shape if shape in ERASE_SHAPES else "none")

    def _mask(self, size: int, shape: str, amount: int | None) -> bytes | bytearray:
        # The same for the same shape and amount, whatever was torn before.
        return mask(shape, amount, size, self.program_size)


class _Masks(Nor):
    def mask(self, shape: str, amount: int | None, size: int) -> bytes:
        self._random = size + 7
        return bytes(super()._mask(size, shape, amount))


@cache
def mask(shape: str, amount: int | None, size: int, unit: int) -> bytes:
    """The bits that a torn operation of `size` bytes did, as sim/nor.py has it."""
    return _Masks(256, 1, unit).mask(shape, amount, size)


# A shape of sim/nor.py and its amount.
Shape = tuple[str, int | None]

# One letter a shape, for reproducers.
LETTERS = {
    "none": "n",
    "begun": "b",
    "first": "f",
    "last": "l",
    "half": "h",
    "random": "r",
    "ragged": "g",
    "zeros": "z",
    "almost": "m",
    "blank": "k",
    "all": "a",
}
NAMES = {letter: name for name, letter in LETTERS.items()}


@cache
def program_shapes(size: int, unit: int) -> tuple[Shape, ...]:
    """Every shape in which a program operation of `size` bytes is torn."""
    firsts = [1, 3, 4, 8, 9, 20, 31, 32, 40, 52, 64, 72, size // 2, size - 4, size - 1]
    lasts = [1, 24, size // 2, size - 4, size - 1]
    ragged = {n // unit * unit for n in (0, 8, 32, 64, size // 2, size - 1) if n < size}
    return (
        ("none", None),
        *(("first", n) for n in sorted({n for n in firsts if n < size})),
        *(("last", n) for n in sorted({n for n in lasts if n < size})),
        *(("half", n) for n in (0, 1)),
        *(("random", n) for n in (1, 2, 3)),
        *(("ragged", n) for n in sorted(ragged)),
        ("all", None),
    )


@cache
def erase_shapes(block: int, slot: int) -> tuple[Shape, ...]:
    """Every shape in which the erase of a block is torn."""
    rest = [slot, 2 * slot, block // 2, block - 2 * slot, block - slot]
    return (
        ("none", None),
        ("begun", None),
        ("zeros", None),
        *(("first", n) for n in sorted({8, *rest})),
        *(("last", n) for n in sorted({*rest, block - 8})),
        *(("half", n) for n in (0, 1)),
        *(("random", n) for n in (1, 2)),
        *(("almost", n) for n in (1, 2)),
        ("blank", None),
        ("all", None),
    )


@cache
def few(shapes: tuple[Shape, ...], turn: int) -> tuple[Shape, ...]:
    """One of each kind; which one depends on `turn`."""
    kinds: dict[str, list[Shape]] = {}
    for shape in shapes:
        kinds.setdefault(shape[0], []).append(shape)
    return tuple(of[turn % len(of)] for of in kinds.values())


def shapes_of(op: Op, geometry: Geometry) -> tuple[Shape, ...]:
    """Every shape in which `op` may be torn."""
    if op.buf is None:
        return erase_shapes(geometry.block, geometry.slot)
    return program_shapes(op.size, geometry.program_size)
