# Reading a journal: from one record to the next, past torn writes, noticing damage.
import struct

from .cursor import BAD, WHOLE, Cursor
from .records import HEAD


class Walk(Cursor):
    # Afterwards also: torn, whether something behind the last record was never committed.
    def __init__(self, heads, newest, oldest, on_damage=None):
        super().__init__(heads, newest, oldest)
        self.on_damage = on_damage  # (number, number of the next readable or None, block, offset)
        self.doomed = 0  # blocks up to this generation may be half erased: no damage,
        self.gone = False  # but something is
        self.torn = False

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

    def step(self, load=False):
        # True if there is one more record, which forward() has read.
        while True:
            found = self.forward(load)
            if found == WHOLE:
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
