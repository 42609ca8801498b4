# Runs generated executions through the module tsme_core, on any interpreter and board:
#
#     generated_board.py FILE [MEMORY]       or at a prompt: import generated_board
#
# FILE (on a board /cases) has executions as tests/core/batch.py packs them for a module: each is
# behind its size (u32), and has a name, what native_modules/tsme_core/bare/cases.h says, and
# the CRC-32 of all that must come of it, which is taken here in the same order. Each step is
# undone once and made again.
# mypy: ignore-errors
# ruff: noqa: PTH123, UP031
import gc
import sys
from binascii import crc32
from struct import pack, unpack_from

import tsme_core as core

LATE, LIMIT, INPUT = 1, -7, -8


class Reader:
    def __init__(self, data):
        self.data = memoryview(data)
        self.at = 0

    def number(self, form, size):
        self.at += size
        return unpack_from(form, self.data, self.at - size)[0]

    def u32(self):
        return self.number("<I", 4)

    def bytes(self):
        size = self.u32()
        self.at += size
        return bytes(self.data[self.at - size : self.at])


def answering(r):
    # The functions that the core leaves to its caller: what they said when Python ran.
    said = {}
    for _ in range(r.u32()):
        number, size, error, more = r.u32(), r.u32(), r.number("<i", 4), r.u32()
        asked = bytes(r.data[r.at : r.at + size])
        r.at += size
        answer = bytes(r.data[r.at : r.at + more])
        r.at += more
        said[number, asked] = error or answer
    return lambda number, asked: said.get((number, bytes(asked)), -10)


def steps(h, inputs):
    # What comes of each input, one behind the other.
    for kind, now, fields in inputs:
        error = core.make(h, kind, now, fields)
        if error == LATE:
            yield pack("<I", 0xFFFFFFFF)
            continue
        if error in (LIMIT, INPUT):
            yield pack("<Ii", 0xFFFFFFFE, error)
            continue
        if error:
            raise ValueError("error %d, %r" % (error, core.refused(h)))
        record = bytes(core.record(h))
        core.undo(h)
        if core.make(h, kind, now, fields) or bytes(core.record(h)) != record:
            raise ValueError("a step that is made again is another one")
        actions = bytes(core.actions(h))
        yield pack("<I", len(record)) + record + pack("<I", len(actions)) + actions
        core.adopt(h)
    yield bytes(core.checkpoint(h))


def run(r, memory):
    r.u32()  # flags
    r.u32()  # memory
    program = r.bytes()
    inputs = []
    for _ in range(r.u32()):
        kind, now = r.number("<B", 1), r.number("<Q", 8)
        inputs.append((kind, now, r.bytes()))
    call = answering(r)
    crc = core.install(program, 0)
    h = core.boot(program, crc, memory, call, 16384, 0, 65536) if isinstance(crc, int) else crc
    if isinstance(h, (int, str)):
        raise ValueError("refused: %s" % h)
    crc = 0
    for part in steps(h, inputs):
        crc = crc32(part, crc) & 0xFFFFFFFF
    return crc


def main(path, memory):
    same = 0
    with open(path, "rb") as f:
        while True:
            size = f.read(4)
            if not size:
                break
            gc.collect()
            r = Reader(f.read(unpack_from("<I", size)[0]))
            name = r.bytes().decode()
            want = r.u32()
            try:
                said = "" if run(r, memory) == want else "another record, action or checkpoint"
            except Exception as e:
                said = repr(e)
            if said:
                print("generated:", name, said)
            else:
                same += 1
    print("generated: %d same" % same)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
elif sys.implementation.name != "cpython":
    print("core:", getattr(core, "__file__", "in the firmware"))
    main("/cases", 16384)
