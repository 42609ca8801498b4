"""Redrives: an execution goes on from the state that failed, by a checkpoint behind its end.

The checkpoint has the workflow just behind the entry of the state that it was in when it ended,
nothing pending, and the values that it had there.  In a Parallel or a Map so have those branches
and items that have not ended; what the others gave is kept.  Children of a distributed Map that
failed go on, too, though the Map had gone on without them.  It is not what the step before it
leads to; so what follows is a journal of its own, which begins with it (docs/SPEC.md, 4.7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from tsme import kernel
from tsme.errors import TsmeError
from tsme.kernel import State, protocol, replay
from tsme.program import interpreter
from tsme.values import cbor

from ..journal.listing import Listing, listing
from ..journal.watching import Join, Told, Watcher
from .branch import UNKNOWN, Branch
from .map_runs import KINDS

Frames = dict[int, list[Any]]  # items of frames as checkpoints have them, by their numbers


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
    view.runs.cut()
    history = view.history
    history.status, history.error, history.cause = "RUNNING", None, None
    before = sum(event["type"] == "ExecutionRedriven" for event in history.events)
    number = view.add("ExecutionRedriven", None, details={"redriveCount": before + 1})
    frames: list[Any] = state.client
    view.branches, below = _branches(root, frames)
    for n, branch in view.branches.items():
        frame = frames[n]
        branch.state = frame.state if frame.entry else -1
        branch.failed, branch.done, branch.action, branch.fault = False, 0, None, UNKNOWN
        branch.prev = number
        join = Join(*frame.join) if frame.join else None
        branch.left = join.left if join else 0
        view.runs.reopened(branch, join, below.get(n, []))
    view.failing, view.aborted = root, []
    view.fails(root, UNKNOWN)
    view.reopened()


def _branches(root: Branch, frames: list[Any]) -> tuple[dict[int, Branch], dict[int, list[int]]]:
    """-> what a history knows of each frame, and which children each has"""
    found: dict[int, Branch] = {}
    below: dict[int, list[int]] = {}
    left = [n for n, frame in enumerate(frames) if frame]
    while left:  # a round for each level
        wait = []
        for n in left:
            frame = frames[n]
            if frame.parent is None:
                found[n] = root
            elif frame.parent in found:
                branch = found[n] = found[frame.parent].below[frame.index]
                branch.parent = frame.parent
                below.setdefault(frame.parent, []).append(frame.index)
            else:
                wait.append(n)
        left = wait
    return dict(sorted(found.items())), below


class _Entries(Watcher):
    """What each frame was when it entered a state last, and all of them when children were cut
    that nobody went on without.  Of children of distributed Maps also what those were that failed
    and were gone on without: `lost`, by the number of the Map's frame and their index.

    `express`: the names of the distributed Maps whose children begin again.
    """

    def __init__(self, what: Listing, express: Collection[str]) -> None:
        self.what = what
        self.express = express
        self.items: Frames = {}  # that frames go on as
        self.begun: Frames = {}  # of children, before they ran
        self.whole: Frames = {}  # of distributed Maps whose children have all ended
        self.entered: Frames = {}  # of those whose results are written, what `items` had
        self.lost: dict[int, dict[int, tuple[int, Frames]]] = {}
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
        self._ends(told.frame)
        self._goes_on()

    def on_spawn(self, told: Told) -> None:
        self.items.pop(told.frame, None)
        self.begun[told.frame] = _copied(told.tracer.frame(told.frame))
        self._ends(told.frame)
        self._last = max(self._last, told.frame)
        self._goes_on()

    def on_fork(self, told: Told) -> None:  # noqa: ARG002
        self._goes_on()

    def on_map(self, told: Told) -> None:
        self._ends(told.frame)
        self._goes_on()

    def on_task(self, told: Told) -> None:
        site = self.what.sites.get(told.pc - 1)
        if site is not None and site.kind == "writer" and told.frame in self.whole:
            self.entered[told.frame] = self.items[told.frame]
            self.items[told.frame] = self.whole.pop(told.frame)

    def on_resume(self, told: Told) -> None:
        if told.frame in self.entered and told.number != protocol.FAILED:
            # it is written, or all is tried again
            self.items[told.frame] = self.entered[told.frame]
            self._ends(told.frame)
        self._goes_on()

    def on_branch(self, told: Told) -> None:
        self._child(told, told.image.slots[0])
        self._goes_on()

    def on_tolerated(self, told: Told) -> None:
        parent, index = told.image.parent, told.image.index
        assert parent is not None
        assert index is not None
        frames = dict(enumerate(self.cut)) if self.cut else {}
        frames = _under(frames, told.frame) or {told.frame: told.tracer.frame(told.frame)}
        above = told.tracer.frame(parent)
        if self._kind(above) in KINDS:
            again = {told.frame: self.begun[told.frame]}
            tree = again if self._express(above) else self.rewound(frames)
            self.lost.setdefault(parent, {})[index] = (told.frame, tree)
        self._child(told, None)
        self._goes_on()

    def _child(self, told: Told, output: Any) -> None:
        """A child has ended: the last one of a distributed Map?"""
        number = told.image.parent
        assert number is not None
        parent = told.tracer.frame(number)
        if parent[_JOIN][1] == 1 and self._kind(parent) in KINDS:
            whole = _copied(parent)
            whole[_WAIT], whole[_JOIN][1] = 0, 0
            whole[_JOIN][0][told.image.index] = output
            self.whole[number] = whole

    def _ends(self, number: int) -> None:
        """What is known of a Map of this frame is of one that is over."""
        for known in (self.whole, self.entered, self.lost):
            known.pop(number, None)

    def _kind(self, item: list[Any]) -> str:
        """Of the Map that a frame waits for."""
        site = self.what.sites.get(item[_JOIN][3] - 1)
        return "" if site is None else site.kind

    def _express(self, item: list[Any]) -> bool:
        return self.what.states[item[_STATE]].name in self.express

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

    def restored(self, items: list[Any]) -> None:
        """An execution was redriven, with these frames."""
        self.items, self.begun, self.whole, self.entered = {}, {}, {}, {}
        self.lost, self.cut, self._last = {}, [], len(items) - 1
        for number, item in enumerate(items):
            if item is None:
                continue
            self.begun[number] = item
            if _waits(item) and item[_JOIN][1]:
                self.items[number] = _at_entry(item)
            elif _waits(item):
                self.items[number], self.entered[number] = item, _at_entry(item)
            elif item[_ENTRY]:
                self.items[number] = item

    def rewound(self, frames: Frames) -> Frames:
        """Frames as they are to go on: what has ended well of a Parallel or Map stays, what has
        not is at the entry of its state."""
        found: Frames = {}
        again = set()  # frames whose children are not wanted
        for number in _downwards(frames):
            item = frames[number]
            if item[0] in again:
                again.add(number)
                continue
            above = found.get(item[0])
            if above is not None and self._kind(above) in KINDS and self._express(above):
                found[number] = self.begun[number]
                again.add(number)
            elif _waits(item) and self._kind(item) != "select":
                found[number] = item
            else:  # `known`: of a child that has entered no state
                known = self.begun.get(number, item)
                found[number] = self.items.get(number, known)
                again.add(number)
        for number in list(found):
            if _waits(found[number]) and number in self.lost:
                found[number] = _planted(found, number, self.lost[number])
        return found


_ENTRY, _STATE, _WAIT, _SLOTS, _INDEX, _JOIN = 2, 4, 6, 10, 11, 12
_MORE = 6  # of a join: how many children may fail


def _waits(item: list[Any]) -> bool:
    """Whether a frame waits for its children, or has what they gave."""
    return len(item) > _JOIN and bool(item[_JOIN])


def _at_entry(item: list[Any]) -> list[Any]:
    """What a frame that waits for its children was when it entered its state."""
    parent, _, entry, _, state = item[:5]
    slots, index = item[_SLOTS:_JOIN]
    counters = [0] * len(item[7])
    return [parent, entry, entry, 0, state, 0, 0, counters, None, None, slots, index, None]


def _copied(item: Any) -> Any:
    """A frame's item that stays as it is when the frame changes."""
    if item is None:
        return None
    copy = list(item)
    copy[_SLOTS] = list(item[_SLOTS])
    if _waits(item):
        results, *more = item[_JOIN]
        copy[_JOIN] = [list(results), *more]
    return copy


