"""The matrix of a transition: whom it called, whose ticks it changed, and which state touched
which by what relation: the source is the column, the target the row."""

from __future__ import annotations

from typing import Any, Final

from textual.geometry import Size

from ..journal.image import timestamp
from . import relations, walking
from .moments import Moment
from .walking import Walk
from .widgets import Line

_TOP: Final = 4  # lines above the states
_LEAST: Final = 4  # columns of a state
_MOST: Final = 14


def lines(moment: Moment, schema: Any, walk: Walk, room: Size) -> list[Line]:
    """The matrix of the transition that a walk is at, as far as it has gone.  Where there is no
    room for all states, of those that were touched: the others are empty."""
    if not moment.transitions:
        return [[("no transition in this step", "faint")]]
    which = min(walk.which, len(moment.transitions) - 1)
    one = moment.transitions[which]
    done = walking.steps(schema, one)[: walk.at]
    touched = sorted({i for step in done for i in (step.state, step.source) if i >= 0})
    head = max((len(name) for name in schema.names), default=0) + 2
    every = list(range(len(schema.names)))
    shown = touched if head + _LEAST * len(every) > room.width else every
    rows = touched if _TOP + len(every) > room.height else every
    cell = min(max((room.width - head) // max(len(shown), 1), _LEAST), _MOST)

    def row(name: str, cells: dict[int, str], style: str) -> Line:
        text = [f"{cells.get(i, '·')[: cell - 1]:{cell}}" for i in shown]
        return [
            (f"{name:{head}}", style),
            *((t, "faint" if t[0] == "·" else "strong") for t in text),
        ]

    called = dict.fromkeys(one.called, "*") if done else {}
    changed = {step.state for step in done if step.how in (walking.ON, walking.OFF)}
    ticks = {i: f"+{now - was}" for i, (was, now) in one.ticks.items() if i in changed}
    found = [_title(moment, schema, which)]
    names = "".join(f"{schema.names[i][: cell - 1]:{cell}}" for i in shown)
    found.append([(" " * head, ""), (names, "key")])
    found += [row("called", called, "faint"), row("ticks", ticks, "faint")]
    for i in rows:
        found.append(row(schema.names[i], _cells(done, i), "name" if i in touched else "faint"))
    return found


def _cells(done: list[walking.Step], target: int) -> dict[int, str]:
    """What each source has done to a target."""
    found: dict[int, list[str]] = {}
    for step in done:
        related = step.how in (walking.ADD, walking.REQUIRE, walking.REMOVE, walking.HANDLER)
        if step.state == target and related and step.source >= 0:
            found.setdefault(step.source, []).append(step.how)
    return {i: _several(those) for i, those in found.items()}


def _several(those: list[str]) -> str:
    """`*` or `2*` for handlers alone; else the relation, with a star if there were any."""
    relation = [how for how in those if how != walking.HANDLER]
    if relation:
        return relation[0] + ("*" if len(relation) < len(those) else "")
    return f"{len(those)}*" if len(those) > 1 else "*"


def _title(moment: Moment, schema: Any, which: int) -> Line:
    """Which transition, its ticks, its time."""
    one = moment.transitions[which]
    clock = getattr(getattr(moment.before, "client", None), "ticks", ())
    before = sum(clock) + sum(_sum(other) for other in moment.transitions[:which])
    count = len(moment.transitions)
    parts = [f"{which + 1} of {count}: "] if count > 1 else []
    style = "strong" if one.accepted else relations.refusal(one)
    more = f"  {before} → {before + _sum(one)} ticks" if _sum(one) else f"  {before} ticks"
    time = f"  {timestamp(moment.record.now)}" if moment.record.now is not None else ""
    return [(f"{''.join(parts)}{relations.asked(schema, one)}", style), (more + time, "faint")]


def _sum(one: Any) -> int:
    return sum(now - was for was, now in one.ticks.values())
