# Reading a journal: from one record to the next, past torn writes, noticing damage.
import struct

from .errors import fault
from .records import HEAD, MAGIC, PART, VERSION, crc32

# What look() finds at the beginning of a block.
OTHER = 0
MARKED = 1  # erased to the end and meant for `generation`, but holds nothing yet
USED = 2

WHOLE = 0
END = 1  # nothing begins here
BAD = 2  # something does, and it is not whole


def read_mark(part):
    # (version, slot, count, generation, size, before, retired), or None if it is not whole.
    found = struct.unpack_from("<4sBBH4I", part, 0)
    if found[0] != MAGIC or struct.unpack_from("<I", part, 24)[0] != crc32(part[:24]):
        return None
    return (found[1], 1 << (found[2] & 31)) + found[3:]


def read_place(part, mark_part):
    # (first, number, chain, checkpoint, 0, 0), or None if it is not whole.
    seed = struct.unpack_from("<I", mark_part, 24)[0]
    if struct.unpack_from("<I", part, 24)[0] != crc32(part[:24], seed):
        return None
    return struct.unpack_from("<6I", part, 0)


class Heads:
    # What blocks say of themselves.  After MARKED and USED `generation`, `before` and `retired`
    # are the block's, after USED first, number, chain and checkpoint too.
    def __init__(self, blocks):
        self.blocks = blocks
        self._mark = bytearray(PART)
        self._place = bytearray(PART)

    def look(self, block):
        b = self.blocks
        b.read(block, 0, self._mark)
        found = read_mark(self._mark)
        if found is None:
            return OTHER
        version, slot, count, self.generation, size, self.before, self.retired = found
        if version != VERSION:
            raise fault("TSME-J003", version, VERSION)
        if slot != b.slot or count != b.count or size != b.size:
            raise fault("TSME-J004", count, size, slot, b.count, b.size, b.slot)
        b.read(block, b.slot, self._place)
        found = read_place(self._place, self._mark)
        if found is None:
            return MARKED
        self.first, self.number, self.chain, self.checkpoint = found[:4]
        return USED

    def used(self, generation):
        return self.look(self.blocks.of(generation)) == USED and self.generation == generation


