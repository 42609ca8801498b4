"""Node -> Machine: every rule of the States Language, all problems in one go.

The work is in the modules this one calls: `states` (one state), `choice`, `errors` (Retry and
Catch), `maps`, `assign` (variables), `graph` (transitions).  Source: Amazon States Language
specification, https://states-language.net, and what AWS Step Functions is known to refuse.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .assign import check_variables
from .context import CheckContext, suggest
from .fields import MACHINE_FIELDS, PROCESSOR_FIELDS, SECONDS_MAX, STATE_NAME_MAX, TOP_FIELDS
from .fields import Field as FieldSpec
from .graph import all_state_names, check_graph
from .model import MOST, AslState, Limits, Problem, StateMachine
from .reader import Members
from .source import Node
from .states import parse_state

# In the Comment of a workflow: `tsme: step_bytes=65536, items=5000`.
_GIVEN = re.compile(r"\btsme:((?:\s*[\w-]+\s*=\s*[^\s,]*(?:,(?=\s*[\w-]+\s*=))?)+)")
_TIMEOUT = FieldSpec("integer", 1, SECONDS_MAX)


def validate(root: Node, express: bool = False) -> tuple[StateMachine | None, list[Problem]]:
    """Checks a whole workflow.

    Returns the machine and no problems, or None and the problems in the order of their places.
    """
    ctx = CheckContext(_inner_machine, express=express)
    ctx.scopes.append(ctx.scope)
    if not isinstance(root.value, dict):
        ctx.wrong_type(root, "a workflow", "an object", 'write { "StartAt": ..., "States": ... }')
        return None, ctx.problems
    ctx.all_names = all_state_names(root)
    members = Members(ctx, root)
    members.only(TOP_FIELDS, "a workflow")
    members.text("Version")
    timeout = members.integer("TimeoutSeconds", _TIMEOUT)
    members.choice("QueryLanguage")
    if (language := members.get("QueryLanguage")) is not None:  # as of a state
        ctx.jsonata = ctx.all_jsonata = language.value != "JSONPath"
    machine = _states(ctx, members, timeout)
    machine = replace(machine, limits=_limits(ctx, members))
    check_variables(ctx)
    problems = in_order(ctx.problems)
    if problems:
        return None, problems
    return replace(machine, warnings=tuple(in_order(ctx.warnings))), []


def _limits(ctx: CheckContext, members: Members) -> Limits:
    """The limits that the Comment of a workflow gives: a field that AWS knows, and passes over."""
    found: dict[str, int] = {}
    for match in _GIVEN.finditer(members.text("Comment") or ""):
        for given in re.findall(r"([\w-]+)\s*=\s*([^\s,]*)", match[1]):
            name, number = given
            where = members.nodes["Comment"].where
            if name not in MOST:
                message = f'there is no limit "{name}" that a Comment could give'
                ctx.error("TSME-C047", where, message, suggest(name, MOST, ", ".join(MOST)))
            elif not re.fullmatch("[1-9][0-9]{0,7}", number) or int(number) > MOST[name]:
                message = f'the Comment gives "{number}" for {name}'
                hint = f"write tsme: {name}=N, N from 1 to {MOST[name]}"
                ctx.error("TSME-C047", where, message, hint)
            else:
                found[name] = int(number)
    return Limits(**found)


def in_order(problems: list[Problem]) -> list[Problem]:
    """Problems sorted by place, each only once."""
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda p: (p.where.line, p.where.column, p.code, p.message))


def _inner_machine(ctx: CheckContext, node: Node, isolated: bool, processor: bool) -> StateMachine:
    """A branch of a Parallel or the body of a Map, with its own scope of variables.

    Its states start from the workflow's query language, not from that of the state around it.
    """
    members = Members(ctx, node)
    members.only(PROCESSOR_FIELDS if processor else MACHINE_FIELDS, "an inner machine")
    outer, language = ctx.enter(isolated), ctx.jsonata
    ctx.jsonata = ctx.all_jsonata
    machine = _states(ctx, members, None)
    ctx.leave(outer)
    ctx.jsonata = language
    return machine


def _states(ctx: CheckContext, members: Members, timeout: int | None) -> StateMachine:
    """StartAt and States of any machine."""
    members.require(("StartAt", "States"), "a machine")
    start = members.text("StartAt")
    comment = members.text("Comment")
    states: dict[str, AslState] = {}
    node = members.get("States")
    if node is not None and not isinstance(node.value, dict):
        ctx.wrong_type(node, "States", "an object of states")
    elif node is not None and isinstance(node.value, dict):
        if not node.value:
            ctx.error("TSME-C014", node.where, "States must hold at least one state")
        for name, item in node.value.items():
            _check_name(ctx, name, item)
            state = parse_state(ctx, name, item)
            if state is not None:
                states[name] = state
        if node.value:
            check_graph(ctx, members.get("StartAt"), node.value)
    return StateMachine(start or "", states, members.node.where, comment or "", timeout)


def _check_name(ctx: CheckContext, name: str, node: Node) -> None:
    place = node.key_where
    if not 1 <= len(name) <= STATE_NAME_MAX:
        message = f"a state name has 1 to {STATE_NAME_MAX} characters, not {len(name)}"
        ctx.error("TSME-C044", place, message, "shorten it" if name else "give it a name")
    if name in ctx.state_names:
        first = ctx.state_names[name]
        message = f'the state name "{name}" is taken at {first.line}:{first.column}'
        hint = "state names are unique in the whole workflow, inner machines included"
        ctx.error("TSME-C045", place, message, hint)
    else:
        ctx.state_names[name] = place
