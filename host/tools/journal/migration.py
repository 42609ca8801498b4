"""Plans that move an execution to a changed workflow (docs/SPEC.md, 3.7).

States are the same if they have the same name, in the same branch of the same state; variables if
they have the same name there.  A plan says for each place at which a frame can wait where that is
in the new program.  What cannot be moved is said by name, with what to do about it.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.values.cbor import MISSING

from ...compiler.backend.debug import Debug
from ...compiler.backend.disasm import instructions
from ...compiler.backend.instructions import ALL, NAMES
from ...compiler.frontend.model import Json
from ..errors import HostError, did_you_mean
from .replayer import Known

NamePath = tuple[str, ...]  # of a machine or state: names of states and numbers of branches


class Place(NamedTuple):
    """A place at which a frame of a state can wait: behind a TASK, WAIT, FORK or MAP."""

    kind: str
    pc: int
    handler: int  # -1 if it is not always the same
    what: Any  # a task's resource, the branches of a FORK

    def __str__(self) -> str:
        """What is waited for."""
        if self.kind == "TASK":
            return f"the task {self.what}"
        if self.kind == "FORK":
            return "1 branch" if self.what == 1 else f"{self.what} branches"
        return "a time" if self.kind == "WAIT" else "items"


@dataclass
class CodedState:
    """A state as its code has it."""

    number: int
    path: NamePath
    entry: int
    places: list[Place] = field(default_factory=list)
    retriers: list[tuple[int, Any]] = field(default_factory=list)  # counter, names

    @property
    def kinds(self) -> list[str]:
        """What its places are, in order."""
        return [place.kind for place in self.places]

    @property
    def waits(self) -> str:
        """What it waits for, in words."""
        return " and ".join(dict.fromkeys(map(str, self.places))) or "nothing"


@dataclass
class CodedMachine:
    """A StateMachine, a branch, or what a Map runs.  `variables`: by slot, from slot 1."""

    width: int
    variables: list[str]


def _of_user(variables: Iterable[str]) -> list[str]:
    """Those that have a name in the workflow."""
    return [name for name in variables if name and not name.startswith("#")]


class Layout:
    """Where everything is in a program."""

    def __init__(self, known: Known) -> None:
        program = known.program
        self.consts: list[Any] = program.consts
        self.debug: Debug = known.debug
        self.code = {
            start: (NAMES[op], a, at + 1) for start, at, op, a in instructions(program.code)
        }
        self.states: dict[NamePath, CodedState] = {}
        self.machines: dict[NamePath, CodedMachine] = {}
        self.by_number: dict[int, CodedState] = {}
        todo: list[tuple[int, NamePath, int]] = [(0, (), program.slots)]
        while todo:
            begin, path, width = todo.pop()
            first = self._walk(begin, path, todo)
            self.machines[path] = CodedMachine(width, self.debug.variables(first)[: width - 1])

    def names(self) -> set[str]:
        """Of all states, in branches too."""
        return {path[-1] for path in self.states}

    def variables(self) -> set[str]:
        """Of all machines."""
        return {name for of in self.machines.values() for name in _of_user(of.variables)}

    def _walk(self, begin: int, path: NamePath, todo: list[tuple[int, NamePath, int]]) -> int:
        """All states of a machine; the number of its first."""
        enters = [self._enter(begin)]
        first = self.code[enters[0]][1]
        while enters:
            at = enters.pop()
            _, number, entry = self.code[at]
            if number in self.by_number:
                continue
            state = CodedState(number, (*path, self.debug.state(number)), entry)
            self.by_number[number] = self.states[state.path] = state
            enters += self._state(state, todo)
        return first

    def _enter(self, at: int) -> int:
        """The ENTER that a way leads to."""
        while self.code[at][0] != "ENTER":
            name, operand, after = self.code[at]
            at = operand if name == "JUMP" else after
        return at

    def _state(self, state: CodedState, todo: list[tuple[int, NamePath, int]]) -> list[int]:
        """What a state can do until another begins; the ENTERs that it leads to."""
        enters = []
        seen: set[tuple[int, int]] = set()
        ways = [(state.entry, 0)]
        names: dict[int, Any] = {}  # of the CAUGHT before, by way
        found: dict[int, Place] = {}
        while ways:
            at, handler = ways.pop()
            while (at, handler) not in seen:
                seen.add((at, handler))
                name, operand, after = self.code[at]
                row = ALL[name]
                if name == "ENTER":
                    enters.append(at)
                    break
                if name == "CATCH":
                    handler = operand
                    ways.append((operand, 0))
                elif name == "CAUGHT":
                    names[at] = self.consts[operand]
                elif name == "RETRY":
                    before = max(n for n in names if n < at)
                    retrier = (self.consts[operand][0], names[before])
                    if retrier not in state.retriers:
                        state.retriers.append(retrier)
                elif name in ("TASK", "WAIT", "FORK", "MAP"):
                    after = self._place(state, at, handler, found, todo)
                elif row.jumps and name not in ("JUMP", "EVAL"):  # a body comes back
                    ways.append((operand, handler))
                if name == "JUMP":
                    after = operand
                elif row.stops:
                    break
                at = after
        state.places = [found[pc] for pc in sorted(found)]
        return enters

    def _place(
        self,
        state: CodedState,
        at: int,
        handler: int,
        found: dict[int, Place],
        todo: list[tuple[int, NamePath, int]],
    ) -> int:
        """Notes a place at which a frame can wait; where it goes on."""
        name, operand, after = self.code[at]
        what: Any = None
        if name == "TASK":
            before = max(n for n in self.code if n < at)
            what = self.consts[self.code[before][1]]
        elif name in ("FORK", "MAP"):
            what = operand if name == "FORK" else None
            ordinal = sum(place.kind in ("FORK", "MAP") for place in found.values())
            for branch in range(operand if name == "FORK" else 1):
                _, width, jump = self.code[after]
                path = (*state.path, f"{ordinal}.{branch}")
                if after + 1 not in found and not any(path == other for _, other, _ in todo):
                    todo.append((jump, path, width))
                after = self.code[jump][2]
        if after in found and found[after].handler != handler:
            handler = -1
        found[after] = Place(name, after, handler, what)
        return after


@dataclass
class Wishes:
    """What the user says of names that differ."""

    states: Mapping[str, str]
    variables: Mapping[str, str]  # "" drops it
    values: Mapping[str, list[Json] | None]  # in a list; None: it begins without one


class Obstacle(NamedTuple):
    """Why something cannot be moved, and what would help."""

    message: str
    hint: str = ""


_RESUME = "let it end as it began: tsme resume"


class _Stays(Exception):
    """A state that cannot be moved: an Obstacle's message and hint."""


