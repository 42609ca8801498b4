"""Retry, Catch and error names (sections "Errors", "Retrying after error", "Fallback states")."""

from __future__ import annotations

import re

from ..jsonata.members import ERROR
from .assign import parse_assign
from .context import CheckContext, closest
from .fields import CATCHER, RETRIER
from .model import Catcher, Path, Retrier
from .reader import Members
from .source import Node

# Appendix A of the specification, and the names AWS adds to it.
RESERVED = (
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ReferencePathConflict",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
)
_PREFIX = "States."
_HTTP_STATUS = re.compile(r"States\.Http\.StatusCode\.[1-5][0-9][0-9]")


def parse_retry(ctx: CheckContext, node: Node | None) -> tuple[Retrier, ...]:
    """The value of `Retry`."""
    items = _items(ctx, node, "Retry", "a retrier")
    return tuple(_retrier(ctx, item, item is items[-1]) for item in items)


def parse_catch(ctx: CheckContext, node: Node | None) -> tuple[Catcher, ...]:
    """The value of `Catch`."""
    items = _items(ctx, node, "Catch", "a catcher")
    return tuple(
        _catcher(ctx, item, item is items[-1], f"Catch[{n}]/") for n, item in enumerate(items)
    )


def _items(ctx: CheckContext, node: Node | None, name: str, what: str) -> list[Node]:
    if node is None:
        return []
    if not isinstance(node.value, list):
        ctx.wrong_type(node, name, "an array")
        return []
    items = []
    for item in node.value:
        if isinstance(item.value, dict):
            items.append(item)
        else:
            ctx.wrong_type(item, what, "an object")
    return items


def _retrier(ctx: CheckContext, node: Node, last: bool) -> Retrier:
    members = Members(ctx, node)
    members.only(RETRIER, "a retrier")
    errors = _error_equals(ctx, members, "a retrier", last)
    members.text("Comment")
    interval = members.integer("IntervalSeconds", RETRIER["IntervalSeconds"])
    attempts = members.integer("MaxAttempts", RETRIER["MaxAttempts"])
    rate = members.number("BackoffRate", RETRIER["BackoffRate"])
    longest = members.integer("MaxDelaySeconds", RETRIER["MaxDelaySeconds"])
    jitter = members.choice("JitterStrategy", RETRIER["JitterStrategy"])
    first = 1 if interval is None else interval
    if longest is not None and longest < first:
        message = f"MaxDelaySeconds ({longest}) is less than IntervalSeconds ({first})"
        ctx.error("TSME-C014", members.nodes["MaxDelaySeconds"].where, message)
    return Retrier(
        errors=errors,
        interval_seconds=first,
        max_attempts=3 if attempts is None else attempts,
        backoff_rate=2.0 if rate is None else float(rate),
        max_delay_seconds=longest,
        full_jitter=jitter == "FULL",
        where=node.where,
    )


def _catcher(ctx: CheckContext, node: Node, last: bool, place: str) -> Catcher:
    members = Members(ctx, node, place)
    if ctx.jsonata:
        members.only((n for n in CATCHER if n != "ResultPath"), "a JSONata catcher")
    else:
        members.only((n for n in CATCHER if n != "Output"), "a catcher")
    members.require(("Next",), "a catcher")
    errors = _error_equals(ctx, members, "a catcher", last)
    members.text("Comment")
    result: Path | None = None
    if "ResultPath" not in members or not ctx.jsonata:
        result = members.path("ResultPath")
    assign = parse_assign(ctx, members.get("Assign"), place, ERROR)
    output = members.field("Output", ERROR) if ctx.jsonata else None
    return Catcher(errors, members.text("Next") or "", result, assign, node.where, output)


def _error_equals(ctx: CheckContext, members: Members, what: str, last: bool) -> tuple[str, ...]:
    members.require(("ErrorEquals",), what)
    node = members.get("ErrorEquals")
    if node is None:
        return ()
    if not isinstance(node.value, list):
        ctx.wrong_type(node, "ErrorEquals", "an array of error names", 'write ["States.ALL"]')
        return ()
    if not node.value:
        message = "ErrorEquals must name at least one error"
        ctx.error("TSME-C014", node.where, message, 'write ["States.ALL"] for any error')
    names = []
    for item in node.value:
        if isinstance(item.value, str):
            names.append(item.value)
            _check_name(ctx, item, item.value)
        else:
            ctx.wrong_type(item, "an error name", "a string")
    if "States.ALL" in names:
        if len(names) > 1:
            message = "States.ALL must stand alone in ErrorEquals"
            ctx.error("TSME-C051", node.where, message, "it matches the other names anyway")
        if not last:
            noun = what.removeprefix("a ")
            message = f"States.ALL must stand in the last {noun}; those after it never match"
            ctx.error("TSME-C051", node.where, message, "move it to the end")
    return tuple(names)


def _check_name(ctx: CheckContext, node: Node, name: str) -> None:
    """AWS documents that own names have no `States.` in front, and takes them all the same."""
    if name.startswith(_PREFIX) and name not in RESERVED and not _HTTP_STATUS.fullmatch(name):
        near = closest(name[len(_PREFIX) :], (known[len(_PREFIX) :] for known in RESERVED))
        own = "give errors of your own names without `States.`"
        hint = f'did you mean "{_PREFIX}{near}"?' if near else own
        message = f"there is no error {name}, unless the workflow itself or a task raises it"
        ctx.warn("TSME-C050", node.where, message, hint)
