# One workload for every interpreter: prints what the flash holds, what it cost, what recovery
# finds. With a file as argument it runs on that image, for tests that let the process die.
import gc
import sys
from binascii import hexlify
from hashlib import sha256

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, Nor, NorFile, PowerLoss
from tsme.journal import CHECKPOINT, STEP
from tsme.journal.records import crc32
from tsme.values.crc import crc32 as table_crc32

try:  # in C, where that is
    from tsme.core.journal import Journal
except ImportError:
    from tsme.journal import Journal  # type: ignore[assignment]


def hashed(data: bytes | bytearray) -> str:
    return hexlify(sha256(data).digest()).decode()[:16]


def live(flash: Nor, lives: int) -> str:
    seen = sha256(b"")
    torn = 0
    for life in range(lives):
        journal = Journal(flash)
        info = journal.recover(seen.update, seen.update)
        torn += info.torn
        shape = PROGRAM_SHAPES[life % len(PROGRAM_SHAPES)]
        if shape in ERASE_SHAPES and life % 3:
            flash.cut_at(5 + life % 23, shape)
        try:
            for i in range(40):
                size = (life * 37 + i * 11) % 61 + (300 if i % 13 == 5 else 0)
                if journal.needs_checkpoint() or journal.room < size:
                    journal.checkpoint(bytes([life & 255]) * 150)
                if i % 7 == 3:
                    journal.idle()
                journal.commit(STEP, bytes([i]) * size)
        except PowerLoss:
            pass
        flash.power_on()
    journal = Journal(flash)
    info = journal.recover(seen.update, seen.update)
    kinds = [kind for _, kind, _, _, _ in journal.records()]
    found = f"{info.records} {info.steps} {torn} {info.generation} {kinds.count(CHECKPOINT)}"
    return f"{found} {flash.erases} {hashed(flash.data)} {hexlify(seen.digest()).decode()[:16]}"


def garbage() -> int:
    # Bytes of heap that a commit leaves behind.
    if sys.implementation.name != "micropython":
        return 0
    journal = Journal(Quiet(4096, 4))
    journal.recover()
    body = bytes(24)
    journal.commit(STEP, body)
    journal.commit(STEP, body)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()  # type: ignore[attr-defined]
    for _ in range(64):
        journal.commit(STEP, body)
    after = gc.mem_alloc()  # type: ignore[attr-defined]
    gc.enable()
    return int(after - before) // 64


class Quiet:
    # A device that allocates nothing.
    def __init__(self, block: int, count: int) -> None:
        self.block = block
        self.count = count
        self.data = bytearray(block * count)
        for n in range(count):
            self.ioctl(6, n)

    def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> None:
        at = n * self.block + off
        for i in range(len(buf)):
            buf[i] = self.data[at + i]

    def writeblocks(self, n: int, buf: bytes | bytearray | memoryview, off: int = 0) -> None:
        at = n * self.block + off
        for i in range(len(buf)):
            self.data[at + i] = buf[i]

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            for i in range(arg * self.block, (arg + 1) * self.block):
                self.data[i] = 0xFF
        return self.count if op == 4 else self.block if op == 5 else 0


def main(args: list[str]) -> None:
    if args:
        path, steps, cut = args[0], int(args[1]), int(args[2])
        flash = NorFile(path, 512, 6, cut=(cut, 13) if cut else None)
        journal = Journal(flash)
        info = journal.recover()
        print(info.records, info.torn)
        for i in range(steps):
            if journal.needs_checkpoint():
                journal.checkpoint(b"state")
            journal.commit(STEP, bytes([info.records + i & 255]) * 40)
        print("done")
        return
    for unit in (1, 8, 32, 256):
        print(unit, live(Nor(512, 6, unit, strict=True), 40))
    print("once", live(Nor(1024, 9, 64, True), 40))
    print("wide", live(Nor(2048, 12), 20))
    text = b"123456789" * 20
    print("crc", crc32(text), table_crc32(text))
    sys.stderr.write(f"{garbage()}\n")


main(sys.argv[1:])
