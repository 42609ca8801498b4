"""Generated executions through the module tsme_core: the binding of each interpreter and board.

MicroPython of 64 and 32 bits, with floats of either width, as a native module and built in, runs
some hundreds; boards in emulators some dozens, with native code from their file system.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import native_core
from tests.boards.emulation import QEMU, Prompt, emulated, need
from tests.boards.test_golden_boards import SMALL, TO_UART, compiled, put_flash
from tests.native_core import native
from tsme_host.tools.boards import board_file
from tsme_host.tools.boards.rp2040js import Pico, file_system

from . import generated
from .test_generated import MEMORY, SCRIPT, same

FEW = 400  # executions for each MicroPython
ON_BOARDS = 40
LONGEST = 3000  # bytes of one on a board, where all of it is in the heap


@pytest.mark.parametrize("engine", native_core.ON_MICROPYTHON)
def test_micropython_makes_the_same(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "cases"
    path.write_bytes(b"".join(case.for_module() for case in generated.cases(FEW)))
    done = native_core.run(engine, SCRIPT, [str(path), str(MEMORY)])
    assert done.returncode == 0, done.stdout + done.stderr
    same(done.stdout, FEW)


def small(count: int) -> list[bytes]:
    """So many that a board has memory for."""
    packed = (case.for_module() for case in generated.cases(10 * count))
    return [one for one in packed if len(one) < LONGEST][:count]


def files(cases: list[bytes], core: bytes) -> dict[str, bytes]:
    return {
        "main.py": b"",
        "generated_board.mpy": compiled(SCRIPT),
        "cases": b"".join(cases),
        "lib/tsme_core.mpy": core,
    }


@pytest.mark.parametrize("name", [name for name in QEMU if (name, "file system") != SMALL])
def test_boards_make_the_same(name: str, tmp_path: Path) -> None:
    need(name)
    board = board_file.board(name)
    cases = small(ON_BOARDS)
    system = file_system(files(cases, native(board.arch).read_bytes()), board.journal.start)
    with emulated(name, tmp_path) as chip:
        put_flash(chip, system)
        chip.power_on()
        with Prompt(chip) as prompt:
            prompt.interrupt()
            said = prompt.do("import generated_board")
    assert "core: /lib/tsme_core.mpy" in said
    same(said, len(cases))


def test_the_emulated_rp2040_makes_the_same() -> None:
    need("rp2040_emulated")
    cases = small(ON_BOARDS)[::2]
    with Pico(usb=False) as pico:
        start = TO_UART.replace(b"golden_board", b"generated_board")
        pico.put_files(files(cases, native("armv6m").read_bytes()) | {"main.py": start})
        pico.start()
        done = pico.run(until=" same", line="uart", instructions=800_000_000)
    assert "core: /lib/tsme_core.mpy" in done.uart
    same(done.uart.replace("\r", ""), len(cases))
