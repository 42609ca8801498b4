"""Executions begin: a row, and the first step, in one transaction; the rows of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbits
from typing import Final

from tsme.kernel import BEHAVIOUR
from tsme.kernel.protocol import START
from tsme.values.json import loads

from ..tools.errors import HostError
from . import writing
from .batch import Batch
from .clocks import Clock
from .live import Known, Rows
from .terms import UNKNOWN, Exists, NewExecution

_MOST: Final = 1 << 20  # characters of input in one statement


def prepare(batch: Batch, clock: Clock, news: Sequence[NewExecution]) -> None:
    """Insert the rows of all that are to begin, which is one round trip to a server."""
    if batch.leases.kind == "sqlite" or len(news) < 2:
        return
    known = []
    for new in news:
        try:
            batch.lives.programs.client(batch, new.digest)
        except HostError:
            continue  # begin() says so
        known.append((new, _started(clock, new)))
    if known and sum(len(new.input) for new, _ in known) <= _MOST:
        batch.inserted = writing.insert_all(batch.transaction, known, batch.leases.name)


def begin(batch: Batch, clock: Clock, new: NewExecution) -> int:
    """-> its id.  Raises Exists, TsmeError for an input that is no JSON or too large, HostError
    TSME-S023 without its program."""
    lives = batch.lives
    key, started = batch.inserted.pop(new.arn, (None, _started(clock, new)))
    try:
        value = loads(new.input) if new.value is UNKNOWN else new.value
        client = lives.programs.client(batch, new.digest)
        if key is None:
            key = writing.insert(batch.transaction, new, started, batch.leases.name)
            if key is None:
                raise Exists(new.arn)
        live = lives.new(client, Rows(key), Known(new.arn, new.machine or "", new.name))
        live.recovered, live.epoch = True, 1
        live.names = lives.programs.names[new.digest]
        context = [new.arn, new.name, new.role, new.machine, new.machine_name]
        digest = client.program.digest
        live.give((START, started, key, digest, randbits(64), value, context, BEHAVIOUR))
    except Exception:
        if key is not None:
            text = "DELETE FROM tsme_executions WHERE id = ?"
            batch.leases.sql(batch.connection, text, key)
        raise
    batch.begun(live)
    batch.go(live)
    return key


def _started(clock: Clock, new: NewExecution) -> int:
    return clock.now() if new.started is None else new.started
