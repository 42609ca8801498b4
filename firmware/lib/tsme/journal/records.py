# What the journal puts into flash: the head of a block and of a record (SPEC section 4).
import struct

try:
    from binascii import crc32
except ImportError:
    from ..values.crc import crc32

STEP = 1
CHECKPOINT = 2

VERSION = 1
MAGIC = b"TSMJ"
PART = 28  # bytes of each of the two parts of a block's head
HEAD = 8  # bytes of a record's head
MOST = 0xFFFFFF  # bytes of a body: its length has 24 bits


def mark(slot, count, size, generation, before=0, retired=0, once=False):
    # The first part says whose block this is; it is written when the block has been erased.
    log2 = 37 if once else 5
    while 1 << (log2 & 31) < slot:
        log2 += 1
    part = struct.pack("<4sBBH4I", MAGIC, VERSION, log2, count, generation, size, before, retired)
    return part + struct.pack("<I", crc32(part))


def place(part, first, number, chain, checkpoint):
    # The second part says which records are here; `part` is the first part of the same block.
    body = struct.pack("<6I", first, number, chain, checkpoint, 0, 0)
    return body + struct.pack("<I", crc32(body, struct.unpack_from("<I", part, 24)[0]))
