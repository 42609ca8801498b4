# What the journal puts into flash: the head of a block and of a record (SPEC section 4).
import struct

try:
    from binascii import crc32
except ImportError:
    from .crc import crc32

STEP = 1
CHECKPOINT = 2

VERSION = 1
MAGIC = b"TSMJ"
PART = 20  # bytes of each of the two parts of a block's head
HEAD = 8  # bytes of a record's head
MOST = 0xFFFFFF  # bytes of a body: its length has 24 bits

_MARK = "<4sBBHII"
_PLACE = "<IIII"


def mark(slot, count, size, generation):
    # The first part says whose block this is; it is written when the block has been erased.
    log2 = 5
    while 1 << log2 < slot:
        log2 += 1
    part = struct.pack(_MARK, MAGIC, VERSION, log2, count, generation, size)
    return part + struct.pack("<I", crc32(part))


def read_mark(part):
    # (version, slot, count, generation, size), or None if it is not whole.
    magic, version, log2, count, generation, size = struct.unpack_from(_MARK, part, 0)
    if magic != MAGIC or struct.unpack_from("<I", part, 16)[0] != crc32(part[:16]):
        return None
    return version, 1 << (log2 & 31), count, generation, size


def place(part, first, number, chain, checkpoint):
    # The second part says which records are here; `part` is the first part of the same block.
    body = struct.pack(_PLACE, first, number, chain, checkpoint)
    return body + struct.pack("<I", crc32(body, struct.unpack_from("<I", part, 16)[0]))


def read_place(part, mark_part):
    # (first, number, chain, checkpoint), or None if it is not whole.
    seed = struct.unpack_from("<I", mark_part, 16)[0]
    if struct.unpack_from("<I", part, 16)[0] != crc32(part[:16], seed):
        return None
    return struct.unpack_from(_PLACE, part, 0)
