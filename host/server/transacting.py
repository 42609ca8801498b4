"""Tasks of effect `transactional`: what they write, and their results, are one transaction."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any, Final

from tsme.engine.tasks import TaskError
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme.values.copies import ordered, worded

from .asked import undo
from .batch import Batch, Lives

SLOW: Final = 0.5  # s that a handler may take before the log says so
_log = logging.getLogger("tsme.work")


def transact(work: Any, batch: Batch, execution: int, action: int) -> None:
    """Do a task and feed its result, in the transaction of a batch."""
    live = batch.get(execution)
    pending = live.state.pending.get(action)
    if pending is None or pending.due is not None and pending.due < live.time():
        return  # its timer says so
    savepoint = batch.connection.begin_nested()
    begun = perf_counter()
    try:
        result = ordered(work.transact(batch.connection, live.task(pending)))
    except Exception as error:
        undo(savepoint, error)
        name = error.error if isinstance(error, TaskError) else type(error).__name__
        cause = error.cause if isinstance(error, TaskError) else str(error)
        batch.feed(live, FAILED, (action, worded(name), worded(cause)))
        return
    finally:
        _tell(batch.lives, pending.resource, perf_counter() - begun)
    batch.feed(live, SUCCEEDED, (action, result))
    if live.first == SUCCEEDED:
        savepoint.commit()
    else:  # a result that does not fit: it has failed, and so it has written nothing
        savepoint.rollback()


def _tell(lives: Lives, resource: str, seconds: float) -> None:
    """Warns of a handler that holds up the others, the first time."""
    if seconds < SLOW or resource in lives.slow:
        return
    lives.slow.add(resource)
    _log.warning(
        'TSME-S068: the transactional task "%s" took %.1f s, in which nothing else was written; '
        "do what takes time in a task before it, and only write in this one",
        resource,
        seconds,
    )
