# Reads the records again that recovery has found to be whole.  Less code than finding them takes,
# since the replay of them, and what that loads, is in memory as well.
import struct

from ..errors import fault
from .records import CHECKPOINT, HEAD, crc32


def reread(j, start, route, on_checkpoint, on_step):
    # `start`: generation, offset, number and chain of the first.  `route`: the generations of
    # their blocks, each followed by the number of the first record that does not begin there.
    b = j._blocks
    _, off, number, chain = start
    head = bytearray(HEAD)
    view = memoryview(bytearray(256))
    i = 0
    while number < j._number:
        while number >= route[i + 1]:
            i += 2
            off = b.data
        block = b.of(route[i])
        begin = off
        b.read(block, off, head)
        word, crc = struct.unpack("<II", head)
        size = word & 0xFFFFFF
        if size > len(view):
            view = memoryview(bytearray(size))
        off += HEAD
        at = 0
        while at < size:
            if off == b.end:
                i += 2
                off = b.data
            n = min(size - at, b.end - off)
            b.read(b.of(route[i]), off, view[at : at + n])
            at += n
            off += n
        chain = crc32(view[:size], crc32(head[:4], chain))
        if chain != crc:
            raise fault("TSME-J005", number, block, begin)
        if word >> 24 == CHECKPOINT:
            on_checkpoint(view[:size])
        else:
            on_step(view[:size])
        off = (off + b.slot - 1) & -b.slot
        number += 1
