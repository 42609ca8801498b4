"""What fails in a database is said in one line with a cure, and has not happened."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from tests.database.postgres import PostgresServer
from tests.database.rows import add_execution
from tsme_host.database.database import Database
from tsme_host.database.failures import Failure
from tsme_host.database.records import Row, append
from tsme_host.database.tables import executions, records
from tsme_host.tools.errors import HostError

LARGE = bytes(1 << 20)


def rows(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(records)) or 0)


def test_a_full_database_says_so_and_goes_on_when_there_is_room(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database:
        with database.write() as connection:
            number = add_execution(connection, "one")
            append(connection, [Row(number, 0, 1, b"a")])
        with database.engine.connect() as connection:  # the pool has this one alone
            connection.exec_driver_sql("PRAGMA max_page_count = 100")
        with pytest.raises(Failure) as told, database.write() as connection:
            append(connection, [Row(number, 1, 1, LARGE)])
        assert str(told.value) == (
            f'TSME-S004: the database "{sqlite_url}": the disk is full '
            "(database or disk is full); nothing has happened"
        )
        assert told.value.hint == "make room on its disk, and go on"
        assert told.value.unsure is False
        assert rows(database) == 1
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        with database.write() as connection:
            append(connection, [Row(number, 1, 1, LARGE)])
        assert rows(database) == 2


LIMITED = """
import resource, signal, sys
from tsme_host.database.database import Database
from tsme_host.database.records import Row, append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = Database.open(sys.argv[1])
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
for limit in (1 << 19, most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        with database.write() as connection:
            append(connection, [Row(1, 0, 1, bytes(1 << 20))])
        print("written")
    except Exception as error:
        print(type(error).__name__, error.code, "nothing has happened" in str(error), error.unsure)
"""


def test_a_file_that_may_not_grow_is_no_half_written_record(sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database, database.write() as connection:
        add_execution(connection, "one")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, sqlite_url], capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == "Failure TSME-S009 True False"
    assert second == "written"
    with Database.open(sqlite_url) as database:
        assert rows(database) == 1


def test_a_server_that_cannot_write_says_so_and_goes_on(own_postgres: PostgresServer) -> None:
    with Database.open(own_postgres.database()) as database:
        with database.write() as connection:
            number = add_execution(connection, "one")
        own_postgres.file_limit = 17 << 20  # its log has files of 16 MB
        own_postgres.restart()
        with pytest.raises(Failure) as told, database.write() as connection:
            append(connection, [Row(number, 0, 1, random.Random(1).randbytes(18 << 20))])
        assert told.value.code == "TSME-S009"
        assert "it could not read or write (could not extend file" in str(told.value)
        assert str(told.value).endswith("; nothing has happened")
        assert rows(database) == 0
        own_postgres.file_limit = None
        own_postgres.restart()
        with database.write() as connection:
            append(connection, [Row(number, 0, 1, b"kept")])
        assert rows(database) == 1


def test_a_locked_database_says_so(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsme_host.database.database._WAIT", 50)
    with Database.open(sqlite_url) as database:
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(Failure, match=r"TSME-S006: .* holds it locked .*; nothing has"),
            database.write() as connection,
        ):
            add_execution(connection, "one")
        assert rows(database) == 0  # a reader waits for nobody
        other.execute("ROLLBACK")
        other.close()
        with database.write() as connection:
            add_execution(connection, "one")


def test_a_locked_row_says_so(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsme_host.database.database._WAIT", 50)
    with Database.open(postgres_url) as database:
        with database.write() as connection:
            add_execution(connection, "one")
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT * FROM tsme_executions FOR UPDATE")
            with (
                pytest.raises(Failure, match=r"TSME-S006: .* holds it locked .*; nothing has"),
                database.write() as connection,
            ):
                connection.execute(executions.delete())


def test_a_frozen_writer_holds_up_nobody_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsme_host.database.database._WAIT", 200)
    with Database.open(postgres_url) as database:
        with database.write() as connection:
            add_execution(connection, "one")

        def frozen() -> None:
            with database.write() as connection:
                connection.execute(executions.delete())
                with psycopg.connect(postgres_url, autocommit=True) as other:
                    other.execute("UPDATE tsme_executions SET name = 'two'")  # waits its turn
                connection.execute(select(executions))

        with pytest.raises(Failure, match=r"TSME-S005: .* the connection is lost .*; nothing has"):
            frozen()
        with database.read() as connection:
            assert connection.scalar(select(executions.c.name)) == "two"


@pytest.mark.parametrize("kill", [False, True])
def test_a_lost_server_says_so_and_is_used_when_it_is_back(
    own_postgres: PostgresServer, kill: bool
) -> None:
    with Database.open(own_postgres.database()) as database:
        with database.write() as connection:
            number = add_execution(connection, "one")

        def write(*after: Row) -> None:
            with database.write() as connection:
                append(connection, [Row(number, 0, 1, b"lost")])
                own_postgres.restart(kill)
                append(connection, after)

        with pytest.raises(Failure) as told:
            write(Row(number, 1, 1, b"lost"))
        assert (told.value.code, told.value.unsure) == ("TSME-S005", False)
        assert "the connection is lost" in str(told.value)
        assert "nothing has happened" in str(told.value)
        assert rows(database) == 0
        with pytest.raises(Failure) as told:
            write()  # it is lost in the commit
        assert (told.value.code, told.value.unsure) == ("TSME-S005", True)
        assert "whether the last commit has happened is not known" in str(told.value)
        own_postgres.stop()
        with pytest.raises(Failure, match=r"TSME-S005: .*; nothing has happened"):
            rows(database)
        own_postgres.start()
        with database.write() as connection:
            append(connection, [Row(number, 0, 1, b"kept")])
        assert rows(database) == 1


KILLED = """
import sys
from tsme_host.database.database import Database
from tsme_host.database.records import SqlStore
database = Database.open(sys.argv[1])
store = SqlStore(database, 1)
store.recover()
while True:
    print(store.commit(1, b"x"), flush=True)
"""


def test_what_a_killed_process_has_committed_is_there(database_url: str) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            add_execution(connection, "one")
        seen = 0
        for _ in range(3):
            process = subprocess.Popen(
                [sys.executable, "-c", KILLED, database_url], stdout=subprocess.PIPE, text=True
            )
            assert process.stdout
            told = [int(process.stdout.readline()) for _ in range(7)]
            process.send_signal(signal.SIGKILL)
            told += [int(line) for line in process.stdout if line.endswith("\n")]
            process.wait()
            process.stdout.close()
            assert told == list(range(told[0], told[-1] + 1))
            assert told[0] in (seen, seen + 1)  # perhaps one that nobody was told of
            seen = told[-1] + 1
        assert rows(database) in (seen, seen + 1)


@pytest.mark.parametrize(
    ("url", "code", "text"),
    [
        ("", "S012", "the name of the database is empty"),
        ("sqlite://", "S012", "a database in memory keeps nothing when the process ends"),
        ("sqlite:///:memory:", "S012", "a database in memory keeps nothing"),
        ("sqlite:///file:x?mode=memory&uri=true", "S012", "a database in memory keeps nothing"),
        ("mysql://root@127.0.0.1/x", "S012", '"mysql" is no database that executions can be kept'),
        ("postgresql://a:b@127.0.0.1:port/x", "S012", "the URL of the database cannot be read"),
        ("postgresql://tsme:secret@127.0.0.1:1/x", "S013", "it cannot be opened"),
        ("sqlite:///no/such/folder/tsme.db", "S013", "it cannot be opened"),
        ("sqlite:///text.db", "S008", "it is damaged"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_line(
    url: str, code: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.db").write_text("this is no database\n" * 200, encoding="utf-8")
    with pytest.raises(HostError) as told:
        Database.open(url)
    assert told.value.code == f"TSME-{code}"
    assert text in told.value.message
    assert told.value.hint
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_database_that_may_not_be_written_says_so(postgres: PostgresServer) -> None:
    url = postgres.database()
    Database.open(url).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    with (
        Database.open(url.replace("tsme@", "reader@")) as database,
        pytest.raises(Failure, match=r"TSME-S007: .* it may not be written .*; nothing has"),
        database.write() as connection,
    ):
        add_execution(connection, "one")


def test_without_its_packages_a_command_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['sqlalchemy'] = None; from tsme_host.start import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "store", "stats"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "tsme: error TSME-S019: the Python package sqlalchemy is not installed; "
        "pip install tsme[serve]\n"
    )
