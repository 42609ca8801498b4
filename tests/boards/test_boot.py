"""main.py on a board: it goes on and stays reachable, whatever a user wrote."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.boards.emulation import Prompt, emulated
from tests.interpreters import require
from tests.tools.shell import spawn
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards import board_file, emulators, follow, settings
from tsme_host.tools.boards.emulators import Emulated
from tsme_host.tools.journal.partition import parts_of
from tsme_host.tools.link.client import Client
from tsme_host.tools.link.opening import open_board

ONE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 5, "End": True}}}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Emulated]:
    require("micropython")
    with emulators.emulated(board_file.board("unix"), tmp_path) as made:
        yield made


@contextmanager
def reached(board: Emulated) -> Iterator[Client]:
    board.power_on()
    with open_board(board.address, patience=60) as client:
        yield client


def log(client: Client) -> str:
    return client.log(0).text


def test_a_new_board_is_ready_and_counts_its_boots(board: Emulated):
    with reached(board) as client:
        status = client.status()
        assert (status.board, status.mode, status.boots, status.failures) == ("unix", "run", 1, 0)
        assert "tsme: ready\n" in log(client)
    board.cut()
    with reached(board) as client:
        assert client.status().boots == 2


WRONG = {
    "raises": ("import tsme\n\n1 // 0\n", "ZeroDivisionError"),
    "is no Python": ("def f(:\n", "SyntaxError"),
    "imports what is not there": ("import no_such_module\n", "no module named 'no_such_module'"),
    "has no tasks": ("import tsme\n", "can't import name tasks"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_board_whose_tasks_cannot_be_loaded_is_safe_and_says_why(board: Emulated, case: str):
    text, said = WRONG[case]
    (board.folder / "tasks.py").write_text(text, encoding="utf-8")
    with reached(board) as client:
        assert client.status().mode == "safe"
        assert "Traceback" in log(client)
        assert said in log(client)
        (board.folder / "tasks.py").write_text("import tsme\n\ntasks = tsme.Tasks()\n", "utf-8")
        client.reset()
    with reached(board) as client:
        assert client.status().mode == "run"
        assert client.status().failures == 0


# Something of ours, or of what the user wrote, that nobody catches.
CRASHES = """\
import tsme
import tsme.link

tasks = tsme.Tasks()


async def run(self):
    raise OSError(5)


