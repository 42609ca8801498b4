# The erase blocks below a journal: geometry, heads, and what the flash holds at power-up.
#
# A device is MicroPython's extended block device: readblocks(n, buf, off),
# writeblocks(n, buf, off) that never erases, ioctl(3 sync | 4 count | 5 block size | 6 erase).
# Two attributes may be added: program_size (bytes, 32 if absent; every program operation is
# aligned to it) and program_once (True if nothing may be programmed twice: flash with ECC).
from .errors import fault
from .records import HEAD, PART, VERSION, mark, read_mark, read_place

# What look() finds at the beginning of a block.
OTHER = 0
MARKED = 1  # erased to the end and meant for `generation`, but holds nothing yet
USED = 2

FF = b"\xff" * 256


def _power(n, least, most):
    return least <= n <= most and n & (n - 1) == 0


class Blocks:
    def __init__(self, device, slot, buffer):
        self.device = device
        self.count = device.ioctl(4, 0)
        self.size = device.ioctl(5, 0)
        unit = getattr(device, "program_size", 32)
        self.unit = max(32, unit)  # whole slots cost hardly more, and need fewer views
        self.once = getattr(device, "program_once", False)
        if self.once:
            slot = max(slot, unit)
        self.slot = slot
        self.data = 2 * slot  # where a block's first bytes of records are
        self.room = self.size - self.data
        good = _power(slot, 32, 256) and _power(unit, 1, 256) and self.size >= 8 * slot
        if not good or self.size % 256 or not 2 <= self.count < 65536:
            raise fault("TSME-J001", self.count, self.size, slot, unit)
        self.base = self.count - 1
        parts = memoryview(bytearray(2 * PART))
        self.mark = parts[:PART]
        self._place = parts[PART:]
        self._spare = memoryview(bytearray(len(FF)))
        self.ff = memoryview(FF)
        self.double = b"\xff" * self.data
        # What is programmed is put together here: whole units and slots, with room for a
        # block's head and something of a record.
        buffer = (max(buffer, 4 * slot, self.unit) + 255) & -256
        self.buf = bytearray(buffer)
        self.view = memoryview(self.buf)
        self._views = [None] * (buffer // self.unit + 1)  # the first n units, made when needed
        self.generation = self.first = self.number = self.chain = self.checkpoint = 0

    def read(self, block, off, buf):
        try:
            failed = self.device.readblocks(block, buf, off)
        except OSError as e:
            failed = e
        if failed:
            raise fault("TSME-J009", block, "read", failed)

    def program(self, block, off, buf):
        try:
            failed = self.device.writeblocks(block, buf, off)
        except OSError as e:
            failed = e
        if failed:
            raise fault("TSME-J009", block, "programmed", failed)

    def erase(self, block):
        try:
            failed = self.device.ioctl(6, block)
        except OSError as e:
            failed = e
        if failed:
            raise fault("TSME-J009", block, "erased", failed)

    def sync(self):
        self.device.ioctl(3, 0)

    def of(self, generation):
        return (self.base + generation) % self.count

    def look(self, block):
        # After MARKED and USED `generation` is set, after USED the other four fields too.
        self.read(block, 0, self.mark)
        found = read_mark(self.mark)
        if found is None:
            return OTHER
        version, slot, count, generation, size = found
        if version != VERSION:
            raise fault("TSME-J003", version, VERSION)
        if slot != self.slot or count != self.count or size != self.size:
            raise fault("TSME-J004", count, size, slot, self.count, self.size, self.slot)
        self.generation = generation
        self.read(block, self.slot, self._place)
        found = read_place(self._place, self.mark)
        if found is None:
            return MARKED
        self.first, self.number, self.chain, self.checkpoint = found
        return USED

    def used(self, generation):
        return self.look(self.of(generation)) == USED and self.generation == generation

    def blank(self, block, off=0):
        ff = self.ff
        part = self._spare
        while off < self.size:
            n = min(len(part), self.size - off)
            if n < len(part):
                part = part[:n]
                ff = ff[:n]
            self.read(block, off, part)
            if part != ff:
                return False
            off += n
        return True

    def claim(self):
        # Marks an empty region as ours, before the first erase, which may be cut as well.
        block = self.count - 1
        while block >= 0 and not self.blank(block):
            block -= 1
        if block < 0:  # each holds a torn claim by now: finish one
            block = self.count - 1
            if self.once:
                self.erase(block)
        self.program(block, 0, self.lay_mark(0))

    def lay_mark(self, generation):
        # The first part of a block's head, ready to be programmed.
        self.buf[:PART] = mark(self.slot, self.count, self.size, generation)
        return self.padded(PART)

    def make_ready(self, generation):
        # Erases its block. A mark of the same generation, from a try that was cut, is spoilt
        # before: a cut erase might leave just the mark, and the block would look ready.
        block = self.of(generation)
        if not self.once and self.look(block) and self.generation == generation:
            self.buf[:PART] = bytes(PART)
            self.program(block, 0, self.padded(PART))
        self.erase(block)

    def padded(self, end):
        # The first `end` bytes of buf, with FF up to a whole unit.
        unit = self.unit
        units = (end + unit - 1) // unit
        whole = units * unit
        if end < whole:
            self.buf[end:whole] = self.ff[: whole - end]
        view = self._views[units]
        if view is None:
            view = self._views[units] = self.view[:whole]
        return view

    def write(self, block, off, at, head, body, done, until):
        # Programs `at` bytes that are in buf already, then a record's from `done` to `until`.
        buf = self.buf
        lead = off & (self.unit - 1)
        if lead:
            buf[:lead] = self.ff[:lead]
            at = lead
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
                break
            self.program(block, off, self.view)
            off += len(buf)
            at = 0
        self.program(block, off, self.padded(at))
