"""A firmware onto an ESP chip: the partition table is read, shown, changed with consent, files
are kept.

What can be lost is on the laptop before anything changes: files that have to move are pulled,
and the pulled image stays in the cache, under the chip's MAC, until all is written and
verified. So wherever a cable is pulled, the same command begins again with what it finds: the
chip's boot loader is in ROM.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import file_system, partitions
from .board_file import Board
from .esp import Chip, Esp
from .esp_image import Image
from .firmware_file import cache
from .partitions import Entry, Table
from .telling import Telling

_DAY = 86400.0  # seconds


@dataclass(frozen=True)
class Plan:
    """What is to be written. `journal`: a partition for journals that is new; `files`: where they
    go to, `moved`: from where, if that is elsewhere or of another size."""

    table: Table
    journal: Entry | None
    files: Entry | None
    moved: Entry | None


def planned(board: Board, image: Image, old: Table | None, flash: int, blocks: int = 0) -> Plan:
    """How the flash is to be cut.  `old`: the table that is there, None for an empty chip.

    Raises HostError TSME-B040 if firmware, files and journal do not go together.
    """
    place = board.journal
    label = place.label if place.kind == "partition" else ""
    table = partitions.explicit(image.table, flash)
    before = partitions.explicit(old, flash) if old else ()
    if before:
        both = partitions.merged(table, before, label, image.app_end)
        if both is None:
            what = "the new firmware lies where the board has its files or journals"
            raise HostError(
                "TSME-B040", what, "pull what you need, then write --erase: all is lost"
            )
        table = both
    if label:
        size = (blocks or place.blocks) * place.block
        whole = partitions.with_journal(table, label, size, flash)
        if whole is None:
            what = f"there is no room for a journal of {size >> 10} KB beside the files"
            hint = "write --journal-blocks with fewer blocks of 4096 bytes, 8 or more"
            raise HostError("TSME-B040", what, hint)
        table = whole
    was = partitions.files(before) if before else None
    now = partitions.files(table)
    there = partitions.named(before, label) if label else None
    found = partitions.named(table, label) if label else None
    return Plan(table, None if there else found, now, was if was != now else None)


def install(
    board: Board, esp: Esp, image: Image, tell: Telling, erase: bool = False, blocks: int = 0
) -> Chip:
    """Write the firmware and whatever the plan says, verified; the board begins with it.

    Raises HostError; after each the same command goes on.
    """
    with esp:
        return _installed(board, esp, image, tell, erase, blocks)


def _installed(
    board: Board, esp: Esp, image: Image, tell: Telling, erase: bool, blocks: int
) -> Chip:
    chip = esp.identify()
    tell.say(f"{chip.name} with {chip.flash >> 20} MB of flash, MAC {chip.mac}, at {esp.port}")
    flash = chip.flash or board.flash.size
    if image.offset + len(image.data) > flash:
        what = f"the firmware ends at {image.offset + len(image.data) >> 10} KB, the flash at "
        hint = "is it the firmware of a board with a larger flash?"
        raise HostError("TSME-B040", f"{what}{flash >> 10} KB", hint)
    if not image.table:  # ESP8266
        _plain(esp, image, tell, erase)
        return chip
    old = None if erase else esp.table()
    plan = planned(board, image, old, flash, blocks)
    kept = _Kept(chip.mac)
    data = image.with_table(plan.table)
    wanted = _pieces(image, data, plan.table, old)
    written = old is not None and all(esp.same(*piece) for piece in wanted)
    if written:  # whatever was cut off has ended since
        kept.drop()
    _agreed(esp, plan, old, tell, erase, flash)
    parts = _files(esp, plan, kept, tell, old)
    if plan.journal:
        esp.erase(plan.journal.offset, plan.journal.size)
    if parts or not written:
        with tell.progress("writing") as progress:
            esp.write([*parts, *wanted], progress)
    if esp.table() != plan.table:
        what = "the partition table reads back otherwise than it was written"
        raise HostError(
            "TSME-B042", what, "try another cable; the same command goes on from there"
        )
    kept.drop()
    tell.say(f"firmware of {len(data) >> 10} KB written and verified")
    esp.reset()
    return chip


def _pieces(image: Image, data: bytes, table: Table, old: Table | None) -> list[tuple[int, bytes]]:
    """What is written of the file: all of it, or, round settings that stay (nvs), the app and then
    what is before them: a new table comes last."""
    nvs = partitions.named(table, "nvs")
    if nvs is None or old is None or nvs not in old or nvs.offset < partitions.OFFSET:
        return [(image.offset, data)]
    first, rest = data[: nvs.offset - image.offset], data[nvs.end - image.offset :]
    blank = len(rest) - len(rest.lstrip(b"\xff"))
    blank -= blank % partitions.SECTOR
    return [(nvs.end + blank, rest[blank:]), (image.offset, first)]


def _plain(esp: Esp, image: Image, tell: Telling, erase: bool) -> None:
    if erase:
        tell.consent("All of the flash is erased, files and journals too.")
        esp.erase_all()
    if not esp.same(image.offset, image.data):
        with tell.progress("writing") as progress:
            esp.write([(image.offset, image.data)], progress)
    tell.say(f"firmware of {len(image.data) >> 10} KB written and verified")
    esp.reset()


def _agreed(
    esp: Esp, plan: Plan, old: Table | None, tell: Telling, erase: bool, flash: int
) -> None:
    """Show the table; ask where something of the board's changes or goes."""
    before = partitions.explicit(old, flash) if old else ()
    tell.say("partitions:")
    for line in partitions.shown(plan.table, before):
        tell.say(line)
    if erase:
        tell.consent("All of the flash is erased, files and journals too.")
        esp.erase_all()
    elif old and partitions.shown(plan.table, before) != partitions.shown(plan.table, plan.table):
        moved = " Files are pulled first and put back." if plan.moved else ""
        tell.consent(f"The partition table is changed as shown.{moved}")


