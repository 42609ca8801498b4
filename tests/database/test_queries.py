"""Lists and statistics of executions are the same on both databases."""

from __future__ import annotations

import random
import statistics as reference
from dataclasses import asdict
from math import ceil
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, update

from tests.database.rows import add_execution
from tsme_host.database import queries
from tsme_host.database.database import Database
from tsme_host.database.queries import Filter
from tsme_host.database.tables import executions, programs
from tsme_host.tools.errors import HostError

M, N = "arn:aws:states:us-east-1:000000000000:stateMachine:m", "arn:other"


def fill(connection: Connection) -> list[dict[str, Any]]:
    """200 executions, and what they are."""
    chance = random.Random(7)
    made = []
    for n in range(200):
        status = chance.choice(["RUNNING", "SUCCEEDED", "FAILED"])
        started = chance.randrange(1_000, 1_050)
        ended = (
            None if status == "RUNNING" else started + chance.choice([0, 5, chance.randrange(999)])
        )
        row: dict[str, Any] = {
            "name": chance.choice(["Ab", "ab", "aB", "a_", "a%", "é", "\U0001f600"]) + str(n),
            "machine": chance.choice([M, N, None]),
            "status": status,
            "started": started,
            "stopped": ended,
            "error": chance.choice(["A.B", "a.b"]) if status == "FAILED" else None,
            "redrives": chance.choice([0, 0, 1]),
        }
        made.append(row | {"id": add_execution(connection, **row)})
    return made


FILTERS: list[tuple[Filter, Any]] = [
    (Filter(), lambda row: True),
    (Filter(statuses=("FAILED", "RUNNING")), lambda row: row["status"] != "SUCCEEDED"),
    (Filter(machine=M), lambda row: row["machine"] == M),
    (Filter(prefix="a"), lambda row: row["name"].startswith("a")),
    (Filter(prefix="a_"), lambda row: row["name"].startswith("a_")),
    (Filter(prefix="a%"), lambda row: row["name"].startswith("a%")),
    (Filter(prefix="\U0001f600"), lambda row: row["name"][0] == "\U0001f600"),
    (Filter(prefix="' OR 1=1 --"), lambda row: False),
    (Filter(error="a.b"), lambda row: row["error"] == "a.b"),
    (Filter(started_from=1_010, started_to=1_020), lambda row: 1_010 <= row["started"] < 1_020),
    (Filter(stopped_from=1_100), lambda row: (row["stopped"] or 0) >= 1_100),
    (Filter(redriven=True, machine=N), lambda row: row["redrives"] and row["machine"] == N),
]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", queries.SORTS)
def test_pages_are_all_of_a_list_in_its_order(
    database_url: str, sort: str, descending: bool
) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            made = fill(connection)
        for wanted, fits in FILTERS:
            expected = sorted(
                (row for row in made if fits(row)),
                key=lambda row: (row[sort] if row[sort] is not None else 1 << 62, row["id"]),
                reverse=descending,
            )
            found, token = [], None
            with database.read() as connection:
                assert queries.count(connection, wanted) == len(expected)
                assert sum(queries.counts(connection, wanted).values()) == len(expected)
                while True:
                    page = queries.page(connection, wanted, sort, descending, 37, token)
                    found += [row.id for row in page.rows]
                    token = page.token
                    if token is None:
                        break
                    assert len(page.rows) == 37
            assert found == [row["id"] for row in expected], wanted


def test_what_starts_and_ends_meanwhile_moves_no_page(database_url: str) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            ids = [add_execution(connection, f"e{n}", started=1_000 + n) for n in range(10)]
        with database.read() as connection:
            first = queries.page(connection, limit=4)
        with database.write() as connection:
            add_execution(connection, "newer", started=9_000)
            connection.execute(executions.delete().where(executions.c.id == ids[6]))
            connection.execute(update(executions).values(status="FAILED", stopped=2_000))
        with database.read() as connection:
            second = queries.page(connection, limit=4, token=first.token)
        found = [row.id for row in [*first.rows, *second.rows]]
        assert found == [ids[n] for n in (9, 8, 7, 6, 5, 4, 3, 2)]


