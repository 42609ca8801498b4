"""The AWS execution history of a journal: a view, worked out by replaying it.

The device stores inputs and digests.  Replaying them with an observer in the interpreter gives
every event that AWS's GetExecutionHistory would have shown.  Events are dicts:

    id, prev (previousEventId), type, time (ms since 1970), and where AWS has them
    state, input, output, assigned_variables, details

Some of what AWS shows comes from services and is no input of the kernel, so no journal has it:
what a service answered at once, who took an activity.  Whoever knows gives it, as `Note`s or
`Seen` among the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tsme import kernel
from tsme.errors import TsmeError
from tsme.kernel import protocol, replay
from tsme.program import interpreter

from ..journal.listing import listing
from .events import History, Note, Seen
from .redrive import Altered, Redriven, reopen, restore
from .view import ExecutionView

Record = bytes | Redriven | Altered | Seen


def replay_history(
    program: bytes,
    debug: bytes,
    records: Iterable[Record],
    notes: Mapping[int, Note] | None = None,
    others: Iterable[tuple[bytes, bytes]] = (),
) -> History:
    """The history of the last execution in `records`, the bodies of a journal's step records.

    They must begin with the start of an execution.  `notes`: by the id of a task's action.
    `others`: what the execution may have moved to, programs and their debug parts.
    Raises TsmeError for what is no program, or does not replay with this one.
    """
    telling = Telling(program, debug, notes, others)
    for record in records:
        if not telling.take(record):
            break
    return telling.history


class Telling:
    """A history under way, which goes on with each record that comes.

    `notes` may get more members, before the step that they are about.  `view`: makes what watches.
    """

    def __init__(
        self,
        program: bytes,
        debug: bytes,
        notes: Mapping[int, Note] | None = None,
        others: Iterable[tuple[bytes, bytes]] = (),
        view: Callable[..., ExecutionView] = ExecutionView,
    ) -> None:
        self._what = listing(program, debug)
        self._notes = {} if notes is None else notes
        self._vm = interpreter.Interpreter(self._what.program)
        self._known = {item.program.digest: item for item in (listing(*pair) for pair in others)}
        self._clients = {d: interpreter.Interpreter(i.program) for d, i in self._known.items()}
        self._run = replay.Replay(kernel.Kernel(self._vm, None, self._clients.get))
        self._new = view
        self._view: ExecutionView | None = None

    @property
    def view(self) -> ExecutionView:
        """What watches.  Raises TsmeError before the start."""
        if self._view is None:
            message = "the records do not reach back to the start of an execution"
            raise TsmeError("TSME-R005", message)
        return self._view

    @property
    def history(self) -> History:
        """What has been told so far; it grows.  Raises TsmeError before the start."""
        return self.view.history

    def take(self, record: Record) -> bool:
        """The next record.  -> False if it is none of an execution that has started"""
        view, run = self._view, self._run
        if isinstance(record, Redriven):
            if view:
                reopen(view, restore(run, record))
            return True
        if isinstance(record, Altered):
            restore(run, record)
            return True
        if isinstance(record, Seen):
            if view:
                view.seen(record)
            return True
        _, event = replay.read_step(record, run.state.now)
        if event[0] == protocol.START:
            view = self._view = self._new(self._what, event, self._notes)
            view.watch(self._vm)
        if view is None:
            return False
        view.begin(event)
        run.step(record)
        if event[0] == protocol.MIGRATE:
            view.moved(self._known[event[2]], run.state)
            view.watch(self._clients[event[2]])
        view.stepped(run.state)
        return True
