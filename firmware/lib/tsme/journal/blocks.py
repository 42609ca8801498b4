# The erase blocks below a journal: geometry, heads, and what the flash holds at power-up.
#
# A device is MicroPython's extended block device: readblocks(n, buf, off),
# writeblocks(n, buf, off) that never erases, ioctl(1 begin | 3 sync | 4 count | 5 block size |
# 6 erase).  Two attributes may be added: program_size (bytes, 32 if absent; every program
# operation is aligned to it) and program_once (True if nothing may be programmed twice: flash
# with ECC).
import struct

from .. import once
from ..errors import fault
from .records import HEAD, MAGIC, PART, crc32, mark

FF = b"\xff" * 256


class Blocks:
    def __init__(self, device, slot, buffer):
        self.device = device
        self.count, self.size, unit, self.once, self.slot = once(
            "values.geometry", "fit", device, slot
        )
        self.unit = max(32, unit)  # whole slots cost hardly more, and need fewer views
        self.data = 2 * self.slot  # where a block's first bytes of records are
        # Where no record goes any further: what may be programmed once has its seal there.
        self.end = self.size - self.slot if self.once else self.size
        self.room = self.end - self.data
        self.claimed = None  # the block that claims the region, while it does
        self.base = self.count - 1
        self.worn = ()  # blocks that have failed
        # What is programmed is put together in buf: whole units and slots, with room for a
        # block's head and something of a record.  Nothing in it outlives a call, so that the
        # journals of one board share it.
        least = (max(4 * self.slot, self.unit) + 255) & -256
        if isinstance(buffer, int) or len(buffer.buf) < least:
            least = max(least, (buffer + 255) & -256 if isinstance(buffer, int) else 0)
            self.buf = bytearray(least)
            self.view = memoryview(self.buf)
            self._spare = memoryview(bytearray(max(64, self.unit)))
            self.ff = memoryview(FF)
        else:
            self.buf = buffer.buf
            self.view = buffer.view
            self._spare = buffer._spare
            self.ff = buffer.ff
        self._part = self._spare
        self._padded = self.view

    def read(self, block, off, buf):
        try:
            failed = self.device.readblocks(block, buf, off)
        except OSError as e:
            failed = e
        if failed:
            raise fault("TSME-J009", block, "read", failed)

    def program(self, block, off, buf, at=0):
        # True if it took. Most flash does not tell, so it is read again; the first `at` bytes are
        # FF over what is there already.
        try:
            failed = self.device.writeblocks(block, buf, off)
        except OSError:
            return False
        if failed:
            return False
        part = self._part
        if len(part) + at != len(buf):
            return self.holds(block, off, buf, at)
        self.read(block, off + at, part)  # as large as the last one
        return part == (buf[at:] if at else buf)

    def erase(self, block):
        # True if it took.
        try:
            failed = self.device.ioctl(6, block)
        except OSError:
            return False
        return not failed and self.blank(block)

    def sync(self, block):
        try:
            failed = self.device.ioctl(3, 0)
        except OSError as e:
            failed = e
        if failed:
            raise fault("TSME-J009", block, "programmed", failed)

    def holds(self, block, off, buf, at=0):
        # Is this there, from `at` on?
        end = len(buf)
        while at < end:
            n = min(end - at, len(self._spare))
            part = self._part
            if len(part) != n:
                part = self._part = self._spare[:n]
            self.read(block, off + at, part)
            if part != (buf if n == end else buf[at : at + n]):
                return False
            at += n
        return True

    def blank(self, block, off=0, end=0, part=None, ff=None):
        # Puts what it reads into buf, or into `part`, which is as large as `ff`.
        if not part:
            ff = self.ff
            part = self.view[: len(FF)]
        end = end or self.size
        while off < end:
            n = end - off
            if n < len(part):
                ff = ff[:n]
                part = part[:n]
            self.read(block, off, part)
            if part != ff:
                return False
            off += n if n < len(part) else len(part)
        return True

    def of(self, generation):
        return (self.base + generation) % self.count

    def after(self, generation):
        # The next one whose block is good; there must be one.
        generation += 1
        while self.of(generation) in self.worn:
            generation += 1
        return generation

    def lay_mark(self, generation, before):
        # The first part of a block's head, ready to be programmed.
        retired = 0
        for block in self.worn:
            n = (self.of(generation) - block - 1) % self.count
            if n < 32:
                retired |= 1 << n
        self.buf[:PART] = mark(
            self.slot, self.count, self.size, generation, before, retired, self.once
        )
        return self.padded(PART)

    def make_ready(self, generation, before):
        # Erases its block; True if that took. A newer mark than that of the block before, from a
        # try that was cut, is spoilt first: a cut erase might leave just the mark, and the block
        # would look ready.
        block = self.of(generation)
        part = self._spare[:PART]
        self.read(block, 0, part)
        (crc,) = struct.unpack_from("<I", part, 24)
        newer = struct.unpack_from("<I", part, 8)[0] > before and part[:4] == MAGIC
        if newer and crc == crc32(part[:24]) and not self.once:
            self.buf[:8] = self.ff[:8]
            self.buf[8:PART] = bytes(PART - 8)
            self.program(block, 0, self.padded(PART))
        return self.erase(block)

    def padded(self, end):
        # The first `end` bytes of buf, with FF up to a whole unit.
        more = -end & (self.unit - 1)
        if more:
            self.buf[end : end + more] = self.ff[:more]
        if len(self._padded) != end + more:
            self._padded = self.view[: end + more]
        return self._padded

    def write(self, block, off, at, head, body, done, until):
        # Programs `at` bytes that are in buf already, then a record's from `done` to `until`; what
        # of the first unit is before `off` is left as it is. True if that took.
        buf = self.buf
        lead = off & (self.unit - 1)
        if lead:
            buf[:lead] = self.ff[:lead]
            at = max(at, lead)
            off -= lead
        body = memoryview(body)
        while True:
            if done < HEAD:
                buf[at : at + HEAD] = head
                at += HEAD
                done = HEAD
            n = min(until - done, len(buf) - at)
            buf[at : at + n] = body[done - HEAD : done - HEAD + n]
            done += n
            at += n
            if done == until:
                return self.program(block, off, self.padded(at), lead)
            if not self.program(block, off, self.view, lead):
                return False
            off += len(buf)
            at = lead = 0
