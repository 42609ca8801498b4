"""Histories of relational machines of several versions, and in a database."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.relational_host.schemas import written
from tests.tools.shell import assert_one_clear_line, need, tsme
from tsme import Engine, FileFlash, Journal
from tsme_host.database.database import Database
from tsme_host.server.errors import ApiError
from tsme_host.server.serving import Options, opened
from tsme_host.tools.commands.debug import stored
from tsme_host.tools.handlers import load_machine

MACHINES = """\
class Old:
    name = "lamp"
    states = [("Start", {}), ("On", {"require": ["Start"]})]


class New:
    name = "lamp"
    version = 2
    before = Old
    states = [("Start", {}), ("Off", {"remove": ["On"]}), ("On", {"remove": ["Off"]})]


class Counter:
    def stf(state, input, actions):
        if input.kind == "signal":
            actions.end({"is": input.value})
"""
DEVICE = """\
import asyncio, sys
import tsme
from lamp import New, Old


async def life(kind, *names):
    engine = tsme.Engine(kind, tsme.Journal(tsme.FileFlash(sys.argv[1], 4096, 8)))
    run = asyncio.create_task(engine.run({}))
    await asyncio.sleep(0)
    for name in names:
        print(await engine.add(name))
    run.cancel()


asyncio.run(life(Old, "On"))
asyncio.run(life(New, "Off", "On"))
"""
NEW = ("--program", "lamp.py:New")
OLD = ("--program", "lamp.py:Old")
DATABASE = ("--database", "sqlite:///kept.db")


@pytest.fixture(params=["cpython", "micropython"])
def journal(request: pytest.FixtureRequest, folder: Path) -> str:
    """What an interpreter wrote of a lamp that got a second version."""
    from tests import interpreters

    need(request.param)
    script = written(folder, DEVICE, "device.py")
    done = interpreters.run(request.param, script, [folder / "j.bin"])
    assert done.stdout.split() == [b"executed"] * 3, done.stderr
    return "j.bin"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, MACHINES, "lamp.py")
    return tmp_path


def query(*words: str) -> list[list[str]]:
    """What became active and inactive, oldest first, where something did."""
    done = tsme("journal", "query", *words, "--json")
    assert done.exit_code == 0, done.stderr
    rows = [
        row["activated"] + [f"-{n}" for n in row["deactivated"]] for row in json.loads(done.stdout)
    ]
    return [row for row in rows[::-1] if row]


def test_the_versions_before_a_class_are_known_by_it(journal: str) -> None:
    done = tsme("replay", journal, *NEW)
    assert done.stdout.startswith("identical: 5 steps, 1 execution"), done.stderr
    assert "not replayed" not in done.output
    assert query(journal, *NEW) == [["Start"], ["On"], ["Off", "-On"], ["On", "-Off"]]
    assert query(journal, *NEW, "--activated", "On") == [["On"], ["On", "-Off"]]
    assert query(journal, *NEW, "--inactive", "Off") == [["Start"], ["On"], ["On", "-Off"]]
    for order in ((*NEW, *OLD), (*OLD, *NEW)):
        text = tsme("journal", "metrics", journal, *order).stdout
        assert 'tsme_machine_ticks_total{machine="lamp",state="Off"} 2\n' in text
    drawn = tsme("graph", "lamp.py:New", "--journal", journal, "--at", "1").stdout
    assert '("On<br/>tick 1"):::active' in drawn


def test_a_database_keeps_the_history_of_a_machine(journal: str) -> None:
    refused = tsme("store", "import", journal, *DATABASE)
    assert_one_clear_line(refused.stderr, "TSME-S016")
    assert "FILE.py:CLASS" in refused.stderr
    for added in (6, 0):
        done = tsme("store", "import", journal, *NEW, *DATABASE)
        assert f"RUNNING, {added} new records of 6" in done.stdout, done.stderr
    there = (*DATABASE, "--execution", "j-1", *NEW)
    assert query(*there) == query(journal, *NEW)
    assert 'state="On"} 1' in tsme("journal", "metrics", *there).stdout
    with Database.open(DATABASE[1]) as database:
        shown = stored(database, "j-1", ["lamp.py:New"]).track
    assert [one.program.version for one in shown.programs] == [2, 1]
    stats = json.loads(tsme("store", "stats", *DATABASE, "--json").stdout)
    assert [(line["status"], line["count"]) for line in stats] == [("RUNNING", 1)]
    out = tsme("store", "export", "j-1", "-o", "out.bin", *DATABASE)
    assert "of the machine lamp 1, lamp 2, whose class it needs" in out.stderr
    assert tsme("replay", "out.bin", *NEW).stdout.startswith("identical: 5 steps")
    assert not Path("out.bin.programs").exists()


def test_the_api_tells_of_a_machine_what_aws_has_words_for(folder: Path) -> None:
    flash = FileFlash("c.bin", 4096, 8)
    engine = Engine(load_machine("lamp.py:Counter"), Journal(flash))
    engine.recover()
    engine.feed((1, 1000, 1, engine.program.digest, 7, None, None, 1))
    engine.feed((8, 2000, 5))
    flash.close()
    given = ("store", "import", "c.bin", "--program", "lamp.py:Counter", *DATABASE)
    assert "SUCCEEDED, " in tsme(*given).stdout
    with opened(Options(database=DATABASE[1])) as server:
        arn = {"executionArn": server.place.execution("imported", "c-1")}
        found = server.call("DescribeExecution", arn)
        assert (found["status"], found["output"]) == ("SUCCEEDED", '{"is":5}')
        with pytest.raises(ApiError, match="a machine ran it, not a workflow"):
            server.call("GetExecutionHistory", arn)
    assert tsme("store", "export", "c-1", "-o", "out.bin", *DATABASE).exit_code == 0
    assert tsme("replay", "out.bin", "--program", "lamp.py:Counter").exit_code == 0
    wrong = tsme(
        "journal", "query", *DATABASE, "--execution", "c-1", "--program", "lamp.py:Counter"
    )
    assert_one_clear_line(wrong.stderr, "TSME-H017")


def test_a_history_that_the_class_does_not_give_is_not_imported(folder: Path) -> None:
    live = "class Old:\n    name = 'lamp'\n    states = ['Start', 'On']\n"
    written(folder, live.replace("['Start', 'On']", "[('Start', {}), ('On', {})]"), "lamp.py")
    flash = FileFlash("j.bin", 4096, 8)
    engine = Engine(load_machine("lamp.py:Old"), Journal(flash))
    engine.recover()
    engine.feed((1, 1000, 1, engine.program.digest, 7, None, None, 1))
    engine.feed((8, 2000, {"add": ["On"]}))
    flash.close()
    text = Path("lamp.py").read_text(encoding="utf-8")
    written(folder, text + "\n    def OnEnter(m):\n        return False\n", "lamp.py")
    refused = tsme("store", "import", "j.bin", *OLD, *DATABASE)
    assert_one_clear_line(refused.stderr, "TSME-S017")
    assert "record 1: another state comes out" in refused.stderr
    assert_one_clear_line(tsme("store", "export", "j-1", *DATABASE).stderr, "TSME-S010")


MISTAKES = {
    "replay j.bin --program lamp.tsr": '"lamp.tsr" is a relational schema, not a workflow',
    "store import j.bin --program lamp.tsr": "FILE.py:CLASS",
    "test-state lamp.py:New": "tsme sim tries it: docs/RELATIONAL.md",
    "test-state lamp.py:Counter": "run lamp.py:Counter runs it",
    "run lamp.yaml": '"lamp.yaml" is a relational schema, not a workflow',
    "migrate j.bin lamp.py:New": "runs that program already",
    "migrate j.bin lamp.py:New --map A=B": "--map is for workflows",
    "migrate lamp lamp.py:New --port x": "tsme push brings it",
    "test lamp.py:New": "tsme sim tries machines",
    "history j.bin --program lamp.py:New": "tsme journal show j.bin --program lamp.py:New",
    "journal query --program lamp.py:New": "--database URL --execution NAME",
    "journal query --execution j-1 --program lamp.py:New": "add --database URL",
    "journal query j.bin --execution j-1 --program lamp.py:New": "leave out one of the two",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_machine_where_a_workflow_belongs_is_told_where_it_goes(
    folder: Path, words: str
) -> None:
    flash = FileFlash("j.bin", 4096, 8)
    engine = Engine(load_machine("lamp.py:New"), Journal(flash))
    engine.recover()
    engine.feed((1, 1000, 1, engine.program.digest, 7, None, None, 1))
    flash.close()
    written(folder, "name: lamp\nstates:\n  Start: {}\n", "lamp.yaml")
    assert tsme("compile", "lamp.yaml").exit_code == 0
    done = tsme(*words.split())
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, re.findall(r"TSME-H0\d\d", done.stderr)[0])
    assert MISTAKES[words] in done.stderr
