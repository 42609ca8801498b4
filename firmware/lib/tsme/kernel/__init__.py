# The kernel: (state, input) -> (state', actions, record).  Pure; knows nothing of ASL.
# A client gives the logic: program.Interpreter is one, machine.Machine another; what the kernel
# asks of them, __init__.pyi says (Client).  The kernel owns what all need: time, ids, pending
# actions, random numbers, the end of an execution, and the digest.

from collections import namedtuple

try:
    from binascii import crc32
except ImportError:
    from ..values.crc import crc32

from .. import const, once
from ..errors import fault
from ..values import UINT_MAX, UNICODE
from ..values.cbor import encode_all, encode_into
from .limits import LIMITS

# As protocol.py has them.
_CONTINUE = const(0)
_START = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_HEARTBEAT = const(4)
_TIMER = const(5)
_STOP = const(6)
_STARTED = const(7)
_SIGNAL = const(8)
_SLEEP = const(9)
_MIGRATE = const(10)
_RUNNING = const(0)
_DONE = const(1)
_FAULT = const(2)
_STOPPED = const(3)
_TASK = const(0)
_WAKE = const(1)
_EMITS = ("log", "metric", "publish")
# Items of an input, by its kind; one more bounds the step, or is what was raised (SPEC 3.1).
_ITEMS = b"\2\10\4\5\3\3\4\3\3\2\4"
# What the inputs of an execution lead to (docs/SPEC.md, 3.5).  Whatever changes that, be it the
# repair of a mistake, takes the next number, and asks d.origin[3] > 1 where old and new part.
BEHAVIOUR = 1
_OLDEST = const(1)


# What a step asks the outside to do (docs/SPEC.md, 3.2); a tuple takes less than an object.
Action = namedtuple("Action", "id kind frame due resource payload heartbeat started deadline")
# The state after a step, the actions to start once `record` is durable.
Step = namedtuple("Step", "state actions record")


class State:
    # The whole live state.  Never changed once a step has made it.
    steps = execution = now = rng = digest = 0  # execution 0: none yet
    status = _DONE
    next_id = 1
    # start time, input if it is kept, context, behaviour, digest of the program
    origin = 0, None, None, BEHAVIOUR, bytes(8)
    pending = {}  # id -> action
    result = client = None  # output, or [error, cause]; the client's part
    bound = 0  # bytes of a checkpoint, at most

    def tasks(self):
        # those that are pending, the oldest first
        pending = self.pending
        return [pending[i] for i in sorted(pending) if pending[i].kind == _TASK]

    def due(self, asking=()):
        # The pending action whose time comes first, of several the oldest; `asking`: ids of those
        # whose time does not count now.
        first = None
        for i, action in self.pending.items():
            due = action.due
            if due is None or i in asking:
                continue
            if first is None or due < first.due or due == first.due and i < first.id:
                first = action
        return first

    def state_of(self, action):
        # The number of the state that it is of; None: of the whole workflow, or of a machine.
        known = action.frame is not None and isinstance(self.client, list)
        return self.client[action.frame].state if known else None


