"""One checked state from one node, for each state type (section "State Types")."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ..jsonata.members import RESULT
from ..jsonpath.calls import STRING_FUNCTIONS
from .assign import parse_assign
from .choice import parse_rules
from .context import CheckContext, suggest
from .error_handlers import parse_catch, parse_retry
from .fields import (
    ALLOWED,
    EXCLUSIVE,
    FIELDS,
    IN_JSONATA,
    JSONATA_ONLY,
    JSONPATH_ONLY,
    NOT_IN_JSONATA,
    ONE_OF,
    REQUIRED,
)
from .graph import check_flow
from .jsonata import is_expression
from .maps import parse_body, parse_options
from .model import (
    AslState,
    Assign,
    ChoiceState,
    Const,
    Expr,
    FailState,
    Jsonata,
    MapState,
    ParallelState,
    PassState,
    Path,
    StateMachine,
    SucceedState,
    TaskState,
    WaitState,
    Where,
)
from .reader import Members, only_calls
from .resource import check_resource
from .source import Node

_WITH_RESULT = ("Task", "Parallel", "Map")


class _Common(TypedDict):
    name: str
    where: Where
    comment: str
    input_path: Path | None
    output_path: Path | None
    next: str | None
    assign: Assign
    jsonata: bool
    output: Expr | None


def parse_state(ctx: CheckContext, name: str, node: Node) -> AslState | None:
    """A state, or None if it is too broken to build; mistakes go to `ctx`."""
    if not isinstance(node.value, dict):
        ctx.wrong_type(node, f'the state "{name}"', "an object")
        return None
    members = Members(ctx, node)
    kind = _kind(ctx, members, name)
    outer = ctx.jsonata
    members.choice("QueryLanguage")
    language = members.nodes["QueryLanguage"].value if "QueryLanguage" in members else None
    back = language == "JSONPath" and ctx.all_jsonata
    if back:
        message = "a state cannot go back to JSONPath inside a JSONata workflow"
        hint = "set JSONata on the states that use it, not on the whole workflow"
        ctx.error("TSME-C082", members.nodes["QueryLanguage"].where, message, hint)
    if "QueryLanguage" in members:  # to AWS all but this very word is JSONata
        ctx.jsonata = language != "JSONPath"
    try:
        if kind is None:
            return None
        _check_fields(ctx, members, kind, back)
        check_flow(ctx, node, kind)
        return _BUILDERS[kind](ctx, members, _common(ctx, name, members, kind))
    finally:
        ctx.jsonata = outer


def _kind(ctx: CheckContext, members: Members, name: str) -> str | None:
    members.require(("Type",), f'the state "{name}"')
    kind = members.text("Type")
    if kind is None or kind in ALLOWED:
        return kind
    hint = suggest(kind, ALLOWED, "types: " + ", ".join(ALLOWED))
    ctx.error("TSME-C016", members.nodes["Type"].where, f'there is no state type "{kind}"', hint)
    return None


def _check_fields(ctx: CheckContext, members: Members, kind: str, back: bool) -> None:
    """Which fields are there, before any is read.  `back`: its language is wrong as a whole."""
    foreign = JSONPATH_ONLY if ctx.jsonata else JSONATA_ONLY
    mode, other = ("JSONata", "JSONPath") if ctx.jsonata else ("JSONPath", "JSONata")
    for name, member in members.nodes.items():
        if name in foreign or (ctx.jsonata and name in NOT_IN_JSONATA.get(kind, ())):
            if back:
                continue
            message = f'"{name}" belongs to {other}; this state is in {mode}'
            hint = f'set "QueryLanguage": "{other}" or use the fields of {mode}'
            if ctx.jsonata:  # a workflow that is in JSONata as a whole cannot go back
                hint = f"write {IN_JSONATA.get(name, name.removesuffix('Path'))}"
            ctx.error("TSME-C081", member.key_where, message, hint)
        elif name in ALLOWED[kind]:
            continue
        elif name in FIELDS:
            owners = ", ".join(k for k, names in ALLOWED.items() if name in names)
            message = f'a {kind} state has no field "{name}"'
            hint = f"states that have it: {owners}" if owners else ""
            ctx.error("TSME-C012", member.key_where, message, hint)
        else:
            known = [n for n in ALLOWED[kind] if n not in foreign]
            message = f'a {kind} state has no field "{name}"'
            hint = suggest(name, known, "fields: " + ", ".join(known))
            ctx.error("TSME-C011", member.key_where, message, hint)
    what = f"a {kind} state"
    members.require(REQUIRED.get(kind, ()), what)
    for group in EXCLUSIVE.get(kind, ()):
        members.exclusive(group)
    for group in ONE_OF.get(kind, ()):
        usable = tuple(name for name in group if name not in foreign)
        if not any(name in members for name in group):
            members.one_of(usable, what)


def _common(ctx: CheckContext, name: str, members: Members, kind: str) -> _Common:
    root = Path("$", (), "$", members.node.where)
    ends = members.flag("End")
    target = members.text("Next")
    has = (RESULT,) if kind in _WITH_RESULT else ()
    return _Common(
        name=name,
        where=members.node.where,
        comment=members.text("Comment") or "",
        input_path=root if ctx.jsonata else members.path("InputPath"),
        output_path=root if ctx.jsonata else members.path("OutputPath"),
        next=None if ends else target,
        assign=parse_assign(ctx, members.get("Assign"), "", *has),
        jsonata=ctx.jsonata,
        output=members.field("Output", *has) if ctx.jsonata else None,
    )


def _template(ctx: CheckContext, members: Members, name: str) -> Expr | None:
    return None if ctx.jsonata else members.template(name)


def _arguments(ctx: CheckContext, members: Members) -> Expr | None:
    """What goes to a task or to branches: Arguments, or Parameters of JSONPath."""
    return members.field("Arguments") if ctx.jsonata else members.template("Parameters")


def _result_path(ctx: CheckContext, members: Members) -> Path | None:
    return None if ctx.jsonata else members.path("ResultPath")


def _reference(ctx: CheckContext, members: Members, name: str) -> Path | None:
    return None if ctx.jsonata else members.reference(name)


# --- The state types ------------------------------------------------------------------------


def _pass(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    return PassState(
        **common,
        result=members.literal("Result"),
        parameters=_template(ctx, members, "Parameters"),
        result_path=_result_path(ctx, members),
    )


def _task(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    resource = members.text("Resource")
    if resource is not None:
        check_resource(ctx, members.nodes["Resource"], resource)
    timeout = members.either("TimeoutSeconds", members.integer)
    heartbeat = members.either("HeartbeatSeconds", members.integer)
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        message = f"HeartbeatSeconds ({heartbeat}) must be less than TimeoutSeconds ({timeout})"
        ctx.error("TSME-C014", members.nodes["HeartbeatSeconds"].where, message)
    credentials = members.object("Credentials")
    if ctx.jsonata and credentials is not None and not isinstance(credentials, Jsonata):
        Members(ctx, members.nodes["Credentials"]).require(("RoleArn",), "Credentials")
    return TaskState(
        **common,
        resource=resource or "",
        parameters=_arguments(ctx, members),
        result_selector=_template(ctx, members, "ResultSelector"),
        result_path=_result_path(ctx, members),
        timeout=timeout or _reference(ctx, members, "TimeoutSecondsPath"),
        heartbeat=heartbeat or _reference(ctx, members, "HeartbeatSecondsPath"),
        credentials=credentials,
        retry=parse_retry(ctx, members.get("Retry")),
        catch=parse_catch(ctx, members.get("Catch")),
    )


def _choice(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    node = members.get("Choices")
    rules = () if node is None else parse_rules(ctx, node)
    return ChoiceState(**common, rules=rules, default=members.text("Default"))


def _wait(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    seconds = members.either("Seconds", members.integer)
    timestamp = members.either("Timestamp", members.timestamp)
    return WaitState(
        **common,
        seconds=_reference(ctx, members, "SecondsPath") if seconds is None else seconds,
        timestamp=_reference(ctx, members, "TimestampPath") if timestamp is None else timestamp,
    )


def _succeed(_ctx: CheckContext, _members: Members, common: _Common) -> AslState:
    return SucceedState(**common)


def _fail(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    parts: list[str | Expr | None] = []
    for name in ("Error", "Cause"):
        text = members.either(name, members.text)
        dynamic = None if ctx.jsonata else members.dynamic(f"{name}Path")
        only_calls(ctx, dynamic, STRING_FUNCTIONS, f"{name}Path")
        parts.append(dynamic if text is None else text)
    return FailState(**common, error=parts[0], cause=parts[1])


def _parallel(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    branches: list[StateMachine] = []
    node = members.get("Branches")
    if node is not None and not isinstance(node.value, list):
        ctx.wrong_type(node, "Branches", "an array of machines")
    elif node is not None and isinstance(node.value, list):
        if not node.value:
            ctx.error("TSME-C014", node.where, "Branches must hold at least one branch")
        for item in node.value:
            if isinstance(item.value, dict):
                branches.append(ctx.parse_machine(ctx, item, False, False))
            else:
                ctx.wrong_type(item, "a branch", "an object with StartAt and States")
    return ParallelState(
        **common,
        branches=tuple(branches),
        parameters=_arguments(ctx, members),
        result_selector=_template(ctx, members, "ResultSelector"),
        result_path=_result_path(ctx, members),
        retry=parse_retry(ctx, members.get("Retry")),
        catch=parse_catch(ctx, members.get("Catch")),
    )


def _map(ctx: CheckContext, members: Members, common: _Common) -> AslState:
    body, distributed = parse_body(ctx, members)
    options = parse_options(ctx, members, distributed)
    most = members.either("MaxConcurrency", members.integer)
    most_path = _reference(ctx, members, "MaxConcurrencyPath")
    selector = "Parameters" if "Parameters" in members else "ItemSelector"
    return MapState(
        **common,
        body=body or StateMachine("", {}, members.node.where),
        distributed=distributed,
        items_path=_reference(ctx, members, "ItemsPath"),
        items=_items(ctx, members) if ctx.jsonata else None,
        item_selector=(
            members.field("ItemSelector") if ctx.jsonata else members.template(selector)
        ),
        result_selector=_template(ctx, members, "ResultSelector"),
        result_path=_result_path(ctx, members),
        max_concurrency=most or most_path or 0,
        retry=parse_retry(ctx, members.get("Retry")),
        catch=parse_catch(ctx, members.get("Catch")),
        **options,
    )


def _items(ctx: CheckContext, members: Members) -> Expr | None:
    found = members.field("Items")
    if isinstance(found, Const) and not isinstance(found.value, (list, dict)):
        node = members.nodes["Items"]
        if not is_expression(node.value):  # else it is told already
            hint = "write {% $states.input.items %}"
            ctx.wrong_type(node, "Items", "an array, an object or an expression", hint)
    return found


_BUILDERS: dict[str, Callable[[CheckContext, Members, _Common], AslState]] = {
    "Pass": _pass,
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": _map,
}
