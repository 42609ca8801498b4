# The trial of a device, before the first block of a new region is opened: what must hold of flash.
# Loaded for that, then forgotten.  Works on the Blocks `b`.


def _filled(b, size, first, step=0):
    # `size` bytes to program. Behind them the buffer is not FF: if a driver fills up its pages
    # with what it finds there, that shows.
    for i in range(len(b.buf)):
        b.buf[i] = (first + i * step) % 251 if i < size else 0
    return b.view[:size]


def _spills(b, block):
    # What is programmed must be there, and nothing beside it: at a block's end, in the middle of
    # a page, over the end of one.
    unit = b.unit
    last = b.size - unit
    at = -(-160 // unit) * unit
    size = min(-(-300 // unit) * unit, len(b.buf), last - at)
    parts = [(0, unit, 0x5A), (last, unit, 0x30 + (block & 15))]
    if size > 0:
        parts.insert(1, (at, size, 3, 7))
    cure = "; if it programs whole pages only, give it a program_size of 256" * (unit < 256)
    for off, *what in reversed(parts):
        if not b.program(block, off, _filled(b, *what)):
            return "block %d does not hold what was programmed%s" % (block, cure)
        if off == last:
            for other in range(b.count):
                if other != block and b.holds(other, last, b.view[:unit]):
                    return "blocks %d and %d are the same memory" % (block, other)
    end = 0
    for off, *what in parts:
        same = b.holds(block, off, _filled(b, *what))
        if not same or off > end and not b.blank(block, end, off):
            return "programming a part of block %d changed the rest%s" % (block, cure)
        end = off + what[0]
    return None


def lie(b, block, claimed, h):
    # What does not hold of this block that must of flash, or None.
    unit = b.unit
    beside = block - 1 if block else 1
    if (
        beside == claimed
        or not b.erase(beside)
        or not b.program(beside, 0, _filled(b, unit, 0x5A))
    ):
        beside = None
    if not b.erase(block):
        return "block %d is not blank after it was erased" % block
    lie = _spills(b, block)
    if lie:
        return lie
    if unit > b.slot:
        # then FF is programmed over records
        b.program(block, 0, b.ff[:unit])
        if not b.holds(block, 0, _filled(b, unit, 0x5A)):
            return "it is overwritten, and not programmed: leave its program_size at 32"
    if not b.erase(block):
        return "block %d is not blank after it was erased" % block
    gone = beside is not None and not b.holds(beside, 0, _filled(b, unit, 0x5A))
    if gone or not h.look(claimed):
        return "erasing block %d erased the next one: its blocks have more than %d bytes" % (
            block,
            b.size,
        )
    # Nothing of what was there before the erase comes back.
    if not b.program(block, 0, _filled(b, unit, 0x5A)) or not b.blank(block, unit):
        return "programming a part of block %d changed the rest" % block
    return None
