# NOR flash, modelled: programming only clears bits, erasing sets whole blocks to FF, and the
# power can go at any operation, in the middle of it.  Runs on MicroPython too, which has no Path.
# ruff: noqa: PTH116, PTH123, SIM115
import os
import sys

# Time is how long a W25Q is busy, typically (its datasheet): a page programmed, a block erased.
# A part of a page takes as long as all of it, though some chips are quicker. Reading and the way
# over the bus take none: 5 KB at 40 MHz on four lines are 0.25 ms, a two hundredth of an erase,
# and would only count against who reads more.
PAGE = 256
PROGRAM_US = 400
ERASE_US = 45000

# How a cut leaves an operation. ragged: the first bytes done, the unit behind them at random, the
# rest not. begun: nothing to be seen yet. zeros: an erase that had set all bits to 0 before it
# could set them to 1. almost: a bit here and there is missing. blank: looks complete. A block is
# weak after each of an erase's shapes but none and all.
PROGRAM_SHAPES = ("none", "first", "last", "half", "random", "ragged", "all")
ERASE_SHAPES = (
    "none",
    "begun",
    "first",
    "last",
    "half",
    "random",
    "zeros",
    "almost",
    "blank",
    "all",
)


# Of each block's counts: which one.
_PROGRAMS, _ERASES, _PROGRAMMED, _READ = range(4)

try:
    from tsme_machines import Flash  # what happens while nothing goes wrong, for journals in C
except ImportError:

    class Flash:  # type: ignore[no-redef]
        # What of a Nor the core has, where it was built.
        count = 0

        def reset_counts(self) -> None:
            self.time_us = 0
            self._counts = [[0] * self.count for _ in range(4)]

        def _count(self, what: int, block: int, n: int) -> None:
            self._counts[what][block] += n

        @property
        def programs_of(self) -> list[int]:
            return self._counts[_PROGRAMS]

        @property
        def erases_of(self) -> list[int]:
            return self._counts[_ERASES]

        @property
        def programmed_of(self) -> list[int]:
            return self._counts[_PROGRAMMED]

        @property
        def read_of(self) -> list[int]:
            return self._counts[_READ]


class PowerLoss(BaseException):
    # No handler of errors may catch this by accident.
    pass


class Violation(Exception):
    # The user of the flash did what real flash does not forgive.
    pass


