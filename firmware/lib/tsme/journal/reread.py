# Reads the records again that recovery has found to be whole.  Less code than finding them takes,
# since the replay of them, and what that loads, is in memory as well.
import struct

from .. import const
from ..errors import fault
from .records import CHECKPOINT, HEAD, crc32

_FIRST = const(64)  # bytes that are read with a record's head


def reread(j, start, route, on_checkpoint, on_step):
    # `start`: generation, offset, number and chain of the first.  `route`: the generations of
    # their blocks, each followed by the number of the first record that does not begin there.
    b = j._blocks
    _, off, number, chain = start
    view = memoryview(bytearray(256))
    first = view[:_FIRST]
    i = 0
    while number < j._number:
        while number >= route[i + 1]:
            i += 2
            off = b.data
        block = b.of(route[i])
        begin = off
        at = min(_FIRST, b.end - off)  # most records are no longer
        b.read(block, off, first if at == _FIRST else first[:at])
        word, crc = struct.unpack_from("<II", view, 0)
        size = HEAD + (word & 0xFFFFFF)
        if size > len(view):
            longer = memoryview(bytearray(size))
            longer[:at] = first[:at]
            view = longer
            first = view[:_FIRST]
        off += min(at, size)
        while at < size:
            if off == b.end:
                i += 2
                off = b.data
            n = min(size - at, b.end - off)
            b.read(b.of(route[i]), off, view[at : at + n])
            at += n
            off += n
        body = view[HEAD:size]
        chain = crc32(body, crc32(view[:4], chain))
        if chain != crc:
            raise fault("TSME-J005", number, block, begin)
        if word >> 24 == CHECKPOINT:
            on_checkpoint(body)
        else:
            on_step(body)
        off = (off + b.slot - 1) & -b.slot
        number += 1