def _downwards(frames: Frames) -> list[int]:
    """The numbers of frames, each behind that of its parent if this is among them."""
    below: dict[int | None, list[int]] = {}
    for number, item in frames.items():
        if item:
            below.setdefault(item[0] if item[0] in frames else None, []).append(number)
    order = list(below.get(None, []))
    for number in order:  # which grows
        order += below.get(number, [])
    return order


def _under(frames: Frames, top: int) -> Frames:
    """A frame and all that is below it."""
    found: Frames = {}
    for number in _downwards(frames):
        if number == top or frames[number][0] in found:
            found[number] = frames[number]
    return found


def _planted(frames: Frames, number: int, lost: dict[int, tuple[int, Frames]]) -> list[Any]:
    """Puts children that were lost back below a frame, into free places; the frame's new item."""
    item: list[Any] = _copied(frames[number])
    join, free = item[_JOIN], 1
    taken = {*frames, *(child[0] for child in frames.values())}
    for index, (top, tree) in lost.items():
        places: dict[int, int] = {}
        for old in _downwards(tree):
            while free in taken:
                free += 1
            taken.add(free)
            places[old] = free
            child = frames[free] = list(tree[old])
            child[0] = number if old == top else places[child[0]]
        join[0][index] = cbor.MISSING
        join[1] += 1
        join[_MORE] += 1
    item[_WAIT] = -1
    return item


def checkpoint(
    program: bytes,
    debug: bytes,
    records: Iterable[bytes | Redriven | Altered],
    now: int,
    express: Collection[str] = (),
) -> bytes:
    """The body of the checkpoint with which an execution that has ended goes on at `now`.

    `records`: all of its steps.  `express`: the names of its distributed Maps whose children begin
    again.  Raises TsmeError if they do not replay, or do not reach back to the start.
    """
    what = listing(program, debug)
    vm = interpreter.Interpreter(what.program)
    core = kernel.Kernel(vm)
    run = replay.Replay(core)
    entries = _Entries(what, express)
    entries.watch(vm)
    before, redrives = run.state, 1
    for record in records:
        if isinstance(record, Redriven):
            entries.restored(_items(vm, restore(run, record)))
            redrives += 1
        elif isinstance(record, Altered):
            restore(run, record)
        else:
            before, entries.quiet = run.state, True
            run.step(record)
    old = run.state
    if 0 not in entries.items or old.status == protocol.RUNNING:
        raise TsmeError("TSME-R005", "the records do not reach from a state to the end")
    frames = entries.cut
    if entries.quiet:  # it was stopped, or its own time was up
        frames = _items(vm, before)
    found = entries.rewound(dict(enumerate(frames or [entries.items[0]])))
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
    items = [found.get(number) for number in range(max(found) + 1)]
    state.client = vm.codec().decode(items, state.now)
    return bytes(core.checkpoint(state))


def _items(vm: Any, state: State) -> list[Any]:
    return [_copied(item) for item in vm.codec().encode(state.client, state.now)]
