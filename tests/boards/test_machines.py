"""Machines on a board: their classes and schemas come with `tsme push`, and survive restarts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import require
from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.tools.boards import board_file, emulators, parts
from tsme_host.tools.boards.emulators import Emulated
from tsme_host.tools.link.opening import open_board

SCHEMA: dict[str, Any] = {
    "name": "gate",
    "version": 1,
    "order": ["Start", "Open", "Shut"],
    "states": {"Start": {}, "Open": {"remove": ["Shut"]}, "Shut": {"remove": ["Open"]}},
}
GATE = """
from words import OPEN


class Gate:
    schema = "gate.tsr"
    tasks = ("bar",)
    initial = {"count": 0}

    def StartState(m):
        m.add("Shut")

    def OpenState(m):
        m.data["count"] += 1
        m.task("bar", OPEN)
"""
TASKS = """
import tsme

tasks = tsme.Tasks()


@tasks.task("bar")
def bar(what):
    print("the bar is", what)
"""
COUNTER = """
class Counter:
    version = 1
    initial = {"n": 0}

    def stf(state, input, actions):
        if input.kind == "signal":
            state["n"] += input.value
            if state["n"] > 10:
                actions.end(state["n"])
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulated]:
    """A board without tasks, and a project beside it."""
    require("micropython")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    files = {
        "gate.json": json.dumps(SCHEMA),
        "gate.py": GATE,
        "words.py": 'OPEN = "up"\n',
        "tasks.py": TASKS,
        "counter.py": COUNTER,
    }
    for name, text in files.items():
        (project / name).write_text(text, encoding="utf-8")
    assert tsme("compile", "gate.json").exit_code == 0
    with emulators.emulated(board_file.board("unix"), tmp_path / "board") as made:
        made.power_on()
        with open_board(made.address, patience=60):
            pass
        (project / "tsme.toml").write_text(
            f'port = "{made.address}"\ntasks = "tasks.py"\n'
            '[workflows]\ngate = "gate.py:Gate"\ncount = "counter.py:Counter"\n',
            encoding="utf-8",
        )
        yield made


def done(*words: str) -> str:
    found = tsme(*words)
    assert found.exit_code == 0, (found.stdout, found.stderr)
    return found.stdout + found.stderr


def test_push_brings_classes_and_schemas_and_they_go_on_after_a_cut(board: Emulated) -> None:
    early = tsme("start", "gate")
    assert_one_clear_line(early.stderr, "TSME-N004")
    assert "tsme push" in early.stderr
    said = done("push", "--no-logs")
    for clue in ("gate.tsr", "gate.py", "words.py", "machines.json", "gate: execution"):
        assert clue in said
    assert "uploaded" not in done("upload")
    assert done("signal", "gate", '{"add": "Open"}').startswith("executed\n")
    done("signal", "count", "7")
    rows = {row["name"]: row for row in json.loads(done("ps", "--json"))}
    assert rows["gate"]["active"] == ["Open", "Start"]
    assert "active" not in rows["count"]
    assert json.loads(done("describe", "gate", "--json"))["active"] == ["Open", "Start"]
    assert "Open Start" in done("ps", "--status", "running")
    assert "no execution is failed" in done("ps", "--status", "failed")
    listed = {row["name"]: row for row in json.loads(done("repl", "--", "list", "--json"))}
    assert listed["gate"]["active"] == ["Open", "Start"]
    assert "active" not in listed["count"]
    table = done("repl", "--", "list", "--status", "running")
    assert "program           active" in table
    assert "Open Start" in table
    board.cut()
    board.power_on()
    with open_board(board.address, patience=60) as client:
        assert client.status().mode == "run"
    assert json.loads(done("repl", "--", "time", "gate", "--json"))[:3] == [1, 1, 2]
    done("signal", "count", "7")
    assert json.loads(done("describe", "count", "--json"))["output"] == 14
    done("start", "count", "--input", "{}")  # its class is there though nothing ran it
    done("journal", "pull", "gate")
    assert "identical" in done("replay", "gate.bin", "--program", "gate.py:Gate")


def test_a_class_that_cannot_be_loaded_leaves_the_link(board: Emulated) -> None:
    Path("words.py").write_text("1 // 0\n", encoding="utf-8")
    Path("gate.py").write_text("def f(:\n", encoding="utf-8")
    assert_one_clear_line(tsme("push", "--no-logs").stderr, "TSME-H021")
    text = COUNTER + "\n\nimport sys\n\nif sys.implementation.name != 'cpython':\n    1 // 0\n"
    Path("counter.py").write_text(text, encoding="utf-8")
    Path("gate.py").write_text(GATE.replace("from words import OPEN", 'OPEN = "up"'), "utf-8")
    found = tsme("push", "--no-logs")
    assert "TSME-N077" in found.stderr
    assert "ZeroDivisionError" in found.stderr


