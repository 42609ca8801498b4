"""An execution in a database is a journal, and a journal becomes an execution in a database."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.database.rows import FLOW, add_execution, program_of
from tests.tools.shell import need, tsme
from tsme import Engine, Program, Tasks
from tsme_host.database.database import Database
from tsme_host.database.records import SqlStore, all_of
from tsme_host.database.tables import executions, programs, records
from tsme_host.database.transfer import journal_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(database: Database, name: str, given: int = 3) -> int:
    """Take an execution of FLOW to its end, in the database.  -> its id"""
    with database.write() as connection:
        number = add_execution(connection, name)
    tasks = Tasks()
    tasks.task("add", effect="pure")(lambda n: n + 1)
    store: Any = SqlStore(database, number)
    engine = Engine(Program(program_of()), store, clock=lambda: 5_000, seed=lambda: 7, tasks=tasks)
    output = engine.run_sync(given).output
    with database.write() as connection:
        ended = update(executions).where(executions.c.id == number)
        connection.execute(ended.values(status="SUCCEEDED", stopped=5_000, output=str(output)))
    return number


def test_an_exported_execution_is_a_journal_that_tools_read(database_url: str) -> None:
    with Database.open(database_url) as database:
        run(database, "one")
    done = tsme("store", "export", "one", "--database", database_url)
    assert (done.exit_code, done.stdout) == (0, "one: one.bin\n")
    replayed = tsme("replay", "one.bin")
    assert replayed.stdout == "identical: 4 steps, 1 execution, 1 checkpoint\n", replayed.output
    events = json.loads(tsme("history", "one.bin", "--json").stdout)["events"]
    assert events[0]["type"] == "ExecutionStarted"
    assert events[-1]["executionSucceededEventDetails"]["output"] == "6"
    again = tsme("store", "export", "1", "--database", database_url)
    assert again.exit_code == 0, again.output  # the same journal may be written again


def test_an_export_keeps_other_files(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database:
        run(database, "one")
        run(database, "two/../../x")
    Path("one.bin").write_bytes(b"of somebody else")
    done = tsme("store", "export", "one", "--database", sqlite_url)
    assert (done.exit_code, done.stderr) == (
        2,
        'tsme: error TSME-H040: "one.bin" is not a journal\n',
    )
    done = tsme("store", "export", "2", "--database", sqlite_url)
    assert (done.exit_code, done.stdout) == (0, "two/../../x: two-------x.bin\n")
    done = tsme("store", "export", "1", "-o", "two-------x.bin", "--database", sqlite_url)
    assert done.exit_code == 0  # they ran alike: the same journal


def test_a_journal_of_a_board_comes_in_with_its_program(database_url: str) -> None:
    Path("flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    Path("tasks.py").write_text(
        "from tsme import Tasks\ntasks = Tasks()\n@tasks.task('add', effect='pure')\n"
        "def add(n):\n    if n == 40: raise ValueError('forty\\0')\n    return n + 1\n",
        encoding="utf-8",
    )
    for given in ("3", "39"):
        tsme("run", "flow.asl.json", "-i", given, "--tasks", "tasks.py", "--journal", "soil.bin")
    done = tsme("store", "import", "soil.bin", "--database", database_url)
    arn = "arn:aws:states:us-east-1:000000000000:execution:imported:soil-"
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"{arn}1: SUCCEEDED", f"{arn}2: FAILED"]
    again = tsme("store", "import", "soil.bin", "--database", database_url)
    assert [line.partition(" of")[0] for line in again.stdout.splitlines()] == [
        f"{arn}1: SUCCEEDED, 0 new records",
        f"{arn}2: FAILED, 0 new records",
    ]
    with Database.open(database_url) as database, database.read() as connection:
        first, second = connection.execute(select(executions).order_by(executions.c.id)).all()
    assert (first.status, first.input, first.output, first.error) == ("SUCCEEDED", "3", "6", None)
    assert (second.status, second.input, second.output) == ("FAILED", "39", None)
    assert (second.error, second.cause) == ("ValueError", "forty\0")
    assert (first.due, first.machine, first.stopped >= first.started) == (None, None, True)
    assert tsme("store", "export", "soil-2", "--database", database_url).exit_code == 0
    assert tsme("replay", "soil-2.bin").stdout.startswith("identical: ")


def test_a_journal_that_micropython_wrote_is_looked_at_like_any_other(sqlite_url: str) -> None:
    from tsme_host.server.serving import Options, opened

    Path("flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    Path("tasks.py").write_text(
        "from tsme import Tasks\ntasks = Tasks()\n@tasks.task('add', effect='pure')\n"
        "def add(n):\n    return n + 1\n",
        encoding="utf-8",
    )
    words = ("-i", "3", "--tasks", "tasks.py", "--on", need("micropython"), "-j", "soil.bin")
    assert tsme("run", "flow.asl.json", *words).exit_code == 0
    assert tsme("store", "import", "soil.bin", "--database", sqlite_url).exit_code == 0
    events = json.loads(tsme("history", "soil.bin", "--json").stdout)["events"]
    with opened(Options(database=sqlite_url)) as server:
        arn = {"executionArn": server.place.execution("imported", "soil-1")}
        found = server.call("DescribeExecution", arn)
        assert (found["status"], found["input"], found["output"]) == ("SUCCEEDED", "3", "6")
        told = server.call("GetExecutionHistory", arn)["events"]
    assert [one["type"] for one in told] == [one["type"] for one in events]


def test_a_journal_that_has_grown_brings_what_is_new(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database:
        run(database, "one")
    assert tsme("store", "export", "one", "--database", sqlite_url).exit_code == 0
    with Database.open(sqlite_url) as database, database.write() as connection:
        connection.execute(records.delete().where(records.c.number > 1))
    half = ("store", "export", "one", "-o", "half.bin", "--database", sqlite_url)
    assert tsme(*half).exit_code == 0
    new = ("--database", "sqlite:///new.db", "--name", "x")
    assert "RUNNING, 2 new records of 2" in tsme("store", "import", "half.bin", *new).stdout
    assert "SUCCEEDED, 3 new records of 5" in tsme("store", "import", "one.bin", *new).stdout
    assert "SUCCEEDED, 0 new records of 5" in tsme("store", "import", "half.bin", *new).stdout
    with Database.open("sqlite:///new.db") as database, database.read() as connection:
        row = connection.execute(select(executions)).one()
    assert (row.status, row.output, row.records) == ("SUCCEEDED", "6", 5)


def test_what_cannot_be_imported_is_refused_whole(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database:
        run(database, "one")
        run(database, "two", 4)
    for name in ("one", "two"):
        tsme("store", "export", name, "--database", sqlite_url)
    new = ("--database", "sqlite:///new.db")
    kept = Path("one.bin.programs").rename("gone")
    done = tsme("store", "import", "one.bin", *new)
    assert done.exit_code == 2
    assert 'TSME-S016: execution 1 in "one.bin" needs the program ' in done.stderr
    kept.rename("one.bin.programs")
    with Database.open(sqlite_url) as database, database.read() as connection:
        wrong = [
            (n, kind, bytes([body[0] ^ 1]) + body[1:]) for n, kind, body in all_of(connection, 1)
        ]
    Path("wrong.bin").write_bytes(journal_of(wrong).image())
    Path("wrong.bin.programs").symlink_to("one.bin.programs")
    done = tsme("store", "import", "wrong.bin", *new)
    assert done.stderr.startswith(
        'tsme: error TSME-S017: the journal "wrong.bin" cannot be imported: '
    )
    assert done.stderr.endswith("; tsme replay shows where it differs\n")
    with Database.open("sqlite:///new.db") as database, database.read() as connection:
        assert connection.execute(select(programs)).all() == []
    assert tsme("store", "import", "one.bin", "--name", "x", *new).exit_code == 0
    done = tsme("store", "import", "two.bin", "--name", "x", *new)
    assert done.stderr == (
        'tsme: error TSME-S018: another execution was imported as "x-1" before; '
        "give this one another name with --name\n"
    )
    done = tsme("store", "export", "x", *new)
    assert done.stderr == 'tsme: error TSME-S010: there is no execution "x" in the database\n'


def test_prune_takes_what_ended_long_ago_and_no_program_in_use(database_url: str) -> None:
    now = int(time.time() * 1000)
    with Database.open(database_url) as database:
        run(database, "old")
        for name, values in {
            "new": {"status": "SUCCEEDED", "stopped": now},
            "failed": {"status": "FAILED", "stopped": 2_000},
            "running": {},
        }.items():
            with database.write() as connection:
                add_execution(connection, name, **values)
    where = ("--database", database_url)
    line = ("store", "prune", "--older-than", "1h", "--status", "SUCCEEDED", *where)
    assert tsme(*line, "--dry-run").stdout == "1 execution would go\n"
    assert tsme(*line).stdout == "gone: 1 execution, 5 records, 0 programs\n"
    every = ("store", "prune", "--older-than", "0s", *where)
    assert json.loads(tsme(*every, "--json").stdout) == {
        "executions": 2,
        "records": 0,
        "programs": 0,
    }
    with Database.open(database_url) as database:
        with database.write() as connection:
            assert connection.scalars(select(executions.c.name)).all() == ["running"]
            assert connection.execute(select(records)).all() == []
            connection.execute(executions.delete())
        assert tsme(*every).stdout == "gone: 0 executions, 0 records, 1 program\n"
        with database.read() as connection:
            assert connection.execute(select(programs)).all() == []
    wrong = tsme("store", "prune", "--older-than", "soon", *where)
    assert wrong.stderr == (
        'tsme: error TSME-H002: --older-than "soon" is no time; write 30d, 12h, 90min or 45s\n'
    )


def test_stats_are_shown_by_machine_and_status(database_url: str) -> None:
    where = ("--database", database_url)
    with Database.open(database_url) as database, database.write() as connection:
        for n in range(4):
            add_execution(connection, f"e{n}", status="SUCCEEDED", stopped=1_000 + 10 * n)
        add_execution(connection, "late")
    assert [line.split() for line in tsme("store", "stats", *where).stdout.splitlines()] == [
        ["machine", "status", "executions", "mean", "p50", "p95", "p99"],
        ["m", "RUNNING", "1"],
        ["m", "SUCCEEDED", "4", "15", "ms", "10", "ms", "30", "ms", "30", "ms"],
    ]
    told = json.loads(tsme("store", "stats", "--json", *where).stdout)
    assert told[1]["p95"] == 30
    missing = tsme("store", "stats", "--database", "sqlite:///none.db")
    assert missing.stderr == (
        'tsme: error TSME-S013: there is no database "none.db"; '
        "name one with --database or TSME_DATABASE; tsme serve makes it\n"
    )
    assert not Path("none.db").exists()


def test_a_redriven_execution_is_exported_from_its_redrive_on(database_url: str) -> None:
    with Database.open(database_url) as database:
        number = run(database, "one")
        with database.write() as connection:  # its checkpoint stands for that of a redrive
            ended = update(executions).where(executions.c.id == number)
            connection.execute(ended.values(redrives=1, notes={"redrives": [2, 4]}))
    where = ("--database", database_url)
    assert tsme("store", "export", "one", *where).exit_code == 0
    assert tsme("replay", "one.bin").stdout == "identical: 0 steps, 1 execution, 1 checkpoint\n"
    brought = tsme("store", "import", "one.bin", *where)
    assert brought.stdout.endswith("one-1: SUCCEEDED, 1 new record of 1\n")


def test_what_was_imported_keeps_the_names_of_its_own_states(database_url: str) -> None:
    renamed = json.dumps(FLOW | {"Comment": "another text, the same program"}, indent=1)
    other = renamed.replace('"A"', '"Z"')
    with Database.open(database_url) as database:
        run(database, "one")
        tsme("store", "export", "one", "--database", database_url)
        Path("other.asl.json").write_text(other, encoding="utf-8")
        shutil.rmtree("one.bin.programs")
        new = ("--program", "other.asl.json", "--database", database_url)
        assert tsme("store", "import", "one.bin", *new).exit_code == 0
        with database.read() as connection:
            first, second = connection.scalars(
                select(executions.c.digest).order_by(executions.c.id)
            ).all()
        assert (len(first), len(second), second[:8]) == (8, 16, first)
        with database.write() as connection:
            connection.execute(executions.delete().where(executions.c.digest == first))
    assert tsme("store", "prune", "--older-than", "0s", "--status", "FAILED", *new[2:]).stdout == (
        "gone: 0 executions, 0 records, 1 program\n"
    )
    tsme("store", "export", "one-1", *new[2:])
    events = json.loads(tsme("history", "one-1.bin", "--json").stdout)["events"]
    assert events[1]["stateEnteredEventDetails"]["name"] == "Z"
