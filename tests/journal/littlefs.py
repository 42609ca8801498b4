# A journal in a region that MicroPython's own littlefs takes for its own.  Prints what is said.
import sys

from vfs import VfsLfs2

import tsme
from tsme.errors import TsmeError
from tsme.journal import STEP, Journal
from tsme.journal.ram_flash import RamFlash
from tsme.journal.region import Region

if sys.implementation.name == "cpython":
    from typing import Any  # MicroPython does not look at annotations

BLOCKS = 48
START = 32


def code(use: Any, *args: Any) -> Any:
    try:
        return use(*args)
    except TsmeError as e:
        return str(e)


def fill(fs: Any, first: int, last: int) -> None:
    for n in range(first, last):
        with fs.open(f"log{n}", "wb") as f:
            f.write(bytes([n * 7 & 255, 90, 13, n]) * 1000)


def first() -> None:
    # The file system was there before, as on a board whose _boot.py is the firmware's own.
    for size in (START, START + 1, BLOCKS):
        flash = RamFlash(4096, BLOCKS)
        VfsLfs2.mkfs(Region(flash, 0, size))
        journal = Journal(Region(flash, START, BLOCKS - START))
        before = bytes(flash.data)
        said = code(journal.recover)
        if size == START:
            said = code(journal.checkpoint, b"one")
        print(size, said, before == bytes(flash.data))
        print(size, code(journal.format), size == START or before == bytes(flash.data))


def then(steps: int, at: int) -> None:
    # It came later, and grows. One that begins where the flash does is known by its size; of one
    # that does not all that was committed is found, or its bytes are.
    flash = RamFlash(4096, BLOCKS)
    region = Region(flash, START, BLOCKS - START)
    journal = Journal(region)
    journal.recover()
    for i in range(steps):
        if journal.needs_checkpoint():
            journal.checkpoint(bytes(100))
        journal.commit(STEP, bytes([i & 255]) * 40)
    written = Journal(region).recover().records
    VfsLfs2.mkfs(Region(flash, at, BLOCKS - at))
    fs = VfsLfs2(Region(flash, at, BLOCKS - at))
    found: list[Any] = []
    for n in range(36):
        fill(fs, n, n + 1)
        before = bytes(flash.data)
        said = code(lambda: Journal(region).recover(lambda _: None, lambda _: None).records)
        assert bytes(flash.data) == before
        said = said[:9] if isinstance(said, str) else said - written
        if not found or found[-1] != said:
            found.append(said)
    print(steps, found)


first()
for at in (0, 8):
    for steps in (1, 70, 300, 2500):
        then(steps, at)
print(tsme.__version__)
