# SPI NOR flash with the usual commands (W25Q, GD25Q, MX25L, IS25LP, AT25SF, ..), for a journal.
#
#     flash = tsme.SpiFlash(machine.SPI(0, 20_000_000), machine.Pin(5, machine.Pin.OUT))
#
# cs(0) selects the chip.  On CircuitPython: a busio.SPI that is locked and configured, and for cs
# a function that sets the pin's value.  Of a chip with more than 16 MiB the first 16 are used.
import time

from ..errors import TsmeError

_ERASE = {4096: 0x20, 32768: 0x52, 65536: 0xD8}
_PAGE = 256


class SpiFlash:
    # block: bytes erased at once, 4096, 32768 or 65536.  size: bytes of the chip, if it does not
    # say them right.
    def __init__(self, spi, cs, block=4096, size=None):
        self.spi = spi
        self.cs = cs
        self.block = block
        self._command = bytearray(4)
        self._status = bytearray(1)
        if block not in _ERASE:
            raise TsmeError(
                "TSME-J001",
                "blocks of %d bytes; the chip erases %s" % (block, "4096, 32768 or 65536"),
            )
        cs(1)
        self._begin(0xAB)  # wake up, if it sleeps
        cs(1)
        self._wait()  # a reset may have come in the middle of an erase
        found = bytearray(3)
        self._begin(0x9F)
        spi.readinto(found)
        cs(1)
        if not size:
            if found[0] in (0, 0xFF) or not 12 <= found[2] < 32:
                raise TsmeError("TSME-J012", "no SPI flash answers; it said %r" % bytes(found))
            size = 1 << found[2]
        self.count = min(size, 1 << 24) // block

    def _begin(self, command, at=None):
        # Selects the chip and sends a command, perhaps with an address; cs(1) ends it.
        buf = self._command
        buf[0] = command
        self.cs(0)
        if at is None:
            self.spi.write(memoryview(buf)[:1])
        else:
            buf[1] = at >> 16
            buf[2] = at >> 8 & 0xFF
            buf[3] = at & 0xFF
            self.spi.write(buf)

    def _wait(self):
        # Until the chip is not busy: a page takes 3 ms at most, a block of 64 KiB 2 s.
        for i in range(4000):
            self._begin(0x05)
            self.spi.readinto(self._status)
            self.cs(1)
            if not self._status[0] & 1:
                return
            if i > 100:
                time.sleep(0.001)
        raise OSError(110)  # timed out

    def readblocks(self, n, buf, off=0):
        self._begin(0x03, n * self.block + off)
        self.spi.readinto(buf)
        self.cs(1)

    def writeblocks(self, n, buf, off=0):
        at = n * self.block + off
        buf = memoryview(buf)
        done = 0
        while done < len(buf):
            # within a page; beyond its end a chip goes on at its beginning
            size = min(len(buf) - done, _PAGE - (at & _PAGE - 1))
            self._change(0x02, at, buf[done : done + size])
            done += size
            at += size

    def _change(self, command, at, buf=b""):
        self._begin(0x06)  # write enable
        self.cs(1)
        self._begin(command, at)
        if buf:
            self.spi.write(buf)
        self.cs(1)
        self._wait()

    def ioctl(self, op, arg):
        if op == 4:
            return self.count
        if op == 5:
            return self.block
        if op == 6:
            self._change(_ERASE[self.block], arg * self.block)
        return 0
