"""The states of one machine as a graph: targets, reachability, ends (section "Transitions").

Works on nodes, not on checked states, so that a mistake inside a state does not hide one in the
graph.
"""

from __future__ import annotations

from .context import CheckContext, closest, suggest
from .fields import ALLOWED
from .source import Node

_TERMINAL = ("Succeed", "Fail")
_NO_FLOW = ("Succeed", "Fail", "Choice")


def check_graph(ctx: CheckContext, start: Node | None, states: dict[str, Node]) -> None:
    """Reports dangling targets, unreachable states, and a machine without an end."""
    edges: dict[str, list[str]] = {}
    for name, node in states.items():
        found = (_check_target(ctx, target, states) for target in targets(node))
        edges[name] = [target for target in found if target is not None]
    first = None if start is None else _check_target(ctx, start, states)
    if first is not None:
        _check_reachable(ctx, first, edges, states)
    if states and not any(_may_end(node) for node in states.values()):
        message = "no state ends this machine"
        hint = 'add a Succeed or Fail state, or "End": true'
        place = next(iter(states.values())).key_where
        ctx.error("TSME-C042", place, message, hint)


def _check_target(ctx: CheckContext, node: Node, states: dict[str, Node]) -> str | None:
    """The state a target names.  For a name that is not there: the one that was probably meant,
    so that a typing mistake is not reported a second time as an unreachable state."""
    name = node.value
    if not isinstance(name, str):
        return None
    if name in states:
        return name
    note = "; a state of another machine cannot be a target" if name in ctx.all_names else ""
    hint = suggest(name, states, "states here: " + ", ".join(list(states)[:8]))
    ctx.error("TSME-C040", node.where, f'there is no state "{name}" in this machine{note}', hint)
    return closest(name, states)


def _check_reachable(
    ctx: CheckContext, start: str, edges: dict[str, list[str]], states: dict[str, Node]
) -> None:
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(edges.get(name, ()))
    for name, node in states.items():
        if name not in reached:
            message = f'the state "{name}" is never reached'
            hint = "point a Next, Default or Catch at it, or remove it"
            ctx.error("TSME-C041", node.key_where, message, hint)


def targets(node: Node) -> list[Node]:
    """Every node that names a next state."""
    if not isinstance(node.value, dict):
        return []
    members = node.value
    found = [members[name] for name in ("Next", "Default") if name in members]
    for name in ("Choices", "Catch"):
        entries = members[name].value if name in members else None
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry.value, dict) and "Next" in entry.value:
                found.append(entry.value["Next"])
    return found


def _may_end(node: Node) -> bool:
    """True if the state ends its machine, or is too broken to tell."""
    if not isinstance(node.value, dict):
        return True
    kind = node.value.get("Type")
    if kind is None or not isinstance(kind.value, str):
        return True
    if kind.value in _TERMINAL or kind.value not in ALLOWED:
        return True
    end = node.value.get("End")
    ends = end is not None and end.value is not False
    return ends or (kind.value != "Choice" and "Next" not in node.value)


def check_flow(ctx: CheckContext, node: Node, kind: str) -> None:
    """Next or End, exactly one of them, where the type has them."""
    assert isinstance(node.value, dict)
    if kind in _NO_FLOW:
        return
    end = node.value.get("End")
    ends = end is not None and end.value is True
    if ends and "Next" in node.value:
        place = node.value["Next"].key_where
        ctx.error("TSME-C015", place, '"Next" and "End" exclude each other', "keep one of them")
    elif not ends and "Next" not in node.value:
        message = f"a {kind} state needs Next or End"
        ctx.error("TSME-C043", node.where, message, 'add "Next": "..." or "End": true')


def all_state_names(machine: Node) -> set[str]:
    """The names of the states of a machine and of all machines in it."""
    names: set[str] = set()
    todo = [machine]
    while todo:
        node = todo.pop()
        if isinstance(node.value, list):
            todo.extend(node.value)
        elif isinstance(node.value, dict):
            states = node.value.get("States")
            if states is not None and isinstance(states.value, dict):
                names.update(states.value)
                for state in states.value.values():
                    if isinstance(state.value, dict):
                        inner = ("Branches", "ItemProcessor", "Iterator")
                        todo.extend(state.value[name] for name in inner if name in state.value)
    return names
