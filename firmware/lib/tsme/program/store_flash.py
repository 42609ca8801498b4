# Programs in a region of flash (docs/SPEC.md, 7).  Loaded when one is put or looked for, then
# forgotten.  Works on the Blocks `b` of a ProgramRegion.
#
# A program takes as many blocks as it needs, wherever they are free.  The head of each is
# programmed after its data, so a program is there once the last of its heads is.
import struct

from ..errors import fault, over
from ..journal.heads import read_mark
from ..journal.records import crc32
from . import Program

_HEAD = "<4sBBHIII8s"  # magic, version, 0, index, number of the put, bytes, crc of all, digest
_MAGIC = b"TSMP"
_VERSION = 1


def _look(b, block):
    # -> (index, put, bytes, crc, digest) of a block with a whole head
    part = bytearray(32)
    b.read(block, 0, part)
    magic, version, _, index, number, size, crc, digest = struct.unpack_from(_HEAD, part, 0)
    if magic != _MAGIC or struct.unpack_from("<I", part, 28)[0] != crc32(part[:28]):
        if read_mark(part) or part[8:16] == b"littlefs":
            raise fault("TSME-P007", block)
        return None
    if version != _VERSION:
        raise fault("TSME-P008", version, _VERSION)
    return index, number, size, crc, digest


def _all(b):
    # -> {number of the put: (digest, bytes, crc, its blocks in order)} of all that is whole, and
    # the number of the newest put
    found = {}
    newest = 0
    for block in range(b.count):
        head = _look(b, block)
        if head:
            newest = max(newest, head[1])
            found.setdefault(head[1:], {})[head[0]] = block
    whole = {}
    for key in found:
        number, size, crc, digest = key
        n = -(-size // (b.size - b.slot))
        blocks = [found[key].get(i) for i in range(n)]
        if None not in blocks and _crc(b, size, blocks) == crc:
            whole[number] = (digest, size, crc, blocks)
    return whole, newest


def _crc(b, size, blocks):
    crc = 0
    for block in blocks:
        off = b.slot
        while off < b.size and size:
            part = b.view[: min(size, b.size - off, len(b.buf))]
            b.read(block, off, part)
            crc = crc32(part, crc)
            off += len(part)
            size -= len(part)
    return crc & 0xFFFFFFFF


def _kept(whole):
    # by digest, the newest: one before it, with another debug part, is not needed any more
    return {whole[number][0]: whole[number] for number in sorted(whole)}


def get(b, digest):
    found = _kept(_all(b)[0]).get(digest)
    if not found:
        return None
    _, size, crc, blocks = found
    data = bytearray(size)
    view = memoryview(data)
    room = b.size - b.slot
    for block in blocks:
        b.read(block, b.slot, view[:room])
        view = view[room:]
    return bytes(data), crc


def digests(b):
    return list(_kept(_all(b)[0]))


def drop(b, digest):
    # The oldest first, else it would be there again.  It may be half erased, so that nothing can
    # be programmed there.  The head of the newest is spoilt: half an erase might leave it.
    whole, _ = _all(b)
    kept = _kept(whole).get(digest)
    for number in sorted(whole):
        found = whole[number]
        if found[0] == digest:
            block = found[3][0]
            part = b.padded(32)
            b.read(block, 0, part)
            b.buf[:8] = bytes(8)
            if found is not kept or b.once or not b.program(block, 0, part):
                b.erase(block)


def put(b, data):
    crc = crc32(data) & 0xFFFFFFFF
    whole, newest = _all(b)
    kept = _kept(whole)
    digest = bytes(data[3:11])
    if digest in kept and kept[digest][1:3] == (len(data), crc):
        return digest
    digest = Program(data).digest
    free = list(range(b.count))
    for _, _, _, blocks in kept.values():
        free = [n for n in free if n not in blocks]
    room = b.size - b.slot
    need = -(-len(data) // room)
    done = 0
    for block in free:
        if done < need and _write(b, block, done, newest + 1, data, crc, digest):
            done += 1
    if done < need:
        raise over("TSME-P009", len(data), done * room)
    return digest


def _write(b, block, index, number, data, crc, digest):
    # True if that took; a block that fails is passed over.
    room = b.size - b.slot
    if not b.erase(block):
        return False
    off = b.slot
    piece = memoryview(data)[index * room : (index + 1) * room]
    while piece:
        # whole units, the first of them with the head's place left as it is
        lead = off & (b.unit - 1)
        n = min(len(piece), len(b.buf) - lead)
        b.buf[:lead] = b.ff[:lead]
        b.buf[lead : lead + n] = piece[:n]
        if not b.program(block, off - lead, b.padded(lead + n), lead):
            return False
        off += n
        piece = piece[n:]
    part = b.padded(32)
    b.read(block, 0, part)  # memory takes FF as it is
    struct.pack_into(_HEAD, b.buf, 0, _MAGIC, _VERSION, 0, index, number, len(data), crc, digest)
    struct.pack_into("<I", b.buf, 28, crc32(b.view[:28]))
    return b.program(block, 0, part)
