# The heap of the C core: heap.py. The program is one that was installed before, as at each boot.
# mypy: ignore-errors
# ruff: noqa: PTH123, SIM115
import sys

import heap  # type: ignore[import-not-found]


class State:  # of before the first execution, as tsme.kernel has it
    execution = 0
    status = 1


def run(program, value, journal):
    from tsme.core import kernel

    k = kernel(program)
    state = State
    tries = 0
    event = (1, 1000, 1, program.program.digest, 1, value, None, 1)
    while True:
        step = k.step(state, event)
        journal.commit(1, step.record)
        heap.look()
        state = step.state
        if state.status:
            return state.status == 1
        action = state.pending[min(state.pending)]
        now = state.now
        if action.kind:
            event = (5, action.due, action.id)
        elif action.resource.endswith("boom"):
            event = (3, now, action.id, "BoomError", "")
        else:
            tries += 1
            failed = (3, now, action.id, "FlakyError", "")
            event = failed if tries < 3 else (2, now, action.id, True)


def main(program, value, flash):
    from binascii import crc32

    from tsme.core import booted
    from tsme.core.journal import Journal
    from tsme.values.cbor import decode

    data = heap.read(program)
    journal = Journal(flash)
    journal.format()
    journal.recover()
    if not run(booted(data, crc32(data)), decode(heap.read(value))[0], journal):
        raise SystemExit("the workload failed")
    print(heap.worst[0])


class File:
    # A block device in a file, as simple as a board's own, which takes no heap.
    def __init__(self, path):
        self.file = open(path, "w+b")
        for _ in range(16 * 4096 // 256):
            self.file.write(b"\xff" * 256)

    def readblocks(self, n, buf, off=0):
        self.file.seek(n * 4096 + off)
        self.file.readinto(buf)

    def writeblocks(self, n, buf, off=0):
        self.file.seek(n * 4096 + off)
        self.file.write(buf)

    def ioctl(self, op, n):
        if op == 4:
            return 16
        if op == 5:
            return 4096
        if op == 6:
            self.file.seek(n * 4096)
            for _ in range(16):
                self.file.write(b"\xff" * 256)
        return 0


main(*sys.argv[1:3], File(sys.argv[3]))
