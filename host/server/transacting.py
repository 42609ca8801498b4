"""Tasks of effect `transactional`: what they write, and their results, are one transaction."""

from __future__ import annotations

from typing import Any

from tsme.engine.tasks import TaskError
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme.values.copies import ordered, worded

from .asked import undo
from .batch import Batch


def transact(work: Any, batch: Batch, execution: int, action: int) -> None:
    """Do a task and feed its result, in the transaction of a batch."""
    live = batch.get(execution)
    pending = live.state.pending.get(action)
    if pending is None or pending.due is not None and pending.due < live.time():
        return  # its timer says so
    savepoint = batch.connection.begin_nested()
    try:
        result = ordered(work.transact(batch.connection, live.task(pending)))
    except Exception as error:
        undo(savepoint, error)
        name = error.error if isinstance(error, TaskError) else type(error).__name__
        cause = error.cause if isinstance(error, TaskError) else str(error)
        batch.feed(live, FAILED, (action, worded(name), worded(cause)))
        return
    batch.feed(live, SUCCEEDED, (action, result))
    if live.first == SUCCEEDED:
        savepoint.commit()
    else:  # a result that does not fit: it has failed, and so it has written nothing
        savepoint.rollback()
