# Flash of all shapes, worn, lying, rotten and foreign, on every interpreter: prints what becomes
# of it, which must be the same everywhere.  With an argument, only that part.
import sys
from binascii import hexlify
from hashlib import sha256

import tsme
from sim.nor import Nor
from tests.journal import doubles
from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region

if sys.implementation.name == "cpython":
    from typing import Any  # MicroPython does not look at annotations

SIZES = (
    (4096, 16, 32),
    (4096, 256, 256),
    (32768, 2, 32),
    (65536, 16, 8),
    (131072, 2, 32),
    (131072, 8, 1),
)


def hashed(data: Any) -> str:
    return hexlify(sha256(data).digest()).decode()[:16]


def fill(journal: Journal, until: int, size: int) -> None:
    # Steps, checkpoints and idle moments until so many bytes are written.
    written = 0
    i = 0
    while written < until:
        n = i * 37 % size
        if journal.needs_checkpoint() or journal.room < n:
            journal.checkpoint(bytes([i & 255]) * (size // 2))
            written += size // 2
        journal.commit(STEP, bytes([i & 255]) * n)
        if i % 9 == 0:
            journal.idle()
        written += n
        i += 1


def told(device: Any) -> str:
    # What a journal says at power-up.
    seen = sha256(b"")
    try:
        journal = Journal(device)
        info = journal.recover(seen.update, seen.update)
    except TsmeError as e:
        return e.code
    found = f"{info.records} {info.steps} {info.torn} {info.generation} {info.retired}"
    return f"{found} {hexlify(seen.digest()).decode()[:8]}"


def sizes() -> None:
    for block, count, unit in SIZES:
        flash = Nor(block, count, unit)
        for _ in range(2):
            journal = Journal(flash)
            journal.recover()
            fill(journal, flash.block * count // 2 + block, min(3000, journal.most))
        most = journal.most
        journal.checkpoint(bytes(min(most, 40000)))
        print(
            block, count, unit, told(flash), most, journal.room, flash.erases, hashed(flash.data)
        )


def worn() -> None:
    for block in range(0, 6, 2):
        for erase in ("none", "zeros", "random", None):
            for program in ("none", "half", "all", None):
                flash = Nor(512, 6, strict=True)
                journal = Journal(flash)
                journal.recover()
                fill(journal, 1000, 200)
                flash.failing[block] = (erase, program, program == "all" or erase == "none")
                fill(journal, 9000, 200)
                print(block, erase, program, told(flash), journal.retired, hashed(flash.data))


def used(device: Any) -> str:
    try:
        journal = Journal(device)
        journal.recover()
        fill(journal, 6000, 200)
    except TsmeError as e:
        return str(e)
    return told(device)


def devices() -> None:
    chip = doubles.Chip(Nor(4096, 8, 32))
    print("chip", used(tsme.SpiFlash(chip, chip.cs)), chip.ignored, chip.wrapped)
    print("pico", used(Region(doubles.Rp2.Flash(4096, 10, 256), 2, 8)))
    print("memory", used(doubles.Overwritten(512, 8)), used(RamFlash(512, 8)))
    for lying in (
        doubles.NoErase(512, 8),
        doubles.LargerErase(512, 8),
        doubles.SmallerErase(512, 8),
        doubles.ErasesFirst(512, 8),
        doubles.Mirrored(512, 8),
        doubles.Protected(512, 8),
        doubles.Overwritten(512, 8, 256),
        doubles.Partition(512, 8),
        doubles.Cached(),
        doubles.Pyb.Flash(),
        doubles.Pyb.Flash(whole=True),
        doubles.Pages(4096, 4),
        doubles.PagesBehind(4096, 4),
        doubles.PagesBefore(4096, 4),
        doubles.FromPageStart(4096, 4),
        doubles.Wrapping(4096, 4),
        doubles.WholeBlock(4096, 4),
        doubles.StaleBlock(4096, 4),
        doubles.Simple(),
        doubles.Nvm(512),
    ):
        print(type(lying).__name__, used(lying))


def readable(flash: Nor) -> tuple[int, list[int]]:
    damage: list[int] = []
    return len(list(Journal(flash).records(lambda *w: damage.append(w[0])))), damage


def rotten() -> None:
    flash = Nor(512, 6)
    journal = Journal(flash)
    journal.recover()
    fill(journal, 2500, 60)
    print(told(flash))
    for at in range(0, len(flash.data), 61):
        flash.data[at] ^= 1 << at % 8
        read, damage = readable(flash)
        print(at, told(flash), read, damage)
        flash.data[at] ^= 1 << at % 8


def foreign() -> None:
    flash = Nor(512, 6)
    for i in range(len(flash.data)):
        flash.data[i] = (i * 2654435761 >> 7) & 0xFF
    before = hashed(flash.data)
    print(told(flash), hashed(flash.data) == before)
    journal = Journal(flash)
    journal.format()
    journal.commit(CHECKPOINT, b"anew")
    print(told(flash), told(Region(flash, 0, 5)), told(Region(flash, 0, 6, 256, True)))


PARTS = {"sizes": sizes, "worn": worn, "devices": devices, "rotten": rotten, "foreign": foreign}
for name in sys.argv[1:] or sorted(PARTS):
    PARTS[name]()
