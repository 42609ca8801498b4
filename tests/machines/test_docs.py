"""What docs/MACHINES.md says can be typed, and does what it says."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from tests import interpreters
from tests.tools.shell import spawn
from tsme import Engine, Journal, RamFlash
from tsme.kernel import State, StepBuilder
from tsme.kernel.limits import LIMITS
from tsme.machine import Actions, Input, Restored
from tsme.values import DEPTH

TEXT = (interpreters.ROOT / "docs" / "MACHINES.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COUNTER, MAIN, RESTORE, VERSIONS = BLOCKS
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]


def board(folder):
    """The files of the first example, on a board with a file for flash that is told no more."""
    (folder / "counter.py").write_text(COUNTER)
    main = MAIN.replace('tsme.partition("tsme")', 'tsme.FileFlash("flash.bin", 4096, 4)')
    main = main.replace("    await running\n", "    running.cancel()\n")
    assert main.count("flash.bin") == main.count("running.cancel()") == 1
    (folder / "main.py").write_text(main)
    return folder / "main.py"


@pytest.mark.parametrize("name", BOARDS)
def test_the_first_machine_runs_as_it_stands_there(name, tmp_path, monkeypatch):
    interpreters.require(name)
    main = board(tmp_path)
    monkeypatch.chdir(tmp_path)
    for count in (3, 6):
        done = interpreters.run(name, main)
        assert done.stderr == b""
        said = ["no: there are no 9 left", str(count)]
        assert done.stdout.decode().splitlines() == said
    lines = re.findall(r"^    tsme (.*)$", TEXT, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        done_ = spawn(*line.split(), cwd=tmp_path)
        assert done_.returncode == 0, (line, done_.stderr)


def test_restore_as_it_stands_there_names_every_task():
    names: dict[str, object] = {}
    exec(RESTORE, names)

    builder = StepBuilder(State(), 0)
    builder.task(0, "print_voucher", {"voucher": 7})
    builder.timer(0, 5)
    builder.task(0, "other", None)
    given = Restored(builder)
    names["restore"]({}, given)
    assert [(a.id, a.resource, a.payload) for a in given.actions()] == [
        (1, "settle_voucher", {"voucher": 7}),
        (3, "other", None),
    ]


def table(heading: str) -> list[str]:
    """The code in the first column of the table behind these words."""
    rows = TEXT.partition(heading)[2].partition("| | |\n")[2].partition("\n\n")[0]
    return re.findall(r"`(\w+)", " ".join(row.split(" | ")[0] for row in rows.splitlines()))


def test_the_tables_have_all_members_and_nothing_else():
    assert set(table("Members of `input`")) == {
        *(n for n in vars(Input("start", 1)) if not n.startswith("_")),
        *(n for n in dir(Input) if not n.startswith("_")),
    }
    methods = re.findall(
        r"`(\w+)\(", TEXT.partition("Methods of `actions`")[2].partition("\n\nThe ")[0]
    )
    assert {n for n in methods if n != "on"} == {n for n in dir(Actions) if not n.startswith("_")}


def test_the_limits_are_those_that_it_names():
    assert f"{DEPTH} levels deep, {LIMITS['state_bytes'] // 1024} KB in all" in TEXT


def test_an_object_is_a_machine_too():
    from tests.machines.test_drafts import Life

    class Scaled:
        def __init__(self, factor):
            self.factor = factor

        def stf(self, state, input, actions):
            state["sum"] = state.get("sum", 0) + self.factor * input.value

    life = Life(Scaled(3))
    life.tell(2)
    life.tell(5)
    assert json.dumps(life.state.client) == '{"sum": 21}'


def test_the_new_version_takes_the_journal_of_the_old_one() -> None:
    class TillOne:
        name = "Till"
        initial = {"cents": 0}

        def stf(state, input, actions):
            state["cents"] += input.value

    names: dict[str, Any] = {"TillOne": TillOne}
    exec(VERSIONS, names)
    till = names["Till"]
    till.stf = lambda state, given, actions: actions.end(state["euros"])
    flash = RamFlash()

    async def life(machine: object, value: int) -> Engine:
        engine = Engine(machine, Journal(flash))
        running = asyncio.create_task(engine.run())
        await asyncio.sleep(0)
        await engine.ask(value)
        running.cancel()
        return engine

    asyncio.run(life(TillOne, 250))
    ended = asyncio.run(life(till, 1)).outcome()
    assert ended
    assert ended.output == 2.5