class Nor(Flash):
    # `strict` also looks for bits that a program operation wants set again; FF is padding.
    def __init__(
        self,
        block: int = 4096,
        count: int = 16,
        program_size: int = 32,
        program_once: bool = False,
        seed: int = 1,
        strict: bool = False,
    ) -> None:
        self.block = block
        self.count = count
        self.program_size = program_size
        self.program_once = program_once
        self.strict = strict
        self._ff = b"\xff" * block
        self.data = bytearray(self._ff * count)
        # Blocks whose erase was cut off: they may look blank, but must be erased again.
        self.weak = bytearray(count)
        self._units = bytearray(block * count // program_size if program_once else 0)
        self.on = True
        # Blocks that fail from now on: shape of an erase, of a program, does the device say so?
        self.failing: dict[int, tuple[str | None, str | None, bool]] = {}
        self._random = seed & 0x7FFFFFFF
        self._cut = 0
        self._amount: int | None = None
        self.ops = 0
        self._told = type(self).changed is not Nor.changed  # is there who keeps a copy?
        self.reset_counts()

    @property
    def programs(self) -> int:
        return sum(self.programs_of)

    @property
    def erases(self) -> int:
        return sum(self.erases_of)

    @property
    def bytes_programmed(self) -> int:
        return sum(self.programmed_of)

    @property
    def bytes_read(self) -> int:
        return sum(self.read_of)

    @property
    def tsme_device(self) -> object:
        # This flash for journals in C, if nobody has changed what it does.
        return getattr(self, "_device", None) if type(self) is Nor else None

    # The block device

    def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> None:
        size = len(buf)
        block = self.block
        if not self.on or off + size > block:
            self._read_refused(n)
        at = n * block + off
        buf[:] = self.data[at : at + size]
        self._count(_READ, n, size)

    def _read_refused(self, n: int) -> None:
        if not self.on:
            raise PowerLoss("the power is off")
        raise Violation(f"a read runs over the end of block {n}")

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        size = len(buf)
        unit = self.program_size
        if not self.on or off % unit or size % unit or off + size > self.block or self.weak[n]:
            self._refused(n, size, off)
        at = n * self.block + off
        end = at + size
        data = self.data
        if self._units and any(self._units[at // unit : end // unit]):
            raise Violation(f"a unit of block {n} is programmed twice, at {off} or behind it")
        old = data[at:end]
        new = buf
        if old != self._ff[:size]:
            new = (int.from_bytes(old, "little") & int.from_bytes(buf, "little")).to_bytes(
                size, "little"
            )
            if self.strict:
                self._check(old, buf)
        self.ops += 1
        if self.ops == self._cut:
            self._cut_program(at, old, new)
        shape = told = None
        if self.failing:
            _, shape, told = self.failing.get(n, (None, None, False))
            if shape:
                new = self._mix(old, new, shape, None)
        data[at:end] = new
        if self._units:
            if shape:
                self._count_units(at, size)
            else:
                self._units[at // unit : end // unit] = b"\x01" * (size // unit)
        self._count(_PROGRAMS, n, 1)
        self._count(_PROGRAMMED, n, size)
        self.time_us += ((off % PAGE + size + PAGE - 1) // PAGE) * PROGRAM_US
        if self._told:
            self.changed(at, size)
        return 5 if shape and told else 0

    def _refused(self, n: int, size: int, off: int) -> None:
        if not self.on:
            raise PowerLoss("the power is off")
        unit = self.program_size
        if off % unit or size % unit or off + size > self.block:
            raise Violation(f"{size} bytes at {off} cannot be programmed at once")
        raise Violation(f"block {n} was never erased to the end")

    def ioctl(self, op: int, arg: int) -> int:
        if not self.on:
            raise PowerLoss("the power is off")
        if op == 4:
            return self.count
        if op == 5:
            return self.block
        return self._erase(arg) if op == 6 else 0

    def _erase(self, n: int) -> int:
        self.ops += 1
        if self.ops == self._cut:
            self._tear(n, self._shape)
            self._lose(n * self.block, self.block)
        shape, _, told = self.failing.get(n, (None, None, False))
        self._tear(n, shape or "all")
        if not told and self.data[n * self.block : (n + 1) * self.block] == self._ff:
            self.weak[n] = 0  # it was blank before: nothing went wrong
        self._count(_ERASES, n, 1)
        self.time_us += ERASE_US
        self.changed(n * self.block, self.block)
        return 5 if shape and told else 0

    def changed(self, at: int, size: int) -> None:
        # For those who keep a copy.
        pass

    def _check(self, old: bytearray, buf: bytes | bytearray | memoryview) -> None:
        there = int.from_bytes(old, "little")
        if there | int.from_bytes(buf, "little") == there:
            return
        for i in range(len(old)):
            if buf[i] != 0xFF and buf[i] & ~old[i]:
                raise Violation(f"byte {i} of {len(old)} has bits that cannot be set again")

    # Power

    def cut_at(self, op: int, shape: str = "none", amount: int | None = None) -> None:
        # The power goes in the op-th operation (program or erase) from now on, 1 for the next.
        # `amount`: bytes done, for the shapes first, last and ragged; half of them if it is None.
        # For random and almost a number to draw from, for half which half of the bits (0, 1).
        self._cut = self.ops + op
        self._shape = shape
        self._amount = amount

    def power_on(self) -> None:
        self.on = True
        self._cut = 0

    def _lose(self, at: int, size: int) -> None:
        self.on = False
        self.changed(at, size)
        raise PowerLoss(f"in operation {self.ops}")

    def _draw(self) -> int:
        self._random = (self._random * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._random >> 16) & 0xFF

    def _mask(self, size: int, shape: str, amount: int | None) -> bytes | bytearray:
        # The bits that `shape` leaves done, of an operation of so many bytes.
        done = size // 2 if amount is None else min(amount, size)
        mask = bytearray(size)
        if shape == "all":
            return b"\xff" * size
        if shape == "first" or shape == "ragged":
            mask[:done] = b"\xff" * done
        elif shape == "last":
            mask[size - done :] = b"\xff" * done
        elif shape == "half":
            return (b"\xaa" if amount else b"\x55") * size
        elif amount is not None:
            self._random = amount & 0x7FFFFFFF
        if shape == "ragged":
            for i in range(done, min(done + self.program_size, size)):
                mask[i] = self._draw()
        elif shape == "random":
            for i in range(size):
                mask[i] = self._draw()
        elif shape == "almost":
            for i in range(size):
                mask[i] = 0xFF if self._draw() & 0x3F else 0xEF
        return mask

    def _mix(
        self,
        old: bytearray,
        new: bytes | bytearray | memoryview,
        shape: str,
        amount: int | None,
    ) -> bytes:
        before = int.from_bytes(old, "little")
        change = before ^ int.from_bytes(new, "little")
        change &= int.from_bytes(self._mask(len(old), shape, amount), "little")
        return (before ^ change).to_bytes(len(old), "little")

    def _cut_program(self, at: int, old: bytearray, new: bytes | bytearray | memoryview) -> None:
        if self._shape not in PROGRAM_SHAPES:
            raise ValueError(self._shape)
        self.data[at : at + len(old)] = self._mix(old, new, self._shape, self._amount)
        self._count_units(at, len(old))
        self._lose(at, len(old))

    def _count_units(self, at: int, size: int) -> None:
        # A unit of which no bit was programmed counts as erased still.
        if self._units:
            unit = self.program_size
            for i in range(at, at + size, unit):
                self._units[i // unit] = self.data[i : i + unit] != self._ff[:unit]

    def _tear(self, n: int, shape: str) -> None:
        # An erase of which only so much happens.
        if shape not in ERASE_SHAPES:
            raise ValueError(shape)
        at = n * self.block
        if shape in ("all", "blank"):
            self.data[at : at + self.block] = self._ff
        elif shape == "zeros":
            self.data[at : at + self.block] = bytes(self.block)
        else:
            old = self.data[at : at + self.block]
            self.data[at : at + self.block] = self._mix(old, self._ff, shape, self._amount)
        if shape != "none":
            self.weak[n] = shape != "all"
            if self._units:
                units = self.block // self.program_size
                self._units[n * units : (n + 1) * units] = bytes(units)

    # Content

    def state(self) -> tuple[bytes, bytes, bytes]:
        return bytes(self.data), bytes(self.weak), bytes(self._units)

    def restore(self, state: tuple[bytes, bytes, bytes]) -> None:
        self.data[:] = state[0]
        self.weak[:] = state[1]
        self._units[:] = state[2]
        self.power_on()

    def save(self, path: str) -> None:
        with open(path, "wb") as f:
            f.write(self.data)

    def load(self, path: str) -> None:
        with open(path, "rb") as f:
            data = f.read()
        if len(data) != len(self.data):
            raise ValueError(f"{path} has {len(data)} bytes, not {len(self.data)}")
        self.data[:] = data


class NorFile(Nor):
    # Writes through to a file. With `cut` = (op, bytes done[, shape]) the process itself dies
    # in the middle of that operation, as a board does; with die=False PowerLoss is raised.
    def __init__(  # noqa: PLR0913, PLR0917
        self,
        path: str,
        block: int = 4096,
        count: int = 16,
        cut: tuple[int, int] | tuple[int, int, str] | None = None,
        die: bool = True,
        program_size: int = 32,
        program_once: bool = False,
        seed: int = 1,
        strict: bool = False,
    ) -> None:
        super().__init__(block, count, program_size, program_once, seed, strict)
        self._die = die
        try:
            os.stat(path)
            self.load(path)
        except OSError:
            self.save(path)
        self._file = open(path, "r+b")
        if cut:
            self.cut_at(cut[0], cut[2] if len(cut) > 2 else "first", cut[1])

    def changed(self, at: int, size: int) -> None:
        self._file.seek(at)
        self._file.write(memoryview(self.data)[at : at + size])
        self._file.flush()
        if self._die and not self.on:
            die()

    def close(self) -> None:
        self._file.close()


def die() -> None:
    # No handlers, no buffers, no farewell.
    if sys.implementation.name == "micropython":
        os.system("kill -9 $PPID")
    else:
        os._exit(137)
