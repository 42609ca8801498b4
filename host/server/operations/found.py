"""Executions by their ARNs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from ...database.tables import executions
from .. import arns
from ..errors import ApiError


def of_map_run(text: str, instead: str = "ask of the execution that has the run") -> ApiError:
    """The refusal of what cannot be done to a child of a Map Run, a part of its execution."""
    message = f"Not supported for an execution of a Map Run by tsme serve: '{text}'; {instead}"
    return ApiError("UnsupportedOperation", message)


def existing(connection: Connection, text: str, *kinds: str) -> Any:
    """The row of an execution.  Raises ApiError InvalidArn or ExecutionDoesNotExist."""
    if arns.parse(text, *(kinds or ("execution",))).label:
        raise of_map_run(text)
    row = connection.execute(select(executions).where(executions.c.arn == text)).one_or_none()
    if row is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{text}'")
    return row
