"""The package runs on a MicroPython with everything removed that CircuitPython lacks.

No CircuitPython runs here: what it lacks is taken from its documentation (prelude.py).  Engine,
journal, store of programs, async handlers and the examples do there what they do everywhere, and
write the same bytes.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.interpreters import ROOT
from tsme_host.compiler.compile import compile_text

PRELUDE = Path(__file__).with_name("prelude.py")
DEVICE = PRELUDE.with_name("run_device.py")
EXAMPLES = ["greenhouse", "coldchain", "pumps"]
AWAY = {
    "machine uasyncio utime _thread vfs platform heapq socket ticks_ms sleep_ms sleep_us time_ns "
    "gmtime ticks_diff sha256 md5 threshold ilistdir dupterm mount VfsLfs2 print_exception atexit "
    "settrace"
}
boards = pytest.mark.parametrize("board", ["micropython", "micropython32", "micropythonf32"])


def restricted(board: str, script: Path, *args: str | Path) -> subprocess.CompletedProcess[bytes]:
    interpreters.require(board)
    return interpreters.run(board, PRELUDE, [script, *args], timeout=300)


@boards
def test_what_is_to_be_away_is_away(board: str):
    done = restricted(board, PRELUDE.with_name("lacks_device.py"))
    assert not done.returncode, done.stderr.decode()
    lacking, name, seven = done.stdout.decode().splitlines()
    assert {lacking} == AWAY
    assert name == "circuitpython b'\\xbax' True"
    assert seven == "7"


def board_of(
    name: str, folder: Path, tasks: Path, value: Path, program: bytes
) -> list[str | Path]:
    """What run_device.py is told; the board's files are in a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.tsm"
    path.write_bytes(program)
    return [path, tasks, value, folder]


def example(name: str, folder: Path) -> list[str | Path]:
    source = ROOT / "examples" / name
    text = (source / f"{name}.asl.json").read_text(encoding="utf-8")
    program = compile_text(text).program
    return board_of(name, folder, source / "tasks.py", source / "input.json", program)


def outcome(folder: Path) -> Any:
    return json.loads((folder / "outcome.json").read_text(encoding="utf-8"))


@boards
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_end_as_everywhere_with_the_same_bytes(board: str, name: str, tmp_path: Path):
    whole, lacking = tmp_path / "whole", tmp_path / "lacking"
    done = interpreters.run(board, DEVICE, example(name, whole), timeout=300)
    assert not done.returncode, done.stderr.decode()
    done = restricted(board, DEVICE, *example(name, lacking))
    assert not done.returncode, done.stderr.decode()
    assert outcome(whole) == outcome(lacking)
    journals = [(folder / "journal.bin").read_bytes() for folder in (whole, lacking)]
    assert journals[0] == journals[1]


ASYNC = """\
import asyncio
import tsme

tasks = tsme.Tasks()
tries = []


@tasks.task("slow")
async def slow(payload):
    await asyncio.sleep(0.02)
    return {"got": payload}


@tasks.task("breaks")
def breaks(payload):
    raise ValueError("on purpose")


@tasks.task("yields")
def yields(payload):
    yield 1


@tasks.on("log")
def log(payload):
    raise KeyError("a log that breaks stops nothing")
"""


@boards
def test_handlers_plain_and_async_and_their_errors_are_as_everywhere(board: str, tmp_path: Path):
    states: dict[str, Any] = {
        "Log": {"Type": "Task", "Resource": "tsme:log", "Next": "Slow"},
        "Slow": {"Type": "Task", "Resource": "slow", "ResultPath": "$.slow", "Next": "Breaks"},
    }
    for name, then in (("Breaks", "Yields"), ("Yields", "Done")):
        caught = {"ErrorEquals": ["States.ALL"], "ResultPath": f"$.{name}", "Next": then}
        task = {"Type": "Task", "Resource": name.lower(), "Catch": [caught], "Next": then}
        states[name] = task
    states["Done"] = {"Type": "Succeed"}
    program = compile_text(json.dumps({"StartAt": "Log", "States": states})).program
    tasks, value = tmp_path / "tasks.py", tmp_path / "in.json"
    tasks.write_text(ASYNC, encoding="utf-8")
    value.write_text("{}", encoding="utf-8")
    done = restricted(board, DEVICE, *board_of("flow", tmp_path / "deep", tasks, value, program))
    assert not done.returncode, done.stderr.decode()
    found = outcome(tmp_path / "deep")
    assert found["slow"] == {"got": {}}
    assert found["Breaks"] == {"Error": "ValueError", "Cause": "on purpose"}
    assert found["Yields"]["Error"] == "TypeError"
    assert b"a log that breaks stops nothing" in done.stdout + done.stderr


@boards
def test_what_a_whole_one_began_goes_on_there(board: str, tmp_path: Path):
    """A journal of a MicroPython, as it was when the power failed, ends on the lacking one."""
    told = example("pumps", tmp_path / "board")
    done = interpreters.run(board, DEVICE, told, timeout=300)
    assert not done.returncode, done.stderr.decode()
    journal = tmp_path / "board" / "journal.bin"
    data = bytearray(journal.read_bytes())
    used = len(bytes(data).rstrip(b"\xff"))
    at = used // 2 // 32 * 32
    data[at:] = b"\xff" * (len(data) - at)
    journal.write_bytes(data)
    done = restricted(board, DEVICE, *told)
    assert not done.returncode, done.stderr.decode()
    steps = int(done.stdout.split(b"\n")[0].split()[1])
    assert steps > 3
    wanted = ROOT / "examples" / "pumps" / "expected.json"
    assert outcome(tmp_path / "board") == json.loads(wanted.read_text(encoding="utf-8"))