def test_a_token_of_another_list_is_refused(database_url: str) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            for n in range(3):
                add_execution(connection, f"e{n}")
        with database.read() as connection:
            token = queries.page(connection, limit=1).token
            assert token is not None
            assert queries.page(connection, limit=1, token=token).rows
            for other in (token[:-4], token + "=", "", "é", "[]", "bnVsbA==", "W1tbXV1d"):
                with pytest.raises(HostError, match="TSME-S015: the token is of no page of this"):
                    queries.page(connection, limit=1, token=other)
            with pytest.raises(HostError, match="TSME-S015"):
                queries.page(connection, Filter(prefix="e"), limit=1, token=token)
            with pytest.raises(HostError, match="TSME-S015"):
                queries.page(connection, sort="name", limit=1, token=token)
            with pytest.raises(ValueError, match="a page has 1 to 1000"):
                queries.page(connection, limit=0)
            with pytest.raises(ValueError, match="sorted by started, stopped, name, not by id"):
                queries.page(connection, sort="id")


def test_statistics_are_those_of_the_list(database_url: str) -> None:
    with Database.open(database_url) as database:
        with database.write() as connection:
            made = fill(connection)
        with database.read() as connection:
            found = queries.statistics(connection)
            of_any = queries.statistics(connection, by_status=False)
        for one in of_any:  # whatever the status is
            rows = [row for row in made if row["machine"] == one.machine]
            took = sorted(row["stopped"] - row["started"] for row in rows if row["stopped"])
            assert (one.status, one.count, one.mean) == ("", len(rows), reference.fmean(took))
            assert one.p95 == took[ceil(len(took) * 95 / 100) - 1]
        groups: dict[tuple[str, str], list[Any]] = {}
        for row in made:
            groups.setdefault((row["machine"] or "", row["status"]), []).append(row)
        assert [(one.machine or "", one.status) for one in found] == sorted(groups)
        for one in found:
            rows = groups[one.machine or "", one.status]
            took = sorted(row["stopped"] - row["started"] for row in rows if row["stopped"])
            assert one.count == len(rows)
            if not took:
                assert (one.mean, one.p50, one.p95, one.p99) == (None,) * 4
                continue
            assert one.mean == reference.fmean(took)
            ranks = [ceil(len(took) * percent / 100) - 1 for percent in (50, 95, 99)]
            assert [one.p50, one.p95, one.p99] == [took[rank] for rank in ranks]


def test_statistics_are_equal_on_both_databases(sqlite_url: str, postgres_url: str) -> None:
    with Database.open(sqlite_url) as one, Database.open(postgres_url) as other:
        with one.write() as connection:
            fill(connection)
            rows = [dict(row) for row in connection.execute(executions.select()).mappings()]
            program = dict(connection.execute(programs.select()).mappings().one())
        with other.write() as connection:
            connection.execute(insert(programs), [program])
            connection.execute(insert(executions), rows)
        with one.read() as a, other.read() as b:
            for wanted in (Filter(), Filter(machine=M), Filter(started_from=1_020)):
                told = [asdict(line) for line in queries.statistics(a, wanted)]
                assert told == [asdict(line) for line in queries.statistics(b, wanted)]
                assert len(told) >= 3
                told = [asdict(line) for line in queries.statistics(a, wanted, by_status=False)]
                of_b = queries.statistics(b, wanted, by_status=False)
                assert told == [asdict(line) for line in of_b]


def test_the_lists_that_everybody_looks_at_are_read_and_not_sorted(sqlite_url: str) -> None:
    lists = (Filter(), Filter(machine=M), Filter(statuses=("FAILED",)))
    with Database.open(sqlite_url) as database, database.read() as connection:
        told: list[str] = []

        def seen(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
            if statement.startswith("SELECT"):
                plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                told.append(" ".join(row[3] for row in plan))

        event.listen(database.engine, "before_cursor_execute", seen)
        for wanted in lists:
            queries.page(connection, wanted)
        assert len(told) == len(lists)
        assert all("USING INDEX" in plan and "TEMP B-TREE" not in plan for plan in told), told
