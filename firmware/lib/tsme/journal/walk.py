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

    def step(self, load=False):
        # True if there is one more record, which forward() has read.
        while True:
            found = self.forward(load)
            if found == WHOLE:
                return True
            b = self.blocks
            block = b.of(self.generation)
            dirty = found == BAD or not b.blank(block, self.off, b.end)
            if found == BAD and self._salvage() or self._jump():
                continue
            self.torn = dirty or self.last < self.newest
            spilt = dirty and (found == BAD and self._spilt(block) or self._more(block))
            if spilt or self._sealed() or self._gap():
                if dirty:
                    self._damage(self.number, None, self.generation, self.off)
                else:
                    after = self.after(self.generation) or b.after(self.generation)
                    self._damage(self.number, None, after, 0)
            return False

    def _spilt(self, block):
        # Is there what a write that was cut off leaves nowhere: no kind that a record could have
        # had, or bits behind its end? Bits are only ever cleared: it was no longer than it says.
        b = self.blocks
        b.read(block, self.off, self._head)
        (word,) = struct.unpack_from("<I", self._head, 0)
        until = self.off + HEAD + (word & 0xFFFFFF)
        return not word >> 24 & 3 or until < b.end and not b.blank(block, until, b.end)

    def _salvage(self):
        # A record is not whole, but a later one of this block proves that it was once.
        b = self.blocks
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        for seed in (self._crc, self._computed):
            if seed is None:
                continue
            for there in range(off + b.slot, b.end, b.slot):
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

    def _more(self, block):
        # After one that is not whole: a record that ends where all that is there ends, or two of
        # which the second follows the first.
        b = self.blocks
        generation, off, number, chain = self.generation, self.off, self.number, self.chain
        found = False
        for there in range(off + b.slot, b.end, b.slot):
            b.read(block, there, self._head)
            word, seed = struct.unpack("<II", self._head)
            if word >> 24 != 1 and word >> 24 != 2:
                continue
            end = there + HEAD + (word & 0xFFFFFF)
            if end > b.end:
                continue
            found = not b.blank(block, end - 1, end) and b.blank(block, end, b.end)
            after = (end + b.slot - 1) & -b.slot
            if after < b.end and not found:
                self.begin(generation, after, number, seed)
                found = self._record() == WHOLE
            if found:
                break
        self.begin(generation, off, number, chain)
        return found

    def _gap(self):
        # What comes next in the ring does not follow this block: the head of one between is gone.
        after = self.after(self.generation)
        return after and self.heads.used(after) and self.heads.before != self.generation

    def _sealed(self):
        # Does a block, from that of the last record on, say that there was one more in the next?
        b = self.blocks
        generation = self.last
        while True:
            block = b.of(generation) if generation else b.claimed
            if block is not None and self.heads.sealed(block):
                return True
            generation = self.after(generation)
            if not generation:
                return False

    def _damage(self, number, until, generation, off):
        if generation <= self.doomed:
            self.gone = True
        elif self.on_damage:
            self.on_damage(number, until, self.blocks.of(generation), off)
