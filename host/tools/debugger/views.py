"""What a moment is in the terms of its client: states, values, source.

A view for each kind of client of the kernel: programs, classes with `stf`, records alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from tsme.kernel.protocol import FAILED
from tsme.values import MISSING

from ...compiler.backend.debug import SiteInfo
from ...compiler.backend.disasm import instructions
from ...compiler.backend.instructions import NAMES
from ...compiler.frontend.source import Parsed
from ..files import Loaded
from ..journal.replayer import Known
from ..journal.ticks import clock_of
from .diffs import Change, changes, member
from .moments import Event, Moment
from .relations import queued
from .telling import error_kept, error_of, plain
from .tracing import lines_run


@dataclass(frozen=True)
class Row:
    """A state of the outline.  `number`: of the state, -1 of what is none; `here`: how many frames
    are in it; `entered`: it was entered in this step.  While a transition is walked through,
    `sign`: what was done to it; `called`, `touched`: was it?"""

    depth: int
    text: str
    detail: str = ""
    number: int = -1
    here: int = 0
    entered: bool = False
    sign: str = ""
    called: bool = False
    touched: bool = False
    path: str = ""  # of a member of a machine's state


@dataclass(frozen=True)
class Source:
    """The text that ran.  `lines`, from 1: what this step entered; `now`: where it is."""

    name: str
    text: Sequence[str]
    lines: frozenset[int] = frozenset()
    now: frozenset[int] = frozenset()
    missing: str = ""  # why there is none


class View(Protocol):
    """The moments of one client."""

    def outline(self, moment: Moment, /) -> list[Row]:
        """The client's states, those that are active marked."""

    def values(self, state: Any, /) -> dict[str, Any]:
        """All values of a state of the kernel, by root: `$`, `$name`; of branches named."""

    def source(self, moment: Moment, /) -> Source:
        """The source, and what of it ran."""

    def faults(self, moment: Moment, /) -> list[str]:
        """Errors that came up in the step, each with where it comes from, as lines."""

    def state_name(self, number: int, /) -> str:
        """The name of a state by its number."""


class Sources:
    """The texts of programs: of workflows that were given, or lie beside the journal."""

    def __init__(self, given: Sequence[Loaded], beside: Path) -> None:
        self._texts = {bytes(one.data[3:11]): text_of(one) for one in given if one.source}
        self._beside = beside

    def find(self, known: Known) -> tuple[str, list[str]]:
        """The name and the lines of a program's source; no lines if it is nowhere."""
        found = self._texts.get(bytes(known.program.digest))
        name = known.debug.filename or known.name
        if found is None and known.debug.filename:
            path = self._beside / Path(known.debug.filename).name
            try:
                found = path.read_text(encoding="utf-8")
            except (OSError, ValueError):
                found = None
        return name, found.splitlines() if found else []


def text_of(loaded: Loaded) -> str:
    """The text of a workflow that was compiled just now."""
    if isinstance(loaded.source, Parsed):
        return str(loaded.source.text)
    return loaded.source or ""


def view_of(known: Known | None, sources: Sources) -> View:
    """The view for what ran; of records alone if nobody knows it."""
    if known is None:
        return Bare()
    if known.machine is None:
        return ProgramView(known, sources)
    relational = getattr(known.machine, "schema", None) is not None
    return RelationalView(known) if relational else MachineView(known)


class Bare:
    """Records without the program: inputs and checkpoints as they are."""

    def outline(self, moment: Moment) -> list[Row]:
        """Why nothing is known."""
        why = moment.played.skipped or "no program is given (--program)"
        return [Row(0, "states are not known", why)]

    def values(self, _state: Any) -> dict[str, Any]:
        """None."""
        return {}

    def source(self, _moment: Moment) -> Source:
        """None."""
        return Source("", (), missing="no program is given (--program)")

    def faults(self, moment: Moment) -> list[str]:
        """Those that the record itself names."""
        return error_of(moment)

    def state_name(self, number: int) -> str:
        """As the debug part would have it."""
        return f"state {number}"


