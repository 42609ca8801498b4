"""The laptop reads a machine's journal: --program FILE.py:CLASS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.shell import tsme
from tsme.engine.engine import Engine
from tsme.journal import Journal
from tsme.journal.flash import FileFlash

COUNTER = interpreters.ROOT / "examples" / "counter" / "counter.py"
MACHINE = """
import tsme


class Till:
    initial = {"sum": 0}
    tasks = ("pay",)

    def stf(state, input, actions):
        state["sum"] += 1
        if input.kind == "signal":
            actions.task("pay", {"n": input.value}, timeout=9000)
            actions.timer(60000)
            actions.publish("now")
        elif input.kind == "timer":
            actions.end(state["sum"])


class Changed(Till):
    name = "Till"

    def stf(state, input, actions):
        state["sum"] += 2


class Strict(Till):
    name = "Till"

    def stf(state, input, actions):
        raise ValueError("not this one")


class Plain:
    pass


class Broken:
    initial = []

    def stf(state, input, actions):
        pass
"""
NOW = 1767225600000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine in till.py, and what it did in j.bin: after a checkpoint another execution."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "till.py").write_text(MACHINE)
    (tmp_path / "broken.py").write_text("import nothing_there\n")
    names: dict[str, object] = {"__name__": "till"}
    exec(MACHINE, names)
    flash = FileFlash(str(tmp_path / "j.bin"), 4096, 8)
    journal = Journal(flash)
    engine = Engine(names["Till"], journal)
    engine.recover()
    start = (1, NOW, 1, engine.program.digest, 7, None, None, 1)
    for event in (
        start,
        (8, NOW + 1000, {"cups": 2}),
        (2, NOW + 1500, 1, "paid"),
        (8, NOW + 2000, "again"),
        (5, NOW + 11000, 3),
    ):
        engine.feed(event)
    journal.checkpoint(engine.kernel.checkpoint(engine.state))
    engine.feed((5, NOW + 61000, 2))
    flash.close()
    return tmp_path


def test_the_journal_is_shown_with_what_each_step_started(folder):
    done = tsme("journal", "show", "j.bin", "--program", "till.py:Till")
    assert done.exit_code == 0, done.stderr
    for part in ("signal", '{"cups": 2}', "starts pay (action 1)", "waits 1 min", "action 1 (pay)",
                 "emits publish", "checkpoint", "succeeded"):  # fmt: skip
        assert part in done.stdout, part
    shown = json.loads(tsme("journal", "show", "j.bin", "--json").stdout)
    assert shown["records"][1]["fields"]["value"] == {"cups": 2}


def test_the_journal_comes_out_again_and_a_changed_machine_differs(folder):
    done = tsme("replay", "j.bin", "--program", "till.py:Till")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        0,
        "identical: 6 steps, 1 execution, 1 checkpoint",
    )
    done = tsme("replay", "j.bin", "--program", "till.py:Changed")
    assert done.exit_code == 1
    assert "different at record 1 (input signal): another state comes out" in done.stdout


def test_the_effects_are_those_of_its_tasks(folder):
    done = tsme("journal", "effects", "j.bin", "--program", "till.py:Till", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(a["resource"], a["end"]) for a in told["actions"]] == [
        ("pay", "succeeded"),
        ("pay", "timed out"),
    ]
    assert told["emitted"] == {"publish": 2}


def test_what_restore_may_have_had_answered_by_others_is_not_counted(folder):
    text = MACHINE.replace("class Till:", "class Till:\n    restore = None\n")
    (folder / "till.py").write_text(text)
    done = tsme("journal", "effects", "j.bin", "--program", "till.py:Till")
    assert done.exit_code == 0, done.stderr
    assert "perhaps, nobody counted" in done.stdout
    assert "at least" not in done.stdout
    assert "After a reset restore() may have had another task answer" in done.stderr


def test_a_class_that_takes_what_the_device_took_no_more_is_a_difference(folder: Path) -> None:
    done = tsme("replay", "j.bin", "--program", "till.py:Strict")
    assert done.exit_code == 1
    assert "the machine raises ValueError: not this one" in done.stdout
    done = tsme("journal", "show", "j.bin", "--program", "till.py:Strict")
    assert "differs: the machine raises ValueError: not this one" in done.stdout


@pytest.mark.parametrize(
    ("program", "code", "says"),
    [
        ("till.py:Tell", "TSME-H023", 'there is no "Tell" in till.py; did you mean "Till"?'),
        ("till.py:Plain", "TSME-H023", "cannot be run: Plain is no state machine"),
        ("till.py:Broken", "TSME-H023", "the `initial` state of Broken is not a dict"),
        ("till.py:", "TSME-H023", "it has Till, Changed, Strict, Broken"),
        ("till.py", "TSME-H023", "write till.py:CLASS"),
        ("none.py:Till", "TSME-H010", 'there is no file "none.py"'),
        ("broken.py:Till", "TSME-H021", "broken.py:1: ModuleNotFoundError"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "journal show", "journal effects"])
def test_what_names_no_machine_is_said_in_one_line(folder, command, program, code, says):
    done = tsme(*command.split(), "j.bin", "--program", program)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"tsme: error {code}: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_journal_of_another_machine_is_not_replayed(folder):
    done = tsme("replay", "j.bin", "--program", f"{COUNTER}:Counter")
    assert done.exit_code == 2
    assert "TSME-H043" in done.stderr
