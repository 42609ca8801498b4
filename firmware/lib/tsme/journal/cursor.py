# A place in a journal, and how it goes on from one record to the next; walk.py adds how it does
# past torn writes and damage.
import struct

from .. import const
from .records import HEAD, crc32

WHOLE = 0
_END = const(1)  # nothing begins here
BAD = 2  # something does, and it is not whole
_FIRST = const(64)  # bytes that are read with a record's head: most records are no longer


class Cursor:
    # After forward() has returned WHOLE: kind, size and body(); at = (generation, offset, number,
    # chain before), where the record begins.  Afterwards: number and chain of the record to
    # come, off and generation of where it would begin, and `last`, the generation in which the
    # last whole record ended.
    def __init__(self, heads, newest, oldest):
        self.heads = heads
        self.blocks = b = heads.blocks
        self.newest = newest
        self._head = bytearray(HEAD)
        self._make_room(256)
        self._next = (0, 0, None)  # see _ahead
        self._ring = bytearray(b.count)  # 1 for each block of the ring
        self._tie(oldest)

    def _make_room(self, size):
        self._view = memoryview(bytearray(size))  # the record, with its head
        self._first = self._view[:_FIRST]
        self._word = self._view[:4]

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

    def begin(self, generation, off, number, chain):
        self.generation = generation
        self.off = off
        self.number = number
        self.chain = chain

    def body(self):
        # Valid until the next forward().
        return self._view[HEAD : HEAD + self.size]

    def forward(self, load=False):
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
                if load and HEAD + self.size > len(self._view):
                    self._make_room(HEAD + self.size)
                    self._body(0)
                self.at = (self.generation, self.off, self.number, self.chain)
                self.last = self._end_generation
                self.begin(self._end_generation, self._end, self.number + 1, self._crc)
            return found

    def _record(self):
        # Looks at the record that should begin here; does not go on.
        b = self.blocks
        if self.off >= b.end:
            return _END
        first = self._first
        n = b.end - self.off
        if n < _FIRST:
            first = first[:n]
        b.read(b.of(self.generation), self.off, first)
        word, self._crc = struct.unpack_from("<II", first, 0)
        self._computed = None
        if word == 0xFFFFFFFF:
            return _END
        self.kind = word >> 24
        self.size = word & 0xFFFFFF
        if self.kind != 1 and self.kind != 2:
            return BAD
        self._computed = self._body(len(first))
        return WHOLE if self._computed == self._crc else BAD

    def _body(self, at):
        # Reads what is behind the first `at` bytes; gives the record's crc, or None if it has no
        # end.
        b = self.blocks
        view = self._view
        size = HEAD + self.size
        at = min(at, size)
        value = crc32(view[HEAD:at], crc32(self._word, self.chain))
        generation = self.generation
        off = self.off + at
        keep = size <= len(view)
        while at < size:
            if off == b.end:
                generation = self.after(generation)
                if not self._goes_on(generation):
                    return None
                off = b.data
            n = min(size - at, b.end - off)
            if keep:
                part = view[at : at + n]
            else:
                n = min(n, len(view))
                part = view[:n]
            b.read(b.of(generation), off, part)
            value = crc32(part, value)
            at += n
            off += n
        self._end_generation = generation
        self._end = (off + b.slot - 1) & -b.slot
        return value

    def _goes_on(self, generation):
        h = self.heads
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
