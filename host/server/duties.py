"""What the jobs of a server do (jobs.py): retention, statistics, and webhooks and exports at the
end of executions."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from ..database.database import Database
from ..database.queries import Filter
from ..database.retention import prune
from ..tools.errors import HostError
from .exporting import Exports

PRUNE: Final = "prune"
WEBHOOK: Final = "webhook"
EXPORT: Final = "export"
ATTEMPTS: Final = 12  # of a job: within 70 minutes
_LARGEST: Final = 256 << 10  # bytes of an event, as EventBridge has it
_AWAY: Final = frozenset(f"TSME-S{number:03}" for number in range(4, 10))  # a database's errors
_ANSWER: Final = 10.0  # s
_log = logging.getLogger("tsme.jobs")


@dataclass(frozen=True)
class JobOptions:
    """What jobs there are.

    retention: ms that an execution is kept after its end; None: for ever.  webhook: a URL that is
    told of each end; None: nobody is told.  export: a folder for journals of what has ended, and
    statistics; None: there are none.
    """

    retention: int | None = None
    webhook: str | None = None
    export: str | None = None


class Refused(Exception):
    """A webhook did not take an event, or a file cannot be written."""


def wait(attempts: int) -> int:
    """Seconds until the next attempt, after so many."""
    return int(min(2**attempts, 600))


class Doing:
    """What the jobs do.  `now`: ms since 1970."""

    def __init__(self, database: Database, options: JobOptions, now: Callable[[], int]) -> None:
        self.database = database
        self.options = options
        self.now = now
        folder = options.export
        self.exports = None if folder is None else Exports(database, folder, now)

    def prune(self) -> None:
        """Count the days that are over, and let go of what has ended too long ago.

        What is to be exported and counted stays until it is.  Raises Refused.
        """
        counted = None
        if self.exports:
            try:
                counted = self.exports.count_days()
            except HostError as error:
                raise _refused(error) from None
        if self.options.retention is None:
            return
        before = self.now() - self.options.retention
        old = Filter(stopped_to=before if counted is None else min(before, counted))
        if self.exports:
            if failed := self.exports.export_all(old):
                _log.warning("retention: %d executions stay, as they are not exported", failed)
            old = replace(old, exported=True)
        gone = prune(self.database, old)
        if gone.executions:
            _log.info("retention: %d executions are gone", gone.executions)

    def export(self, execution: int) -> None:
        """Export what has ended.  Raises Refused; a second time is the same file."""
        if self.exports is None:  # switched off since
            return
        try:
            self.exports.export(execution)
        except HostError as error:
            raise _refused(error) from None

    def webhook(self, event: str) -> None:
        """Tell of an end.  Raises Refused; a second time is the same event with the same id."""
        url = self.options.webhook
        if url is None:  # switched off since
            return
        try:
            answer = httpx.post(
                url,
                content=event.encode(),
                headers={"Content-Type": "application/json", "User-Agent": "tsme"},
                timeout=_ANSWER,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Refused(f"{url}: {type(error).__name__}: {error}") from None
        if not answer.is_success:
            raise Refused(f"{url}: {answer.status_code} {answer.reason_phrase}")

    def do(self, name: str, arguments: dict[str, Any]) -> None:
        """A job by its name."""
        if name == PRUNE:
            self.prune()
        elif name == WEBHOOK:
            self.webhook(**arguments)
        elif name == EXPORT:
            self.export(**arguments)
        else:  # of a newer release
            raise Refused(f'there is no job "{name}" in this version of tsme')


def _refused(error: HostError) -> Exception:
    """A file that is refused is tried again later; a database as soon as it is back."""
    return error if error.code in _AWAY else Refused(str(error))


def event(row: Any) -> dict[str, Any]:
    """The end of an execution as EventBridge tells of it: AWS's "Step Functions Execution Status
    Change".  What would make it too large is left out, and the event says so."""
    _, _, _, region, account, *_ = row.arn.split(":")
    stopped = datetime.fromtimestamp((row.stopped or 0) / 1000, UTC)
    detail: dict[str, Any] = {
        "executionArn": row.arn, "stateMachineArn": row.machine, "name": row.name,
        "status": row.status, "startDate": row.started, "stopDate": row.stopped,
        "input": row.input, "output": row.output, "error": row.error, "cause": row.cause,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if row.output is not None else None,
        "redriveCount": row.redrives, "redriveDate": row.redriven,
    }  # fmt: skip
    told = {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{row.arn}#{row.stopped}#{row.redrives}")),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": stopped.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [row.arn],
        "detail": detail,
    }
    for name in ("output", "input"):
        if len(json.dumps(told)) > _LARGEST and detail[name] is not None:
            detail[name], detail[f"{name}Details"] = None, {"included": False}
    return told