class _Kept:
    """The files that were pulled from the chip of this MAC, until they are put back."""

    def __init__(self, mac: str) -> None:
        self.path = cache() / "pulled" / f"{mac}.vfs"

    def keep(self, image: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            with part.open("wb") as file:
                file.write(image)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            what = f"the board's files cannot be kept in {self.path}: {error.strerror or error}"
            hint = "make room there, or name another folder: TSME_CACHE=folder"
            raise HostError("TSME-B043", what, hint) from None

    def age(self) -> float:
        """Seconds since they were pulled."""
        return time.time() - self.path.stat().st_mtime

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


def _files(
    esp: Esp, plan: Plan, kept: _Kept, tell: Telling, old: Table | None
) -> list[tuple[int, bytes]]:
    """What is to be written where files are: nothing if they stay as they are."""
    now = plan.files
    if now is None:
        return []
    if kept.path.exists() and old is not None:
        tell.say(f"an installation was cut off: goes on with the files in {kept.path}")
        if kept.age() > _DAY:  # somebody may have written others since
            tell.consent("These files were pulled days ago. They replace those on the board.")
        image = kept.path.read_bytes()
    elif plan.moved:
        with tell.progress(f"pulling the files ({plan.moved.size >> 10} KB)") as progress:
            image = esp.read(plan.moved.offset, plan.moved.size, progress)
        if file_system.empty(image):
            return []
        kept.keep(image)
    elif old is not None and plan.moved is None and _had(old):
        return []
    else:
        # Whatever is there is no file system of this firmware, which formats what is erased alone.
        esp.erase(now.offset, 2 * partitions.SECTOR)
        return []
    return [(now.offset, _resized(image, now.size, kept.path))]


def _had(old: Table) -> bool:
    return partitions.files(old) is not None or not any(
        one.kind == partitions.DATA and one.subtype in (0x81, 0x82) for one in old
    )


def _resized(image: bytes, size: int, path: Path) -> bytes:
    try:
        return file_system.resized(image, size)
    except file_system.Damaged:
        what = f"the files on the board are no littlefs that can be read; their image is {path}"
        hint = "write --erase to give them up: firmware, files and journals begin anew"
        raise HostError("TSME-B043", what, hint) from None