class ProgramView:
    """Of a program: its states as a tree, frames as branches and items."""

    def __init__(self, known: Known, sources: Sources) -> None:
        self.known = known
        self.debug = known.debug
        self.sources = sources

    @cached_property
    def _order(self) -> list[tuple[int, int]]:
        """(depth, number) of each state, those of branches below the state that has them."""
        firsts = [window.first for window in self.debug.windows] or [0]
        count = len(self.debug.states)
        inner: dict[int, list[int]] = {}  # a state -> the first states of its machines
        for first, parent in _parents(self.known, firsts).items():
            inner.setdefault(parent, []).append(first)
        found: list[tuple[int, int]] = []
        placed = {first for those in inner.values() for first in those}
        todo = [(0, first, _end(firsts, first, count)) for first in firsts if first not in placed]
        todo.reverse()
        while todo:
            depth, number, end = todo.pop()
            if number >= end:
                continue
            found.append((depth, number))
            todo.append((depth, number + 1, end))
            below = [(depth + 1, f, _end(firsts, f, count)) for f in inner.get(number, ())]
            todo += reversed(below)
        return found

    def outline(self, moment: Moment) -> list[Row]:
        """All states, in the order of the workflow."""
        here: dict[int, int] = {}
        for state in _active(moment):
            here[state] = here.get(state, 0) + 1
        entered = set(moment.entered)
        if not self.debug.states:
            numbers = sorted({*here, *entered})
            return [
                Row(0, f"state {n}", "", n, here.get(n, 0), n in entered) for n in numbers
            ]  # fmt: skip
        return [
            Row(depth, state.name, state.type, number, here.get(number, 0), number in entered)
            for depth, number in self._order
            for state in [self.debug.states[number]]
        ]

    def values(self, state: Any) -> dict[str, Any]:
        """`$` and variables of each frame; the output or error of what has ended."""
        if state is None:
            return {}
        if state.status:
            return _ended(state)
        found: dict[str, Any] = {}
        for number, frame in enumerate(state.client or ()):
            if frame is None:
                continue
            prefix = self._branch(state.client, number)
            _put(found, f"{prefix}$", frame.slots[0])
            names = self.debug.variables(frame.state)
            for n, value in enumerate(frame.slots[1:]):
                name = names[n] if n < len(names) else f"{n + 1}"
                if name.isidentifier() or not names:
                    _put(found, f"{prefix}${name}", value)
            if frame.error is not None:
                found[f"{prefix}error"] = [frame.error, frame.cause]
        return found

    def _branch(self, frames: Sequence[Any], number: int) -> str:
        """`Both[0] ` for what is in a branch or item; nothing for the workflow itself."""
        names = []
        while frames[number].parent is not None:
            parent = frames[number].parent
            names.append(f"{self.state_name(frames[parent].state)}[{frames[number].index}]")
            number = parent
        return "".join(f"{name} " for name in reversed(names))

    def source(self, moment: Moment) -> Source:
        """The definition; states entered, and those that frames are in."""
        name, text = self.sources.find(self.known)
        states = self.debug.states
        lines = frozenset(states[n].line for n in moment.entered if n < len(states))
        active = [n for n in _active(moment) if n < len(states)]
        sites = [site.line for _, site in self._sites(moment)]
        now = frozenset(sites or [states[n].line for n in active])
        if not text:
            missing = f'"{name}" is not here: give the workflow itself with --program'
            return Source(name, (), lines, now, missing)
        return Source(name, text, lines, now)

    def _sites(self, moment: Moment) -> list[tuple[Event, SiteInfo]]:
        """Errors whose place in the workflow is known."""
        found = []
        for event in moment.events:
            site = self.debug.sites.get(event.pc - 1) if event.kind == "error" else None
            if site is not None:
                found.append((event, site))
        return found

    def faults(self, moment: Moment) -> list[str]:
        """Names and causes, with state, line and field."""
        places = {id(event): site for event, site in self._sites(moment)}
        lines = []
        for event in moment.events:
            failed = event.kind == "resume" and event.number == FAILED
            if not failed and event.kind not in ("error", "fail", "tolerated", "exceeded"):
                continue
            name, cause = event.data[1:3] if failed else event.data[:2]
            lines.append(": ".join(str(part) for part in (name, cause) if part))
            where = f"in {self.state_name(event.state)}"
            if site := places.get(id(event)):
                where += f", line {site.line}: {site.field} {site.text}".rstrip()
            lines.append(f"    {where}")
        return lines

    def state_name(self, number: int) -> str:
        """As the workflow has it."""
        return self.debug.state(number)


def _end(firsts: Sequence[int], first: int, count: int) -> int:
    later = [other for other in firsts if other > first]
    return min(later, default=count)


def _parents(known: Known, firsts: Sequence[int]) -> dict[int, int]:
    """The first state of each inner machine -> the state that has it: behind a FORK or MAP are
    entries, which jump to the ENTER of that first state (docs/SPEC.md, 2.11)."""
    code = [(start, NAMES[op], arg) for start, _, op, arg in instructions(known.program.code)]
    at = {start: n for n, (start, _, _) in enumerate(code)}
    found: dict[int, int] = {}
    state = 0
    for n, (_, op, arg) in enumerate(code):
        if op == "ENTER":
            state = arg
        elif op == "FRAME" and n + 1 < len(code) and code[n + 1][1] == "JUMP":
            target = code[at[code[n + 1][2]]] if code[n + 1][2] in at else None
            if target and target[1] == "ENTER":
                first = max(f for f in firsts if f <= target[2])
                found.setdefault(first, state)
    return {first: parent for first, parent in found.items() if first != 0}


def _frames(state: Any) -> list[Any]:
    """The frames of a running program that are there."""
    if state is None or state.status or not isinstance(state.client, list):
        return []
    return [frame for frame in state.client if frame is not None]


def changed(view: View, moment: Moment) -> list[Change]:
    """What a step changed; of one that ended its execution, what came of that alone."""
    after = view.values(moment.after)
    if moment.after is not None and moment.after.status:
        return changes({}, after)
    return changes(view.values(moment.before), after)


