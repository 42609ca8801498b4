"""Executions as lists: filtered, counted, sorted, page by page, and statistics of them.

All of it is SQL that SQLite and PostgreSQL answer alike, names in the order of their code points.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from ..tools.errors import HostError
from .tables import executions

_E: Final = executions.c
_BROKEN: Final = and_(_E.broken.is_not(None), _E.status == "RUNNING")
_LAST: Final = 1 << 62  # when what has not stopped stops, for the order
_LARGEST: Final = 1000  # executions of a page

SUMMARY: Final[tuple[Column[Any], ...]] = (
    _E.id, _E.arn, _E.name, _E.machine, _E.version, _E.alias, _E.type, _E.status, _E.started,
    _E.stopped, _E.error, _E.redrives, _E.redriven, _E.parent, _E.records, _E.broken,
)  # fmt: skip

# What a list can be sorted by; within it by the order in which executions were made.
SORTS: Final[dict[str, ColumnElement[Any]]] = {
    "started": _E.started,
    "stopped": func.coalesce(_E.stopped, _LAST),
    "name": _E.name,
}


@dataclass(frozen=True)
class Filter:
    """What executions are wanted: those that fit all that is given.

    Times are ms since 1970, the first included, the last not.
    """

    statuses: tuple[str, ...] = ()  # any of these
    machine: str | None = None  # its ARN
    version: str | None = None
    alias: str | None = None
    prefix: str = ""  # how the name begins
    error: str | None = None  # the error's whole name
    started_from: int | None = None
    started_to: int | None = None
    stopped_from: int | None = None
    stopped_to: int | None = None
    parent: int | None = None  # id of the execution that started it
    redriven: bool | None = None
    exported: bool = False  # only those that were exported as they are now

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL; values are parameters, whatever they hold."""
        out: list[ColumnElement[bool]] = []
        if self.statuses:
            out.append(_E.status.in_(self.statuses))
        for column, value in (
            (_E.machine, self.machine),
            (_E.version, self.version),
            (_E.alias, self.alias),
            (_E.error, self.error),
            (_E.parent, self.parent),
        ):
            if value is not None:
                out.append(column == value)
        if self.prefix:
            out += [_E.name >= self.prefix]
            if behind := _behind(self.prefix):
                out.append(_E.name < behind)
        for time, first, last in (
            (_E.started, self.started_from, self.started_to),
            (_E.stopped, self.stopped_from, self.stopped_to),
        ):
            if first is not None:
                out.append(time >= first)
            if last is not None:
                out.append(time < last)
        if self.redriven is not None:
            out.append(_E.redrives > 0 if self.redriven else _E.redrives == 0)
        if self.exported:
            out.append(_E.exported == _E.records)
        return out


EVERYTHING: Final = Filter()


@dataclass(frozen=True)
class Page:
    """Some executions, and the token of the page behind them; None if that is all."""

    rows: Sequence[Row[Any]]
    token: str | None