class Walk:
    # After step() has returned True: kind, size and body(); at = (generation, offset, number,
    # chain before), where the record begins.  Afterwards: number and chain of the record to
    # come, off and generation of where it would begin, torn, and `last`, the generation in
    # which the last whole record ended.
    def __init__(self, heads, newest, oldest, on_damage=None):
        self.heads = heads
        self.blocks = b = heads.blocks
        self.newest = newest
        self.on_damage = on_damage  # (number, number of the next readable or None, block, offset)
        self.doomed = 0  # blocks up to this generation may be half erased: no damage,
        self.gone = False  # but something is
        self._head = bytearray(HEAD)
        self._head4 = memoryview(self._head)[:4]
        self._view = memoryview(bytearray(256))
        self._next = (0, 0, None)  # see _ahead
        self._blind = 0  # see _headless
        self.torn = False
        self._ring = bytearray(b.count)  # 1 for each block of the ring
        self._tie(oldest)

    def _tie(self, oldest):
        # From the newest block down: each says which one comes before it. Where that cannot be
        # read, the next that can be goes on.
        h = self.heads
        b = self.blocks
        generation = self.newest
        oldest = max(oldest, generation - b.count + 1, 1)
        guess = False
        while generation >= oldest:
            block = b.of(generation)
            if h.used(generation) and not (guess and block in b.worn):
                self._ring[block] = 1
                guess = False
                generation = min(h.before, generation - 1)
            else:
                guess = True
                generation -= 1

    def after(self, generation):
        # The next one in the ring, or 0.
        while generation < self.newest:
            generation += 1
            if self._ring[self.blocks.of(generation)]:
                return generation
        return 0

    def start(self, generation):
        # At the first record that begins in a block.
        h = self.heads
        if not self._ring[self.blocks.of(generation)] or not h.used(generation) or not h.first:
            return False
        self.begin(generation, h.first, h.number, h.chain)
        self.last = h.before
        return True

    def nothing(self):
        # No block has a head; is one gone?
        self.begin(0, self.blocks.size, 0, 0)
        self.last = 0
        self.step()

    def begin(self, generation, off, number, chain):
        self.generation = generation
        self.off = off
        self.number = number
        self.chain = chain

    def body(self):
        # Valid until the next step().
        return self._view[: self.size]

    def step(self, load=False):
        while True:
            found = self._record()
            ahead = self._ahead()
            if ahead:
                generation, off = self.generation, self.off
                self.begin(ahead, self.blocks.data, self.number, self.chain)
                if found != WHOLE:
                    continue  # what is there was never committed
                # A block failed, and the record was written again; or that was cut off.
                if self._record() != WHOLE:
                    self.begin(generation, off, self.number, self.chain)
                    self._record()
            if found == WHOLE:
                if load and self.size > len(self._view):
                    self._view = memoryview(bytearray(self.size))
                    self._body()
                self.at = (self.generation, self.off, self.number, self.chain)
                self.last = self._end_generation
                self.begin(self._end_generation, self._end, self.number + 1, self._crc)
                return True
            block = self.blocks.of(self.generation)
            dirty = found == BAD or not self.blocks.blank(block, self.off)
            if found == BAD and self._salvage() or self._jump():
                continue
            self.torn = dirty or self.last < self.newest
            if dirty and self._pair():
                self._damage(self.number, None, self.generation, self.off)
            elif self._gap() or self._headless():
                self._damage(self.number, None, self.blocks.after(self.generation), 0)
            return False

    def _record(self):
        # Looks at the record that should begin here; does not go on.
        b = self.blocks
        if self.off >= b.size:
            return END
        b.read(b.of(self.generation), self.off, self._head)
        word, self._crc = struct.unpack("<II", self._head)
        self._computed = None
        if word == 0xFFFFFFFF:
            return END
        self.kind = word >> 24
        self.size = word & 0xFFFFFF
        if self.kind != 1 and self.kind != 2:
            return BAD
        self._computed = self._body()
        return WHOLE if self._computed == self._crc else BAD

    def _body(self):
        # Reads the body; gives the record's crc, or None if it has no end.
        b = self.blocks
        value = crc32(self._head4, self.chain)
        generation = self.generation
        off = self.off + HEAD
        at = 0
        keep = self.size <= len(self._view)
        while at < self.size:
            if off == b.size:
                generation = self.after(generation)
                if not self._goes_on(generation):
                    return None
                off = b.data
            n = min(self.size - at, b.size - off)
            if keep:
                part = self._view[at : at + n]
            else:
                n = min(n, len(self._view))
                part = self._view[:n]
            b.read(b.of(generation), off, part)
            value = crc32(part, value)
            at += n
            off += n
        self._end_generation = generation
        self._end = (off + b.slot - 1) & -b.slot
        return value

    def _goes_on(self, generation):
        h = self.heads
        if generation and generation == self._blind:
            return True
        if not generation or not h.used(generation):
            return False
        return h.number == self.number + 1 if h.first else h.number == self.number

    def _ahead(self):
        # The next block, if it begins with the very record that should be here.
        here, after, begins = self._next
        if here != self.generation:
            h = self.heads
            here = self.generation
            after = self.after(here)
            begins = None
            if after and h.used(after) and h.first == self.blocks.data:
                begins = (h.number, h.chain)
            self._next = (here, after, begins)
        return after if begins == (self.number, self.chain) else 0

    def _salvage(self):
        # A record is not whole, but a later one of this block proves that it was once.
        b = self.blocks
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        for seed in (self._crc, self._computed):
            if seed is None:
                continue
            for there in range(off + b.slot, b.size, b.slot):
                self.begin(generation, there, number + 1, seed)
                if self._record() == WHOLE:
                    self._damage(number, number + 1, generation, off)
                    return True
        self.begin(generation, off, number, chain)
        return False

    def _jump(self):
        # A later block begins a whole record: what lies between is lost.
        h = self.heads
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        later = self.after(generation)
        while later:
            if h.used(later) and h.first:
                self.begin(later, h.first, h.number, h.chain)
                if self._record() == WHOLE:
                    self._damage(number, self.number, generation, off)
                    return True
            later = self.after(later)
        self.begin(generation, off, number, chain)
        return False

    def _pair(self):
        # Two records of which the second follows the first, after one that is not whole.
        b = self.blocks
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        found = False
        for there in range(off + b.slot, b.size, b.slot):
            b.read(b.of(generation), there, self._head)
            word, seed = struct.unpack("<II", self._head)
            if word >> 24 != 1 and word >> 24 != 2:
                continue
            after = (there + HEAD + (word & 0xFFFFFF) + b.slot - 1) & -b.slot
            if after < b.size:
                self.begin(generation, after, number, seed)
                if self._record() == WHOLE:
                    found = True
                    break
        self.begin(generation, off, number, chain)
        return found

    def _gap(self):
        # What comes next in the ring does not follow this block: the head of one between is gone.
        after = self.after(self.generation)
        return after and self.heads.used(after) and self.heads.before != self.generation

    def _headless(self):
        # Two records behind all that the heads tell of: the head of their block is gone.
        b = self.blocks
        if len(b.worn) >= b.count:
            return False
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        newest = self.newest
        block = b.of(b.after(newest))
        held = self._ring[block]
        self.newest = self._blind = b.after(newest)
        self._ring[block] = 1
        found = False
        for start in ((generation, off), (self._blind, b.data)):
            self.begin(*start, number, chain)
            if self._record() == WHOLE:
                self.begin(self._end_generation, self._end, number + 1, self._crc)
                found = found or self._record() == WHOLE
        self.newest = newest
        self._blind = 0
        self._ring[block] = held
        self.begin(generation, off, number, chain)
        return found

    def _damage(self, number, until, generation, off):
        if generation <= self.doomed:
            self.gone = True
        elif self.on_damage:
            self.on_damage(number, until, self.blocks.of(generation), off)
