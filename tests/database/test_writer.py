"""The connection of a thread that writes again and again: all or nothing, whoever writes, and a
server that was restarted while nobody asked anything costs nobody an answer."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import exc, text

from tests.database.postgres import PostgresServer
from tsme_host.database.database import Database
from tsme_host.database.failures import Failure
from tsme_host.database.writer import Writer
from tsme_host.tools.errors import HostError

BY_NAME = text("INSERT INTO tsme_workers (name, started, seen) VALUES (:name, 1, 1)")


def insert(database: Database) -> str:
    mark = "?" if database.kind == "sqlite" else "%s"
    return f"INSERT INTO tsme_workers (name, started, seen) VALUES ({mark}, 1, 1)"


def names(database: Database) -> list[str]:
    with database.read() as connection:
        found = connection.execute(text("SELECT name FROM tsme_workers ORDER BY name"))
        return list(found.scalars())


def test_statements_of_the_driver_and_of_sqlalchemy_are_one_transaction(database_url: str) -> None:
    with Database.open(database_url) as database:
        writer = Writer(database)

        def write(error: Exception | None = None) -> None:
            with writer.write() as transaction:
                transaction.run(insert(database), ("a",))
                transaction.connection.execute(BY_NAME, {"name": "b"})
                transaction.run(insert(database), ("c",))
                assert names(database) == []
                if error:
                    raise error

        with pytest.raises(ZeroDivisionError):
            write(ZeroDivisionError())
        assert names(database) == []
        write()
        assert names(database) == ["a", "b", "c"]
        writer.close()


def test_one_statement_is_a_transaction(postgres_url: str) -> None:
    with Database.open(postgres_url) as database:
        writer = Writer(database)
        with writer.write() as transaction:
            transaction.end(insert(database), ("a",))
            assert names(database) == ["a"]

        def fail() -> None:
            with writer.write() as transaction:
                transaction.connection.execute(BY_NAME, {"name": "b"})
                transaction.end(insert(database), ("c",))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert names(database) == ["a"]
        writer.close()


def test_what_postgresql_refuses_in_one_statement_is_told_as_sqlalchemy_tells_it(
    postgres_url: str,
) -> None:
    with Database.open(postgres_url) as database:
        writer = Writer(database)

        def end(text: str, *values: str | int) -> None:
            with writer.write() as transaction:
                transaction.end(text, values)

        end(insert(database), "\u00e9\U0001f600'\"\\{},")
        with pytest.raises(exc.IntegrityError) as twice:
            end(insert(database), "\u00e9\U0001f600'\"\\{},")
        assert isinstance(twice.value.orig, psycopg.errors.UniqueViolation)
        with pytest.raises(exc.DataError) as zero:
            end("SELECT 1 / %s::int", 0)
        assert isinstance(zero.value.orig, psycopg.errors.DivisionByZero)
        with pytest.raises(exc.DataError, match="NUL"):
            end(insert(database), "a\0b")
        with pytest.raises(exc.ProgrammingError, match="syntax error"):
            end("SELEC %s", 1)
        end(insert(database), "b")
        assert names(database) == ["b", "\u00e9\U0001f600'\"\\{},"]
        writer.close()


def test_a_session_that_is_ended_in_its_statement_is_a_connection_that_is_lost(
    postgres_url: str,
) -> None:
    with Database.open(postgres_url) as database:
        writer = Writer(database)
        with pytest.raises(HostError) as ended, writer.write() as transaction:
            transaction.end("SELECT pg_terminate_backend(pg_backend_pid()) WHERE %s = 1", (1,))
        assert isinstance(ended.value, Failure)
        assert (ended.value.code, ended.value.unsure) == ("TSME-S005", True)
        with writer.write() as transaction:
            transaction.end(insert(database), ("a",))
        assert names(database) == ["a"]
        writer.close()


def test_a_restart_while_nobody_asks_is_nobodys_failure(own_postgres: PostgresServer) -> None:
    with Database.open(own_postgres.database()) as database:
        writer = Writer(database)
        with writer.write() as transaction:
            transaction.end(insert(database), ("a",))
        own_postgres.stop()
        own_postgres.start()
        with writer.write() as transaction:
            transaction.end(insert(database), ("b",))
        assert names(database) == ["a", "b"]
        writer.close()
