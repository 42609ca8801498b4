"""One transition of a relational machine in its steps: who was called, which relations touched
whom, which handlers ran, who became active or not; and what is known after each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from .deciding import Reason, decided
from .moments import Moment
from .relations import names, refusals
from .transitions import Call, Transition
from .views import Row

CALLED: Final = "called"
ADD, REQUIRE, REMOVE = "add", "req", "rem"  # relations, as the matrix has them
HANDLER: Final = "*"
ON, OFF = "+", "-"
CANCEL: Final = "!"
SIGNS: Final = (HANDLER, ON, OFF, CANCEL)
_RELATIONS: Final = {"added": ADD, "requires": REQUIRE, "removed": REMOVE}
_SAYS: Final = {ADD: "adds", REQUIRE: "requires", REMOVE: "removes"}


class Step(NamedTuple):
    """`how`: one of the above; `source`: who touches, `state`: whom, -1 if nobody; `text`: all
    of it in words; `bad`: it is why the transition was canceled."""

    how: str
    state: int
    text: str
    source: int = -1
    bad: bool = False


@dataclass
class Walk:
    """Where one is within a moment: at which of its transitions, and how many of that one's steps
    are done; None if it is not walked through."""

    which: int = 0
    at: int | None = None


def steps(schema: Any, one: Transition) -> list[Step]:
    """All steps of a transition, in their order."""
    found = [Step(CALLED, i, f"called {names(schema, [i])}") for i in one.called]
    for i, reason in decided(schema, one).log:
        found += _relation(schema, i, reason)
    asked = [call for call in one.calls if not call.final]
    found += [_handler(call) for call in asked]
    later = [_handler(call) for call in one.calls if call.final]
    if not one.ticks:
        return found + later + _canceled(schema, one)
    lost = [i for i, (was, now) in one.ticks.items() if not now % 2 and not was % 2]
    for i, (was, now) in sorted(one.ticks.items(), key=lambda item: item[1][1] % 2):
        on = now % 2 or i in lost
        until = was + 1 if i in lost else now
        found.append(
            Step(ON if on else OFF, i, f"{ON if on else OFF} {schema.names[i]} {was} → {until}")
        )
    found += later
    for i in lost:
        was, now = one.ticks[i]
        found.append(Step(OFF, i, f"- {schema.names[i]} {was + 1} → {now}, taken out again"))
    return found + _canceled(schema, one)


def _relation(schema: Any, i: int, reason: Reason) -> list[Step]:
    """What one relation does: of Require whoever lacks somebody is the source."""
    how = _RELATIONS.get(reason.how)
    if how is None:
        return []
    known = len(schema.names)
    found = []
    for j in reason.whom:
        source, target = (i, j) if how == REQUIRE else (j, i)
        text = f"{names(schema, [source])} {_SAYS[how]} {names(schema, [target])}"
        more = ", which is not there" if how == REQUIRE else ""
        found.append(Step(how, target if target < known else -1, text + more, source))
    return found


def _handler(call: Call) -> Step:
    state, source = (call.of[-1] if call.of else -1), (call.of[0] if call.of else -1)
    return Step(HANDLER, state, f"{call.name} {call.outcome}".rstrip(), source, bool(call.outcome))


def _canceled(schema: Any, one: Transition) -> list[Step]:
    if one.accepted:
        return []
    why = refusals(schema, one)
    causes = {call.of[-1] for call in one.calls if call.outcome and call.of}
    found = [Step(CANCEL, i, f"canceled {names(schema, [i])}", -1, True) for i in one.called]
    text = f"canceled: {why[0]}" if why else "canceled"
    return [*(step._replace(text=text) for step in found), *(
        Step(CANCEL, i, text, -1, True) for i in sorted(causes - {*one.called})
    )]  # fmt: skip


@dataclass(frozen=True)
class Marks:
    """What some steps have said of each state: who is active, the newest sign, who was called, who
    was touched at all; and whom the newest step is about, in words."""

    active: frozenset[int]
    signs: dict[int, str]
    called: frozenset[int]
    touched: frozenset[int]
    now: dict[int, str]


def marks(schema: Any, one: Transition, done: Sequence[Step]) -> Marks:
    """Of the first steps of a transition."""
    active = set(one.before)
    signs: dict[int, str] = {}
    touched: set[int] = set()
    for step in done:
        touched |= {i for i in (step.state, step.source) if i >= 0}
        if step.how in SIGNS and step.state >= 0:
            signs[step.state] = CANCEL if step.bad else step.how
        if step.how == ON:
            active.add(step.state)
        elif step.how == OFF:
            active.discard(step.state)
    now: dict[int, str] = {}
    if done and done[-1].how in _SAYS and done[-1].state >= 0:
        step = done[-1]
        whom, who = names(schema, [step.state]), names(schema, [step.source])
        now = {step.state: f"◀─ {step.how} {who}", step.source: f"─▶ {step.how} {whom}"}
    called = frozenset(step.state for step in done if step.how == CALLED)
    return Marks(frozenset(active), signs, called, frozenset(touched), now)


def marked(rows: Sequence[Row], schema: Any, moment: Moment, walk: Walk) -> list[Row]:
    """The states of the outline as they stand after the steps that are done."""
    if walk.at is None or walk.which >= len(moment.transitions):
        return list(rows)
    one = moment.transitions[walk.which]
    found = marks(schema, one, steps(schema, one)[: walk.at])
    return [
        row
        if row.number < 0
        else replace(
            row,
            here=int(row.number in found.active),
            entered=False,
            detail=found.now.get(row.number, ""),
            sign=found.signs.get(row.number, ""),
            called=row.number in found.called,
            touched=row.number in found.touched,
        )
        for row in rows
    ]


def moved(schema: Any, moment: Moment, walk: Walk, way: int) -> Walk | None:
    """A step on (1) or back (-1) within a moment; None beyond its ends."""
    counts = [len(steps(schema, one)) for one in moment.transitions]
    if not counts:
        return None
    if walk.at is None and way > 0:
        return Walk(walk.which, min(1, counts[walk.which]))
    at = (counts[walk.which] if walk.at is None else walk.at) + way
    if 0 <= at <= counts[walk.which]:
        return Walk(walk.which, at)
    which = walk.which + way
    if not 0 <= which < len(counts):
        return None
    return Walk(which, min(1, counts[which]) if way > 0 else counts[which])


def changing(moment: Moment, state: int, walk: Walk | None, back: bool) -> int | None:
    """The next transition of a moment that changed a state; without `walk` the first or last."""
    found = [n for n, one in enumerate(moment.transitions) if state in one.ticks]
    if walk is not None:
        found = [n for n in found if (n < walk.which if back else n > walk.which)]
    return found[-1 if back else 0] if found else None
