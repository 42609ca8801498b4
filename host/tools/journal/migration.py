"""Plans that move an execution to a changed workflow (docs/SPEC.md, 3.7).

States are the same if they have the same name, in the same branch of the same state; variables if
they have the same name there.  A plan says for each place at which a frame can wait where that is
in the new program.  What cannot be moved is said by name, with what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.values.cbor import MISSING

from ...compiler.backend.debug import Debug
from ...compiler.backend.disasm import instructions
from ...compiler.backend.instructions import INSTRUCTIONS, NAMES
from ...compiler.frontend.model import Json
from ..errors import did_you_mean
from .replayer import Known

NamePath = tuple[str, ...]  # of a machine or state: names of states and numbers of branches


class Place(NamedTuple):
    """A place at which a frame of a state can wait: behind a TASK, WAIT, FORK or MAP."""

    kind: str
    pc: int
    handler: int  # -1 if it is not always the same
    what: Any  # a task's resource, the branches of a FORK


@dataclass
class CodedState:
    """A state as its code has it."""

    number: int
    path: NamePath
    entry: int
    places: list[Place] = field(default_factory=list)
    retriers: list[tuple[int, Any]] = field(default_factory=list)  # counter, names


@dataclass
class CodedMachine:
    """A StateMachine, a branch, or what a Map runs.  `variables`: by slot, from slot 1."""

    width: int
    variables: list[str]


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
                row = INSTRUCTIONS[name]
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
                elif row.jumps and name != "JUMP":
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
        for path, state in self.old.states.items():
            try:
                self.points += self._state(path, state)
            except _Stays as why:
                self.wrong[path] = Obstacle(*why.args)

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
            known = [other[-1] for other in self.new.states if len(other) == len(path)]
            close = did_you_mean(path[-1], known)
            hint = f"{close} --map {path[-1]}=NEW says which takes its place".strip()
            raise _Stays(f'the state {shown} is gone from "{self.name}"', hint)
        kinds = [place.kind for place in state.places]
        if kinds != [place.kind for place in there.places]:
            raise _Stays(f'{shown} waits for something else in "{self.name}"')
        window = self._window(path[:-1])
        counters = self._counters(state, there)
        out = [[state.entry, there.entry, there.entry, 0, window, counters]]
        for one, other in zip(state.places, there.places, strict=True):
            if one.what != other.what:
                what = f"the task {one.what}, and now for {other.what}"
                if one.kind == "FORK":
                    what = f"{one.what} branches, and now for {other.what}"
                raise _Stays(f"{shown} waits for {what}")
            if other.handler < 0:
                raise _Stays(f"{shown} has more than one way to what it waits for")
            out.append([one.pc, other.pc, there.entry, other.handler, window, counters])
        return out

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
        for name, value in zip(old, slots[1:], strict=False):
            to = self.wishes.variables.get(name, name)
            if value is not MISSING and to and to not in new and not name.startswith("#"):
                message = (
                    f'the variable "{name}" has a value, and "{self.name}" has no such variable'
                )
                yield Obstacle(
                    message, f"--variable {name}=NEW renames it, --variable {name}= drops it"
                )
        names = [self.wishes.variables.get(name, name) for name in old]
        for name in new:
            if name not in names and name not in self.wishes.values and not name.startswith("#"):
                message = f'the variable "{name}" of "{self.name}" has no value in this execution'
                yield Obstacle(
                    message, f"--set {name}=JSON gives it one, --set {name}= leaves it without"
                )
