"""Redrives: an execution goes on from the state that failed, by a checkpoint behind its end.

The checkpoint has the workflow just behind the entry of the state that it was in when it ended,
nothing pending, and the values that it had there.  In a Parallel or an inline Map so have those
branches and items that have not ended; what the others gave is kept.  It is not what the step
before it leads to; so what follows is a journal of its own, which begins with it (docs/SPEC.md,
4.7).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tsme import kernel
from tsme.errors import TsmeError
from tsme.kernel import State, protocol, replay
from tsme.program import interpreter
from tsme.values import cbor

from ..journal.listing import listing
from ..journal.watching import Told, Watcher
from .branch import UNKNOWN

_RUNS = ("mapRun", "batches")  # of sites: distributed Maps, which begin again as a whole


class Redriven(NamedTuple):
    """Among the steps of an execution: here it was redriven.  `checkpoint`: the record's body."""

    checkpoint: bytes


class Altered(NamedTuple):
    """The same where a Map Run was given other settings: it goes on as it was, but for these."""

    checkpoint: bytes


def restore(run: replay.Replay, record: Redriven | Altered) -> State:
    """The state that an execution goes on from."""
    item = cbor.decode(record.checkpoint, 0, True)[0]
    state: State = run.kernel.restore(item, len(record.checkpoint))
    run.state = state
    return state


def reopen(view: Any, state: State) -> None:
    """Tells a history (history.py) that its execution goes on in this state."""
    root = view.branches[0]
    view.time = max(view.time, state.now)
    view.start = [*view.start[:6], state.origin[2], *view.start[7:]]
    history = view.history
    history.status, history.error, history.cause = "RUNNING", None, None
    before = sum(event["type"] == "ExecutionRedriven" for event in history.events)
    number = view.add("ExecutionRedriven", None, details={"redriveCount": before + 1})
    frames: list[Any] = state.client
    view.branches = {n: view.branches[n] for n, frame in enumerate(frames) if frame}
    for n, branch in view.branches.items():
        branch.state = frames[n].state if frames[n].entry else -1
        branch.failed, branch.done, branch.action, branch.fault = False, 0, None, UNKNOWN
        branch.prev = number
    view.failing, view.aborted = root, []
    view.fails(root, UNKNOWN)


class _Entries(Watcher):
    """What each frame was when it entered a state last, and all of them when children were cut
    that nobody went on without."""

    def __init__(self) -> None:
        self.items: dict[int, list[Any]] = {}
        self.cut: list[Any] = []
        self.quiet = True  # nothing happened in the step but its end
        self._last = 0

    def on_enter(self, told: Told) -> None:
        image = told.image
        counters = [0] * len(image.counters)
        # parent, pc, entry, handler, state, now - entered, wait, counters, error, cause, slots
        item = [image.parent, told.pc, told.pc, 0, told.number, 0, 0, counters, None, None]
        item.append(list(image.slots))
        if image.parent is not None:
            item += [image.index, None]
        self.items[told.frame] = item
        self._goes_on()

    def on_spawn(self, told: Told) -> None:
        self.items.pop(told.frame, None)
        self._last = max(self._last, told.frame)
        self._goes_on()

    def on_fork(self, told: Told) -> None:  # noqa: ARG002
        self._goes_on()

    def on_map(self, told: Told) -> None:  # noqa: ARG002
        self._goes_on()

    def on_resume(self, told: Told) -> None:  # noqa: ARG002
        self._goes_on()

    def _goes_on(self) -> None:
        self.cut, self.quiet = [], False

    def on_abort(self, told: Told) -> None:
        self.quiet = False
        if self.cut:
            return
        for number in range(self._last + 1):
            try:
                self.cut.append(_copied(told.tracer.frame(number)))
            except IndexError:
                break

    def rewound(self, frames: list[Any]) -> list[Any]:
        """Frames as they are to go on: what has ended of a Parallel or Map stays, what has not
        is at the entry of its state."""
        found: list[Any] = []
        for number, item in enumerate(frames):
            if item is None or _waits(item):
                found.append(item)
            elif number in self.items:
                found.append(self.items[number])
            else:  # a child that has entered no state
                found.append(item)
        return found


_SLOTS = 10
_JOIN = 12


def _waits(item: list[Any]) -> bool:
    """Whether a frame waits for its children."""
    return len(item) > _JOIN and bool(item[_JOIN])


def _copied(item: list[Any] | None) -> list[Any] | None:
    """A frame's item that stays as it is when the frame changes."""
    if item is None:
        return None
    copy = list(item)
    copy[_SLOTS] = list(item[_SLOTS])
    if _waits(item):
        results, *more = item[_JOIN]
        copy[_JOIN] = [list(results), *more]
    return copy


def checkpoint(
    program: bytes, debug: bytes, records: Iterable[bytes | Redriven | Altered], now: int
) -> bytes:
    """The body of the checkpoint with which an execution that has ended goes on at `now`.

    `records`: all of its steps.  Raises TsmeError if they do not replay, or do not reach back to
    the start.
    """
    what = listing(program, debug)
    vm = interpreter.Interpreter(what.program)
    core = kernel.Kernel(vm)
    run = replay.Replay(core)
    entries = _Entries()
    entries.watch(vm)
    before, redrives = run.state, 1
    for record in records:
        if isinstance(record, (Redriven, Altered)):
            restore(run, record)
            redrives += isinstance(record, Redriven)
        else:
            before, entries.quiet = run.state, True
            run.step(record)
    old = run.state
    if 0 not in entries.items or old.status == protocol.RUNNING:
        raise TsmeError("TSME-R005", "the records do not reach from a state to the end")
    frames = entries.cut
    if entries.quiet:  # it was stopped, or its own time was up
        frames = [_copied(item) for item in vm.codec().encode(before.client, before.now)]
    if not frames or any(site.kind in _RUNS for site in what.sites.values()):
        frames = [entries.items[0]]
    state = State()
    state.steps, state.execution, state.rng = old.steps, old.execution, old.rng
    state.digest = old.digest
    start, value, names, *rest = old.origin
    state.origin = [start, value, [*(names or [None] * 5)[:5], redrives], *rest]
    state.now = max(now, old.now)
    state.status, state.next_id = protocol.RUNNING, old.next_id
    state.pending = {}
    if vm.program.timeout:  # TimeoutSeconds of the workflow begin again
        due = state.now + 1000 * vm.program.timeout
        timer = kernel.Action(old.next_id, protocol.WAKE, None, due, None, None, 0, 0, None)
        state.pending = {old.next_id: timer}
        state.next_id += 1
    state.client = vm.codec().decode(entries.rewound(frames), state.now)
    return bytes(core.checkpoint(state))
