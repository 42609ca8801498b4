"""State machines as the page shows them: what they are, and how their executions did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, select

from ...database import queries
from ...database.tables import aliases, executions, machines, versions
from ..server import Server
from .executions import graph

Answer = dict[str, Any]
_PLOTTED: Final = 500  # executions, the newest ones


def listed(server: Server, brief: bool) -> Answer:
    """All machines by name, each with its statistics by status unless it is `brief`."""
    with server.database.read() as connection:
        rows = connection.execute(select(machines).order_by(machines.c.name)).all()
        statistics = [] if brief else queries.statistics(connection)
    return {
        "machines": [_summary(row) | {"statistics": _of(statistics, row.arn)} for row in rows],
        "now": server.now(),
    }


def about(server: Server, arn: str) -> Answer | None:
    """A machine, its versions and aliases, statistics, and the newest executions for plots."""
    with server.database.read() as connection:
        row = connection.execute(select(machines).where(machines.c.arn == arn)).one_or_none()
        if row is None:
            return None
        wanted = queries.Filter(machine=arn)
        made = connection.execute(
            select(versions).where(versions.c.machine == arn).order_by(versions.c.number.desc())
        ).all()
        named = connection.execute(
            select(aliases).where(aliases.c.machine == arn).order_by(aliases.c.name)
        ).all()
        statistics = queries.statistics(connection, wanted)
        of_all = queries.statistics(connection, wanted, by_status=False)
        e = executions.c
        columns = [e.arn, e.name, e.status, e.started, e.stopped]
        newest = queries.page(connection, wanted, limit=_PLOTTED, columns=columns).rows
    return _summary(row) | {
        "definition": row.definition,
        "description": row.description,
        "role": row.role,
        "graph": graph(row.definition),
        "versions": [
            {
                "arn": one.arn,
                "number": one.number,
                "description": one.description,
                "created": one.created,
                "definition": one.definition,
            }
            for one in made
        ],
        "aliases": [
            {"arn": one.arn, "name": one.name, "routing": one.routing, "updated": one.updated}
            for one in named
        ],
        "statistics": _of(statistics, arn),
        "all": next(iter(_of(of_all, arn)), {"status": "", "count": 0}),
        "newest": [
            {
                "arn": one.arn,
                "name": one.name,
                "status": one.status,
                "started": one.started,
                "stopped": one.stopped,
            }
            for one in reversed(newest)
        ],
        "now": server.now(),
    }


def _summary(row: Row[Any]) -> Answer:
    return {
        "arn": row.arn,
        "name": row.name,
        "type": row.type,
        "status": row.status,
        "created": row.created,
        "updated": row.updated,
        "last_version": row.last_version,
    }


def _of(statistics: Sequence[queries.Statistic], arn: str) -> list[Answer]:
    return [
        {key: value for key, value in asdict(one).items() if key != "machine"}
        for one in statistics
        if one.machine == arn
    ]