class Planner:
    """The plan from one program to another, and what is wrong with it."""

    def __init__(self, old: Known, new: Known, wishes: Wishes) -> None:
        self.old, self.new = Layout(old), Layout(new)
        self.name = new.name
        self.wishes = wishes
        self.wrong: dict[NamePath, Obstacle] = {}  # by state of the old program
        self.windows: list[list[Any]] = []
        self.points: list[list[Any]] = []
        self._windows: dict[NamePath, int] = {}
        self._check_words()
        self._taken = {self._moved(path) for path in self.old.states}
        for path, state in self.old.states.items():
            try:
                self.points += self._state(path, state)
            except _Stays as why:
                self.wrong[path] = Obstacle(*why.args)
        self._check_maps()

    @property
    def plan(self) -> list[Any]:
        """As *migrate* has it."""
        return [self.windows, self.points]

    @property
    def moved(self) -> list[NamePath]:
        """The states of the old program that have a place in the new one."""
        return [path for path in self.old.states if path not in self.wrong]

    def _moved(self, path: NamePath) -> NamePath:
        return tuple(self.wishes.states.get(name, name) for name in path)

    def _state(self, path: NamePath, state: CodedState) -> list[list[Any]]:
        shown = f'"{path[-1]}"'
        there = self.new.states.get(self._moved(path))
        if there is None:
            raise _Stays(self._gone(path), self._instead(path, state))
        now = "now" if there.path[-1] == path[-1] else f'"{there.path[-1]}" of "{self.name}"'
        same = state.kinds == there.kinds
        if not same or [p.what for p in state.places] != [p.what for p in there.places]:
            message = f"{shown} waits for {state.waits}, and {now} for {there.waits}"
            raise _Stays(message, self._instead(path, state) if not same else _RESUME)
        window = self._window(path[:-1])
        counters = self._counters(state, there)
        out = [[state.entry, there.entry, there.entry, 0, window, counters]]
        for one, other in zip(state.places, there.places, strict=True):
            if other.handler < 0:
                raise _Stays(f"{shown} has more than one way to what it waits for")
            out.append([one.pc, other.pc, there.entry, other.handler, window, counters])
        return out

    def _gone(self, path: NamePath) -> str:
        """That a state has no place in the new program."""
        to = self.wishes.states.get(path[-1])
        if to and self.new.names() & {to}:
            return f'"{to}" of "{self.name}" is not in the machine that has "{path[-1]}"'
        return f'the state "{path[-1]}" is gone from "{self.name}"'

    def _instead(self, path: NamePath, state: CodedState) -> str:
        """What could take the place of a state: one that is new there and waits alike."""
        machine = self._moved(path[:-1])
        fresh = {
            other[-1]: there.kinds == state.kinds
            for other, there in self.new.states.items()
            if other[:-1] == machine and other not in self._taken
        }
        found = _meant(path[-1], fresh, [name for name, alike in fresh.items() if alike])
        pair = shlex.quote(f"{path[-1]}={found or 'NEW'}")
        if found:
            return f'did you mean "{found}"? --map {pair} says that it takes its place'
        return f"--map {pair} says which takes its place"

    def _counters(self, state: CodedState, there: CodedState) -> list[int | None] | None:
        """Where each counter of the new program is in the old one; None if the retriers differ."""
        if [names for _, names in state.retriers] != [names for _, names in there.retriers]:
            return None
        pairs = zip(there.retriers, state.retriers, strict=True)
        where = {new[0]: old[0] for new, old in pairs}
        return [where.get(n) for n in range(max(where, default=-1) + 1)]

    def _window(self, path: NamePath) -> int:
        if path not in self._windows:
            new = self.new.machines[self._moved(path)]
            old = self.old.machines[path]
            slots: list[Any] = [0]
            for name in (new.variables + [""] * new.width)[: new.width - 1]:
                slots.append(self._slot(name, old.variables))
            self._windows[path] = len(self.windows)
            self.windows.append(slots)
        return self._windows[path]

    def _slot(self, name: str, old: list[str]) -> Any:
        if name in self.wishes.values:
            return self.wishes.values[name]
        names = [self.wishes.variables.get(other, other) for other in old]
        return names.index(name) + 1 if name and name in names else None

    # --- what the user says ---

    def _check_words(self) -> None:
        """Each name is one of the old or of the new program."""
        old, new, wishes = self.old, self.new, self.wishes
        self._check_pairs("--map", "state", wishes.states, old.names(), new.names())
        of_old, of_new = old.variables(), new.variables()
        self._check_pairs("--variable", "variable", wishes.variables, of_old, of_new)
        for name in wishes.values:
            if name not in of_new:
                raise _unknown("--set", f'"{self.name}"', "variable", name, of_new)
        for machine in old.machines.values():
            to: dict[str, str] = {}
            for name in _of_user(machine.variables):
                moved = wishes.variables.get(name, name)
                if moved in to and moved in of_new:
                    text = f'the variables "{to[moved]}" and "{name}" would both be "{moved}"'
                    drop = " or ".join(f"--variable {n}=" for n in (to[moved], name))
                    raise HostError("TSME-H002", text, f"drop one: {drop}")
                if moved:
                    to[moved] = name

    def _check_pairs(
        self,
        option: str,
        kind: str,
        pairs: Mapping[str, str],
        old: Collection[str],
        new: Collection[str],
    ) -> None:
        for one, other in pairs.items():
            turned = ""
            if other in old and one in new:
                turned = f"did you mean {option} {shlex.quote(f'{other}={one}')}?"
            if one not in old:
                raise _unknown(option, "what runs now", kind, one, old, turned)
            if other and other not in new:
                raise _unknown(option, f'"{self.name}"', kind, other, new, turned)

    def _check_maps(self) -> None:
        """What the user says of a state can be done."""
        for name in self.wishes.states:
            mine = [path for path in self.old.states if path[-1] == name]
            why = [self.wrong[path] for path in mine if path in self.wrong]
            if len(why) == len(mine):
                text = f"--map {name}={self.wishes.states[name]}: {why[0].message}"
                raise HostError("TSME-H053", text, why[0].hint)

    # --- of one execution ---

    def problems(self, state: Any) -> Iterator[Obstacle]:
        """What stands in the way of an execution, by name."""
        for frame in state.client:
            if frame is None:
                continue
            place = self.old.by_number[frame.state]
            shown = f'"{place.path[-1]}"'
            if not frame.wait:
                yield Obstacle(f"{shown} can go on", "let it, until it waits: tsme resume")
                continue
            if place.path in self.wrong:
                yield self.wrong[place.path]
                continue
            there = self.new.states[self._moved(place.path)]
            if frame.attempts() and self._counters(place, there) is None:
                message = f"{shown} has used up attempts, and its Retry has changed"
                yield Obstacle(message, "let it end, or leave its ErrorEquals as they are")
            yield from self._variables(place.path[:-1], frame.slots)

    def _variables(self, path: NamePath, slots: list[Any]) -> Iterator[Obstacle]:
        old, new = (
            self.old.machines[path].variables,
            self.new.machines[self._moved(path)].variables,
        )
        names = [self.wishes.variables.get(name, name) for name in old]
        fresh = [n for n in _of_user(new) if n not in names and n not in self.wishes.values]
        for name, value in zip(old, slots[1:], strict=False):
            to = self.wishes.variables.get(name, name)
            if value is not MISSING and to and to not in new and not name.startswith("#"):
                text = f'the variable "{name}" has a value, and "{self.name}" has no such variable'
                found = _meant(name, fresh, fresh)
                hint = f'did you mean "{found}"? ' if found else ""
                hint += (
                    f"--variable {name}={found or 'NEW'} renames it, --variable {name}= drops it"
                )
                yield Obstacle(text, hint)
        for name in fresh:
            text = f'the variable "{name}" of "{self.name}" has no value in this execution'
            hint = f"--set {name}=JSON gives it one, --set {name}= leaves it without"
            yield Obstacle(text, hint)


def _meant(name: str, known: Iterable[str], alike: list[str]) -> str:
    """The one of the known that `name` resembles, or the only one that is alike; or none."""
    close = did_you_mean(name, known)
    if close:
        return close.split('"', 1)[1].rsplit('"', 1)[0]
    return alike[0] if len(alike) == 1 else ""


def _unknown(
    option: str, whose: str, kind: str, name: str, known: Collection[str], turned: str = ""
) -> HostError:
    """A word of the user's that names nothing."""
    listed = ", ".join(sorted(known)[:9])
    hint = turned or did_you_mean(name, known) or (f"it has {listed}" if listed else "it has none")
    return HostError("TSME-H002", f'{option}: {whose} has no {kind} "{name}"', hint)
