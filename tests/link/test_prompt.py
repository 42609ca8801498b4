"""A board that has nothing but its prompt: the same commands, by a real MicroPython's raw REPL."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import interpreters
from tests.boards.emulation import emulated
from tests.link.on_cable import MANY, PATIENCE, WAIT, program, records_of
from tests.link.relay import TO_BOARD, Cable, Fault
from tsme_host.tools.errors import HostError
from tsme_host.tools.link.opening import open_board
from tsme_host.tools.link.prompt import PromptBoard
from tsme_host.tools.link.pull import pull

# A build of MicroPython whose unix port has a raw REPL; that one ends with a soft reset.
MICROPYTHON = Path(sys.executable).with_name("micropython")


TASKS = """
import tsme
tasks = tsme.Tasks()
@tasks.task("greet")
def greet(payload):
    open("ran", "w").close()
"""


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    made = Cable(tmp_path)
    settings = {"board": "unix", "journal": {"kind": "file", "path": "j.bin", "blocks": 64}}
    (tmp_path / "board.json").write_text(json.dumps(settings))
    (tmp_path / "tasks.py").write_text(TASKS)
    environment = os.environ | {"MICROPYPATH": f"{interpreters.LIB}:.frozen"}
    process = subprocess.Popen(
        [str(MICROPYTHON)], cwd=tmp_path, stdin=made.board, stdout=made.board, env=environment
    )
    yield made
    process.kill()
    process.wait()
    made.close()


def at_prompt(cable: Cable) -> PromptBoard:
    return PromptBoard(cable.port, PATIENCE, PATIENCE, None, clean=False)


def said(work, *args) -> str:
    with pytest.raises(HostError) as error:
        work(*args)
    return str(error.value)


def test_files_go_there_and_back_and_replace_what_was_there(cable: Cable, tmp_path: Path):
    data = random.Random(3).randbytes(3000)
    with at_prompt(cable) as client:
        seen: list[tuple[int, int]] = []
        for one in (data, data[::-1], b""):
            client.upload("lib/deep/a.bin", one, lambda *done: seen.append(done))
            assert (tmp_path / "lib/deep/a.bin").read_bytes() == one
            assert client.download("lib/deep/a.bin") == one
        assert (3000, 3000) in seen
        assert [path.name for path in (tmp_path / "lib/deep").iterdir()] == ["a.bin"]
        assert client.echo("ümläut") == "ümläut"
        assert said(client.download, "no") == 'TSME-N043: there is no file "no" on the board'
        assert said(client.download, "lib") == (
            'TSME-N044: the file "lib" on the board: it is a folder'
        )
        assert said(client.upload, "lib/deep", b"x").startswith('TSME-N044: the file "lib/deep"')


def test_programs_executions_and_journals_are_the_board_s_own(cable: Cable, tmp_path: Path):
    path = str(tmp_path / "pulled.bin")
    with at_prompt(cable) as client:
        assert client.status().board == "unix"
        digest = client.load(program(WAIT))
        assert [one.digest for one in client.programs()] == [digest]
        client.start("soil", digest, {"large": "x" * 3000})
        assert client.describe("soil").status == "running"
        first = pull(client, "soil", path)
        assert first.new == client.journal("soil").next
        client.checkpoint("soil")
        client.stop("soil", "Rain")
        assert client.describe("soil").error == "Rain"
        again = pull(client, "soil", path)
        assert (again.new, again.first) == (2, 0)
        assert len(records_of(path)) == again.next
        assert said(client.signal, "soil", 1) == "TSME-K002: no execution is running"
        assert not list(tmp_path.glob("*.cbor"))  # the input came in a file
        assert client.image() == (tmp_path / "j.bin").read_bytes()


def test_nothing_runs_while_somebody_looks(cable: Cable, tmp_path: Path):
    with at_prompt(cable) as client:
        client.start("many", client.load(program(MANY)), [1, 2, 3])
        before = client.journal("many").next
        client.status()
        assert client.journal("many").next == before
        assert client.describe("many").status == "running"
        assert not (tmp_path / "ran").exists()


def test_a_board_without_tsme_carries_files_and_says_so(cable: Cable, tmp_path: Path):
    with at_prompt(cable) as client:
        client._repl.exec("import sys\nsys.path[:] = ['']")
        client.upload("journal.bin", b"as README's main.py has it")
        assert not list(tmp_path.glob("*.cbor"))  # the input came in a file
        assert client.image() == b"as README's main.py has it"
        text = said(client.status)
        assert text.startswith("TSME-N046: the board has no tsme that could do this: ImportError")
        assert "\n" not in text


def test_a_port_without_a_prompt_and_one_that_goes_are_one_line(cable: Cable, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    silent = Cable(other)
    try:
        text = said(PromptBoard, silent.port, 0.2, 0.2)
        assert text == f'TSME-N045: there is no MicroPython prompt at "{silent.port}"'
        text = said(lambda: open_board(cable.port, timeout=0.1))
        assert text == f'TSME-N035: at "{cable.port}" is a MicroPython prompt and no link'
    finally:
        silent.close()
    with at_prompt(cable) as client:
        cable.faults = [Fault(TO_BOARD, cable.counted[TO_BOARD] + 50, 0, pulled=True)]
        assert said(client.download, "board.json").startswith("TSME-N033: the board at")


def test_a_cortex_m3_is_commanded_by_its_prompt_and_then_goes_on_by_itself(tmp_path: Path):
    path = str(tmp_path / "pulled.bin")
    with emulated("qemu_mps2", tmp_path) as far:
        far.power_on()
        with open_board(far.address, "mpremote", PATIENCE, PATIENCE) as client:
            digest = client.load(program(WAIT))
            number = client.start("soil", digest, {"x": 1})
            client.upload("tasks/notes.txt", b"kept")
        with open_board(far.address, None, PATIENCE, PATIENCE) as client:
            told = client.describe("soil")
            assert (told.status, told.execution, told.program) == ("running", number, digest)
            assert client.download("tasks/notes.txt") == b"kept"
            assert pull(client, "soil", path).new == client.journal("soil").next
            far.cut()
            far.power_on()
            client.stop("soil")
            assert pull(client, "soil", path).new == 1
