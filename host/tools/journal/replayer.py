"""Replay: a journal's records run through the kernel again, and watched while they do.

`tsme replay` compares the bytes; `tsme journal show --program` tells what each step did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from tsme import core
from tsme.draft import native as _native
from tsme.errors import TsmeError
from tsme.kernel import Kernel
from tsme.kernel.limits import LIMITS
from tsme.kernel.mismatch import Mismatch
from tsme.kernel.protocol import STATUS, TASK
from tsme.kernel.rejected import Rejected
from tsme.kernel.replay import Replay
from tsme.machine import Machine
from tsme.program import Program
from tsme.program.interpreter import Interpreter

from ...compiler.backend.debug import Debug
from ...compiler.backend.disasm import disassemble
from ...compiler.frontend.model import CompileError
from .. import console
from ..errors import HostError
from ..files import Loaded, read_program
from ..handlers import earlier, load_machine
from ..limits import no_limits
from . import store
from .image import Log, Record, duration
from .refusals import BEHAVED, MISSING, behaviour, brief, check_behaviour
from .ticks import changed, clock_of, multi_of
from .watching import Told, Watcher

RETIRED = "TSME.Retired"
_NATIVE: Any = _native  # device code has no types
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Known:
    """A program, or a machine, that a journal's executions may have run."""

    name: str
    program: Any
    debug: Debug
    machine: Any = None  # the client, if it is one


@dataclass
class Played:
    """What a record turned out to be.  `skipped` says why it was not replayed.  `changed`: of a
    relational machine, states that became active (+) and inactive (-).  `emitted`: the kind and
    the payload of what was emitted."""

    record: Record
    routes: list[list[str]] = field(default_factory=list)  # states entered, by frame
    started: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    emitted: list[tuple[str, Any]] = field(default_factory=list)
    about: str = ""  # what the action that the input names was
    ended: str = ""
    skipped: str = ""
    difference: str = ""
    got: int | None = None  # the digest that replay has, if it differs

    @property
    def route(self) -> str:
        """The states entered; a bar where another branch goes on."""
        return " | ".join(" → ".join(run) for run in self.routes)


def know(loaded: Loaded) -> Known:
    """A program ready to be replayed."""
    if loaded.machine is not None:
        return Known(loaded.name, loaded.machine.program, Debug(), loaded.machine)
    listing = disassemble(loaded.data)
    program = Program(loaded.data[: listing.size], limits=dict.fromkeys(LIMITS, 1 << 40))
    return Known(loaded.name, program, listing.debug or Debug())


def find(path: str) -> Known:
    """What --program names: a program, a workflow, or FILE.py:CLASS, a machine."""
    if ".py:" in path:
        machine = load_machine(path)
        return Known(path, machine.program, Debug(), machine)
    if path.endswith(".py"):
        message = f'"{path}" is Python; a machine is named with its class'
        raise HostError("TSME-H023", message, f"write {path}:CLASS")
    return know(read_program(path))


def with_earlier(known: Known) -> list[Known]:
    """What --program names, and of a machine those that it names as `before` it."""
    if known.machine is None:
        return [known]
    path = known.name.rpartition(":")[0]
    older = earlier(known.machine, path)
    return [known, *(Known(known.name, one.program, Debug(), one) for one in older)]


def client_of(known: Known | None, quick: bool = False) -> Any:
    """What the kernel runs a program with; a machine is that itself.  `quick`: on the C core, if
    there is one."""
    if known is None or known.machine is not None:
        return known and known.machine
    return core.runs(known.program) if quick else Interpreter(known.program)


def _kernel(client: Any, look: Callable[[bytes], Any]) -> Any:
    """Of programs, or of a machine, whose steps are made in C if they can be."""
    if type(client) is Machine:
        kind = _NATIVE.MachineKernel if _NATIVE.core else Kernel
        return kind(client, None, look)
    return (
        Kernel(client, None, look)
        if type(client) is Interpreter
        else core.kernel(client, None, look)
    )