class StepBuilder(State):
    # The state that a step is making.
    status = _RUNNING
    random = False
    frames = None  # what the client works on; None: it had no part in this step
    error = None  # [error, cause] of the state that cannot be made; of a replay, what was raised
    raised = None  # by handlers in this step, as its record is to have it (docs/SPEC.md, 9.2)
    work = None  # what sizes.spend() has counted

    def __init__(self, old, now):
        self.steps = old.steps + 1
        self.execution = old.execution
        self.now = now if now > old.now else old.now
        self.next_id = old.next_id
        self.rng = old.rng
        self.digest = old.digest
        self.origin = old.origin
        self.pending = old.pending
        self.bound = old.bound
        self.first = old.next_id
        self.actions = []
        self.gone = []
        self.changed = []

    def drop(self, i):
        changed = self.changed
        if not changed and not self.gone:
            self.pending = dict(self.pending)
        if i < self.first:
            self.gone.append(i)
        else:
            self.actions = [a for a in self.actions if a.id != i]
        if changed and i in changed:
            changed.remove(i)
        return self.pending.pop(i)

    def _begin(self, kind, frame, due, resource=None, payload=None, heartbeat=0, deadline=None):
        pending = self.pending
        if not self.changed and not self.gone:
            pending = self.pending = dict(pending)
        i = self.next_id
        self.next_id = i + 1
        self.changed.append(i)
        action = Action(i, kind, frame, due, resource, payload, heartbeat, 0, deadline)
        pending[i] = action
        self.actions.append(action)
        return i

    def timer(self, frame, due):
        return self._begin(_WAKE, frame, due)

    def task(self, frame, resource, payload, timeout=0, heartbeat=0):
        # timeout, heartbeat in ms, 0 for none
        deadline = self.now + timeout if timeout else None
        due = self._due(deadline, heartbeat)
        return self._begin(_TASK, frame, due, resource, payload, heartbeat, deadline)

    def _due(self, deadline, heartbeat):
        if not heartbeat:
            return deadline
        due = self.now + heartbeat
        return due if deadline is None or due < deadline else deadline

    def _alter(self, a, due, started):
        # Heartbeats, and the starts of `once` tasks: nothing else happens in their steps.
        self.pending = dict(self.pending)
        self.changed.append(a.id)
        kept = a.resource, a.payload, a.heartbeat, started, a.deadline
        self.pending[a.id] = Action(a.id, a.kind, a.frame, due, *kept)

    def beat(self, a):
        self._alter(a, self._due(a.deadline, a.heartbeat), a.started)

    def begun(self, a):
        self._alter(a, a.due, 1)

    def emit(self, kind, payload):
        self.actions.append(Action(0, _EMITS[kind], None, None, None, payload, 0, 0, None))

    def draw(self):
        from . import rng  # most programs have no use for it

        self.random = True
        x = self.rng
        self.rng = rng.advance(x)
        return rng.output(x)

    def below(self, n):
        return self.draw() * n >> 32

    def succeed(self, value):
        self._end(_DONE, value)

    def fail(self, error, cause):
        self._end(_FAULT, [error, cause])

    def _end(self, status, result):
        self.status = status
        self.result = result
        for i in list(self.pending):
            self.drop(i)


def put_step(d, kind, ms, fields):
    # -> the record of a step, `ms` after the one before, without its digest; and what it has
    # changed but for the client's part.  fields: None if the record is not asked for
    record = bytearray(4)
    if kind == _START:
        encode_all(record, (kind, ms), True)
        at = len(record)
        encode_all(record, fields, True)
        d.digest = crc32(record[at:])  # of what no delta shows: seed, names, program
    elif fields is not None:
        encode_all(record, (kind, ms) + tuple(fields), True)
    buf = bytearray()
    changed = d.changed
    if changed:
        changed = [d.pending[i] for i in changed]
        changed = [action[: 4 if action.kind else 9] for action in changed]
    rng = d.rng if d.random else None
    encode_all(buf, (d.status, ms, d.next_id, rng, d.gone, changed), True)
    return record, buf


if UNICODE:
    from ..values.native import sooner

    put_step = sooner(put_step)


