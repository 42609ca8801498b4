"""A Map Run as the page shows it: DescribeMapRun, and what became of each child."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ...database.tables import executions
from ...tools.aws.events import MapRun
from ..errors import ApiError
from ..operations.histories import history
from ..server import Server

Answer = dict[str, Any]


def about(server: Server, arn: str) -> Answer | None:
    """How it stands.  `children`: [status, number of items] of each, in their order.

    Raises ApiError if the history of its execution cannot be told.
    """
    try:
        told = server.call("DescribeMapRun", {"mapRunArn": arn})
    except ApiError as error:
        if error.code in ("ResourceNotFound", "InvalidArn", "ValidationException"):
            return None
        raise
    chosen = select(executions).where(executions.c.arn == told["executionArn"])
    with server.database.read() as connection:
        row = connection.execute(chosen).one()
    run = next(run for run in history(server, row).map_runs if run.arn == arn)
    return {
        "arn": arn,
        "execution": told["executionArn"],
        "state": run.state,
        "status": told["status"],
        "started": _ms(told["startDate"]),
        "stopped": _ms(told.get("stopDate")),
        "concurrency": told["maxConcurrency"],
        "tolerated_count": told["toleratedFailureCount"],
        "tolerated_percentage": told["toleratedFailurePercentage"],
        "redrives": told.get("redriveCount", 0),
        "counts": told["itemCounts"],
        "children": _children(run, told["status"]),
        "now": server.now(),
    }


def _children(run: MapRun, status: str) -> list[tuple[str, int]]:
    """As `about` has them."""

    def of(number: int) -> str:
        if number in run.succeeded:
            return "succeeded"
        if number in run.failed:
            return "failed"
        if number not in run.started:
            return "pending"
        return "running" if status == "RUNNING" else "aborted"

    return [(of(number), size) for number, size in enumerate(run.sizes)]


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
