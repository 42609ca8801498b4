"""The way from a project folder onto a board and back, with real device code behind a cable."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cbor2
import msgpack
import pytest

from tests.link.relay import TO_BOARD, Fault
from tests.tools.cabled import Cabled
from tests.tools.shell import COMMAND, assert_one_clear_line, spawn

ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:valve"
QUICK = {"Seconds": 10}, {"Seconds": 0}
PATIENCE = 120.0  # s


@pytest.fixture
def board(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cabled]:
    with Cabled(tmp_path / "board", **getattr(request, "param", {})) as found:
        yield found


@pytest.fixture
def garden(tmp_path: Path, board: Cabled) -> Path:
    """A project whose board it is; its execution takes no time."""
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    folder = tmp_path / "garden"
    flow = folder / "soil.asl.json"
    flow.write_text(flow.read_text("utf-8").replace('"Seconds": 10', '"Seconds": 0'), "utf-8")
    text = (folder / "tsme.toml").read_text(encoding="utf-8")
    (folder / "tsme.toml").write_text(f'port = "{board.port}"\n{text}', encoding="utf-8")
    return folder


def done(*args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command says that does its work."""
    found = spawn(*args, cwd=cwd, timeout=PATIENCE, **environment)
    assert found.returncode == 0, (found.stdout, found.stderr)
    return found


def refused(*args: str, cwd: Path, code: str) -> str:
    found = spawn(*args, cwd=cwd, timeout=PATIENCE)
    assert found.returncode == 2, (found.stdout, found.stderr)
    remarks, _, last = f"\n{found.stderr}".rpartition("\ntsme: error ")
    assert all(line.startswith("tsme: ") for line in remarks.splitlines() if line)
    assert_one_clear_line(f"tsme: error {last}", code)
    return found.stderr


