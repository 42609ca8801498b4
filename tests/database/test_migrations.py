"""A database is brought up to date when it is opened, and a newer one is refused."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from tests.database.rows import add_execution
from tsme_host.database import migrations
from tsme_host.database.database import Database
from tsme_host.database.tables import metadata
from tsme_host.tools.errors import HostError


def test_the_steps_make_the_tables_that_the_code_has(database_url: str) -> None:
    with Database.open(database_url) as database, database.read() as connection:
        options = {"version_table": migrations.TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        made = inspect(connection)
        for table in metadata.sorted_tables:
            has = {check["name"] for check in made.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= has


def test_a_database_that_is_up_to_date_is_left_alone(database_url: str) -> None:
    with Database.open(database_url) as database, database.write() as connection:
        add_execution(connection, "one")
    with Database.open(database_url) as database, database.read() as connection:
        assert connection.scalar(text("SELECT name FROM tsme_executions")) == "one"


def test_a_newer_database_is_refused(database_url: str) -> None:
    with Database.open(database_url) as database:
        name = database.name
        with database.write() as connection:
            connection.execute(text("UPDATE tsme_version SET version_num = '9999'"))
    with pytest.raises(HostError) as told:
        Database.open(database_url)
    assert str(told.value) == (
        f'TSME-S014: the database "{name}" was written by a newer tsme (its tables are of step '
        f"9999, this release knows up to {migrations.newest()})"
    )
    assert told.value.hint == "use that release or a later one"


def test_a_step_that_fails_leaves_the_database_as_it_was(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = migrations._steps().get_revision(migrations.newest())

    def broken() -> None:
        step_upgrade()
        raise RuntimeError("in the middle")

    step_upgrade = step.module.upgrade
    monkeypatch.setattr(step.module, "upgrade", broken)
    with pytest.raises(RuntimeError, match="in the middle"):
        Database.open(database_url)
    monkeypatch.undo()
    with Database.open(database_url) as database, database.read() as connection:
        assert "tsme_executions" in inspect(connection).get_table_names()


def test_many_open_a_new_database_at_once(database_url: str) -> None:
    errors: list[BaseException] = []
    gate = threading.Barrier(4)

    def opening() -> None:
        gate.wait()
        try:
            Database.open(database_url).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_the_tables_of_an_application_stay(database_url: str) -> None:
    with Database.open(database_url) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE executions (mine INTEGER)"))
    with Database.open(database_url) as database, database.write() as connection:
        connection.execute(text("INSERT INTO executions VALUES (1)"))


def test_commits_wait_for_the_disk(database_url: str) -> None:
    with Database.open(database_url) as database, database.read() as connection:
        if database.kind == "sqlite":
            found = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert found == ["wal", 2, 1, 10_000]
        else:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_a_server_that_does_not_wait_for_its_disk_does_for_us(postgres_url: str) -> None:
    with Database.open(postgres_url) as database, database.write() as connection:
        name = database.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with Database.open(postgres_url) as database, database.read() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_as_many_threads_as_a_server_has_read_at_once(database_url: str) -> None:
    gate = threading.Barrier(40)
    seen: list[int | None] = []

    def reading() -> None:
        with database.read() as connection:
            gate.wait(60)
            seen.append(connection.scalar(text("SELECT 1")))

    with Database.open(database_url) as database:
        threads = [threading.Thread(target=reading) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [1] * 40