tsme.link.Link.run = run
"""


def test_a_board_that_crashes_three_times_comes_up_with_the_link_alone(board: Emulated):
    (board.folder / "tasks.py").write_text(CRASHES, encoding="utf-8")
    with reached(board) as client:
        status = client.status()
        assert (status.mode, status.failures, status.boots) == ("safe", 3, 4)
        assert "tasks.py" in log(client)
        assert "tsme: safe: OSError: [Errno 5] EIO (3 failures in a row)\n" in log(client)
    board.cut()
    with reached(board) as client:  # and stays so
        assert client.status().mode == "safe"
        (board.folder / "tasks.py").unlink()
        client.reset()
    with reached(board) as client:
        status = client.status()
        assert (status.mode, status.failures) == ("run", 0)
    assert (board.folder / "boot.txt").read_text("utf-8").split()[1] == "0"


HANGS = "import tsme\n\ntasks = tsme.Tasks()\nprint('it hangs')\nwhile True:\n    pass\n"
MENDED = "import tsme\n\ntasks = tsme.Tasks()\n"


def test_a_board_whose_tasks_hang_comes_up_safe_after_three_boots(board: Emulated):
    (board.folder / "tasks.py").write_text(HANGS, encoding="utf-8")
    hangs(board, 3)
    with reached(board) as client:
        status = client.status()
        assert (status.mode, status.failures, status.boots) == ("safe", 3, 4)
        assert "tsme: safe: tasks.py hangs at import (3 in a row)\n" in log(client)
        client.upload("tasks.py", MENDED.encode())
        client.reset()
    with reached(board) as client:
        status = client.status()
        assert (status.mode, status.failures) == ("run", 0)


def hangs(board: Emulated, times: int) -> None:
    for _ in range(times):
        board.power_on()
        with Prompt(board) as prompt:
            prompt.until("it hangs")
        board.cut()


@pytest.mark.parametrize(
    ("tasks", "what"),
    [(MENDED, "tasks.py or a class of machines.json"), ("", "a class of machines.json")],
    ids=["with good tasks", "without tasks"],
)
def test_a_board_with_a_class_that_hangs_comes_up_safe_after_three_boots(
    board: Emulated, tasks: str, what: str
):
    if tasks:
        (board.folder / "tasks.py").write_text(tasks, encoding="utf-8")
    (board.folder / "gate.py").write_text(HANGS, encoding="utf-8")
    (board.folder / "machines.json").write_text('{"0011223344556677": "gate:Gate"}', "utf-8")
    hangs(board, 3)
    with reached(board) as client:
        status = client.status()
        assert (status.mode, status.failures, status.boots) == ("safe", 3, 4)
        assert f"tsme: safe: {what} hangs at import (3 in a row)\n" in log(client)


def test_a_class_that_raises_is_told_at_each_boot_and_counts_as_no_hang(board: Emulated):
    (board.folder / "gate.py").write_text("1 // 0\n", encoding="utf-8")
    (board.folder / "machines.json").write_text('{"0011223344556677": "gate:Gate"}', "utf-8")
    for _ in range(4):
        with reached(board) as client:
            assert (client.status().mode, client.status().failures) == ("safe", 0)
            assert "ZeroDivisionError" in log(client)
        board.cut()
    (board.folder / "gate.py").write_text("class Gate:\n    pass\n", encoding="utf-8")
    with reached(board) as client:
        assert client.status().mode == "run"


def test_power_cuts_in_a_row_are_no_failures_of_tasks_that_were_through(board: Emulated):
    (board.folder / "tasks.py").write_text(MENDED, encoding="utf-8")
    for boots in range(1, 6):
        with reached(board) as client:
            status = client.status()
            assert (status.mode, status.failures, status.boots) == ("run", 0, boots)
        board.cut()


def test_tasks_that_hang_are_mended_over_the_prompt(tmp_path: Path):
    with emulated("qemu_mps2", tmp_path) as board:
        with reached(board) as client:
            client.upload("tasks.py", HANGS.encode())
            client.reset()
        with Prompt(board) as prompt:
            prompt.until("it hangs")
        with open_board(board.address, "mpremote") as client:
            assert client.status().mode == "safe"
            client.upload("tasks.py", MENDED.encode())
            follow.restart(client)  # as tsme push does
            assert client.status().mode == "run"
        with reached(board) as client:
            status = client.status()
            assert (status.mode, status.failures) == ("run", 0)


def test_the_log_says_how_an_execution_ended(board: Emulated):
    bad = {"StartAt": "B", "States": {"B": {"Type": "Fail", "Error": "Dry", "Cause": "no rain"}}}
    with reached(board) as client:
        client.start("one", client.load(compile_text(json.dumps(ONE)).program))
        client.start("bad", client.load(compile_text(json.dumps(bad)).program))
        while any(one.status == "running" for one in client.executions()):
            time.sleep(0.1)
        assert "one: succeeded\n" in log(client)
        assert "bad: failed: Dry: no rain\n" in log(client)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("board", "board.json: "),
        ("[]", "board.json: no object"),
        (
            '{"journal": {"kind": "tape", "blocks": 4}}',
            'TSME-B010: board.json: a journal of kind "tape"',
        ),
        ('{"journal": {"kind": "partition", "label": "tsme"}}', "no module named 'esp32'"),
        ('{"link": [{"kind": "uart", "id": 1}]}', "UART"),
    ],
)
def test_a_board_json_that_cannot_be_used_leaves_the_link(board: Emulated, text: str, said: str):
    (board.folder / "board.json").write_text(text, encoding="utf-8")
    with reached(board) as client:
        assert client.status().mode == "safe"
        assert said in log(client)


def test_a_torn_count_of_boots_is_begun_anew(board: Emulated):
    (board.folder / "boot.txt").write_bytes(b"\xff\xff7")
    with reached(board) as client:
        assert client.status().boots == 1


def test_a_board_begins_by_itself_what_start_json_names_and_does_so_once(board: Emulated):
    (board.folder / "one.tsm").write_bytes(compile_text(json.dumps(ONE)).program)
    begin = [["one", "one.tsm", {"day": 1}], ["two", "none.tsm", None]]
    (board.folder / "start.json").write_text(json.dumps(begin), encoding="utf-8")
    with reached(board) as client:
        assert "two: it cannot begin: " in log(client)
    board.cut()
    with reached(board) as client:
        assert client.status().mode == "run"
    board.cut()
    parts = parts_of("journal.bin", (board.folder / "journal.bin").read_bytes())
    assert [part.name for part in parts or []] == ["one"]
    shown = spawn("journal", "show", "journal.bin", "--region", "one", cwd=board.folder)
    assert shown.returncode == 0, shown.stderr
    assert "execution 1, input" in shown.stdout
    assert "execution 2, input" not in shown.stdout


NAP = {"StartAt": "Nap", "States": {"Nap": {"Type": "Wait", "Seconds": 12, "End": True}}}


def test_a_board_sleeps_only_when_nobody_has_spoken_to_it_for_a_while(tmp_path: Path):
    """On a chip, since a process cannot sleep deeply."""
    with emulated("qemu_mps2", tmp_path) as board:
        with reached(board) as client:
            sleeps = settings.of_board(board.board, deep=True, window=3000)
            client.upload("board.json", sleeps.encode())
            client.reset()
        with reached(board) as client:
            assert client.status().boots == 2
            digest = client.load(compile_text(json.dumps(NAP)).program)
            client.set_time(1_764_331_200_000)
            client.start("nap", digest)
        with Prompt(board) as prompt:
            prompt.until("tsme: ready")  # it has slept, and boots again
        with reached(board) as client:
            while client.describe("nap").status == "running":
                time.sleep(0.5)
            assert client.describe("nap").status == "succeeded"
            assert client.status().boots == 2  # a wake is none


def test_what_an_installer_writes_is_left_alone_when_it_is_there(tmp_path: Path):
    board = board_file.board("unix")
    (tmp_path / "main.py").write_text("print(1)\n", encoding="utf-8")
    settings.install(board, tmp_path)
    assert (tmp_path / "main.py").read_text("utf-8") == "print(1)\n"
    assert json.loads((tmp_path / "board.json").read_text("utf-8"))["board"] == "unix"
