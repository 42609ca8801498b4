"""UF2 files and the drives that boards with RP2040 or RP2350 show in their boot loader.

A file is blocks of 512 bytes: two magics, flags, address, size, number, count, family, 476
bytes of room, a magic (the UF2 specification). The drive takes the file as it comes, reboots
when it has all of it, and goes.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError

_HEAD = struct.Struct("<8I")
_MAGICS = (0x0A324655, 0x9E5D5157)
_END = 0x0AB16F30
_HAS_FAMILY = 0x2000
FAMILIES = {
    0xE48BFF56: "RP2040",
    0xE48BFF59: "RP2350",
    0xE48BFF5A: "RP2350 (RISC-V)",
    0xADA52840: "nRF52840",
    0x1C5F21B0: "ESP32",
    0xBFDD4EEE: "ESP32-S2",
    0xC47E5767: "ESP32-S3",
    0xD42BA06C: "ESP32-C3",
    0x57755A57: "STM32F4",
    0x55114460: "SAMD51",
    0x68ED2B88: "SAMD21",
}
_ABSOLUTE = 0xE48BFF57  # blocks of it carry data for all RP2 chips, as a work-around of RP2350's
_BOARD_IDS = {"RPI-RP2": 0xE48BFF56, "RP2350": 0xE48BFF59}
INFO = "INFO_UF2.TXT"


@dataclass(frozen=True)
class Uf2:
    """What a UF2 file writes: from `start` to `end` in the chip's memory, for `family`."""

    family: int
    start: int
    end: int
    image: bytes


def read(data: bytes, name: str, family: int, flash: int = 0) -> Uf2:
    """A UF2 file for chips of `family`, checked whole.

    Raises HostError: TSME-B033 if it is none or not whole, TSME-B034 if it is another chip's,
    TSME-B040 if the flash of `flash` bytes is too small.
    """
    if not data or len(data) % 512 or _HEAD.unpack_from(data)[:2] != _MAGICS:
        raise _bad(name, "it is no UF2 file" if data else "it is empty")
    parts: dict[int, bytes] = {}
    total = seen = 0
    its = None
    for at in range(0, len(data), 512):
        first, second, flags, address, size, number, count, kind = _HEAD.unpack_from(data, at)
        (end,) = struct.unpack_from("<I", data, at + 508)
        if (first, second, end) != (*_MAGICS, _END) or size > 476:
            raise _bad(name, f"block {at // 512} is damaged")
        kind = kind if flags & _HAS_FAMILY else 0
        if kind == _ABSOLUTE and family != kind:
            continue
        its = kind if its is None else its
        if number != seen or count != (total or count) or kind != its:
            raise _bad(name, f"block {at // 512} is out of order")
        total, seen = count, seen + 1
        parts[address] = data[at + 32 : at + 32 + size]
    if its is None or seen != total:
        raise _bad(name, f"it has {seen} of {total} blocks: it is cut off")
    if its != family:
        what = FAMILIES.get(its, f"family {its:#x}")
        hint = f"take the one for {FAMILIES.get(family, hex(family))}, or name the board it is for"
        raise HostError("TSME-B034", f'"{name}" is firmware for {what}', hint)
    start = min(parts)
    end = max(at + len(part) for at, part in parts.items())
    if flash and end - start > flash:
        what = f'"{name}" takes {end - start >> 10} KB, and the flash has {flash >> 10} KB'
        raise HostError("TSME-B040", what, "is it the firmware of a board with a larger flash?")
    image = bytearray(b"\xff" * (end - start))
    for at, part in parts.items():
        image[at - start : at - start + len(part)] = part
    return Uf2(its, start, end, bytes(image))


def _bad(name: str, why: str) -> HostError:
    hint = "take the .uf2 file of the board's download page, and download it again"
    return HostError("TSME-B033", f'"{name}" is no firmware that can be written: {why}', hint)


def drives() -> list[Path]:
    """The mounted drives of boot loaders, those with an INFO_UF2.TXT; TSME_DRIVES names other
    folders."""
    given = os.environ.get("TSME_DRIVES")
    if given is not None:
        found = [Path(one) for one in given.split(os.pathsep) if one]
    else:
        found = [mount for mount in _mounts() if str(mount) not in ("/", "/boot")]
    return [one for one in found if _info(one)]


def _mounts() -> list[Path]:
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
        return [
            Path(line.split()[1].replace("\\040", " "))
            for line in lines
            if line.split()[2] in ("vfat", "msdos", "fuseblk")
        ]
    except OSError:  # no Linux
        return list(Path("/Volumes").iterdir()) if Path("/Volumes").is_dir() else []


def _info(drive: Path) -> str:
    try:
        return (drive / INFO).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def family_of(drive: Path) -> int:
    """The family that a drive's board says to take; 0 if it is not known here."""
    text = _info(drive)
    for line in text.splitlines():
        if line.startswith("Board-ID:"):
            return _BOARD_IDS.get(line.partition(":")[2].strip(), 0)
    return 0


def wait_for_drive(seconds: float, family: int, asked: Callable[[], None]) -> Path:
    """The one drive of a boot loader that takes `family`. `asked` is called once if it is not
    there yet.

    Raises HostError: TSME-B044 if none comes, TSME-B030 if there are several, TSME-B035 if its
    chip is another.
    """
    until = time.monotonic() + seconds
    told = False
    while not (found := drives()):
        if not told:
            asked()
            told = True
        if time.monotonic() > until:
            hint = (
                "hold BOOTSEL while you plug the board in; mount the drive if it is shown and not"
            )
            raise HostError("TSME-B044", "no drive of a boot loader is there", hint)
        time.sleep(0.2)
    if len(found) > 1:
        names = ", ".join(str(one) for one in found)
        hint = "unplug all boards but one"
        raise HostError("TSME-B030", f"several boards show a drive: {names}", hint)
    its = family_of(found[0])
    if its and its != family:
        what = (
            f"the board at {found[0]} has {FAMILIES[its]}, not {FAMILIES.get(family, hex(family))}"
        )
        raise HostError("TSME-B035", what, "name the board that it is: tsme flash --list")
    return found[0]


def copy(data: bytes, drive: Path, progress: Callable[[int], None] | None, seconds: float) -> None:
    """Copy the file, and wait until the board has taken it: its drive goes.

    Raises HostError: TSME-B037 if the drive goes too early, TSME-B045 if it stays.
    """
    target = drive / "firmware.uf2"
    again = "hold BOOTSEL, plug the board in again; the same command begins anew"
    done = 0
    try:
        with target.open("wb", buffering=0) as file:
            for at in range(0, len(data), 1 << 15):
                done = at
                file.write(data[at : at + (1 << 15)])
                if progress:
                    progress(100 * at // len(data))
            done = len(data)
            os.fsync(file.fileno())
    except OSError as error:
        if _info(drive):
            why = error.strerror or error
            raise HostError("TSME-B045", f"{target} cannot be written: {why}", again) from None
        if done < len(
            data
        ):  # the last blocks may be taken, and the drive gone, before all is told
            raise HostError("TSME-B037", f"{drive} went away in the middle", again) from None
    until = time.monotonic() + seconds
    while _info(drive):
        if time.monotonic() > until:
            what = f"the board has not taken the firmware: {drive} is still there"
            raise HostError("TSME-B045", what, again)
        time.sleep(0.1)
    if progress:
        progress(100)
