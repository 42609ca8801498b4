"""Histories that are as long as they may be: their executions fail, as at AWS.

How many events there are only replay can tell.  So a live execution has an upper bound, and its
history is told when the bound comes to what is allowed; then it has so many events left.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from tsme.journal import STEP
from tsme.kernel.protocol import STOP

from ..database.tables import executions
from ..tools.aws.events import FULL, exceeded
from .live import Live


def hold(connection: Connection, live: Live) -> None:
    """Tells the history of a live execution as far as it is, and ends it if it is full."""
    from .operations import histories  # noqa: PLC0415  it asks for what runs executions

    found = select(executions).where(executions.c.id == live.rows.key)
    row: Any = connection.execute(found).one_or_none()
    if row is None:  # it has begun in this transaction
        live.allowed = live.spent + 1
        return
    kept = live.counted = live.counted or histories.Kept()
    histories.go_on(connection, row, kept)
    for _, number, kind, body in live.rows.rows:
        if number >= kept.records:
            if kind == STEP:
                kept.telling.take(body)
            kept.records = number + 1
    most = live.most_events
    left = most - 1 - len(kept.telling.history.events)
    if left > 0:
        live.allowed = live.spent + left
        return
    live.exceeded = True
    live.give((STOP, live.time(), FULL, exceeded(most)))
