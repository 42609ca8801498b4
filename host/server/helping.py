"""Sees to the timers of executions whose owner gives no sign of life, before its lease is over.

The owner keeps the execution and its tasks: nothing is begun here.  It finds out by the number of
records when it wakes up, and begins what these steps have asked for, or who takes over does.
"""

from __future__ import annotations

from typing import Final

from .batch import Batch
from .leases import Leases
from .writing import lost

_LATE: Final = 100  # ms that an owner has for a timer itself
_MOST: Final = 500  # executions in a transaction
_TEXT: Final = (
    "SELECT id, records FROM tsme_executions"
    " WHERE owner = ANY(?) AND status = 'RUNNING' AND due <= ?"
    " ORDER BY due DESC LIMIT ? FOR UPDATE SKIP LOCKED"
)


class Helper:
    """Remembers what it has seen to."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._seen: dict[int, tuple[int, int | None]] = {}  # records, and what is due next

    def help(self, batch: Batch, now: int) -> None:
        """Steps of what is due, within a transaction."""
        frozen = list(self._leases.frozen)
        if not frozen:
            self._seen.clear()
            return
        rows = self._leases.sql(batch.connection, _TEXT, frozen, now - _LATE, _MOST).all()
        for execution, records in rows:
            before, due = self._seen.get(execution, (-1, None))
            # The owner's row says that there is something for it, so what is due is not there.
            if execution in batch.touched or before == records and (due is None or due > now):
                continue
            try:
                live = batch.help(execution)
            except Exception as error:
                if lost(error):
                    raise
                self._seen[execution] = (records, None)  # its owner will see why
                continue
            if live is not None:
                self._seen[execution] = (live.rows.number, live.due())
