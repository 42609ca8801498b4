"""What the panels show of a moment, as lines."""

from __future__ import annotations

from typing import Any, Final

from textual.geometry import Size

from ..console import short
from ..journal.image import Record, timestamp
from ..journal.wording import when
from . import diffs, matrix, relations, telling, walking
from .moments import Moment
from .track import Track
from .views import RelationalView, Row, View, changed
from .walking import Walk
from .widgets import Line, Piece

TABS: Final = ("Input", "Changes", "Value", "Variables", "Actions", "Source", "Record")
RELATIONAL: Final = (*TABS[:3], "Transitions", *TABS[4:], "Rain", "Matrix")
_VALUE: Final = 5000  # lines of a value that are shown
_SHORT: Final = 32  # characters of a change that is one line
_PAIR: Final = 200  # characters of a value in a change
_WIDE: Final = 96  # columns of a timeline that has the date, too
_CLOCK: Final = 12
_NARROW: Final = 60  # columns of a timeline that has no more than seconds
_SECONDS: Final = slice(11, 19)
NEAR: Final = 4096  # records from a known place that rows are replayed from without being asked


def tabs(view: View) -> tuple[str, ...]:
    """The panels that there are of a client, by their keys."""
    return RELATIONAL if isinstance(view, RelationalView) else TABS


def heads(names: tuple[str, ...], chosen: int, wide: int) -> str:
    """The names of panels in the markup of Textual; a click on one chooses it.  Where they have
    not columns enough, only the beginnings of those that are not shown, or their numbers."""
    shown = [f"{n} {name}" for n, name in enumerate(names, 1)]
    whole = shown[chosen - 1]
    for letters in (5, 4, 2, 1):
        if sum(len(text) + 2 for text in shown) <= wide:
            break
        shown = [text[:letters] for text in shown]
        shown[chosen - 1] = whole
    return "".join(
        f"[@click=app.tab({n})]{'[reverse]' if n == chosen else ''} {text.rstrip()} "
        f"{'[/reverse]' if n == chosen else ''}[/]"
        for n, text in enumerate(shown, 1)
    )


def row(track: Track, number: int, wide: int = 100) -> Line:
    """A line of the timeline, which has so many columns."""
    record = track.stretch(number).record(number)
    digits = 8 if wide >= _WIDE else max(len(str(track.next - 1)), 3)
    head = (f"{number:>{digits}} ", "faint")
    if record is None:
        return [head, ("lost: damaged in flash", "bad")]
    kind = telling.kind(record)
    moment = track.ready(number)
    did = telling.does(moment) if moment else ""
    style = {"failed": "bad", "stop": "bad", "lost": "bad", "start": "good"}.get(kind, "name")
    if kind in ("checkpoint", "continue", "sleep", "started", "heartbeat"):
        style = "faint"
    line = [head, (_clock(record, wide), ""), (f"{kind:{9 if wide < _NARROW else 10}} ", style)]
    if did:
        bad = moment is not None and (moment.played.ended == "failed" or moment.played.difference)
        line.append((did, "bad" if bad else ""))
        if kind in ("failed", "succeeded", "signal"):
            line.append((f"  {telling.inputs(record)}", "faint"))
    else:
        line.append((telling.inputs(record), "faint"))
    return line + (_canceled(moment) if moment else [])


def _clock(record: Record, wide: int) -> str:
    """When it was: with the date if there is room, in seconds if there is little."""
    text = when(record)
    if wide < _NARROW and record.now is not None:
        return f"{text[_SECONDS]} "
    return f"{text[-_CLOCK:] if wide < _WIDE else text:{_CLOCK}} "


def _canceled(moment: Moment) -> list[Piece]:
    """The mutations that were refused in a step."""
    found = relations.canceled(moment)
    if not found or moment.known is None:
        return []
    schema = moment.known.machine.schema
    return [(f"  canceled: {', '.join(relations.asked(schema, one) for one in found)}", "bad")]