class Player(Watcher):
    """Feeds records to the kernel, one at a time, oldest first.

    `quick`: for who asks states for numbers and checkpoints alone, and never for an earlier one.
    """

    def __init__(self, programs: list[Known], quick: bool = False) -> None:
        self.quick = quick
        self.known = {bytes(item.program.digest): item for item in programs}
        self.now: Known | None = None
        self.kernel: Any = None
        self.replay: Any = None  # None where the state is not known
        self.actions: dict[int, str] = {}
        self.entered: list[tuple[int, int]] = []  # frame, state
        self.why = "what came before is gone from the journal"
        self.last = -1

    @property
    def digest(self) -> bytes:
        """Of the program that the records so far lead to."""
        return bytes(self.state.origin[4])

    @property
    def state(self) -> Any:
        """The kernel's, after the records so far; None where it is not known."""
        return self.replay and self.replay.state

    def play(self, record: Record) -> Played:
        """Replay one record."""
        if record.number != self.last + 1 and self.last >= 0:
            self.lose("what came before is damaged")
        self.last = record.number
        played = Played(record)
        try:
            if record.kind == "checkpoint":
                self._checkpoint(played)
            else:
                self._step(played)
        except TsmeError as error:
            if error.code in (BEHAVED, MISSING):
                self.lose(brief(error.message))
                played.skipped = self.why
            else:
                played.difference = f"the kernel refuses it: {error}"
        if played.difference:
            self.lose("the journal differs before")
        return played

    def stand(self, state: Any, digest: bytes) -> None:
        """Go on from a state of the program with this digest."""
        if self._take(digest):
            self.replay = Replay(self.kernel)
            self.replay.state = state

    def lose(self, why: str) -> None:
        """The state is not known any more, until a start or a checkpoint gives it again."""
        self.replay = None
        self.why = why

    def _take(self, digest: bytes) -> bool:
        """Go on with the program that has this digest."""
        if self.now is None or self.now.program.digest != digest:
            self.now = self.known.get(bytes(digest))
            if self.now is None:
                where = "neither kept beside the journal nor given with --program"
                self.lose(f"the program {bytes(digest).hex()} is {where}")
                return False
            self.kernel = _kernel(self._client(digest), self._client)
        return True

    def _client(self, digest: bytes) -> Any:
        """What runs a program; None if it is not known."""
        known = self.known.get(bytes(digest))
        client = client_of(known, self.quick)
        if known and known.machine is None:
            self.watch(client)
        return client

    def on_enter(self, told: Told) -> None:
        self.entered.append((told.frame, told.number))

    def _checkpoint(self, played: Played) -> None:
        record = played.record
        if not self._take(record.fields["program"]):
            played.skipped = self.why
            return
        if record.fields["status"] == "stopped" and record.fields["result"][0] == RETIRED:
            self.replay = None  # what it says does not follow from the steps before
        self.replay = self.replay or Replay(self.kernel)
        try:
            self.replay.checkpoint(record.body)
        except TsmeError as error:
            if error.code != "TSME-R003":
                raise
            played.difference = "the checkpoint does not hold the state that replay has"
            return
        self.actions = {a.id: _resource(a) for a in self.state.pending.values()}

    def _step(self, played: Played) -> None:
        record = played.record
        if record.input == "start":
            if not self._take(record.fields["program"]):
                played.skipped = self.why
                return
            if self.replay is None or not self.state.status:
                self.replay = Replay(self.kernel)
            self.replay.kernel = self.kernel
            self.actions = {}
        if self.replay is None or record.now is None:
            played.skipped = self.why
            return
        self.entered = []
        played.about = self.actions.get(record.fields.get("action", 0), "")
        machine = self.now.machine if self.now else None
        before = clock_of(machine, self.state.client) if record.input != "start" else {}
        try:
            step = self.replay.take(record.digest, record.event)
        except Mismatch as other:
            step = other.step
            played.difference = "another state comes out"
            played.got = other.got
        except Rejected as error:  # the class is another one than the device had
            played.difference = f"the machine raises {error.cause}"
            return
        except TsmeError as error:
            if error.code != "TSME-R004":
                raise
            played.difference = f"action {record.fields.get('action')} is not pending"
            return
        if record.input == "migrate":
            self.now = self.known[bytes(record.fields["to"])]
        self._tell(played, step)
        self._compare(played, step.state.client, before)
        if not played.difference and bytes(step.record) != record.body:
            played.difference = "the same state comes out, but other bytes"

    def _compare(self, played: Played, part: Any, before: dict[str, int] | None) -> None:
        """What a step has changed of a relational machine."""
        machine = self.now and self.now.machine
        after = clock_of(machine, part)
        if after is not None and before is not None:
            multi = multi_of(machine)
            for odd, sign in ((1, "+"), (0, "-")):
                played.changed += [sign + name for name in changed(before, after, multi, odd)]

    def _tell(self, played: Played, step: Any) -> None:
        assert self.now is not None
        for _, run in groupby(self.entered, lambda item: item[0]):
            played.routes.append([self.now.debug.state(number) for _, number in run])
        for action in step.actions:
            if action.id == 0:
                played.started.append(f"emits {action.kind}")
                played.emitted.append((str(action.kind), action.payload))
                continue
            self.actions[action.id] = _resource(action)
            played.started.append(_begun(action, step.state.now))
        if step.state.status:
            played.ended = STATUS[step.state.status]


