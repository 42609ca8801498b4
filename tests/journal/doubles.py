# Devices that behave as boards' do, and some that lie.  Runs on MicroPython too.
from sim.nor import Nor
from tsme.journal.ram_flash import RamFlash


class Chip:
    # A W25Q behind an SPI bus, on the flash model: what machine.SPI and a chip select pin do.
    def __init__(self, flash: Nor, identity: bytes = b"\xef\x40") -> None:
        self.flash = flash
        self.size = flash.block * flash.count
        log2 = 0
        while 1 << log2 < self.size:
            log2 += 1
        self.identity = identity + bytes([log2])
        self.awake = False
        self.enabled = False
        self.busy = 0  # so often it says so
        self.ignored = 0  # commands that came while it was busy or asleep
        self.wrapped = 0  # programs that ran over the end of a page
        self._got = bytearray()
        self._selected = False

    def cs(self, level: int) -> None:
        ends = self._selected and level
        self._selected = not level
        if ends:
            self._end()
        self._got = bytearray()

    def write(self, buf: bytes | bytearray | memoryview) -> None:
        assert self._selected
        self._got.extend(buf)

    def _at(self) -> int:
        return (self._got[1] << 16 | self._got[2] << 8 | self._got[3]) % self.size

    def readinto(self, buf: bytearray | memoryview) -> None:
        assert self._selected
        command = self._got[0]
        for i in range(len(buf)):
            buf[i] = 0xFF
        if command == 0x05:
            buf[0] = (self.busy > 0) | self.enabled << 1
            self.busy = max(0, self.busy - 1)
        elif self.busy or not self.awake:
            self.ignored += 1
        elif command == 0x9F:
            buf[:] = self.identity
        elif command == 0x03:
            at = self._at()
            block = self.flash.block
            self.flash.readblocks(at // block, buf, at % block)
        else:
            self.ignored += 1

    def _end(self) -> None:
        command = self._got[0]
        if command == 0xAB:
            self.awake = True
        elif command in (0x05, 0x03, 0x9F):
            pass
        elif self.busy or not self.awake:
            self.ignored += 1
        elif command == 0x06:
            self.enabled = True
        elif self.enabled:
            self.enabled = False
            self.busy = 3
            self._change(command)
        else:
            self.ignored += 1

    def _change(self, command: int) -> None:
        at = self._at()
        block = self.flash.block
        if command == 0x02:
            page = bytearray(b"\xff" * 256)
            for i in range(4, len(self._got)):
                page[(at + i - 4) % 256] = self._got[i]
            self.wrapped += at % 256 + len(self._got) - 4 > 256
            first = at % 256 // 32 * 32  # the model counts what is programmed
            last = min(256, (at % 256 + len(self._got) - 4 + 31) // 32 * 32)
            self.flash.writeblocks(at // block, page[first:last], at % block // 256 * 256 + first)
        elif command == {4096: 0x20, 32768: 0x52, 65536: 0xD8}[block]:
            self.flash.ioctl(6, at // block)
        else:
            self.ignored += 1


class Rp2:
    # rp2.Flash: whole pages; without an offset it erases first.
    class Flash(Nor):
        def writeblocks(
            self, n: int, buf: bytes | bytearray | memoryview, off: int | None = None
        ) -> int | None:
            if off is None:
                self.ioctl(6, n)
            if (off or 0) % 256 or len(buf) % 256:
                raise ValueError("not whole pages")
            return super().writeblocks(n, buf, off or 0)


class Partition(Nor):
    # esp32.Partition, found by its label.
    TYPE_DATA = 1
    partitions: dict[str, "Partition"] = {}  # noqa: RUF012

    @classmethod
    def find(
        cls, kind: int = 1, subtype: int = 255, label: str | None = None
    ) -> list["Partition"]:
        return [cls.partitions[name] for name in cls.partitions if label in (None, name)]

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6 and self.block < 4096:
            return -22  # it is emulated in RAM then
        return super().ioctl(op, arg)


class Cached:
    # The processor's own flash behind pyb.Flash: blocks of 512 bytes, a sector of which is kept in
    # RAM and erased, then written back, when it is synchronized; ioctl(6) does nothing.
    def __init__(self, count: int = 32, whole: bool = False) -> None:
        self.count = count
        self.whole = whole  # Flash(): without the extended interface
        self.flash = bytearray(b"\xff" * 512 * count)
        self.cache = bytearray(self.flash)

    def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> int:
        buf[:] = self.cache[n * 512 + off : n * 512 + off + len(buf)]
        return 0

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int:
        self.cache[n * 512 + off : n * 512 + off + len(buf)] = buf
        return 0

    def ioctl(self, op: int, arg: int) -> int:
        if op == 1 and self.whole:
            return -1
        if op == 3:
            self.flash[:] = self.cache
        return {4: self.count, 5: 512}.get(op, 0)


class Pyb:
    class Flash(Cached):
        pass


class NoErase(Nor):
    def ioctl(self, op: int, arg: int) -> int:
        return 0 if op == 6 else super().ioctl(op, arg)


class LargerErase(Nor):
    # Its blocks are two of those that it says.
    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            super().ioctl(6, arg ^ 1)
        return super().ioctl(op, arg)


class SmallerErase(Nor):
    def ioctl(self, op: int, arg: int) -> int:
        before = bytes(self.data[arg * self.block : (arg + 1) * self.block])
        done = super().ioctl(op, arg)
        if op == 6:
            half = self.block // 2
            self.data[arg * self.block + half : (arg + 1) * self.block] = before[half:]
        return done


class ErasesFirst(Nor):
    # As a driver for files does that knows no offsets.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        self.ioctl(6, n)
        return super().writeblocks(n, buf, off)


class Mirrored(Nor):
    # Half as large as it says, as forged chips are.
    def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> None:
        super().readblocks(n % (self.count // 2), buf, off)

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        return super().writeblocks(n % (self.count // 2), buf, off)

    def ioctl(self, op: int, arg: int) -> int:
        return super().ioctl(op, arg % (self.count // 2) if op == 6 else arg)


class Protected(Nor):
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        return 0

    def ioctl(self, op: int, arg: int) -> int:
        return 0 if op == 6 else super().ioctl(op, arg)


class Overwritten(Nor):
    # Memory: bits are set again.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> int | None:
        at = n * self.block + off
        self.data[at : at + len(buf)] = buf
        return 0


class Pages(RamFlash):
    # A driver that programs whole pages, and fills them up with what its memory holds behind the
    # buffer, as rp2.Flash does where it is not asked for whole pages.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        for at in range(off & -256, off + len(buf), 256):
            for i in range(256):
                k = at + i - off
                byte = buf[k] if 0 <= k < len(buf) else self.beside(buf, k)
                self.data[n * self.block + at + i] &= byte

    def beside(self, buf: bytes | bytearray | memoryview, k: int) -> int:
        return 0xA5


class PagesBehind(Pages):
    # Only behind what it is asked for.
    def beside(self, buf: bytes | bytearray | memoryview, k: int) -> int:
        return 0xFF if k < 0 else 0


class PagesBefore(Pages):
    # Only before it.
    def beside(self, buf: bytes | bytearray | memoryview, k: int) -> int:
        return 0x7F if k < 0 else 0xFF


class PagesRepeated(Pages):
    # With what the buffer begins with.
    def beside(self, buf: bytes | bytearray | memoryview, k: int) -> int:
        return buf[k % len(buf)]


class FromPageStart(RamFlash):
    # It takes no notice of the low bits of the offset.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        super().writeblocks(n, buf, off & -256)


class Wrapping(RamFlash):
    # As a chip does that is not given its pages one by one: what runs over a page's end comes to
    # stand at its start.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        for i in range(len(buf)):
            self.data[n * self.block + (off & -256) + (off + i & 255)] &= buf[i]


class WholeBlock(RamFlash):
    # It writes a block of its own, in which all else is FF.
    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        self.ioctl(6, n)
        super().writeblocks(n, buf, off)


class StaleBlock(RamFlash):
    # It reads a block, changes it, and writes it back, but reads it only once.
    held = (-1, bytearray())

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        if self.held[0] != n:
            whole = bytearray(self.block)
            self.readblocks(n, whole)
            self.held = (n, whole)
        self.held[1][off : off + len(buf)] = buf
        super().writeblocks(n, self.held[1])


class Simple:
    # Whole blocks only.
    def readblocks(self, n: int, buf: bytearray) -> None:
        for i in range(len(buf)):
            buf[i] = 0xFF

    def writeblocks(self, n: int, buf: bytearray) -> None:
        pass

    def ioctl(self, op: int, arg: int) -> int | None:
        return {4: 16, 5: 512}.get(op)


class Nvm(bytearray):
    # microcontroller.nvm: bytes, and an erase behind the curtain.
    pass
