# Reading a journal: from one record to the next, past torn writes, noticing damage.
import struct

from .records import HEAD, crc32

WHOLE = 0
END = 1  # nothing begins here
BAD = 2  # something does, and it is not whole


class Walk:
    # After step() has returned True: kind, size and body(); at = (generation, offset, number,
    # chain before), where the record begins.  Afterwards: number and chain of the record to
    # come, off and generation of where it would begin, torn, and `last`, the generation in
    # which the last whole record ended.
    def __init__(self, blocks, newest, on_damage=None):
        self.blocks = blocks
        self.newest = newest
        self.on_damage = on_damage  # (number, number of the next readable or None, block, offset)
        self.doomed = 0  # what is not whole in this generation is no damage: being erased
        self._head = bytearray(HEAD)
        self._head4 = memoryview(self._head)[:4]
        self._view = memoryview(bytearray(256))
        self.torn = False

    def start(self, generation):
        # At the first record that begins in a block.
        b = self.blocks
        if not b.used(generation) or not b.first:
            return False
        self.begin(generation, b.first, b.number, b.chain)
        self.last = generation - 1
        return True

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
            if found == WHOLE:
                if load and self.size > len(self._view):
                    self._view = memoryview(bytearray(self.size))
                    self._body()
                self.at = (self.generation, self.off, self.number, self.chain)
                self.last = self._end_generation
                self.begin(self._end_generation, self._end, self.number + 1, self._crc)
                return True
            if self._restarts():
                continue
            block = self.blocks.of(self.generation)
            dirty = found == BAD or not self.blocks.blank(block, self.off)
            if found == BAD and self._salvage() or self._jump():
                continue
            self.torn = dirty or self.last < self.newest
            if dirty and self._pair():
                self._damage(self.number, None, self.generation, self.off)
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
                generation += 1
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
        b = self.blocks
        if generation > self.newest or not b.used(generation):
            return False
        return b.number == self.number + 1 if b.first else b.number == self.number

    def _restarts(self):
        # The next block begins with the very record that should be here: what is here, if
        # anything, was never committed.
        b = self.blocks
        generation = self.generation + 1
        if generation > self.newest or not b.used(generation):
            return False
        if b.first != b.data or b.number != self.number or b.chain != self.chain:
            return False
        self.generation = generation
        self.off = b.data
        return True

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
        b = self.blocks
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        for later in range(generation + 1, self.newest + 1):
            if b.used(later) and b.first:
                self.begin(later, b.first, b.number, b.chain)
                if self._record() == WHOLE:
                    self._damage(number, self.number, generation, off)
                    return True
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

    def _damage(self, number, until, generation, off):
        if self.on_damage and generation != self.doomed:
            self.on_damage(number, until, self.blocks.of(generation), off)
