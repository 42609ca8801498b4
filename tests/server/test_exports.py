"""What has ended is in a folder, whole and once, before the database lets go of it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.database.rows import add_execution
from tests.database.test_transfer import run
from tests.server.served import ROLE
from tests.server.test_jobs import now, until
from tests.tools.shell import COMMAND, tsme
from tsme_host.database.database import Database
from tsme_host.database.queries import Filter, statistics
from tsme_host.database.tables import executions
from tsme_host.server.duties import Doing, JobOptions, Refused
from tsme_host.server.exporting import Exports
from tsme_host.server.serving import Options, opened

DAY = 86_400_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def files(folder: Path) -> set[str]:
    """The journals, and whatever should not be there."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)) for path in found if path.parent.suffix != ".programs"}


def left(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(executions.c.name)))


def prune(database: Database, folder: Path, retention: int = 1, at: int = 5 * DAY) -> None:
    Doing(database, JobOptions(retention, None, str(folder)), lambda: at).prune()


def test_each_end_of_an_execution_is_a_journal_in_the_folder(database_url: str, folder: Path):
    states = {
        "P": {"Type": "Pass", "Next": "F"},
        "F": {"Type": "Fail", "Error": "Stone", "Cause": "hard"},
    }
    text = json.dumps({"StartAt": "P", "States": states})
    with opened(Options(database=database_url, export=str(folder))) as server:

        def begin(machine: str, name: str) -> str:
            given = {"name": machine, "definition": text, "roleArn": ROLE}
            arn = server.call("CreateStateMachine", given)["stateMachineArn"]
            started = server.call("StartExecution", {"stateMachineArn": arn, "name": name})
            return started["executionArn"]

        arns = {"one/e-1.bin": begin("one", "e.1"), "two/e-1.bin": begin("two", "e.1")}
        until(lambda: files(folder) == set(arns))
        for path, arn in arns.items():
            same = ("store", "export", arn, "-o", "same.bin", "--database", database_url)
            assert tsme(*same).exit_code == 0
            assert (folder / path).read_bytes() == Path("same.bin").read_bytes()
            assert tsme("replay", str(folder / path)).stdout.startswith("identical: ")
            Path("same.bin").unlink()
        first = (folder / "one/e-1.bin").read_bytes()
        server.call("RedriveExecution", {"executionArn": arns["one/e-1.bin"]})
        until(lambda: files(folder) == {*arns, "one/e-1.1.bin"})
        assert (folder / "one/e-1.bin").read_bytes() == first
        assert tsme("replay", str(folder / "one/e-1.1.bin")).stdout.startswith("identical: ")


def test_what_a_killed_process_was_writing_goes_with_the_next_start(sqlite_url: str, folder: Path):
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    long_ago = {
        "one/e.bin": gone.pid, "statistics-2026-11-28.json": gone.pid, "two/e.bin": 1,
        "one/own": os.getpid(), "one/theirs": os.getppid(),
    }  # fmt: skip
    for name, process in {**long_ago, "one/new": gone.pid}.items():
        part = folder / f"{name}.{process}~"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"half")
        if name in long_ago:
            os.utime(part, (1, 1))
    (folder / "one/somebody's~").write_bytes(b"")
    os.utime(folder / "one/somebody's~", (1, 1))
    with Database.open(sqlite_url) as database:
        Exports(database, str(folder), now)
    assert files(folder) == {
        f"one/theirs.{os.getppid()}~", "two/e.bin.1~", f"one/new.{gone.pid}~", "one/somebody's~",
    }  # fmt: skip


def test_an_export_that_is_done_again_is_the_same_file(database_url: str, folder: Path):
    with Database.open(database_url) as database:
        number = run(database, "one")
        exports = Exports(database, str(folder), now)
        exports.export(number)
        with database.read() as connection:
            row = connection.execute(select(executions)).one()
        assert row.exported == row.records == 5
        image = (folder / "m/one.bin").read_bytes()
        # Killed before the row said so, or while a file was written.
        (folder / "m/one.bin.1~").write_bytes(image[:50])
        for written in (True, False):
            with database.write() as connection:
                connection.execute(update(executions).values(exported=None))
            if not written:
                (folder / "m/one.bin").unlink()
            exports.export(number)
            assert (folder / "m/one.bin").read_bytes() == image
            assert files(folder) == {"m/one.bin", "m/one.bin.1~"}
        exports.export(number + 1)  # gone meanwhile
        (folder / "m/one.bin").unlink()
        exports.export(number)  # who keeps it elsewhere does not get it again
        assert not (folder / "m/one.bin").exists()


