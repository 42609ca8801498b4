"""QEMU's boards (firmware/qemu).

MPS2 and virt keep their flash in RAM that is a file: what the chip writes is in the file at that
instant, so that SIGKILL is a power cut.  The micro:bit's flash is the emulator's own: a power cut
stops the processor between two instructions, and takes the flash out.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import HostError
from .emulators import Emulated, built_firmware, die_with_us

ERASED = b"\xff"
_PIECE = 512  # bytes of one write over the debugger's line


@dataclass(frozen=True)
class Chip:
    """Where the flash is (firmware/qemu/soc.h): from `base`, `size` bytes.

    `ram`: the memory that is a file begins at this address and has so many bytes; 0 if the flash
    is the emulator's.  `kept`: what outlives a reset and not the power, in that file, or -1.
    """

    base: int
    size: int
    start: int = 0
    ram: int = 0
    kept: int = -1


CHIPS = {
    "mps2-an385": Chip(0x21000000, 0x100000, 0x21000000, 16 << 20),
    "virt": Chip(0x80800000, 0x100000, 0x80000000, 16 << 20, 0x700000),
    "microbit": Chip(0x100000, 0x60000),
}


class Qemu(Emulated):
    """A board in QEMU."""

    def check(self) -> None:
        """TSME-B020 without a firmware, TSME-B021 without QEMU."""
        assert self.board.emulator is not None
        self.firmware = built_firmware(self.board)
        self.chip = CHIPS[self.board.emulator.machine]
        self.program = self.board.emulator.program
        if shutil.which(self.program) is None:
            package = "qemu-system-misc" if "riscv" in self.program else "qemu-system-arm"
            raise HostError(
                "TSME-B021", f"{self.program} is not here", f"apt-get install {package}"
            )

    def launch(self) -> subprocess.Popen[bytes]:
        """QEMU, on the flash as it is."""
        assert self.board.emulator is not None
        emulator = self.board.emulator
        machine = emulator.machine
        more: list[str] = []
        if self.chip.ram:
            self._prepare_ram()
            machine += ",memory-backend=ram"
            what = (
                f"memory-backend-file,id=ram,size={self.chip.ram},mem-path={self.flash},share=on"
            )
            more = ["-object", what, *(["-m", "16M"] if machine.startswith("virt") else [])]
        else:
            more = ["-S", "-gdb", f"unix:{self._debugger},server=on,wait=off"]
            more += ["-qmp", f"unix:{self._monitor},server=on,wait=off"]
            for path in (self._debugger, self._monitor):
                path.unlink(missing_ok=True)
        number = self.listener.fileno()
        command = [self.program, "-machine", machine, *emulator.arguments, *more]
        command += ["-kernel", str(self.firmware), "-display", "none", "-monitor", "none"]
        command += ["-chardev", f"socket,id=line,fd={number},server=on,wait=off"]
        command += ["-serial", "chardev:line"]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(number,),
                process_group=0,  # a Ctrl-C of the terminal is ours alone
                preexec_fn=die_with_us,  # noqa: PLW1509  # no thread here holds what it needs
            )
        if not self.chip.ram:
            try:
                self._insert_flash()
            except BaseException:
                process.kill()
                process.wait()
                raise
        return process

    def said(self) -> str:
        """What QEMU complained of."""
        with suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace").strip()
        return ""

    def cut(self) -> None:
        """SIGKILL; of a micro:bit the flash is taken out first."""
        if self.is_on() and not self.chip.ram:
            self._take_flash_out()
        super().cut()

    @property
    def _log(self) -> Path:
        return self.folder / "qemu.log"

    @property
    def _debugger(self) -> Path:
        return self.folder / "gdb"

    @property
    def _monitor(self) -> Path:
        return self.folder / "qmp"

    def _prepare_ram(self) -> None:
        """The file is as large as the memory, the flash in it is erased when it is new."""
        chip = self.chip
        if not self.flash.exists():
            part = self.flash.with_suffix(".part")
            with part.open("wb") as file:
                file.seek(chip.base - chip.start)
                file.write(ERASED * chip.size)
                file.truncate(chip.ram)
            part.replace(self.flash)
        elif chip.kept >= 0:
            with self.flash.open("r+b") as file:
                file.seek(chip.kept)
                file.write(bytes(64))  # a power cut takes it

    def _insert_flash(self) -> None:
        """Write the flash over the debugger's line while the processor stands; let it go."""
        data = self.flash.read_bytes() if self.flash.exists() else ERASED * self.chip.size
        with _connected(self._debugger) as line:
            for off in range(0, self.chip.size, _PIECE):
                piece = data[off : off + _PIECE]
                _debug(line, f"M{self.chip.base + off:x},{len(piece):x}:{piece.hex()}")
            _debug(line, "D")
        with _connected(self._monitor) as line:
            _Monitor(line).ask("cont")

    def _take_flash_out(self) -> None:
        part = self.flash.with_suffix(".part").absolute()
        with _connected(self._monitor) as line:
            monitor = _Monitor(line)
            monitor.ask("stop")
            what = {"val": self.chip.base, "size": self.chip.size, "filename": str(part)}
            monitor.ask("memsave", what)
        part.replace(self.flash)


def _connected(path: Path) -> socket.socket:
    """A socket of QEMU's, which it makes when it begins."""
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(60)
    # The path of a socket has little room: it is named from its folder.
    place = os.open(path.parent, os.O_PATH)
    try:
        for _ in range(600):
            try:
                line.connect(f"/proc/self/fd/{place}/{path.name}")
                return line
            except OSError:
                time.sleep(0.1)
    finally:
        os.close(place)
    line.close()
    raise HostError("TSME-B024", "QEMU does not answer", "start it again")


def _debug(line: socket.socket, command: str) -> None:
    """One command of the remote protocol, answered with OK."""
    line.sendall(f"${command}#{sum(command.encode()) & 255:02x}".encode())
    got = b""
    while b"#" not in got[:-2]:
        more = line.recv(256)
        if not more:
            break
        got += more
    line.sendall(b"+")
    if b"$OK#" not in got:
        raise HostError("TSME-B024", f"QEMU does not take its flash: {got!r}", "start it again")


class _Monitor:
    """QEMU's own line of commands: JSON, one a line."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line.makefile("rwb")
        self.line.readline()  # its greeting
        self.ask("qmp_capabilities")

    def ask(self, command: str, arguments: dict[str, Any] | None = None) -> None:
        """Do it, and come back when it is done."""
        said = {"execute": command} | ({"arguments": arguments} if arguments else {})
        self.line.write(json.dumps(said).encode() + b"\n")
        self.line.flush()
        while True:
            answer = json.loads(self.line.readline() or b'{"error": "it is gone"}')
            if "error" in answer:
                hint = "start it again"
                raise HostError("TSME-B024", f"QEMU refuses {command}: {answer['error']}", hint)
            if "return" in answer:
                return
