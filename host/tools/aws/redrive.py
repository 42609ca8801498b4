"""Redrives: an execution goes on from the state that failed, by a checkpoint behind its end.

The checkpoint has the workflow just behind the entry of the state that it was in when it ended,
nothing pending, and the values that it had there.  It is not what the step before it leads to; so
what follows is a journal of its own, which begins with it (docs/SPEC.md, 4.7).
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
    root.state, root.failed, root.done = state.client[0].state, False, 0
    view.branches, view.failing, view.aborted = {0: root}, root, []
    view.fails(root, UNKNOWN)
    view.time = max(view.time, state.now)
    history = view.history
    history.status, history.error, history.cause = "RUNNING", None, None
    before = sum(event["type"] == "ExecutionRedriven" for event in history.events)
    root.prev = view.add("ExecutionRedriven", None, details={"redriveCount": before + 1})


class _Entries(Watcher):
    """What the workflow's own frame was when it entered a state last."""

    def __init__(self) -> None:
        self.frame: list[Any] | None = None

    def on_enter(self, told: Told) -> None:
        if told.frame == 0:
            image = told.image
            counters = [0] * len(image.counters)
            # parent, pc, entry, handler, state, now - entered, wait, counters, error, cause, slots
            self.frame = [None, told.pc, told.pc, 0, told.number, 0, 0, counters, None, None]
            self.frame.append(list(image.slots))


def checkpoint(
    program: bytes, debug: bytes, records: Iterable[bytes | Redriven | Altered], now: int
) -> bytes:
    """The body of the checkpoint with which an execution that has ended goes on at `now`.

    `records`: all of its steps.  Raises TsmeError if they do not replay, or do not reach back to
    the start.
    """
    vm = interpreter.Interpreter(listing(program, debug).program)
    core = kernel.Kernel(vm)
    run = replay.Replay(core)
    entries = _Entries()
    entries.watch(vm)
    for record in records:
        if isinstance(record, (Redriven, Altered)):
            restore(run, record)
        else:
            run.step(record)
    old = run.state
    if entries.frame is None or old.status == protocol.RUNNING:
        raise TsmeError("TSME-R005", "the records do not reach from a state to the end")
    state = State()
    state.steps, state.execution, state.rng = old.steps, old.execution, old.rng
    state.digest, state.origin = old.digest, old.origin
    state.now = max(now, old.now)
    state.status, state.next_id = protocol.RUNNING, old.next_id
    state.pending = {}
    if vm.program.timeout:  # TimeoutSeconds of the workflow begin again
        due = state.now + 1000 * vm.program.timeout
        timer = kernel.Action(old.next_id, protocol.WAKE, None, due, None, None, 0, 0, None)
        state.pending = {old.next_id: timer}
        state.next_id += 1
    state.client = vm.codec().decode([entries.frame], state.now)
    return bytes(core.checkpoint(state))
