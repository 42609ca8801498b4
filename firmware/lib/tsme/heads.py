# What the blocks of a journal say of themselves (SPEC 4.1); loaded at power-up and when a block is
# opened, then forgotten.
import struct

from .errors import fault
from .records import MAGIC, PART, VERSION, crc32

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


# What look() finds at the beginning of a block.
_OTHER = const(0)
MARKED = 1  # erased to the end and meant for `generation`, but holds nothing yet
USED = 2


def read_mark(part):
    # (version, slot, count, generation, size, before, retired), or None if it is not whole.
    found = struct.unpack_from("<4sBBH4I", part, 0)
    if found[0] != MAGIC or struct.unpack_from("<I", part, 24)[0] != crc32(part[:24]):
        return None
    return (found[1], 1 << (found[2] & 31)) + found[3:]


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
        self._mark = bytearray(PART)
        self._place = bytearray(PART)

    def look(self, block):
        b = self.blocks
        b.read(block, 0, self._mark)
        found = read_mark(self._mark)
        if found is None:
            return _OTHER
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
