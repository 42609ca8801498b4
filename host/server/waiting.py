"""Who waits for the end of executions, and how they are told."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Final

from ..tools.errors import HostError
from ..tools.quick_json import text_of
from .asked import ending, tell
from .batch import Batch
from .live import Live
from .terms import Outcome

_COLUMNS: Final = "id, arn, name, status, output, error, cause, started, stopped"
_PART: Final = 500  # executions in a query


class Waiting:
    """Futures of Outcomes, by execution.  For the runner's thread alone."""

    def __init__(self) -> None:
        self._futures: dict[int, list[Future[Any]]] = {}

    def add(self, batch: Batch, execution: int, future: Future[Any]) -> None:
        """Tell this one, now or later.  Raises HostError TSME-S010 without such an execution."""
        live = batch.lives.at.get(execution)
        here = live is not None and live.written is not None and live.written[0] is not None
        if not here:
            text = f"SELECT {_COLUMNS} FROM tsme_executions WHERE id = ?"  # noqa: S608
            row = batch.leases.sql(batch.connection, text, execution).one_or_none()
            if row is None:
                message = f"there is no execution {execution} in the database"
                raise HostError("TSME-S010", message)
            if row.status != "RUNNING":
                tell(future, Outcome(*row))
                return
        self._futures.setdefault(execution, []).append(future)

    def ended(self, live: Live) -> None:
        """One has ended here, durably."""
        if live.rows.key in self._futures:
            self._tell(outcome(live))

    def look(self, batch: Batch) -> None:
        """Whether some have ended in other processes."""
        keys = list(self._futures)
        for at in range(0, len(keys), _PART):
            part = keys[at : at + _PART]
            marks = ", ".join("?" * len(part))
            text = f"SELECT {_COLUMNS} FROM tsme_executions WHERE status <> 'RUNNING'"  # noqa: S608
            for row in batch.leases.sql(batch.connection, f"{text} AND id IN ({marks})", *part):
                self._tell(Outcome(*row))

    def end(self) -> None:
        """Nobody will know here any more."""
        for futures in self._futures.values():
            for future in futures:
                tell(future, None, ending())

    def _tell(self, known: Outcome) -> None:
        for future in self._futures.pop(known.id, ()):
            tell(future, known)


def outcome(live: Live) -> Outcome:
    """What the row of an execution says that has ended."""
    state, status = live.state, live.status
    output = error = cause = None
    if status == "SUCCEEDED":
        output = text_of(state.result)
    else:
        error, cause = state.result
    started = state.origin[0]
    return Outcome(
        live.rows.key, live.arn, live.name, status, output, error, cause, started, state.now
    )
