# What the blocks of a journal say of themselves (SPEC 4.1); loaded at power-up and when a block is
# opened, then forgotten.
import struct

from .. import const
from ..errors import fault
from .records import MAGIC, PART, VERSION, crc32

# What look() finds at the beginning of a block.
_OTHER = const(0)
MARKED = 1  # erased to the end and meant for `generation`, but holds nothing yet
USED = 2


def read_mark(part):
    # (version, slot, count, generation, size, before, retired, whether nothing is programmed
    # twice), or None if it is not whole.
    found = struct.unpack_from("<4sBBH4I", part, 0)
    if found[0] != MAGIC or struct.unpack_from("<I", part, 24)[0] != crc32(part[:24]):
        return None
    return (found[1], 1 << (found[2] & 31)) + found[3:] + (found[2] > 31,)


def read_place(part, head):
    # (first, number, chain, checkpoint, 0, 0), or None if it is not whole.
    seed = struct.unpack_from("<I", head, 24)[0]
    if struct.unpack_from("<I", part, 24)[0] != crc32(part[:24], seed):
        return None
    return struct.unpack_from("<6I", part, 0)


class Heads:
    # What blocks say of themselves.  After MARKED and USED `generation`, `before` and `retired`
    # are the block's, after USED first, number, chain and checkpoint too.
    def __init__(self, blocks):
        self.blocks = blocks
        self.part = bytearray(PART)  # the first, as look() has read it
        self._place = bytearray(PART)
        self._seal = bytearray(4)

    def look(self, block):
        b = self.blocks
        b.read(block, 0, self.part)
        found = read_mark(self.part)
        if found is None:
            return _OTHER
        version, slot, count, self.generation, size, self.before, self.retired, once = found
        if version != VERSION:
            raise fault("TSME-J003", version, VERSION)
        if slot != b.slot or count != b.count or size != b.size or once != b.once:
            raise fault("TSME-J004", count, size, slot, once, b.count, b.size, b.slot, b.once)
        b.read(block, b.slot, self._place)
        found = read_place(self._place, self.part)
        if found is None:
            return MARKED
        self.first, self.number, self.chain, self.checkpoint = found[:4]
        return USED

    def sealed(self, block):
        # Does it say that the next one of the ring holds a record? One byte may have rotted.
        b = self.blocks
        if b.once:  # what was torn cannot be done again
            return not b.blank(block, b.end)
        b.read(block, PART, self._seal)
        return sum([byte != 0xFF for byte in self._seal]) > 1

    def used(self, generation):
        return self.look(self.blocks.of(generation)) == USED and self.generation == generation