def outline(rows: list[Row]) -> tuple[list[Line], int]:
    """The states, and the line of the one that is active."""
    lines: list[Line] = []
    at = 0
    for n, one in enumerate(rows):
        indent = "  " * one.depth
        if one.touched:
            at = at or n
            style = f"{'mark' if one.here else 'strong'}{' line' if one.called else ''}"
            detail = "bad" if one.sign == "!" else "faint"
            text = [
                (
                    f"{one.sign or ('▶' if one.here else ' ')} ",
                    "bad" if one.sign == "!" else "good",
                ),
                (f"{indent}{one.text} ", style),
                (one.detail, detail),
            ]
            lines.append(text)
        elif one.here:
            at = at or n
            count = f" ×{one.here}" if one.here > 1 else ""
            lines.append([(f"▶ {indent}{one.text}{count} ", "mark"), (one.detail, "faint")])
        elif one.entered:
            lines.append([(f"• {indent}{one.text} ", "good"), (one.detail, "faint")])
        else:
            lines.append([(f"  {indent}{one.text} ", ""), (one.detail, "faint")])
    return lines, at


def details(tab: str, track: Track, moment: Moment, view: View) -> tuple[list[Line], int]:
    """The lines of a tab, and the one that is to be seen."""
    if tab == "Source":
        return _source(view, moment)
    if tab == "Transitions" and isinstance(view, RelationalView):
        return relations.lines(moment, view.schema)
    if tab == "Input":
        return _json(telling.given(moment)), 0
    if tab == "Changes":
        return _changes(moment, view), 0
    if tab in ("Value", "Variables"):
        return _values(moment, view, tab == "Variables"), 0
    if tab == "Actions":
        signs = {"+": "good", "-": "faint", "!": "name"}
        found = telling.actions(moment)
        lines: list[Line] = [
            [(f"{s} ", signs.get(s, "")), (t, signs.get(s, ""))] for s, t in found
        ]
        return lines, 0
    raw = track.raw(moment.number)
    if raw is None:
        return [[("the record is lost", "bad")]], 0
    found_lines = telling.dump(moment.record, raw.chain)
    return [[(line, "faint" if n < 2 else "")] for n, line in enumerate(found_lines)], 0


def walked(
    tab: str, moment: Moment, schema: Any, walk: Walk, room: Size
) -> tuple[list[Line], int]:
    """The lines of the panels that show one of a moment's transitions."""
    if tab == "Matrix":
        return matrix.lines(moment, schema, walk, room), 0
    if walk.at is None:
        return relations.lines(moment, schema, walk.which)
    lines: list[Line] = []
    at = 0
    for which, one in enumerate(moment.transitions):
        here = which == walk.which
        lines.append([(f"{'▶' if here else ' '} {relations.asked(schema, one)}", "strong")])
        for n, step in enumerate(walking.steps(schema, one), 1):
            done = which < walk.which or (here and n <= walk.at)
            style = "bad" if step.bad else "" if done else "faint"
            if here and n == walk.at:
                at, style = len(lines), "mark"
            lines.append([(f"    {step.text}", style if done else "faint")])
    return lines, at


def places(moment: Moment, schema: Any, walk: Walk) -> list[Walk]:
    """Where each line of the transitions leads to whoever points at it."""
    found: list[Walk] = []
    for which, one in enumerate(moment.transitions):
        if walk.at is None:
            found += [Walk(which)] * len(relations.told(moment, schema, which))
        else:
            found += [Walk(which, n) for n in range(len(walking.steps(schema, one)) + 1)]
    return found


def _json(value: Any) -> list[Line]:
    """A value as JSON, names and values apart."""
    lines: list[Line] = []
    for text in telling.pretty(value)[:_VALUE]:
        bare = text.lstrip()
        indent = text[: len(text) - len(bare)]
        name, colon, rest = bare.partition('": ')
        if bare.startswith('"') and colon:
            lines.append([(f"{indent}{name}{colon}", "key"), (rest, "")])
        else:
            lines.append([(text, "")])
    if len(lines) == _VALUE:
        lines.append([("… more is not shown", "faint")])
    return lines


