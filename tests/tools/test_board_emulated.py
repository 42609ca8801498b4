"""The commands against firmware that starts by itself: safe mode, the prompt, a power cut."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.boards.emulation import emulated
from tests.tools.shell import COMMAND, spawn
from tsme_host.tools.boards.emulators import Emulated

PATIENCE = 240.0  # s; an idle machine takes some ten


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Emulated]:
    """A Cortex-M3 with a flash that nobody has written to."""
    with emulated("qemu_mps2", tmp_path / "board") as found:
        found.power_on()
        yield found


@pytest.fixture
def garden(tmp_path: Path, board: Emulated) -> Path:
    assert spawn("init", "garden", "--board", "qemu_mps2", cwd=tmp_path).returncode == 0
    folder = tmp_path / "garden"
    text = (folder / "tsme.toml").read_text(encoding="utf-8")
    (folder / "tsme.toml").write_text(f'port = "{board.address}"\n{text}', encoding="utf-8")
    return folder


def said(*args: str, cwd: Path, code: int = 0) -> str:
    done = spawn(*args, cwd=cwd, timeout=PATIENCE)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def test_a_power_cut_in_the_middle_is_pulled_and_replayed(garden: Path, board: Emulated):
    said("push", "--no-logs", cwd=garden)
    board.cut()
    board.power_on()
    assert json.loads(said("start", "soil", "--wait", cwd=garden)) == {"soil": 250}
    said("journal", "pull", cwd=garden)
    assert "identical" in said("replay", "soil.bin", cwd=garden)


def test_a_board_begins_by_itself_what_the_project_says(garden: Path, board: Emulated):
    with (garden / "tsme.toml").open("a", encoding="utf-8") as file:
        file.write("\n[start]\nsoil = {day = 3}\n")
    said("upload", cwd=garden)
    board.cut()
    board.power_on()
    told: dict[str, Any] = {"status": ""}
    while told["status"] != "succeeded":
        told = json.loads(said("describe", "soil", "--json", cwd=garden))
    assert told["output"] == {"day": 3, "soil": 250}
    board.cut()
    board.power_on()
    assert json.loads(said("describe", "soil", "--json", cwd=garden))["execution"] == 1  # once


def test_tasks_that_cannot_be_loaded_are_said_and_mended_by_the_next_push(garden: Path):
    good = (garden / "tasks.py").read_text(encoding="utf-8")
    (garden / "tasks.py").write_text(f"import gone\n{good}", encoding="utf-8")
    error = said("push", "--wait", cwd=garden, code=2).splitlines()[-1]
    assert error.startswith("tsme: error TSME-N077: it comes up in safe mode: ImportError")
    assert "gone" in error
    assert "Traceback" in said("logs", cwd=garden)
    done = spawn("ps", cwd=garden, timeout=PATIENCE)
    assert "in safe mode for what it is to run cannot be loaded" in done.stderr
    (garden / "tasks.py").write_text(good, encoding="utf-8")
    out = said("push", "--wait", cwd=garden)
    assert json.loads(out.splitlines()[-1]) == {"soil": 250}


def type_to(folder: Path, *keys: tuple[bytes, bytes]) -> bytes:
    """What `tsme repl --python` shows; each key is typed when the text before it has come."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.execv(COMMAND, [str(COMMAND), "repl", "--python"])
    shown = b""
    left = [*keys]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if left and left[0][0] in shown:
            os.write(terminal, left.pop(0)[1])
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # it has ended
            break
        shown += piece
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def test_the_prompt_is_reached_left_and_a_reset_leads_back(garden: Path):
    assert "qemu_mps2" in said("status", cwd=garden)
    shown = type_to(
        garden, (b"Ctrl-] leaves", b"\x03"), (b">>> ", b"print(6 * 7)\r"), (b"42\r\n>>> ", b"\x1d")
    )
    assert b"at its prompt the board runs nothing: tsme reset" in shown
    error = said("ps", cwd=garden, code=2)
    assert "TSME-N035" in error
    assert "tsme reset" in error
    said("reset", cwd=garden)
    said("ps", cwd=garden)
