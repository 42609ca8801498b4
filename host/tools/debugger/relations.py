"""Transitions of relational machines in words: what each did, and what decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tsme.kernel.protocol import TASK

from ..console import short
from .deciding import Decided, Reason, decided
from .moments import Moment
from .telling import plain
from .transitions import AUTO, CHECK, ITEM, VERBS, Transition
from .widgets import Line

_ARGS = 120  # characters of arguments
_EVAL = 3  # the kind of a queued call of a function


def names(schema: Any, states: Iterable[int]) -> str:
    """States by name; one that a schema requires and does not have is called unknown."""
    known = schema.names
    return ", ".join(known[i] if i < len(known) else "an unknown state" for i in states)


def asked(schema: Any, one: Transition) -> str:
    """`add Forward`."""
    return f"{one.verb} {names(schema, one.called)}"


def refusals(schema: Any, one: Transition) -> list[str]:
    """Who or what refused a transition: a handler, or relations, the nearest first."""
    why = decided(schema, one)
    vetoes = [f"{call.name} {call.outcome}" for call in one.calls if call.outcome]
    todo = [i for i in one.called if i in why.gone and i not in why.target]
    lines: list[str] = []
    seen: set[int] = set()
    while todo:  # whom a state lacks may have been left out for a reason of its own
        i = todo.pop(0)
        if i in seen or why.gone[i].how == "called":
            continue
        seen.add(i)
        lines.append(_refused(schema, i, why.gone[i], one))
        todo += [j for j in why.gone[i].whom if j in why.gone and why.gone[i].how == "requires"]
    return vetoes + lines


def _refused(schema: Any, i: int, reason: Reason, one: Transition) -> str:
    name, whom = names(schema, [i]), names(schema, reason.whom)
    if reason.how == "requires":
        verb = "are" if len(reason.whom) > 1 else "is"
        return f"{name} requires {whom}, which {verb} not active"
    if reason.how == "removed":
        there = [j for j in reason.whom if j in one.before]
        more = ", which is active" if there == list(reason.whom) and len(there) == 1 else ""
        return f"{name} is removed by {whom}{more}"
    return f"{name} is {_because(schema, reason)}"


def _because(schema: Any, reason: Reason | None) -> str:
    """Why a state is active or not any more."""
    if reason is None:
        return ""
    whom = names(schema, reason.whom)
    return {
        "requires": f"requires {whom}",
        "removed": f"removed by {whom}",
        "set": "not among those that are set",
        "added": f"added by {whom}",
    }.get(reason.how, reason.how)


def canceled(moment: Moment) -> list[Transition]:
    """The mutations of a step that were refused; checks and automatic ones are none."""
    return [one for one in moment.transitions if one.canceled and not one.flags & AUTO]


def changed(moment: Moment) -> set[str]:
    """The states that became active or inactive in a step, if only for a transition."""
    return {
        moment.known.machine.schema.names[i]
        for one in moment.transitions
        if moment.known is not None
        for i in one.ticks
    }


def called(moment: Moment) -> set[str]:
    """The states that a step's transitions were asked to change."""
    return {
        moment.known.machine.schema.names[i]
        for one in moment.transitions
        if moment.known is not None
        for i in one.called
    }


def refused(moment: Moment) -> set[str]:
    """What the mutations that were refused had called, and the handlers that refused them."""
    found: set[str] = set()
    for one in canceled(moment):
        assert moment.known is not None
        found |= {moment.known.machine.schema.names[i] for i in one.called}
        found |= {call.name for call in one.calls if call.outcome}
    return found


def lines(moment: Moment, schema: Any, which: int = 0) -> tuple[list[Line], int]:
    """All transitions of a step, and what waits behind it; the line of one of them."""
    found: list[Line] = []
    at = 0
    several = len(moment.transitions) > 1
    for n in range(len(moment.transitions)):
        at = len(found) if n == which else at
        found += told(moment, schema, n, several and n == which)
    if not found:
        result = getattr(getattr(moment.after, "client", None), "result", None)
        more = f"; what was asked is {result}" if isinstance(result, str) else ""
        found = [[(f"no transition in this step{more}", "faint")]]
    queue = queued(moment.after, schema)
    found += [[("waits ", "faint"), (text, "name")] for text in queue]
    return found, at


def told(moment: Moment, schema: Any, n: int, here: bool = False) -> list[Line]:
    """One of a step's transitions; `here`: it is the one that is looked at."""
    return _transition(schema, moment.transitions[n], here) + _queued(moment, schema, n)


def _begun(number: int, action: Any) -> str:
    """An action; one that is over already is a number alone."""
    what = "" if action is None else f" ({action.resource if action.kind == TASK else 'timer'})"
    return f"action {number}{what}"


def _queued(moment: Moment, schema: Any, n: int) -> list[Line]:
    """What a transition has queued, and what it began."""
    one = moment.transitions[n]
    found: list[Line] = []
    texts = [item(schema, other) for other in one.queued if not other[3] & AUTO]
    if texts:
        found.append([("    queued ", "faint"), ("; ".join(texts), "")])
    if one.begun:
        actions = getattr(moment.after, "pending", None) or {}
        told = ", ".join(_begun(i, actions.get(i)) for i in one.begun)
        found.append([("    began ", "faint"), (told, "")])
    return found


def refusal(one: Transition) -> str:
    """The style of one that was refused; what comes by itself when it can is no failure."""
    return "faint" if one.flags & AUTO else "bad"


def _transition(schema: Any, one: Transition, here: bool) -> list[Line]:
    args = f" {short(plain(one.args), _ARGS)}" if one.args else ""
    style, result = ("good", "executed") if one.accepted else (refusal(one), "canceled")
    head = "mark" if here else "strong"
    found: list[Line] = [[(asked(schema, one), head), (args, "faint"), (f"  {result}", style)]]
    why = decided(schema, one)
    for i, (was, now) in one.ticks.items():
        active = now % 2
        found.append(
            [(f"  {'+' if active else '-'} {schema.names[i]} ", "good" if active else "name"),
             (f"{was} → {now}", ""), (f"  {_changed(one, why, i)}".rstrip(), "faint")]
        )  # fmt: skip
    sign, style = ("    without: ", "faint") if one.accepted else ("  ✗ ", refusal(one))
    found += [[(sign + text, style)] for text in refusals(schema, one)]
    if one.calls:
        calls = " ".join(call.name for call in one.calls)
        found.append([("    called ", "faint"), (calls, "")])
    return found


def _changed(one: Transition, why: Decided, i: int) -> str:
    """Why the ticks of a state changed."""
    if one.ticks[i][1] % 2 == 0:
        return _because(why.schema, why.gone.get(i)) if i in one.before else "taken out again"
    if i in one.called:
        return "called again" if i in one.before else "" if one.flags & AUTO else "called"
    return _because(why.schema, why.added.get(i))


def queued(state: Any, schema: Any) -> list[str]:
    """What waits in a machine's queue after a step, in the order in which it is done."""
    part = getattr(state, "client", None)
    return [item(schema, one) for one in getattr(part, "queue", ())]


def item(schema: Any, one: ITEM) -> str:
    """Something of a queue, in words."""
    kind, called, args, flags, _ = one
    what = called if kind == _EVAL else names(schema, called)
    check = "can_" if flags & CHECK else ""
    verb = "eval" if kind == _EVAL else "auto" if flags & AUTO else f"{check}{VERBS[kind]}"
    return f"{verb} {what}{f' {short(plain(args), _ARGS)}' if args else ''}"
