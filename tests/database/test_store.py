"""Records in a database are kept as in a journal on flash (tests/journal/contract.py)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from tests.database.rows import add_execution, program_of
from tests.journal import contract
from tsme import Program
from tsme.journal import CHECKPOINT, STEP
from tsme_host.database import records
from tsme_host.database.database import Database
from tsme_host.database.records import Row, SqlStore
from tsme_host.database.tables import tags
from tsme_host.tools.errors import HostError


def opener(database: Database) -> Callable[[str], SqlStore]:
    with database.write() as connection:
        keys = {key: add_execution(connection, key) for key in contract.KEYS}
    return lambda key: SqlStore(database, keys[key])


def test_a_database_keeps_the_contract_of_stores(database_url: str) -> None:
    with Database.open(database_url) as database:
        opened = opener(database)
        for promise in contract.CONTRACT:
            promise(opened)


def test_a_database_takes_executions_to_their_ends(database_url: str) -> None:
    with Database.open(database_url) as database:
        contract.takes_executions_to_their_ends(Program(program_of()), opener(database))


def test_records_behind_a_checkpoint_are_kept(database_url: str) -> None:
    with Database.open(database_url) as database:
        store = opener(database)("west")
        store.recover()
        store.commit(STEP, b"a")
        store.checkpoint(b"b")
        assert [record[:3] for record in store.records()] == [
            (0, STEP, b"a"),
            (1, CHECKPOINT, b"b"),
        ]


def test_of_two_that_go_on_with_one_execution_the_second_is_refused(database_url: str) -> None:
    with Database.open(database_url) as database:
        opened = opener(database)
        one, other = opened("west"), opened("west")
        one.recover()
        other.recover()
        one.commit(STEP, b"first")
        with pytest.raises(HostError, match="TSME-S011: execution 1 was gone on with by another"):
            other.commit(STEP, b"second")
        assert [body for _, _, body, _, _ in opened("west").records()] == [b"first"]


def test_records_of_many_executions_are_one_transaction(database_url: str) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            ids = [add_execution(connection, f"e{n}") for n in range(3)]
            records.append(connection, [Row(one, 0, STEP, bytes([one])) for one in ids])
            records.append(connection, [])
        with pytest.raises(IntegrityError), database.write() as connection:
            records.append(connection, [Row(one, 2 - one, STEP, b"lost") for one in ids])
        with database.read() as connection:
            assert [records.load(connection, one) for one in ids] == [
                (None, [bytes([one])]) for one in ids
            ]


def test_programs_are_kept_once_with_their_definition(database_url: str) -> None:
    with Database.open(database_url) as database, database.write() as connection:
        first = records.keep_program(connection, program_of(), "{}")
        assert records.keep_program(connection, program_of(), "{}") == first
        assert records.keep_program(connection, program_of()) == first
        other = records.keep_program(connection, program_of(), "other")
        assert other[:8] == first
        assert (len(first), len(other)) == (8, 16)
        assert records.keep_program(connection, program_of(), "other") == other
        assert records.program(connection, first) == program_of()
        assert records.program(connection, bytes(8)) is None


def test_what_is_there_is_not_inserted_again(database_url: str) -> None:
    rows = [{"arn": "a", "key": key, "value": "v"} for key in "xyx"]
    with Database.open(database_url) as database, database.write() as connection:
        assert records.insert_missing(connection, tags, rows) == 2
        assert records.insert_missing(connection, tags, rows) == 0