def workflow(folder: Path, name: str, **states: dict[str, object]) -> None:
    """A workflow of the project, its states one behind the other."""
    names = [*states]
    for here, there in zip(names, [*names[1:], ""], strict=True):
        states[here] |= {"Next": there} if there else {"End": True}
    flow = {"StartAt": names[0], "States": states}
    (folder / f"{name}.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    text = (folder / "tsme.toml").read_text(encoding="utf-8")
    if f'{name} = "' not in text:
        text += f'{name} = "{name}.asl.json"\n'
        (folder / "tsme.toml").write_text(text, encoding="utf-8")


# --- the whole way ------------------------------------------------------------------------------


def test_a_project_goes_onto_the_board_runs_there_and_comes_back_to_be_replayed(
    garden: Path, board: Cabled
):
    found = done("push", "--wait", cwd=garden)
    assert json.loads(found.stdout.splitlines()[-1]) == {"soil": 250}
    assert "the board restarts" in found.stderr
    assert "soil: execution 1 has begun" in found.stderr
    assert board.boots == 2
    assert done("ps", cwd=garden).stdout.splitlines()[1].split()[:3] == ["soil", "succeeded", "1"]
    told = json.loads(done("describe", "soil", "--json", cwd=garden).stdout)
    assert (told["status"], told["output"], told["execution"]) == ("succeeded", {"soil": 250}, 1)
    assert "water!" in done("logs", cwd=garden).stdout
    pulled = done("journal", "pull", cwd=garden)
    assert "soil.bin: " in pulled.stderr
    assert (garden / "soil.bin").is_file()
    replayed = done("replay", "soil.bin", cwd=garden)  # its program lies beside it
    assert "identical" in replayed.stdout + replayed.stderr
    again = json.loads(done("journal", "pull", "soil", "--json", cwd=garden).stdout)
    assert again[0]["new"] == 0
    assert again[0]["path"] == "soil.bin"


def test_only_what_has_changed_goes_over_the_line(garden: Path, board: Cabled):
    (garden / "garden.py").write_text("litres = 1\n", encoding="utf-8")
    tasks = (garden / "tasks.py").read_text(encoding="utf-8")
    (garden / "tasks.py").write_text("import garden\n" + tasks, encoding="utf-8")
    first = json.loads(done("upload", "--json", cwd=garden).stdout)
    assert [one["new"] for one in first] == [True, True, True]
    again = json.loads(done("upload", "--json", cwd=garden).stdout)
    assert [one["new"] for one in again] == [False, False, False]
    (garden / "garden.py").write_text("litres = 2\n", encoding="utf-8")
    found = done("upload", cwd=garden)
    assert "garden.py: 11 bytes, uploaded" in found.stdout
    assert found.stdout.count("is there already") == 2
    assert "tsme reset" in found.stderr
    for name in ("garden.py", "tasks.py"):
        assert (board.flash / name).read_bytes() == (garden / name).read_bytes()
    assert board.boots == 1  # an upload restarts nothing


def test_push_restarts_only_for_tasks_and_leaves_what_is_under_way_on_its_program(
    garden: Path, board: Cabled
):
    workflow(garden, "soil", Long={"Type": "Wait", "Seconds": 3600})
    done("push", "--no-logs", cwd=garden)
    assert board.boots == 2
    found = done("push", "--no-logs", cwd=garden)
    assert "soil: execution 1 is under way" in found.stderr
    assert board.boots == 2
    workflow(garden, "soil", Longer={"Type": "Wait", "Seconds": 7200})
    found = done("push", "--no-logs", cwd=garden)
    assert "under way with another program" in found.stderr
    assert "--stop ends it first" in found.stderr
    found = done("push", "--no-logs", "--stop", cwd=garden)
    assert "execution 1 is stopped" in found.stderr
    assert "execution 2 has begun" in found.stderr
    assert board.boots == 2


def test_a_failed_execution_is_the_answer_no_for_who_waits(garden: Path):
    workflow(garden, "soil", Bad={"Type": "Task", "Resource": "water"})
    tasks = 'import tsme\ntasks = tsme.Tasks()\n@tasks.task("water")\ndef water(p):\n    1 // 0\n'
    (garden / "tasks.py").write_text(tasks, encoding="utf-8")
    found = spawn("push", "--wait", cwd=garden)
    assert found.returncode == 1
    assert "soil: execution 1 failed: ZeroDivisionError" in found.stderr
    assert spawn("start", "soil", "--wait", cwd=garden).returncode == 1
    assert done("start", "soil", cwd=garden).returncode == 0  # begun, which was asked for


@pytest.mark.parametrize("form", ["json", "cbor", "msgpack"])
def test_answers_come_in_all_forms(garden: Path, form: str):
    done("push", "--wait", cwd=garden)
    read = {"json": json.loads, "cbor": cbor2.loads, "msgpack": msgpack.unpackb}[form]
    for words in (["ps"], ["describe", "soil"], ["programs", "list"], ["status"], ["time"]):
        found = subprocess.run(
            [COMMAND, *words, "--format", form], cwd=garden, capture_output=True, check=True
        )
        assert found.stderr == b""
        assert read(found.stdout)
    given = garden / f"in.{form}"
    given.write_bytes(
        {"json": lambda v: json.dumps(v).encode(), "cbor": cbor2.dumps, "msgpack": msgpack.packb}[
            form
        ]({"day": 3})
    )
    words = [str(COMMAND), "start", "soil", "-i", given.name, "--wait", "--format", form]
    found = subprocess.run(words, cwd=garden, capture_output=True, check=True)
    assert read(found.stdout) == {"day": 3, "soil": 250}


def test_a_large_input_and_output_go_both_ways(garden: Path):
    workflow(garden, "echo", Same={"Type": "Pass"})
    value = {"text": "x" * 3000, "list": [*range(300)]}
    (garden / "in.json").write_text(json.dumps(value), encoding="utf-8")
    found = done("start", "echo", "-i", "in.json", "--wait", cwd=garden)
    assert json.loads(found.stdout) == value


# --- one by one ---------------------------------------------------------------------------------


def test_what_ends_stands_still_or_is_not_there_is_said(garden: Path, board: Cabled):
    said = refused("describe", "soli", cwd=garden, code="TSME-J014")
    assert "soli" in said
    said = refused("start", "house", cwd=garden, code="TSME-N063")
    assert "tsme start house house.asl.json" in said
    refused("start", "soil", "beef", cwd=garden, code="TSME-N062")
    refused("start", "soil", "no.asl.json", cwd=garden, code="TSME-H010")
    refused("programs", "remove", "beef", cwd=garden, code="TSME-N062")
    refused("push", "house", cwd=garden, code="TSME-N061")
    refused("token", "success", "9-9", "{}", cwd=garden, code="TSME-T003")
    refused("stop", "soli", cwd=garden, code="TSME-J014")
    done("push", "--wait", cwd=garden)
    said = refused("stop", "soil", cwd=garden, code="TSME-N075")
    assert "it is succeeded" in said
    (garden / "tsme.toml").write_text(f'port = "{board.port}"\n', encoding="utf-8")
    refused("upload", cwd=garden, code="TSME-N071")
    refused("push", cwd=garden, code="TSME-N073")


def test_programs_are_listed_and_removed_unless_they_are_needed(garden: Path):
    workflow(garden, "soil", Long={"Type": "Wait", "Seconds": 3600})
    done("start", "soil", cwd=garden)
    workflow(garden, "idle", Pass={"Type": "Pass"})
    done("upload", "idle.asl.json", cwd=garden)
    listed = json.loads(done("programs", "list", "--json", cwd=garden).stdout)
    by_use = {",".join(one["executions"]): one["digest"] for one in listed}
    assert by_use.keys() == {"soil", ""}
    done("programs", "remove", by_use[""][:6], cwd=garden)
    found = spawn("programs", "remove", by_use["soil"], cwd=garden)
    assert found.returncode == 2
    left = json.loads(done("programs", "list", "--json", cwd=garden).stdout)
    assert [one["digest"] for one in left] == [by_use["soil"]]
    done("stop", "soil", "--error", "Enough", "--cause", "of it", cwd=garden)
    told = json.loads(done("describe", "soil", "--json", cwd=garden).stdout)
    assert (told["status"], told["error"], told["cause"]) == ("stopped", "Enough", "of it")


def test_a_name_on_the_board_and_a_journal_of_that_name_are_told_apart(
    garden: Path, board: Cabled
):
    workflow(garden, "soil", Long={"Type": "Wait", "Seconds": 3600})
    done("start", "soil", cwd=garden)
    (garden / "soil").write_bytes(b"no journal")
    refused("stop", "soil", cwd=garden, code="TSME-H040")  # a file of that name is a journal
    refused("stop", "soil", "--port", board.port, "--program", "x", cwd=garden, code="TSME-H002")
    done("stop", "soil", "--port", board.port, cwd=garden)
    (garden / "soil").unlink()
    (garden / "tsme.toml").unlink()
    refused("stop", "soil", cwd=garden, code="TSME-H010")


def test_an_activity_of_the_board_is_completed_by_its_token(garden: Path):
    workflow(garden, "valve", Ask={"Type": "Task", "Resource": ACTIVITY})
    for kind, more, status in (
        ("success", ('{"open": true}',), "succeeded"),
        ("failure", ("--error", "Jam", "--cause", "ice"), "failed"),
    ):
        done("start", "valve", cwd=garden)
        found: list[dict[str, str]] = []
        while not found:  # it is asked for by the first step, which is a moment later
            found = json.loads(done("token", "list", "--json", cwd=garden).stdout)
        (one,) = found
        assert (one["state"], one["resource"]) == ("valve", ACTIVITY)
        done("token", "heartbeat", one["token"], cwd=garden)
        done("token", kind, one["token"], *more, cwd=garden)
        told = json.loads(done("describe", "valve", "--json", cwd=garden).stdout)
        assert told["status"] == status
    assert (told["error"], told["cause"]) == ("Jam", "ice")


@pytest.mark.parametrize("board", [{"machine": "1"}], indirect=True)
def test_a_signal_reaches_a_machine_or_says_why_it_is_rejected(garden: Path):
    done("signal", "count", "3", cwd=garden)
    done("checkpoint", "count", cwd=garden)
    found = spawn("signal", "count", '"bad"', cwd=garden)
    assert found.returncode == 2
    assert "no such signal" in found.stderr
    done("journal", "pull", "count", "-o", "c.bin", cwd=garden)
    shown = done("journal", "show", "c.bin", cwd=garden).stdout
    assert "signal" in shown
    assert "checkpoint" in shown


def test_what_is_under_way_moves_to_the_workflow_as_it_is_now(garden: Path):
    wait = {"Type": "Wait", "Seconds": 3600}
    workflow(garden, "soil", Nap=dict(wait))
    done("start", "soil", cwd=garden)
    workflow(garden, "soil", Nap=dict(wait), After={"Type": "Pass", "Result": 7})
    found = done("migrate", "soil", "soil.asl.json", cwd=garden)
    assert "soil has moved from the program" in found.stderr
    told = json.loads(done("describe", "soil", "--json", cwd=garden).stdout)
    moved = told["program"]
    assert moved in found.stderr
    said = refused("migrate", "soil", "soil.asl.json", cwd=garden, code="TSME-H044")
    assert "runs that program already" in said
    workflow(garden, "soil", Other=dict(wait))
    refused("migrate", "soil", "soil.asl.json", cwd=garden, code="TSME-H053")
    assert json.loads(done("describe", "soil", "--json", cwd=garden).stdout)["program"] == moved
    done("journal", "pull", cwd=garden)
    replayed = done("replay", "soil.bin", cwd=garden)
    assert "identical" in replayed.stdout + replayed.stderr


def test_push_sets_the_clock_of_an_idle_board_alone(garden: Path):
    workflow(garden, "soil", Long={"Type": "Wait", "Seconds": 7200})
    done("push", "--no-logs", cwd=garden)
    done("stop", "soil", cwd=garden)
    done("time", "--set", "2000-01-01T00:00:00Z", cwd=garden)
    assert "is set" in done("push", "--no-logs", cwd=garden).stderr
    assert abs(json.loads(done("time", "--json", cwd=garden).stdout)["ahead"]) < PATIENCE * 1000
    done("time", "--set", "2000-01-01T00:00:00Z", cwd=garden)
    assert "is left" in done("push", "--no-logs", cwd=garden).stderr
    assert json.loads(done("time", "--json", cwd=garden).stdout)["time"].startswith("2000")


def test_the_clock_is_shown_and_set(garden: Path):
    done("time", "--set", "2026-01-31T06:00:00Z", cwd=garden)
    found = json.loads(done("time", "--json", cwd=garden).stdout)
    assert found["time"].startswith("2026-01-31 06:0")
    assert "tsme time --set" in done("status", cwd=garden).stderr
    found = json.loads(done("time", "--set", "--json", cwd=garden).stdout)
    assert abs(found["ahead"]) < PATIENCE * 1000
    refused("time", "--set", "today", cwd=garden, code="TSME-H002")


def test_a_raw_pull_is_the_flash_as_it_is(garden: Path, board: Cabled):
    done("push", "--wait", cwd=garden)
    done("journal", "pull", "--raw", cwd=garden)
    assert (garden / "flash.bin").read_bytes() == (board.flash / "flash.bin").read_bytes()
    assert "soil" in done("journal", "show", "flash.bin", cwd=garden).stdout
    done("journal", "pull", "soil", "--raw", cwd=garden)
    shown = done("journal", "show", "soil.raw.bin", "--json", cwd=garden).stdout
    done("journal", "pull", "soil", cwd=garden)
    usual = json.loads(done("journal", "show", "soil.bin", "--json", cwd=garden).stdout)
    for one, other in zip(json.loads(shown)["records"], usual["records"], strict=True):
        assert (one["record"], one["digest"]) == (other["record"], other["digest"])
    (garden / "mine.bin").write_bytes(b"something of mine")
    refused("journal", "pull", "soil", "--raw", "-o", "mine.bin", cwd=garden, code="TSME-H013")
    refused("journal", "pull", "soil", "-o", "mine.bin", cwd=garden, code="TSME-H040")
    assert (garden / "mine.bin").read_bytes() == b"something of mine"
    refused("journal", "pull", "soil", "idle", "-o", "x.bin", cwd=garden, code="TSME-H002")
    done("retire", "soil", cwd=garden)
    assert json.loads(done("ps", "--json", cwd=garden).stdout) == []


# --- a bad line, an impatient user --------------------------------------------------------------


def test_a_cable_that_is_pulled_in_the_middle_costs_nothing(garden: Path, board: Cabled):
    (garden / "tasks.py").write_text("# " + "x" * 20000 + "\n", encoding="utf-8")
    board.cable.faults.append(Fault(TO_BOARD, board.cable.counted[TO_BOARD] + 9000, 40, True))
    found = done("upload", cwd=garden)
    assert board.cable.pulls == 1
    assert "tasks.py: 20003 bytes, uploaded" in found.stdout
    assert (board.flash / "tasks.py").read_bytes() == (garden / "tasks.py").read_bytes()


def test_an_interrupted_upload_leaves_what_was_there_and_goes_on_where_it_was(
    garden: Path, board: Cabled
):
    done("upload", cwd=garden)
    before = (board.flash / "tasks.py").read_bytes()
    (garden / "tasks.py").write_text("# " + "y" * 60000 + "\n", encoding="utf-8")
    start = board.cable.counted[TO_BOARD]
    process = subprocess.Popen(
        [COMMAND, "upload"], cwd=garden, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + PATIENCE
    while board.cable.counted[TO_BOARD] - start < 30000 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "tsme: interrupted" in said
    assert "goes on where it was" in said
    assert (board.flash / "tasks.py").read_bytes() == before
    middle = board.cable.counted[TO_BOARD]
    done("upload", cwd=garden)
    assert (board.flash / "tasks.py").read_bytes() == (garden / "tasks.py").read_bytes()
    assert board.cable.counted[TO_BOARD] - middle < 60000  # of some 82,000 in base64


# No file may have more than 60 KB.
FULL = ("sh", "-c", 'trap "" XFSZ; ulimit -f 120; exec "$@"', "sh")
OVER = {"Variable": "$.over", "IsPresent": True, "Next": "End"}
TICKS = """\
import tsme

tasks = tsme.Tasks()


@tasks.task("tick", effect="pure")
def tick(payload):
    print("tick")
"""


def test_following_the_logs_outlives_a_restart_and_ends_with_ctrl_c(garden: Path, board: Cabled):
    (garden / "tasks.py").write_text(TICKS, encoding="utf-8")
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Tick"},
        "Tick": {"Type": "Task", "Resource": "tick", "ResultPath": None, "Next": "Enough?"},
        "Enough?": {"Type": "Choice", "Default": "Wait", "Choices": [OVER]},
        "End": {"Type": "Succeed"},
    }
    flow = json.dumps({"StartAt": "Wait", "States": states})
    (garden / "soil.asl.json").write_text(flow, encoding="utf-8")
    done("push", "--no-logs", cwd=garden)
    process = subprocess.Popen(
        [COMMAND, "logs", "-f"], cwd=garden, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"tick\n"
    said = refused("ps", cwd=garden, code="TSME-N032")  # a port is one command's
    assert "is in use by" in said
    board.cut()
    for _ in range(20):  # more than it can have printed before
        assert process.stdout.readline() == b"tick\n"
    assert board.boots == 3
    process.send_signal(signal.SIGINT)
    _, said_at_last = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said_at_last) == (0, b"")


@pytest.mark.parametrize("board", [{"prefix": FULL, "blocks": "8"}], indirect=True)
def test_a_full_flash_is_said_and_the_file_before_stays(garden: Path, board: Cabled):
    done("upload", cwd=garden)
    before = (board.flash / "tasks.py").read_bytes()
    (garden / "tasks.py").write_text("# " + "z" * 100000 + "\n", encoding="utf-8")
    found = spawn("upload", cwd=garden, timeout=PATIENCE)
    assert found.returncode == 2
    assert "tsme: error TSME-N044" in found.stderr
    assert (board.flash / "tasks.py").read_bytes() == before
    workflow(garden, "echo", Same={"Type": "Pass"})
    said = refused("start", "echo", "--blocks", "500", cwd=garden, code="TSME-J015")
    assert "blocks" in said


def on_terminal(folder: Path, *args: str, keys: bytes = b"", until: bytes = b"") -> bytes:
    """What a command shows on a terminal; `keys` are typed when it has shown `until`."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.execv(COMMAND, [str(COMMAND), *args])
    shown = b""
    while True:
        if keys and until in shown:
            os.write(terminal, keys)
            keys = b""
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # it has ended
            break
        if not piece:
            break
        shown += piece
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def test_a_terminal_sees_progress_and_a_pipe_does_not(garden: Path):
    (garden / "tasks.py").write_text("# " + "x" * 40000 + "\n", encoding="utf-8")
    shown = on_terminal(garden, "upload")
    assert "━".encode() in shown
    (garden / "tasks.py").write_text("# " + "y" * 40000 + "\n", encoding="utf-8")
    found = done("upload", cwd=garden)
    assert "━" not in found.stdout + found.stderr


def test_the_prompt_is_reached_and_left(garden: Path, board: Cabled):
    shown = on_terminal(garden, "repl", "--python", keys=b"\x1d", until=b"Ctrl-] leaves")
    assert b"tsme: left" in shown
    refused("repl", "--python", cwd=garden, code="TSME-N074")