FLOW = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 5, "End": True}}}


def workflows(board: Emulated, rows: str) -> None:
    text = f'port = "{board.address}"\ntasks = "tasks.py"\n[workflows]\n{rows}'
    Path("tsme.toml").write_text(text, encoding="utf-8")


def test_a_class_that_has_gone_is_taken_back_and_a_renamed_one_comes(board: Emulated) -> None:
    Path("one.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    done("push", "--no-logs")
    Path("counter.py").write_text(COUNTER.replace("class Counter", "class Tally"), "utf-8")
    workflows(board, 'tally = "counter.py:Tally"\n')
    for words in (["push", "--no-logs"], ["upload"], ["push", "tally", "--stop"]):
        found = tsme(*words)
        assert (found.exit_code, found.stdout) == (2, "")
        assert_one_clear_line(found.stderr, "TSME-N069")
        assert "tsme.toml names no more" in found.stderr
        assert "tsme stop " in found.stderr
    said = done("push", "--stop", "--no-logs")
    assert "machines.json" in said
    assert "count: execution 2 is stopped" in said
    assert "gate: execution 1 is stopped" in said
    for name in ("gate.py", "gate.tsr"):
        assert f"{name} is removed from the board" in said
        assert not (board.folder / name).exists()
    named = json.loads((board.folder / "machines.json").read_text("utf-8"))
    assert [*named.values()] == ["counter:Tally"]
    done("stop", "tally")
    workflows(board, 'one = "one.asl.json"\n')
    said = done("push", "--no-logs")
    assert re.search(r"one: execution \d+ has begun", said)
    assert (board.folder / "machines.json").read_text("utf-8") == "{}\n"
    assert not (board.folder / "counter.py").exists()
    with open_board(board.address, patience=60) as client:
        assert client.status().mode == "run"


def test_a_schema_goes_when_its_class_names_another_and_what_is_outside_a_project_stays(
    board: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("push", "--no-logs")
    Path("gate.tsr").rename("door.tsr")
    Path("gate.py").write_text(GATE.replace("gate.tsr", "door.tsr"), encoding="utf-8")
    assert "gate.tsr is removed from the board" in done("upload")
    assert (board.folder / "door.tsr").exists()
    before = json.loads((board.folder / "machines.json").read_text("utf-8"))
    monkeypatch.chdir(tmp_path)
    port = ("--port", board.address)
    Path("other.py").write_text(COUNTER.replace("Counter", "Other"), encoding="utf-8")
    done("upload", "other.py:Other", *port)
    named = json.loads((board.folder / "machines.json").read_text("utf-8"))
    assert sorted(named.values()) == ["counter:Counter", "gate:Gate", "other:Other"]
    assert before.items() < named.items()
    # The file that a class is in, without it, or with another version of it.
    Path("counter.py").write_text(COUNTER.replace("Counter", "Tally"), encoding="utf-8")
    early = tsme("upload", "counter.py:Tally", *port)
    assert_one_clear_line(early.stderr, "TSME-N069")
    assert '"count" is under way' in early.stderr
    assert "tsme stop count" in early.stderr
    done("stop", "count", *port)
    done("upload", "counter.py:Tally", *port)
    named = json.loads((board.folder / "machines.json").read_text("utf-8"))
    assert sorted(named.values()) == ["counter:Tally", "gate:Gate", "other:Other"]
    done("reset", *port)
    assert "gate   running" in done("ps", *port)


def test_the_same_push_goes_on_when_a_reset_came_between_a_class_and_its_new_name(
    board: Emulated,
) -> None:
    done("push", "--no-logs")
    text = COUNTER.replace("class Counter", "class Tally")
    Path("counter.py").write_text(text, "utf-8")
    workflows(board, 'tally = "counter.py:Tally"\n')
    with open_board(board.address, patience=60) as client:
        client.upload("counter.py", text.encode())
    board.cut()
    board.power_on()
    with open_board(board.address, patience=60) as client:
        assert client.status().mode == "safe"
    assert "tally: execution 1 has begun" in done("push", "--no-logs")


def test_a_board_without_classes_gets_no_empty_list_of_them(board: Emulated) -> None:
    Path("one.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    workflows(board, 'one = "one.asl.json"\n')
    assert "machines.json" not in done("push", "--no-logs")
    assert not (board.folder / "machines.json").exists()


def test_a_class_that_is_there_and_does_not_run_needs_a_reset_or_another_tsme(
    board: Emulated,
) -> None:
    done("upload")
    early = tsme("start", "gate")
    assert_one_clear_line(early.stderr, "TSME-N004")
    assert "tsme reset" in early.stderr
    assert "tsme flash unix --keep-firmware" in early.stderr


def test_parts_that_the_board_lacks_come_though_files_and_programs_are_there(
    board: Emulated,
) -> None:
    value = "{% $uppercase($states.input.say) %}"
    flow = {"A": {"Type": "Pass", "Output": value, "End": True}}
    code = {"QueryLanguage": "JSONata", "StartAt": "A", "States": flow}
    Path("one.asl.json").write_text(json.dumps(code), encoding="utf-8")
    workflows(board, 'one = "one.asl.json"\ngate = "gate.py:Gate"\n')
    done("upload")
    left = board.folder / "lib" / "tsme" / "left.json"
    left.parent.mkdir(parents=True)
    left.write_bytes(parts.told(["expressions", "relational", "tasks.pid"]))
    said = done("upload")
    assert "the board gets JSONata" in said
    assert "the board gets relational machines" in said
    assert "uploaded" not in said
    assert json.loads(left.read_bytes())["left"] == ["tasks.pid"]


OLD = """
from words import OPEN


class Old:
    schema = "gate.tsr"


class Gate:
    schema = "wide.tsr"
    version = 2
    before = Old
"""


def test_an_execution_under_way_goes_on_as_before_with_the_schema_of_then(
    board: Emulated,
) -> None:
    first = OLD[: OLD.index("class Gate")].replace("Old", "Gate")
    Path("gate.py").write_text(first, encoding="utf-8")
    done("push", "gate", "--no-logs")
    done("signal", "gate", '{"add": "Open"}')
    wide = SCHEMA | {"version": 2, "order": [*SCHEMA["order"], "Wide"]}
    wide["states"] = {**SCHEMA["states"], "Wide": {}}
    Path("wide.json").write_text(json.dumps(wide), encoding="utf-8")
    assert tsme("compile", "wide.json").exit_code == 0
    Path("gate.py").write_text(OLD, encoding="utf-8")
    (board.folder / "gate.tsr").unlink()  # as on a board that never had it
    said = done("push", "gate", "--no-logs")
    assert "gate.tsr" in said
    assert "wide.tsr" in said
    rows = {row["name"]: row for row in json.loads(done("ps", "--json"))}
    assert (rows["gate"]["status"], rows["gate"]["active"]) == ("running", ["Open", "Start"])


def changed(**more: Any) -> None:
    """The schema has another state, so that it is another machine."""
    other = SCHEMA | {"order": [*SCHEMA["order"], "Wide"]} | more
    other["states"] = {**SCHEMA["states"], "Wide": {}}
    Path("gate.json").write_text(json.dumps(other), encoding="utf-8")
    assert tsme("compile", "gate.json").exit_code == 0


def test_a_changed_schema_is_refused_before_the_upload_while_the_old_one_is_under_way(
    board: Emulated,
) -> None:
    done("push", "--no-logs")
    files = {path.name: path.read_bytes() for path in board.folder.glob("*.*")}
    changed(version=2)
    for words in (["push", "--no-logs"], ["push", "count", "--stop"], ["upload"]):
        found = tsme(*words)
        assert (found.exit_code, found.stdout) == (2, "")
        assert_one_clear_line(found.stderr, "TSME-N069")
        for clue in ('"gate" is under way', "next version", "before", "tsme push --stop"):
            assert clue in found.stderr
    now = {name: (board.folder / name).read_bytes() for name in ("gate.tsr", "machines.json")}
    assert now == {name: files[name] for name in now}
    assert done("signal", "gate", '{"add": "Open"}').startswith("executed\n")


def test_push_stop_ends_a_machine_and_begins_the_one_of_the_changed_schema(
    board: Emulated,
) -> None:
    done("push", "--no-logs")
    for more in ({}, {"version": 2}):
        changed(**more)
        said = done("push", "gate", "--stop", "--no-logs")
        assert re.search(r"gate: execution \d+ is stopped", said)
        assert re.search(r"gate: execution \d+ has begun", said)
        assert done("signal", "gate", '{"add": "Wide"}').startswith("executed\n")


def test_a_machine_whose_class_is_lost_is_given_up_by_a_command_that_the_error_names(
    board: Emulated,
) -> None:
    done("push", "--no-logs")
    changed()
    with open_board(board.address, patience=60) as client:
        client.upload("gate.tsr", Path("gate.tsr").read_bytes())
    done("reset")
    early = tsme("signal", "gate", '{"add": "Open"}')
    assert_one_clear_line(early.stderr, "TSME-K005")
    assert "tsme retire NAME" in early.stderr
    assert "retire()" not in early.stderr
    for words in (["describe", "gate"], ["repl", "--", "status", "gate"]):
        said = done(*words)
        assert "TSME-K005" in said
        assert "which is not here; bring that, or give up what it began: `tsme retire" in said
        assert "retire()" not in said
    done("retire", "gate")
    assert "gate: execution" in done("push", "--no-logs")