def test_retention_waits_for_the_export(database_url: str, folder: Path):
    with Database.open(database_url) as database:
        run(database, "one")
        with database.write() as connection:
            add_execution(connection, "running")
        folder.mkdir()
        (folder / "m").write_bytes(b"in the way")
        prune(database, folder)
        assert left(database) == {"one", "running"}
        (folder / "m").unlink()
        prune(database, folder)
        assert left(database) == {"running"}
    assert files(folder) == {"m/one.bin", "statistics-1970-01-01.json"}
    assert tsme("replay", str(folder / "m/one.bin")).stdout.startswith("identical: ")


def test_a_job_that_cannot_write_is_tried_again(sqlite_url: str, folder: Path):
    with Database.open(sqlite_url) as database:
        number = run(database, "one")
        doing = Doing(database, JobOptions(export=str(folder)), now)
        (folder / "m").write_bytes(b"in the way")
        with pytest.raises(Refused, match="cannot be written"):
            doing.do("export", {"execution": number})
        (folder / "m").unlink()
        doing.do("export", {"execution": number})
        Doing(database, JobOptions(), now).do("export", {"execution": number})  # switched off
    assert files(folder) == {"m/one.bin"}


def test_each_day_that_is_over_is_counted_once(database_url: str, folder: Path):
    rows = [("a", 1_000, "FAILED"), ("b", 3_000, "SUCCEEDED"), ("c", 3 * DAY, "SUCCEEDED")]
    with Database.open(database_url) as database:
        with database.write() as connection:
            for name, took, status in rows:
                add_execution(connection, name, started=0, stopped=took, status=status)
            add_execution(connection, "today", stopped=5 * DAY, status="FAILED")
        exports = Exports(database, str(folder), lambda: 5 * DAY + 300_000)
        assert exports.count_days() == 5 * DAY
        with database.read() as connection:
            days = {
                day: [asdict(line) for line in statistics(connection, which)]
                for day, which in (
                    ("1970-01-01", Filter(stopped_to=DAY)),
                    ("1970-01-04", Filter(stopped_from=3 * DAY, stopped_to=4 * DAY)),
                )
            }
        assert files(folder) == {f"statistics-{day}.json" for day in days}
        for day, lines in days.items():
            assert json.loads((folder / f"statistics-{day}.json").read_text()) == lines
        assert [line["count"] for line in days["1970-01-01"]] == [1, 1]
        with database.write() as connection:
            connection.execute(executions.delete())
        exports.count_days()
        assert json.loads((folder / "statistics-1970-01-04.json").read_text())[0]["p99"] == 3 * DAY


def test_retention_leaves_a_day_that_is_not_over(sqlite_url: str, folder: Path):
    with Database.open(sqlite_url) as database:
        run(database, "one")  # ends 5 s after midnight
        prune(database, folder, at=DAY + 299_999)
        assert left(database) == {"one"}
        prune(database, folder, at=DAY + 300_000)
        assert left(database) == set()


@pytest.mark.parametrize(
    "name",
    ["../../x", "a.b", "..", "é" * 80, "\U00020000" * 80],
    ids=["up", "dot", "dots", "letters", "long"],
)
def test_a_name_stays_in_its_folder(sqlite_url: str, folder: Path, name: str):
    with Database.open(sqlite_url) as database:
        number = run(database, "one")
        with database.write() as connection:
            connection.execute(update(executions).values(machine=f"x:{name}", name=name))
        Exports(database, str(folder), now).export(number)
    (there,) = files(folder)
    assert Path(there).suffix == ".bin"
    assert there.count("/") == 1
    assert ".." not in there


def test_a_folder_that_cannot_be_is_refused_at_the_start(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    done = subprocess.run(
        [COMMAND, "serve", "--port", "0", "--export", "file/in"], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith('tsme: error TSME-H013: "file/in" cannot be written: ')