class Kernel:
    recording = True  # False: nobody asks for the records of steps

    def __init__(self, client, room=None, find=None):
        self.client = client  # of the execution under way, or the last
        self.room = room  # bytes of a checkpoint that the journal takes, if there is one
        self.find = find  # a function(digest) -> the client that has it, or None

    def use(self, digest, n=BEHAVIOUR):
        # n: the behaviour of its execution; 0: of a release that did not number them
        if type(n) is not int or not _OLDEST <= n <= BEHAVIOUR:
            raise fault("TSME-K007", n, BEHAVIOUR)
        if not self.client or self.client.program.digest != digest:
            client = self.find and self.find(digest)
            if not client:
                raise fault("TSME-K005", digest)
            self.client = client

    def step(self, state, event):
        # event: (kind, now, fields ...) as docs/SPEC.md, 3.1.  -> Step, or None for an input
        # that names an action which is not pending (late, or there twice).
        kind = event[0]
        action = self.work = None  # transitions, made or not; None: the input is wrong
        if kind == _START:
            if state.execution and state.status == _RUNNING:
                raise fault("TSME-K001", state.execution)
            self.use(event[3], event[7] if len(event) > 7 else 0)
        elif state.status != _RUNNING or not state.execution:
            raise fault("TSME-K002")
        elif kind not in (_CONTINUE, _STOP, _SIGNAL, _SLEEP, _MIGRATE):
            action = state.pending.get(event[2])
            if action is None:
                return None
            due = action.due
            if (due is None or event[1] < due) if kind == _TIMER else action.kind != _TASK:
                from .protocol import INPUTS

                raise fault("TSME-K003", INPUTS[kind], action.id)
        elif kind == _CONTINUE and not self.client.runnable(state.client):
            raise fault("TSME-K004")
        elif kind == _SIGNAL and not self.client.signals:
            raise fault("TSME-K006")
        d = StepBuilder(state, event[1])
        client = self.client
        most = client.program.budget
        if len(event) > _ITEMS[kind]:
            most = event[-1]
            if isinstance(most, list):
                d.error = most
                most = client.program.budget if client.signals else 1
        d.left = most  # transitions left in this step
        try:
            if kind == _START:
                self.start(d, event)
            else:
                d.client = state.client
                self.turn(d, kind, action, event)
            return self.finish(d, state, event)
        finally:
            self.work = most - d.left
            if d.changed is not None:  # it has not happened
                self.client = client

    def start(self, d, event):
        now, execution, digest, seed, value, context = event[1:7]
        kept = value if self.client.program.needs & 64 else None
        d.execution = execution
        d.steps = 1
        d.now = now
        d.next_id = d.first = 1
        # A small seed's first draw would be 0.  This is rng.advance(), which few need besides.
        d.rng = (seed * 6364136223846793005 + 1442695040888963407) & UINT_MAX
        d.pending = {}
        d.origin = [now, kept, context, event[7], digest]
        d.bound = 64
        d.client = self.client.start(d, value)

    def turn(self, d, kind, action, event):
        a = b = None
        if kind == _SUCCEEDED or kind == _FAILED or kind == _TIMER:
            d.drop(action.id)
            if kind != _TIMER:
                a = event[3]
                b = event[4] if kind == _FAILED else None
        elif kind == _SIGNAL:
            a = event[2]
        elif kind == _HEARTBEAT:
            return d.beat(action)
        elif kind == _STARTED:
            return d.begun(action)
        elif kind == _STOP:
            return d._end(_STOPPED, [event[2], event[3]])
        elif kind == _SLEEP:
            return None  # it brings nothing but the time
        elif kind == _MIGRATE:
            return once("kernel.migrate", "migrate", self, d, event[2:])
        d.client = self.client.step(d, d.client, kind, action, a, b)

    def finish(self, d, old, event):
        kind = event[0]
        ms = d.now - (0 if kind == _START else old.now)
        if d.gone:
            d.gone.sort()
        if d.changed:
            d.changed.sort()
        fields = event[2:] if self.recording or kind == _START else None
        if d.raised and fields is not None:
            fields = tuple(fields) + (d.raised,)
        record, delta = put_step(d, kind, ms, fields)
        if kind == _START:
            d.bound += len(record)
        if d.status:
            encode_into(delta, d.result)
            d.client = None
        else:
            self.client.delta(delta, d)
        d.digest = crc32(delta, d.digest) & 0xFFFFFFFF
        d.bound += len(delta)
        if d.bound > LIMITS["state_bytes"] or self.room and d.bound > self.room:
            from . import checkpoints

            checkpoints.bound(self, d)
        record[:4] = d.digest.to_bytes(4, "little")
        step = Step(d, d.actions, record)
        d.actions = d.gone = d.changed = None
        return step

    def checkpoint(self, state):
        from . import checkpoints

        return checkpoints.write(self.client, state)

    def restore(self, item, size=0):
        # the state of a decoded checkpoint of so many bytes, 0 if that is not known
        return once("kernel.checkpoints", "restore", self, State(), Action, item, size)
