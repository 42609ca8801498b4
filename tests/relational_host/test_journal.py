"""A relational machine's journal on the laptop: queries, drawings of a moment, metrics."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.relational_host.schemas import written
from tests.tools.shell import assert_one_clear_line, tsme
from tsme import Engine, FileFlash, Journal
from tsme_host.tools.handlers import load_machine

MACHINE = """\
class Relay:
    name = "relay"
    inherit = ["basic"]
    states = [
        ("Ready", {"auto": True}),
        ("Forward", {"require": ["Ready"], "remove": ["Reverse"]}),
        ("Reverse", {"require": ["Ready"], "remove": ["Forward"]}),
        ("Pulse", {"multi": True}),
    ]

    def ForwardEnter(m):
        return m.args.get("ok", True)

    def PulseState(m):
        if m.args.get("end"):
            m.end("done")
        if m.args.get("blink"):
            m.add("Forward")
            m.remove("Forward")


class Compiled(Relay):
    schema = "relay.tsr"
"""
NOW = 1767225600000
SIGNALS = (
    {"add": ["Forward"]},
    {"add": ["Reverse"]},
    {"add": ["Forward"], "args": {"ok": False}},
    {"add": ["Pulse"]},
    {"add": ["Pulse"]},
    {"remove": ["Start"]},
)
PROGRAM = ("--program", "relay.py:Relay")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine in relay.py, and what it did in j.bin."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, MACHINE, "relay.py")
    live(tmp_path / "j.bin", "relay.py:Relay")
    return tmp_path


def live(path: Path, machine: str) -> None:
    """A journal of the signals, a second apart."""
    flash = FileFlash(str(path), 4096, 8)
    engine = Engine(load_machine(machine), Journal(flash))
    engine.recover()
    engine.feed((1, NOW, 1, engine.program.digest, 7, None, None, 1))
    for n, signal in enumerate(SIGNALS, 1):
        engine.feed((8, NOW + 1000 * n, signal))
    flash.close()


def records(*options: str) -> list[int]:
    done = tsme("journal", "query", "j.bin", *PROGRAM, *options, "--json")
    assert done.exit_code == (0 if json.loads(done.stdout) else 1), done.stderr
    return [row["record"] for row in json.loads(done.stdout)]


def test_all_records_are_listed_with_what_changed_and_what_is_active(folder: Path) -> None:
    done = tsme("journal", "query", "j.bin", *PROGRAM)
    lines = [re.sub(r" +", " ", line).strip() for line in done.stdout.splitlines()]
    assert lines[0] == "record sum time input changed active"
    assert lines[1] == ("6 11 2026-01-01 00:00:06.000 signal -Ready -Reverse -Start (Pulse:3)")
    assert lines[-1] == "0 2 2026-01-01 00:00:00.000 start +Ready +Start (Ready:1 Start:1)"


QUERIES = {
    ("--activated", "Forward"): [1],
    ("--deactivated", "Forward"): [2],
    ("--active", "Reverse"): [5, 4, 3, 2],
    ("--inactive", "Reverse"): [6, 1, 0],
    ("--activated", "Pulse"): [5, 4],
    ("--active", "Reverse", "--inactive", "Pulse"): [3, 2],
    ("--sum", "3..5"): [3, 2, 1],
    ("--sum", "11.."): [6],
    ("--sum", "..2"): [0],
    ("--sum", "8"): [5],
    ("--ticks", "Pulse=1..2"): [4],
    ("--from", "2026-01-01T00:00:04Z"): [6, 5, 4],
    ("--from", str(NOW + 1000), "--to", "2026-01-01T00:00:02+00:00"): [2, 1],
    ("--active", "Ready", "--limit", "2"): [5, 4],
    ("--active", "Heartbeat"): [],
}


@pytest.mark.parametrize("options", QUERIES, ids=" ".join)
def test_a_query_finds_the_records_for_which_all_of_it_holds(
    folder: Path, options: tuple[str, ...]
) -> None:
    assert records(*options) == QUERIES[options]


def test_what_was_active_for_a_transition_of_a_step_alone_is_found(folder: Path) -> None:
    flash = FileFlash("j.bin")
    engine = Engine(load_machine("relay.py:Relay"), Journal(flash))
    engine.recover()
    engine.feed((8, NOW + 9000, {"add": ["Start"]}))
    engine.feed((8, NOW + 10000, {"add": ["Pulse"], "args": {"blink": True}}))
    flash.close()
    assert records("--activated", "Forward")[0] == 8
    assert records("--deactivated", "Forward")[0] == 8
    assert records("--deactivated", "Pulse") == []


def test_a_journal_is_shown_with_what_each_step_changed(folder: Path) -> None:
    lines = tsme("journal", "show", "j.bin", *PROGRAM).stdout.splitlines()
    said = [line.strip() for line in lines if re.match(r" +[+-]", line)]
    assert said == [
        "+Ready +Start", "+Forward", "+Reverse -Forward", "+Pulse", "+Pulse",
        "-Ready -Reverse -Start",
    ]  # fmt: skip
    shown = json.loads(tsme("journal", "show", "j.bin", *PROGRAM, "--json").stdout)
    assert shown["records"][2]["changed"] == ["+Reverse", "-Forward"]


def test_a_moment_of_a_journal_is_drawn(folder: Path) -> None:
    def marked(*options: str) -> list[str]:
        text = tsme("graph", "relay.py:Relay", "--journal", "j.bin", *options).stdout
        return re.findall(r'\("(\w+)[^:]*:::active', text)

    assert marked("--at", "1") == ["Ready", "Forward", "Start"]
    assert marked("--at", "4") == ["Ready", "Reverse", "Pulse", "Start"]
    assert marked() == ["Pulse"]
    text = tsme("graph", "relay.py:Relay", "--journal", "j.bin").stdout
    assert '("Pulse<br/>multi, tick 3"):::active' in text
    done = tsme("graph", "relay.py:Relay", "--journal", "j.bin", "--at", "99")
    assert_one_clear_line(done.stderr, "TSME-H002")
    assert "it has 0 to 6" in done.stderr


def test_prometheus_is_told_of_the_newest_moment(folder: Path) -> None:
    text = tsme("journal", "metrics", "j.bin", *PROGRAM).stdout
    assert 'tsme_machine_state{machine="relay",state="Pulse"} 1\n' in text
    assert 'tsme_machine_ticks_total{machine="relay",state="Pulse"} 3\n' in text
    assert 'tsme_machine_state{machine="relay",state="Ready"} 0\n' in text


def test_a_journal_whose_executions_have_ended_is_told_of_like_any_other(folder: Path) -> None:
    flash = FileFlash("j.bin")
    engine = Engine(load_machine("relay.py:Relay"), Journal(flash))
    engine.recover()
    engine.feed((8, NOW + 7000, {"add": ["Pulse"], "args": {"end": True}}))
    engine.feed((1, NOW + 8000, 2, engine.program.digest, 7, None, None, 1))
    engine.feed((8, NOW + 9000, {"add": ["Forward"]}))
    engine.feed((6, NOW + 10000, "enough", ""))
    flash.close()
    done = tsme("journal", "query", "j.bin", *PROGRAM)
    lines = [re.sub(r" +", " ", line).strip() for line in done.stdout.splitlines()]
    assert lines[1] == "10 3 2026-01-01 00:00:10.000 stop stopped (Ready:1 Forward:1 Start:1)"
    assert lines[4] == "7 13 2026-01-01 00:00:07.000 signal +Pulse succeeded (Pulse:5)"
    assert records("--activated", "Pulse") == [7, 5, 4]
    assert records("--activated", "Forward") == [9, 1]
    told = json.loads(tsme("journal", "query", "j.bin", *PROGRAM, "--json").stdout)
    assert [row["ended"] for row in told[:4]] == ["stopped", None, None, "succeeded"]
    text = tsme("journal", "metrics", "j.bin", *PROGRAM).stdout
    assert 'tsme_machine_ticks_total{machine="relay",state="Forward"} 1\n' in text
    assert 'tsme_machine_state{machine="relay",state="Forward"} 0\n' in text
    drawn = tsme("graph", "relay.py:Relay", "--journal", "j.bin")
    assert '("Forward<br/>tick 1"):::active' in drawn.stdout, drawn.stderr


def test_a_class_with_a_compiled_schema_replays_from_any_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tsme("compile", "relay.py:Relay").exit_code == 0
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    done = tsme("replay", "../j.bin", "--program", "../relay.py:Compiled")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("identical: 7 steps")


MISTAKES = {
    "--active Redy": ("TSME-H002", 'did you mean "Ready"?'),
    "--ticks Pulse": ("TSME-H002", "write --ticks STATE=A..B"),
    "--ticks Puls=3": ("TSME-H002", 'did you mean "Pulse"?'),
    "--sum 3-5": ("TSME-H002", "write 3..9"),
    "--from yesterday": ("TSME-H002", "milliseconds since 1970"),
}


@pytest.mark.parametrize("options", MISTAKES)
def test_each_mistake_gives_one_line_that_helps(folder: Path, options: str) -> None:
    done = tsme("journal", "query", "j.bin", *PROGRAM, *options.split())
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, MISTAKES[options][0])
    assert MISTAKES[options][1] in done.stderr


def test_a_journal_of_something_else_is_refused(folder: Path) -> None:
    counter = "class Counter:\n    def stf(state, input, actions):\n        pass\n"
    written(folder, counter, "counter.py")
    live(folder / "c.bin", "counter.py:Counter")
    for command in ("query", "metrics"):
        done = tsme("journal", command, "c.bin", "--program", "counter.py:Counter")
        assert_one_clear_line(done.stderr, "TSME-H017")