def _active(moment: Moment) -> list[int]:
    """The states that frames are in; of what ended in this step the last one."""
    if moment.after is not None and moment.after.status:
        return [event.state for event in moment.events if event.state >= 0][-1:]
    return [frame.state for frame in _frames(moment.after)]


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    if value is not MISSING:
        found[name] = value


def _ended(state: Any) -> dict[str, Any]:
    if not state.execution:
        return {}
    if state.status == 1:
        return {"output": state.result}
    return {"error": state.result}


class MachineView:
    """Of a class with `stf`: its state is one value."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def outline(self, moment: Moment) -> list[Row]:
        """The members of the state; what runs or waits below them."""
        state = moment.after
        name = type(self.known.machine).__name__
        name = self.known.name.rpartition(":")[2] or name
        if state is None:
            return [Row(0, name, moment.played.skipped)]
        rows = [Row(0, name, "", -1, int(not state.status), True)]
        value = self.values(state).get("$")
        if isinstance(value, dict):
            rows += [Row(1, str(k), _brief(v), path=member("$", k)) for k, v in value.items()]
        return rows

    def values(self, state: Any) -> dict[str, Any]:
        """`$` is the state."""
        if state is None:
            return {}
        if state.status:
            return _ended(state)
        return {"$": plain(state.client)}

    def faults(self, moment: Moment) -> list[str]:
        """Those of its input and of its end."""
        return error_of(moment)

    def source(self, moment: Moment) -> Source:
        """The file of the class; the lines that ran, and its `stf`."""
        source = self._file()
        if not source.text:
            return source
        line = _line(getattr(self.known.machine, "stf", None))
        ran = lines_run(moment, Path(source.name))
        return replace(source, lines=ran, now=frozenset([line] if line else []))

    def _file(self) -> Source:
        """The text of the file that has the class."""
        path = Path(self.known.name.rpartition(":")[0])
        try:
            text = path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return Source(str(path), (), missing=f'"{path}" cannot be read')
        return Source(path.name, text)

    def state_name(self, _number: int) -> str:
        """A machine has no states with numbers."""
        return self.known.name


class RelationalView(MachineView):
    """Of a class with relational states: which are active, and the clock of each."""

    @property
    def schema(self) -> Any:
        """The compiled one: names by index, relations as masks."""
        return self.known.machine.schema

    def outline(self, moment: Moment) -> list[Row]:
        """All states in the order of the schema, with their ticks."""
        clock = self._clock(moment.after)
        name = self.known.name.rpartition(":")[2]
        if clock is None:
            return [Row(0, name, moment.played.skipped)]
        new = {one[1:] for one in moment.played.changed}
        return [Row(0, name, f"{sum(clock.values())} ticks")] + [
            Row(1, state, str(tick), n, tick % 2, state in new)
            for n, (state, tick) in enumerate(clock.items())
        ]

    def faults(self, moment: Moment) -> list[str]:
        """Those of its input and of its end; of one that the machine keeps the cause, too."""
        kept = error_kept(moment)
        told = {str(kept[0]): f"{kept[0]}: {kept[1]}"} if kept else {}
        return [told.get(name, name) for name in error_of(moment)]

    def source(self, moment: Moment) -> Source:
        """The file of the class; the lines that ran, and the handlers that did not agree, or else
        the last one that was called."""
        source = self._file()
        calls = [call for one in moment.transitions for call in one.calls]
        at = {call.name: self._handler(call.name) for call in calls}
        against = [call for call in calls if call.outcome] or calls[-1:]
        lines = frozenset(line for line in at.values() if line)
        now = frozenset(at[call.name] for call in against) & lines
        if not source.text:
            return source
        return replace(source, lines=lines | lines_run(moment, Path(source.name)), now=now)

    def _handler(self, name: str) -> int:
        """The line of a handler; 0 of one that another file has, from which the class inherits."""
        function = getattr(self.known.machine.machine, name, None)
        return _line(function, Path(self.known.name.rpartition(":")[0]))

    def _clock(self, state: Any) -> dict[str, int] | None:
        return None if state is None else clock_of(self.known.machine, state.client)

    def values(self, state: Any) -> dict[str, Any]:
        """`$` is the machine's data; its ticks, and what waits in its queue."""
        clock = self._clock(state)
        if clock is None:
            return {} if state is None else _ended(state)
        part = state.client
        found: dict[str, Any] = {"$": plain(part.data), "ticks": clock}
        if part.queue:
            found["queue"] = queued(state, self.schema)
        return found | ({"error": part.error} if part.error else {})


def _line(function: Any, path: Path | None = None) -> int:
    """The first line of a function; 0 of what is none, or is of another file than `path`."""
    code = getattr(inspect.unwrap(function) if callable(function) else None, "__code__", None)
    if code is None or (path is not None and Path(code.co_filename).name != path.name):
        return 0
    return int(code.co_firstlineno)


def _brief(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"{'{}' if isinstance(value, dict) else '[]'} {len(value)}"
    return repr(value) if isinstance(value, str) else str(value)
