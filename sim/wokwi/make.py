"""The firmware that Wokwi simulates: MicroPython with tsme, and the garden in its file system."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards import esp_image, firmware_file, package, partitions, settings, uf2
from tsme_host.tools.boards.board_file import board
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, file_system
from tsme_host.tools.errors import HostError

from .image import to_uf2, without_blank_blocks

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
GARDEN = FOLDER / "garden"
RP2040 = 0xE48BFF56  # the family of its UF2 files
XIP = 0x10000000  # where an RP2040 reads its flash
FLASH = 4 << 20  # of the ESP32 in the diagram
_BOOT_LOADER = 0x1000  # where that of an ESP32 is
# Its head alone: 32 bits, little-endian, executable, of Xtensa (94).
_EMPTY_ELF = (
    b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 94, 1, *[0] * 4, 52, *[0] * 5)
)


def files(name: str) -> dict[str, bytes]:
    """What stands in the file system of the board `name`: main.py, board.json, and the garden."""
    text = (GARDEN / "garden.asl.json").read_text(encoding="utf-8")
    program = compile_text(text, "garden.asl.json").program
    here = {path: (GARDEN / path).read_bytes() for path in ("tasks.py", "start.json")}
    made = settings.files(board(name), own=True)
    return {**made, **here, "garden.tsm": program}


def built(firmware: str) -> Path:
    """The firmware of `make firmware BOARD=..`.  Raises HostError TSME-B074 if that fails."""
    done = subprocess.run(
        [ROOT / "setup" / "firmware.sh", firmware], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        hint = f"make firmware BOARD={firmware} shows it all"
        raise HostError("TSME-B074", f"the firmware cannot be built: {said[-1]}", hint)
    return Path(done.stdout.strip().splitlines()[-1])


def pico_files() -> dict[str, bytes]:
    """Those of the board wokwi_pico."""
    return files("wokwi_pico")


def pico(out: Path) -> None:
    """Write the UF2 file of the board wokwi_pico."""
    firmware = built("rpi_pico")
    found = uf2.read(firmware.read_bytes(), str(firmware), RP2040)
    kept = file_system(pico_files(), board("wokwi_pico").journal.start)
    parts = {found.start: found.image, **without_blank_blocks(XIP + FILES, kept)}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(to_uf2(parts, RP2040))


def esp32(out: Path, firmware: str | None) -> None:
    """Write the flash of the board wokwi_esp32, from where its boot loader begins.

    `firmware`: MicroPython for it; else the one that board.toml names is downloaded.
    """
    its = board("wokwi_esp32")
    name, data = firmware_file.firmware(its, firmware or "")
    image = esp_image.read(data, name, its.chip, _BOOT_LOADER)
    blocks = its.journal.blocks
    table = partitions.with_journal(
        partitions.explicit(image.table, FLASH), its.journal.label, blocks * BLOCK, FLASH
    )
    vfs = partitions.files(table) if table else None
    if table is None or vfs is None:
        hint = "take the file for ESP32_GENERIC"
        raise HostError("TSME-B074", f'"{name}" leaves no room for files and journals', hint)
    kept = file_system(package.contents(its) | files("wokwi_esp32"), vfs.size // BLOCK)
    flash = bytearray(image.with_table(table))
    flash += b"\xff" * (vfs.offset - _BOOT_LOADER - len(flash))
    flash += kept
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(flash)
    for_pytest_embedded(out, bytes(flash))


def for_pytest_embedded(out: Path, flash: bytes) -> None:
    """Lay the flash beside itself as an Arduino build has it, in the folder `out` without ending.

    pytest-embedded-wokwi takes firmware of ESP-IDF and of Arduino alone, and wants an ELF file for
    its symbols: this one has none.
    """
    folder = out.with_suffix("")
    folder.mkdir(exist_ok=True)
    (folder / "garden.ino.merged.bin").write_bytes(flash)
    (folder / "garden.ino.elf").write_bytes(_EMPTY_ELF)
    (folder / "build.options.json").write_text('{"fqbn": "micropython:esp32:esp32"}\n')
    (folder / "flash_args").write_text(
        "--flash-mode dio --flash-freq 40m --flash-size 4MB\n"
        f"{_BOOT_LOADER:#x} garden.ino.merged.bin\n"
    )
