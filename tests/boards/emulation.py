"""Emulated boards for tests: firmware that is built once, and their prompt."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from tests.interpreters import ROOT, strict
from tsme_host.tools.boards import board_file, emulators
from tsme_host.tools.boards.emulators import Emulated

QEMU = ("qemu_mps2", "qemu_microbit", "qemu_rv32")
_NEEDS = {
    "qemu_mps2": "qemu-system-arm arm-none-eabi-gcc",
    "qemu_microbit": "qemu-system-arm arm-none-eabi-gcc",
    "qemu_rv32": "qemu-system-riscv32 riscv64-unknown-elf-gcc",
    "rp2040_emulated": "node cmake arm-none-eabi-gcc",
}
PATIENCE = 120  # seconds; nothing here takes three on an idle machine


@cache
def built(name: str) -> str:
    """Build the firmware of a board, if it is not built; "" or why it cannot be."""
    for tool in _NEEDS[name].split():
        if shutil.which(tool) is None:
            return f"{tool} is not here; run 'make setup' and see what it says"
    script = str(ROOT / "setup" / "firmware.sh")
    done = subprocess.run([script, name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ""


def need(name: str) -> None:
    """Without the tools of a board the test is skipped, or fails under TSME_STRICT=1."""
    why = built(name)
    if why and strict():
        pytest.fail(why)
    if why:
        pytest.skip(why)


def emulated(name: str, folder: Path) -> Emulated:
    """The board, off."""
    need(name)
    return emulators.emulated(board_file.board(name), folder)


class Prompt:
    """The prompt of an emulated board, over its port."""

    def __init__(self, board: Emulated) -> None:
        number = int(board.address.rpartition(":")[2])
        self.line = socket.create_connection(("127.0.0.1", number), timeout=PATIENCE)
        self.rest = b""

    def __enter__(self) -> Prompt:
        return self

    def __exit__(self, *what: object) -> None:
        self.line.close()

    def until(self, text: str) -> str:
        """What it says, up to and with this text."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.rest:
            assert time.monotonic() < end, self.rest
            more = self.line.recv(4096)
            assert more, self.rest
            self.rest += more
        at = self.rest.index(text.encode()) + len(text.encode())
        said, self.rest = self.rest[:at], self.rest[at:]
        return said.decode()

    def interrupt(self) -> None:
        """Stop what runs, main.py above all, and wait for the prompt."""
        self.line.settimeout(2)
        for _ in range(PATIENCE // 2):
            self.line.sendall(b"\x03")
            with suppress(TimeoutError):
                self.until(">>> ")
                break
        self.line.settimeout(PATIENCE)
        self.do("")

    def send(self, line: str) -> None:
        """A line, as it is typed."""
        self.line.sendall(line.encode() + b"\r")

    def do(self, line: str) -> str:
        """Run a line, and give what it prints."""
        self.send(line)
        self.until(line + "\r\n")
        return self.until(">>> ")[: -len(">>> ")].replace("\r\n", "\n").rstrip("\n")