def page(
    connection: Connection,
    wanted: Filter = EVERYTHING,
    sort: str = "started",
    descending: bool = True,
    limit: int = 100,
    token: str | None = None,
    columns: Sequence[Column[Any]] = SUMMARY,
) -> Page:
    """A page of at most `limit` executions, 1 to 1000, with `columns` of each.

    `sort`: "started", "stopped" or "name".  `token`: of the page before, with the same filter and
    order.  What starts or ends meanwhile neither repeats nor hides another.  Raises HostError,
    TSME-S015, for a token that is no such, and ValueError for a limit or order that is none.
    """
    if not 1 <= limit <= _LARGEST:
        raise ValueError(f"a page has 1 to {_LARGEST} executions, not {limit}")
    if sort not in SORTS:
        raise ValueError(f"executions can be sorted by {', '.join(SORTS)}, not by {sort}")
    key = SORTS[sort]
    mark = _mark(wanted, sort, descending)
    statement: Select[Any] = select(*columns, key.label("sort_key"), _E.id.label("sort_id"))
    statement = statement.where(*wanted.conditions())
    if token is not None:
        value, number = _read(token, mark, str if sort == "name" else int)
        last = literal(value, key.type)
        if descending:
            statement = statement.where(or_(key < last, and_(key == last, _E.id < number)))
        else:
            statement = statement.where(or_(key > last, and_(key == last, _E.id > number)))
    order = (key.desc(), _E.id.desc()) if descending else (key, _E.id)
    rows = connection.execute(statement.order_by(*order).limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    end = rows[limit - 1]
    return Page(rows[:limit], _write(mark, end.sort_key, end.sort_id))


def count(connection: Connection, wanted: Filter = EVERYTHING) -> int:
    """How many there are."""
    statement = select(func.count()).select_from(executions).where(*wanted.conditions())
    return int(connection.scalar(statement) or 0)


def counts(connection: Connection, wanted: Filter = EVERYTHING) -> dict[str, int]:
    """How many there are of each status that there is."""
    statement = select(_E.status, func.count()).where(*wanted.conditions()).group_by(_E.status)
    return {status: int(number) for status, number in connection.execute(statement)}


def broken(connection: Connection, limit: int = 100) -> Sequence[Any]:
    """arn, name and broken, which says why, of those that cannot go on, the oldest first."""
    found = select(_E.arn, _E.name, _E.broken).where(_BROKEN).order_by(_E.id).limit(limit)
    return connection.execute(found).all()


def broken_count(connection: Connection) -> int:
    """How many cannot go on."""
    found = select(func.count()).select_from(executions).where(_BROKEN)
    return int(connection.scalar(found) or 0)


@dataclass(frozen=True)
class Statistic:
    """The executions of a machine with a status: how many, and how long those took that stopped,
    in ms (None if none has).  pNN: the smallest that NN % of them do not exceed.  `broken`: how
    many cannot go on."""

    machine: str | None  # None: imported
    status: str  # "": any
    count: int
    mean: float | None
    p50: int | None
    p95: int | None
    p99: int | None
    broken: int = 0


def statistics(
    connection: Connection, wanted: Filter = EVERYTHING, by_status: bool = True
) -> list[Statistic]:
    """Statistics of each machine and status, in their order; or of each machine."""
    took = _E.stopped - _E.started
    status: ColumnElement[Any] = _E.status if by_status else literal(None, _E.status.type)
    group = [_E.machine, _E.status] if by_status else [_E.machine]
    ranked = (
        select(
            _E.machine,
            status.label("status"),
            took.label("took"),
            case((_BROKEN, 1), else_=0).label("broken"),
            func.row_number()
            .over(partition_by=group, order_by=[took.is_(None), took])
            .label("rank"),
            func.count(took).over(partition_by=group).label("of"),
        )
        .where(*wanted.conditions())
        .subquery()
    )

    def percentile(percent: int) -> ColumnElement[Any]:
        nearest = (ranked.c.of * percent + 99) // 100
        return func.max(case((ranked.c.rank == nearest, ranked.c.took)))

    found = connection.execute(
        select(
            ranked.c.machine,
            ranked.c.status,
            func.count().label("number"),
            func.count(ranked.c.took).label("of"),
            cast(func.sum(ranked.c.took), BigInteger).label("sum"),
            percentile(50).label("p50"),
            percentile(95).label("p95"),
            percentile(99).label("p99"),
            func.sum(ranked.c.broken).label("broken"),
        ).group_by(ranked.c.machine, ranked.c.status)
    ).all()
    return [
        Statistic(
            row.machine,
            row.status or "",
            row.number,
            row.sum / row.of if row.of else None,
            row.p50,
            row.p95,
            row.p99,
            int(row.broken),
        )
        for row in sorted(found, key=lambda row: (row.machine or "", row.status or ""))
    ]


def _behind(prefix: str) -> str:
    """The first text, by code points, behind all that begin so; "" if there is none."""
    while prefix and prefix[-1] == "\U0010ffff":
        prefix = prefix[:-1]
    if not prefix:
        return ""
    code = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if code == 0xD800 else code)  # no surrogates


def _mark(wanted: Filter, sort: str, descending: bool) -> int:
    """A number that tokens of other filters and orders do not have."""
    values = [getattr(wanted, field.name) for field in fields(wanted)]
    return crc32(json.dumps([values, sort, descending]).encode())


def _write(mark: int, key: int | str, number: int) -> str:
    text = json.dumps([mark, key, number], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read(token: str, mark: int, kind: type) -> tuple[Any, int]:
    """-> (the sort key, the id) of the last execution before a page"""
    try:
        found = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        of, key, number = found
        fits = of == mark and type(key) is kind and type(number) is int
        if fits and 0 <= number < _LAST and (kind is str or 0 <= key <= _LAST):
            return key, number
    except (binascii.Error, ValueError, TypeError, RecursionError):
        pass
    message = "the token is of no page of this list"
    raise HostError("TSME-S015", message, "use it with the filter and order that it came with")
