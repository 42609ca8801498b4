"""`tsme repl` on boards: real device code behind a cable, asked by scripts and on a terminal."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import select
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests.tools.cabled import Cabled
from tests.tools.prompted import ACTIVITY, COUNTER, FLOWS, offered
from tests.tools.shell import COMMAND, assert_one_clear_line, spawn, tsme
from tsme_host.tools.boards.session import Where
from tsme_host.tools.repl.board import Board
from tsme_host.tools.repl.session import Repl

PATIENCE = 120.0  # s


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with workflows, and a state folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, flow in FLOWS.items():
        (tmp_path / f"{name}.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    (tmp_path / "counter.py").write_text(COUNTER, encoding="utf-8")
    return tmp_path


@pytest.fixture
def board(here: Path, request: pytest.FixtureRequest) -> Iterator[Cabled]:
    with Cabled(here / "board", **getattr(request, "param", {})) as found:
        yield found


def asked(board: Cabled, *words: str, code: int = 0) -> Result:
    done = tsme("repl", board.port, "--", *words)
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def told(board: Cabled, *words: str) -> Any:
    return json.loads(asked(board, *words, "--json").stdout)


def scripted(board: Cabled, *lines: str, code: int = 0) -> Result:
    done = tsme("repl", board.port, stdin="\n".join(lines) + "\n")
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def attached(board: Cabled, *programs: str) -> Board:
    return Board(Where(port=board.port), programs)


# --- one command ---------------------------------------------------------------------------------


def test_one_command_is_asked_and_its_exit_code_is_that_of_tsme(board: Cabled) -> None:
    assert told(board, "list") == []
    begun = told(board, "start", "soil", "soil.asl.json", '{"day": 3}')
    assert begun == {"name": "soil", "execution": 1, "begun": True}
    assert json.loads(asked(board, "wait", "soil").stdout) == {"day": 3, "soil": 250}
    (row,) = told(board, "list", "--status", "succeeded")
    assert (row["name"], row["status"], row["execution"]) == ("soil", "succeeded", 1)
    assert told(board, "list", "--status", "running") == []
    words = ["start", "soil", "--input", '{"day": 4}', "--wait"]
    assert json.loads(asked(board, *words).stdout) == {"day": 4, "soil": 250}
    failed = asked(board, "start", "bad", "bad.asl.json", "--wait", code=1)
    assert "bad failed: Rain: wet" in failed.stderr
    asked(board, "wait", "bad", "succeeded", code=1)
    asked(board, "start", "nap", "nap.asl.json")
    asked(board, "wait", "nap", "running")
    asked(board, "wait", "nap", "--timeout", "0", code=1)
    asked(board, "stop", "nap", "--cause", "enough")
    assert told(board, "status", "nap")["cause"] == "enough"
    asked(board, "wait", "nap", "stopped")


@pytest.mark.parametrize(
    ("words", "code", "clue"),
    [
        (["lits"], "TSME-H001", 'did you mean "list"'),
        (["list", "--jsno"], "TSME-H001", "--json"),
        (["stop"], "TSME-H001", 'see "stop --help"'),
        (["start", "soil", "{"], "TSME-C003", "INPUT:1"),
        (["start", "a", "b", "c"], "TSME-H001", "too much"),
        (["wait", "soil", "sucseeded"], "TSME-H002", 'did you mean "succeeded"'),
        (["stop", "nobody"], "TSME-J014", "nobody"),
        (["complete", "1-4"], "TSME-H083", "no task waits for any"),
        (["script", "none.txt"], "TSME-H010", "none.txt"),
    ],
)
def test_a_mistake_is_one_line_with_its_code_and_cure(
    board: Cabled, words: list[str], code: str, clue: str
) -> None:
    done = asked(board, *words, code=2)
    assert f"tsme: error {code}" in done.stderr
    assert clue in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_address_is_a_port_and_must_be_there(here: Path) -> None:
    done = tsme("repl", str(here / "none"), "--", "list")
    assert_one_clear_line(done.stderr, "TSME-N030")
    done = tsme("repl", "http://127.0.0.1:9", "--port", "x", "--", "list")
    assert_one_clear_line(done.stderr, "TSME-H001")
    done = tsme("repl", "http://127.0.0.1:9", "--", "list")
    assert_one_clear_line(done.stderr, "TSME-S071")
    done = tsme("repl", "--python", "--", "list")
    assert_one_clear_line(done.stderr, "TSME-H001")


def test_without_the_package_of_prompts_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = importlib.util.find_spec
    missing = {"prompt_toolkit"}
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name in missing else usual(name, *more),
    )
    done = tsme("repl", "unix", "--", "list")
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, "TSME-H086")
    assert "pip install tsme[repl]" in done.stderr


# --- tasks, signals, and what is told of them ----------------------------------------------------


def test_a_task_is_completed_by_its_token_its_execution_or_its_activity(board: Cabled) -> None:
    for n, name in enumerate(("1-1", "door", "press")):
        asked(board, "start", "door", "door.asl.json")
        (one,) = told(board, "tasks")
        assert (one["execution"], one["resource"]) == ("door", ACTIVITY)
        asked(board, "heartbeat", one["token"])
        task = one["token"] if "-" in name else name
        asked(board, "complete", task, json.dumps({"pressed": n}))
        assert json.loads(asked(board, "wait", "door").stdout) == {"pressed": n}
    asked(board, "start", "door")
    asked(board, "fail", "door", "--error", "Broken", "--cause", "it is")
    assert "door failed: Broken: it is" in asked(board, "wait", "door", code=1).stderr


def test_tasks_that_are_not_clear_are_named(board: Cabled) -> None:
    for name in ("door", "gate"):
        asked(board, "start", name, "door.asl.json")
    done = asked(board, "complete", "press", code=2)
    assert "TSME-H083" in done.stderr
    assert 'of "door"' in done.stderr
    assert 'of "gate"' in done.stderr


@pytest.mark.parametrize("board", [{"machine": "1"}], indirect=True)
def test_a_machine_takes_signals_and_its_state_is_told(board: Cabled) -> None:
    done = tsme(
        "repl", board.port, "--program", "counter.py:Counter", "--json",
        stdin="send count 3\nsend count 4\nstates count\njournal count 1\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    state, end = json.JSONDecoder().raw_decode(done.stdout)
    assert state == {"n": 7}
    (record,) = json.loads(done.stdout[end:])
    assert (record["input"], record["fields"]["value"]) == ("signal", 4)
    assert "TSME-N011" in asked(board, "send", "count", '"bad"', code=2).stderr


def test_history_states_clocks_and_journal_come_from_the_boards_records(board: Cabled) -> None:
    asked(board, "start", "door", "door.asl.json")
    done = tsme(
        "repl", board.port, "--program", "door.asl.json", "--json",
        stdin="states door\nclocks door\nhistory door 1\njournal door\nmachines\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    answers, at = [], 0
    while at < len(done.stdout.rstrip()):
        value, at = json.JSONDecoder().raw_decode(done.stdout, at)
        answers.append(value)
        at += 1
    states, clocks, history, journal, machines = answers
    assert states == [{"state": "Ask", "active": 1, "entered": 1}]
    assert clocks == {"clocks": {"Ask": 1}, "time": 1}
    assert history["events"][0]["type"].startswith("Activity")
    assert journal[0]["input"] == "start"
    assert journal[0]["states"] == [["Ask"]]
    assert machines[0]["name"] == "door.asl.json"
    asked(board, "complete", "door")
    asked(board, "wait", "door")
    shown = scripted(board, "journal door 2").stdout  # no program: the records alone
    assert "succeeded" in shown


def test_a_history_without_its_program_says_what_to_give(board: Cabled) -> None:
    asked(board, "start", "soil", "soil.asl.json", "--wait")
    done = asked(board, "history", "soil", code=2)
    assert "TSME-H043" in done.stderr
    assert "--program" in done.stderr


def test_a_state_is_waited_for(board: Cabled) -> None:
    with attached(board, "door.asl.json") as target:
        one = Repl(target, None)
        assert one.once(["start", "door", "door.asl.json"]) == 0
        assert one.once(["wait", "door", "--state", "Ask"]) == 0
        assert one.once(["wait", "door", "--state", "Open it", "--timeout", "0.1"]) == 1
        assert one.once(["complete", "door", "1"]) == 0
        assert one.once(["wait", "door"]) == 0
        assert one.once(["wait", "door", "--state", "Elsewhere"]) == 1


# --- scripts -------------------------------------------------------------------------------------


def test_a_script_ends_with_the_first_command_that_does_not_do_its_work(
    board: Cabled, here: Path
) -> None:
    text = '# a day\n\nstart soil soil.asl.json {"day": 1}\nwait soil\n'
    (here / "day.txt").write_text(text, encoding="utf-8")
    done = scripted(board, "script day.txt", "start bad bad.asl.json --wait", "list", code=1)
    assert '{"day": 1, "soil": 250}' in done.stdout
    assert "line:2: start bad" in done.stderr
    assert "succeeded" not in done.stdout  # the list
    (here / "day.txt").write_text("list\nfrob\n", encoding="utf-8")
    done = asked(board, "script", "day.txt", code=2)
    assert "day.txt:2: frob" in done.stderr
    (here / "day.txt").write_text("script day.txt\n", encoding="utf-8")
    assert "tsme: error TSME-H085" in asked(board, "script", "day.txt", code=2).stderr
    assert scripted(board, "exit", "frob").stderr == ""


def test_it_is_a_process_that_scripts_can_use(board: Cabled, here: Path) -> None:
    done = spawn("repl", "--port", board.port, "--", "list", "--json", cwd=here)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, [], "")
    done = spawn("repl", "--port", board.port, "--", "stop", "none", cwd=here)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-J014")


# --- the terminal --------------------------------------------------------------------------------


def test_lines_are_asked_for_errors_are_said_and_the_history_is_kept(
    board: Cabled, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with create_pipe_input() as keys, attached(board) as target:
        keys.send_text("frob\rstart soil soil.asl.json\rwait soil\r\x03\x04")
        assert Repl(target, None).talk(input=keys, output=DummyOutput()) == 0
    found = capsys.readouterr()
    assert "tsme: error TSME-H001" in found.err
    assert "Traceback" not in found.err
    assert "soil: execution 1 has begun" in found.out
    assert '{"soil": 250}' in found.out
    kept = here / "state" / "tsme" / "repl-history"
    assert [line for line in kept.read_text("utf-8").splitlines() if line.startswith("+")] == [
        "+frob", "+start soil soil.asl.json", "+wait soil",
    ]  # fmt: skip
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with create_pipe_input() as keys, attached(board) as target:
        keys.send_text("\x1b[A\rexit\r")  # up: the last line again
        assert Repl(target, None).talk(input=keys, output=DummyOutput()) == 0
    assert '{"soil": 250}' in capsys.readouterr().out


def test_a_state_folder_that_cannot_be_written_costs_the_history_alone(
    board: Cabled, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "file"))
    with create_pipe_input() as keys, attached(board) as target:
        keys.send_text("list\rexit\r")
        assert Repl(target, None).talk(input=keys, output=DummyOutput()) == 0


def test_ctrl_c_ends_a_command_and_the_line_goes_on(
    board: Cabled, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with attached(board) as target:
        one = Repl(target, None)
        one.line("start nap nap.asl.json")
        describe = target.describe

        def interrupted(name: str) -> Any:
            threading.Timer(0, lambda: os.kill(os.getpid(), 2)).start()
            while True:
                describe(name)

        monkeypatch.setattr(target, "describe", interrupted)
        assert not one.line("wait nap")
        monkeypatch.undo()
        assert not one.line("list")
    found = capsys.readouterr()
    assert "tsme: interrupted" in found.err
    assert "nap" in found.out


def test_tab_offers_commands_options_and_what_is_there(board: Cabled, here: Path) -> None:
    with attached(board, "door.asl.json") as target:
        target.start("door", "door.asl.json", {})
        assert offered(target, "st") == ["start", "states", "status", "stop"]
        assert offered(target, "stop ") == ["door"]
        assert offered(target, "stop d") == ["door"]
        assert offered(target, 'stop "do') == ["door"]
        assert offered(target, "stop door ") == []
        assert offered(target, "wait door s") == ["succeeded", "stopped"]
        assert offered(target, "wait door --state O") == ['"Open it"']
        assert "--state" in offered(target, "wait door --")
        (one,) = target.tasks()
        assert offered(target, "complete ") == [one.token, "door"]
        assert offered(target, "list --status run") == ["running"]
        assert "door.asl.json" in offered(target, "script d")
        assert offered(target, "help wa") == ["wait"]
        assert offered(target, "frob ") == []


def typed(folder: Path, *words: str, keys: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """What a command shows on a terminal; each of `keys` is typed when the text before it has
    come, behind what was there when the one before was typed."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.environ["TERM"] = "xterm"
        os.execv(COMMAND, [str(COMMAND), *words])
    shown, seen, left = b"", 0, [*keys]
    until = time.monotonic() + PATIENCE
    while True:
        if left and left[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(terminal, left.pop(0)[1])
        if not select.select([terminal], [], [], 1)[0]:
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # it has ended
            break
        if b"\x1b[6n" in piece:  # where is the cursor?
            os.write(terminal, b"\x1b[1;1R")
        shown += piece
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown


def test_on_a_terminal_tab_asks_the_board_for_names(board: Cabled, here: Path) -> None:
    asked(board, "start", "door", "door.asl.json")
    shown = typed(
        here,
        "repl",
        board.port,
        keys=(
            (b"tsme>", b"stop d\t"),
            (b"oor", b"\r"),
            (b"door is stopped", b""),
            (b"tsme>", b"\x04"),  # which a terminal takes itself while no line is asked for
        ),
    )
    assert b"tsme: left" in shown
    assert b"Traceback" not in shown
    assert told(board, "list")[0]["status"] == "stopped"


def test_tab_offers_the_states_of_a_schema(board: Cabled, here: Path) -> None:
    schema = {"name": "Relay", "states": {"Forward": {"remove": ["Reverse"]}, "Reverse": {}}}
    (here / "relay.json").write_text(json.dumps(schema), encoding="utf-8")
    with attached(board, "relay.json") as target:
        assert offered(target, "wait relay --state ") == ["Forward", "Reverse", "Exception"]
    (here / "wrong.json").write_text('{"name": "W", "states": {"A": {"add": ["B"]}}}', "utf-8")
    done = tsme("repl", board.port, "--program", "wrong.json", "--", "list")
    assert done.exit_code == 2
    assert "wrong.json:1:" in done.stderr
    assert "tsme check wrong.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# --- a line that is lost -------------------------------------------------------------------------


def test_a_cable_that_is_pulled_is_told_and_what_is_asked_is_answered(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    with attached(board) as target:
        one = Repl(target, None)
        one.line("start soil soil.asl.json")
        board.cable.pull()
        one.line("wait soil")
    found = capsys.readouterr()
    assert "was away, and is there again" in found.err
    assert '{"soil": 250}' in found.out


def test_a_board_that_is_away_for_long_is_an_error_and_is_opened_again(
    board: Cabled, capsys: pytest.CaptureFixture[str]
) -> None:
    port = Path(board.port)
    elsewhere = port.with_name("elsewhere")
    with attached(board) as target:
        one = Repl(target, None)
        assert target._board is not None
        client: Any = target._board.client  # which took its time to be opened
        client.session.timeout, client.session.patience = 0.2, 0.1
        board.cable.port = str(elsewhere)
        port.unlink()
        board.cable.pull()
        one.line("list")
        assert "tsme: error TSME-N033" in capsys.readouterr().err
        one.line("list")
        assert "tsme: error TSME-N030" in capsys.readouterr().err
        elsewhere.rename(port)
        one.line("status")
        found = capsys.readouterr()
        assert "was away, and is there again" in found.err
        assert "unix" in found.out