def _changes(moment: Moment, view: View) -> list[Line]:
    if moment.after is None:
        return [[(moment.played.skipped or "the state is not known", "bad")]]
    found = changed(view, moment)
    lines: list[Line] = []
    for change in found:
        style = {"+": "good", "-": "bad"}.get(change.sign, "name")
        if change.before is not diffs.ABSENT and change.after is not diffs.ABSENT:
            pair = f"{_pair(change.before)} → {_pair(change.after)}"
            if len(pair) <= _SHORT:
                lines.append([(f"{change.sign} {change.path}  ", style), (pair, "")])
                continue
        lines.append([(f"{change.sign} {change.path}", style)])
        if change.before is not diffs.ABSENT:
            lines.append([(f"    was {_pair(change.before)}", "faint")])
        if change.after is not diffs.ABSENT:
            lines.append([(f"    is  {_pair(change.after)}", "")])
    if len(found) == diffs.MOST:
        lines.append([(f"… the first {diffs.MOST} changes", "faint")])
    faults: list[Line] = [
        [(line, "faint" if line[:1] == " " else "bad")] for line in view.faults(moment)
    ]
    lines = faults + lines
    if moment.played.difference:
        lines.insert(0, [(f"differs: {moment.played.difference}", "bad")])
    return lines or [[("no value was changed", "faint")]]


def _pair(value: Any) -> str:
    return short(value, _PAIR)


def _values(moment: Moment, view: View, variables: bool) -> list[Line]:
    if moment.after is None:
        return [[(moment.played.skipped or "the state is not known", "bad")]]
    lines: list[Line] = []
    for name, value in view.values(moment.after).items():
        bare = name.rpartition(" ")[2]
        if (bare.startswith("$") and bare != "$") != variables:
            continue
        first, *rest = _json(value)
        lines.append([(f"{name} = ", "strong"), *first])
        lines += rest
    return lines or [[("there is none" if variables else "no value", "faint")]]


def _source(view: View, moment: Moment) -> tuple[list[Line], int]:
    source = view.source(moment)
    if source.missing:
        where = ", ".join(map(str, sorted(source.now or source.lines)))
        more = f" (line {where})" if where else ""
        return [[(source.missing + more, "faint")]], 0
    width = len(str(len(source.text)))
    lines: list[Line] = []
    for n, text in enumerate(source.text, 1):
        head = f"{n:>{width}} "
        if n in source.now:
            lines.append([(f"{head}▶ {text} ", "mark")])
        elif n in source.lines:
            lines.append([(f"{head}• ", "good"), (text, "good")])
        else:
            lines.append([(f"{head}  ", "faint"), (text, "")])
    return lines, max(min(source.now or source.lines, default=1) - 1, 0)


def standing(track: Track, moment: Moment, wide: int) -> str:
    """The line that says where one is, in so many columns if that can be."""
    where = f"record {moment.number}"
    last = f" of {track.first}..{track.next - 1}"
    execution, status, time = "", [], []
    after = moment.after
    if after is not None and after.execution:
        execution = f"execution {after.execution}, "
        status = [
            f"step {after.steps}",
            ("running", "succeeded", "failed", "stopped")[after.status],
        ]
    if moment.record.now is not None:
        time = [timestamp(moment.record.now)]
    if moment.played.difference:
        time.append(f"DIFFERS: {moment.played.difference}")
    elif moment.played.skipped:
        time.append(moment.played.skipped)
    whole = [where + last, *(execution + one if not n else one for n, one in enumerate(status))]
    short = [one[11:] if moment.record.now is not None and not n else one
             for n, one in enumerate(time)]  # fmt: skip
    for parts in ([*whole, *time], [where + last, *status, *time], [where, *status, *short]):
        text = " · ".join([track.name, *parts])
        if len(text) <= wide:
            break
    return text