def _resource(action: Any) -> str:
    if action.kind == TASK:
        return str(action.resource)
    return "a wait" if action.frame is not None else "TimeoutSeconds of the workflow"


def _begun(action: Any, now: int) -> str:
    """What an action that a step hands out means."""
    number = f"(action {action.id})"
    if action.kind == TASK:
        return f"starts {action.resource} {number}"
    if action.frame is None:
        return f"has {duration(action.due - now)} in all {number}"
    return f"waits {duration(action.due - now)} {number}"


def given_of(
    log: Log, paths: Iterable[str], read: Callable[[str], _Read], digest: Callable[[_Read], bytes]
) -> list[_Read]:
    """What --program names.  Where this journal's programs are kept beside it, what is none of
    them (any more) is said and left out."""
    kept = {disassemble(item.data).digest for item in store.kept(log.name)} & set(log.programs)
    given = []
    for path in paths:
        try:
            one = read(path)
        except CompileError:
            if not kept:
                raise
            why = "has problems (tsme check shows them)"
        else:
            if not kept or digest(one) in log.programs:
                given.append(one)
                continue
            why = f"is none of its programs ({digest(one).hex()})"
        there = store.folder(log.name)
        console.note(f'tsme: "{path}" {why}; those kept in "{there}" are taken')
    return given


def programs_of(log: Log, paths: Iterable[str]) -> list[Known]:
    """What --program names, and what of this journal is kept beside it."""
    named = given_of(log, paths, find, lambda item: bytes(item.program.digest))
    given = [each for one in named for each in with_earlier(one)]
    if given:
        check_program(log, given)
    kept = map(know, store.kept(log.name))
    return [*(item for item in kept if bytes(item.program.digest) in log.programs), *given]


def check_program(log: Log, programs: list[Known]) -> None:
    """At least one of a journal's executions must belong to one of the programs given, and have
    a behaviour that this release has."""
    check_behaviour(log, every=True)
    if not programs:
        message = f'there is no program for "{log.name}", nor one in "{store.folder(log.name)}"'
        raise HostError("TSME-H043", message, store.AS_IT_WAS)
    mine = {bytes(item.program.digest) for item in programs}
    if log.programs and not mine & set(log.programs):
        given = ", ".join(f'"{item.name}" ({item.program.digest.hex()})' for item in programs)
        made = ", ".join(digest.hex() for digest in log.programs)
        message = f'the journal "{log.name}" belongs to another program ({made}), not to {given}'
        raise HostError("TSME-H043", message, "give the program that ran on the device")


def outcome(log: Log, paths: Iterable[str]) -> int:
    """The number of the newest execution if it has ended; 0 if it has not, or nobody can tell."""
    last = log.records[-1]
    if log.ended:
        return int(last.fields["execution"])
    player = Player(programs_of(log, () if behaviour(log) else paths))
    with no_limits():
        for record in log.records:
            player.play(record)
    state = player.state
    return int(state.execution) if state and state.status else 0


def play_all(log: Log, programs: list[Known]) -> Iterator[Played]:
    """Replay a whole journal."""
    check_program(log, programs)
    player = Player(programs)
    with no_limits():
        for record in log.records:
            yield player.play(record)
