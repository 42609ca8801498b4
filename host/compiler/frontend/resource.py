"""The Resource of a Task: any URI (section "Task State"), with the mistakes AWS would refuse.

On a device a Resource is matched by its whole text or by a function's name, so plain names such
as `read_soil` are as good as ARNs.
"""

from __future__ import annotations

import re

from tsme.program.functions.template_fields import wrong

from .context import CheckContext, quoted, suggest
from .model import Const, Obj, TaskState
from .source import Node

_TO_LAMBDA = re.compile(r"arn:[^:]*:lambda:")
_LAMBDA = re.compile(
    r"arn:[a-z-]+:lambda:[A-Za-z0-9_-]*:[A-Za-z0-9_-]*"  # also words as REGION:ACCOUNT_ID
    r":function:[A-Za-z0-9_.-]+(:(\$LATEST|[A-Za-z0-9_-]+))?"
)
_OPTIMISED = re.compile(
    r"arn:[a-z-]+:states:[a-z0-9-]*:[0-9]*:([a-z0-9-]+):([A-Za-z0-9]+)(\.[A-Za-z]+(?::2)?)?"
)
SUFFIXES = (".sync", ".sync:2", ".waitForTaskToken")

# AWS: the actions of its optimised integrations.  A service that is not listed is not checked.
_ACTIONS: dict[str, tuple[str, ...]] = {
    "apigateway": ("invoke",),
    "athena": (
        "getQueryExecution",
        "getQueryResults",
        "startQueryExecution",
        "stopQueryExecution",
    ),
    "batch": ("submitJob",),
    "databrew": ("startJobRun",),
    "dynamodb": ("deleteItem", "getItem", "putItem", "updateItem"),
    "ecs": ("runTask",),
    "events": ("putEvents",),
    "glue": ("startJobRun",),
    "http": ("invoke",),
    "lambda": ("invoke",),
    "mediaconvert": ("createJob",),
    "sns": ("publish",),
    "sqs": ("sendMessage",),
    "states": ("startExecution",),
}


def check_resource(ctx: CheckContext, node: Node, text: str) -> None:
    """Reports a Resource that nothing can match.  `${name}` stands for a later substitution."""
    hint = "write an ARN, or a plain task name such as read_soil"
    if ctx.express:
        _check_express(ctx, node, text)
    if not text:
        ctx.error("TSME-C018", node.where, "Resource is empty", hint)
        return
    bare = re.sub(r"\$\{[^{}]+\}", "x", text)
    if "${" in bare:
        message = f"Resource {quoted(text)} has a substitution that is not closed"
        ctx.error("TSME-C018", node.where, message, "write ${name}")
    elif any(c.isspace() or not c.isprintable() for c in text):
        message = f"Resource {quoted(text)} holds white space or control characters"
        ctx.error("TSME-C018", node.where, message, hint)
    elif bare != text:
        return
    elif _TO_LAMBDA.match(text) and not _LAMBDA.fullmatch(text):
        form = "arn:aws:lambda:REGION:ACCOUNT:function:NAME or ...:NAME:ALIAS"
        message = f"Resource {quoted(text)} is no ARN of a Lambda function"
        ctx.error("TSME-C018", node.where, message, f"write {form}")
    elif match := _OPTIMISED.fullmatch(text):
        _check_integration(ctx, node, match)


def _check_integration(ctx: CheckContext, node: Node, match: re.Match[str]) -> None:
    service, action, suffix = match.groups()
    actions = _ACTIONS.get(service)
    if actions is not None and action not in actions:
        hint = suggest(action, actions, f"use arn:aws:states:::aws-sdk:{service}:{action}")
        message = f"there is no integration {service}:{action}"
        ctx.error("TSME-C018", node.where, message, hint)
    if actions is not None and suffix and suffix not in SUFFIXES:
        hint = suggest(suffix, SUFFIXES, "known: " + ", ".join(SUFFIXES))
        ctx.error("TSME-C018", node.where, f"there is no integration pattern {suffix}", hint)


def _check_express(ctx: CheckContext, node: Node, text: str) -> None:
    """What AWS's EXPRESS workflows cannot wait for."""
    what = ""
    if re.match(r"arn:[^:]*:states:[^:]*:[^:]*:activity:", text):
        what = "activities"
    for suffix in SUFFIXES:
        if text.startswith("arn:") and text.endswith(suffix):
            what = f"the integration pattern {suffix}"
    if what:
        message = f"an EXPRESS workflow cannot have {what}"
        ctx.error("TSME-C046", node.where, message, "make it a STANDARD workflow")


# --- what a Task asks of the device ---

_LISTS = ("Headers", "QueryParameters")  # of apigateway:invoke: objects of arrays of texts


def has_lists(state: TaskState) -> bool:
    """Must the Parameters be looked at before the task can be started?"""
    if not re.match(r"arn:[^:]*:states:[^:]*:[^:]*:apigateway:invoke", state.resource):
        return False
    found: dict[str, object] = {}
    if isinstance(state.parameters, Obj):
        found = dict(state.parameters.items)
    elif isinstance(state.parameters, Const) and isinstance(state.parameters.value, dict):
        found = {k: Const(v, state.where) for k, v in state.parameters.value.items()}
    else:
        return True
    parts = [(name, found[name]) for name in _LISTS if name in found]
    return any(not isinstance(e, Const) or wrong({name: e.value}) for name, e in parts)


# In any partition; a template may leave that open.
_INVOKE = re.compile(r"arn:(?:[a-z-]+|\$\{[^{}]*\}):states:::lambda:invoke")


def resource_of(state: TaskState) -> str:
    """The resource as the program names it: for lambda:invoke, with the function it is known to
    call, so that a device can say which handlers are missing before it starts."""
    if _INVOKE.match(state.resource):
        parameters = state.parameters
        function: object = None
        if isinstance(parameters, Obj):
            member = dict(parameters.items).get("FunctionName")
            function = member.value if isinstance(member, Const) else None
        elif isinstance(parameters, Const) and isinstance(parameters.value, dict):
            function = parameters.value.get("FunctionName")
        if isinstance(function, str):
            return f"{state.resource} {function}"
    return state.resource
