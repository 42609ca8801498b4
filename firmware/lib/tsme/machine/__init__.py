# Plain state machines: a class with stf(state, input, actions), a client of the kernel.
#
#     class Counter:
#         initial = {"count": 0}
#
#         def stf(state, input, actions):
#             state["count"] += input.value
#
# Optional: start(state, input, actions) is called once, with what the execution starts with;
# restore(state, actions) after a reset, and names anew each task that is pending, under its id;
# name and version say whose journal it is; tasks names the tasks it starts.
from .. import const, once
from ..draft import shown
from ..draft.drafts import ObjectDraft, frozen, own
from ..errors import LimitError, fault
from ..kernel import Action
from ..kernel.protocol import INPUTS
from ..kernel.rejected import Rejected
from ..values import UNICODE, Obj
from ..values.cbor import encode_into, encoded_size

# As kernel/protocol.py has them.
_START = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_TIMER = const(5)
_SIGNAL = const(8)
_TASK = const(0)
_LONGEST = 0x7FFFFFFFFFF  # ms, some 279 years


class Input:
    # kind: "start", "signal", "succeeded", "failed" or "timer".  value: of a start or signal, or a
    # task's result.  id: of the action that has ended, None for start and signal.  now: ms since
    # 1970.  error, cause: of a task that failed.  task, payload: of the task that has ended.
    id = value = error = cause = _action = None

    def __init__(self, kind, now):
        self.kind = kind
        self.now = now

    @property
    def task(self):
        a = self._action
        return a.resource if a and a.kind == _TASK else None

    @property
    def payload(self):
        return own(self._action.payload) if self.task else None


class Actions:
    # What a step asks the outside to do.  Nothing of it is done unless the step is durable.
    def __init__(self, d):
        self._d = d

    def _step(self, over=False):
        # over: also once end() or fail() was called
        d = self._d
        if d is None:
            raise fault("TSME-M002")
        if d.status and not over:
            raise fault("TSME-M010")
        return d

    def task(self, name, payload=None, timeout=0, heartbeat=0):
        # -> the id under which its result comes back.  timeout, heartbeat in ms, 0 for none
        payload = frozen(payload)
        d = self._step()
        return d.task(0, frozen(name), payload, _ms(timeout), _ms(heartbeat))

    def timer(self, ms):
        # -> the id of an input "timer", which comes after ms
        d = self._step()
        return d.timer(0, d.now + _ms(ms))

    def cancel(self, id):
        # A task or timer that is pending is not wanted any more.
        d = self._step()
        if id not in d.pending:
            raise fault("TSME-M005", id)
        d.drop(id)

    def log(self, payload):
        self._step(True).emit(0, frozen(payload))

    def metric(self, payload):
        self._step(True).emit(1, frozen(payload))

    def publish(self, payload):
        self._step(True).emit(2, frozen(payload))

    def random(self, n):
        # an integer from 0 to n - 1, the same one at every replay
        return self._step(True).below(n)

    def end(self, result=None):
        # The execution is over, and so are its tasks and timers.
        self._step().succeed(frozen(result))

    def fail(self, error, cause=""):
        from ..values.copies import text_of

        d = self._step()
        d.fail(frozen(text_of(error)), frozen(text_of(cause)))


def _ms(n):
    if type(n) is not int or n < 0 or n > _LONGEST:
        raise fault("TSME-M011", n)
    return n


class Restored:
    # What restore() is given to name its tasks: a task that is pending, by its id, is started
    # again as it was, or as something else that finds out what became of it.
    def __init__(self, state):
        self._all = {a.id: a for a in state.tasks()}
        self.named = {}

    @property
    def pending(self):
        # (id, task, payload) of each, the oldest first
        return [(a.id, a.resource, own(a.payload)) for a in self.tasks()]

    def tasks(self):
        return [self._all[i] for i in sorted(self._all)]

    def _task(self, id, name):
        a = self._all.get(id)
        if id in self.named or a is None:
            raise fault("TSME-M006", id, name)
        return a

    def task(self, name, payload=None, id=None):
        self._task(id, name)
        self.named[id] = (name, frozen(payload))
        return id

    def again(self, id):
        # as it was
        a = self._task(id, "again")
        self.named[id] = (a.resource, a.payload)
        return id

    def actions(self):
        out = []
        for a in self.tasks():
            if a.id not in self.named:
                raise fault("TSME-M007", a.id, a.resource)
            what = self.named[a.id]
            started = a.started if what[0] == a.resource else 0  # other work has not begun
            limits = a.heartbeat, started, a.deadline
            out.append(Action(a.id, a.kind, a.frame, a.due, *(what + limits)))
        return out


class Definition:
    # What stands for a program: whose journal it is, what it needs, what a step may take.
    budget = 1  # every step is one transition
    needs = 0

    def __init__(self, machine):
        name = getattr(machine, "name", None) or getattr(machine, "__name__", None)
        self.name = name or type(machine).__name__
        self.version = getattr(machine, "version", 1)
        # a device has no source to take a digest of
        text = "%s %s" % (self.name, self.version)
        self.digest = once("values.hashes", "digest", "sha256", text.encode())[:8]
        self.tasks = list(getattr(machine, "tasks", ()))

    def resources(self):
        return self.tasks


class Machine:
    signals = True

    def __init__(self, machine):
        self.machine = machine
        if not hasattr(machine, "stf"):
            raise fault("TSME-M008", getattr(machine, "__name__", machine))
        self.program = Definition(machine)
        before = getattr(machine, "before", None)
        if isinstance(before, str):
            raise fault("TSME-M026", self.program.name, before)
        self.initial = frozen(getattr(machine, "initial", {}))
        if type(self.initial) is not Obj:
            raise fault("TSME-M009", self.program.name)
        self.stf = machine.stf
        self.begin = getattr(machine, "start", None)

    # --- what the kernel asks of a client ---

    def start(self, d, value):
        d.frames = bytearray()
        given = Input("start", d.now)
        given.value = own(value)
        part = self.initial
        if self.begin:
            part = self.call(d, self.begin, part, given)
        d.frames = bytearray()
        encode_into(d.frames, part)
        return part

    def step(self, d, part, kind, action, a, b):
        given = Input(INPUTS[kind], d.now)
        if action:
            given.id = action.id
            given._action = action
        if kind == _SIGNAL or kind == _SUCCEEDED:
            given.value = own(a)
        elif kind == _FAILED:
            given.error, given.cause = a, b
        elif kind == _TIMER and action.kind == _TASK:  # its time is up
            given.kind, given.error, given.cause = "failed", "States.Timeout", ""
        return self.call(d, self.stf, part, given)

    def migrate(self, d, old, plan):
        return once("machine.versions", "migrate", self, d, old)

    def call(self, d, function, part, given):
        # What it changes is encoded at once: a value that is none is an error of the step.
        state = ObjectDraft(part)
        actions = Actions(d)
        d.frames = bytearray()
        try:
            function(state, given, actions)  # calls: what the user wrote
            part = state.value(0, True)
            if state.changed:
                state.delta(d.frames, 0, b"")
        except (LimitError, MemoryError):
            raise
        except Exception as e:
            raise Rejected(shown(e), e)
        finally:
            state.open = False
            close(actions)
        return part

    def restore(self, state):
        # -> the tasks that are pending, as they are to be started again
        given = Restored(state)
        restore = getattr(self.machine, "restore", None)
        if restore:
            part = ObjectDraft(state.client)
            part.open = False
            restore(part, given)
        else:
            for a in given.tasks():
                given.again(a.id)
        return given.actions()

    def runnable(self, part):
        return False

    def attempt(self, part, action):
        return 1

    def delta(self, buf, d):
        if d.frames:
            buf += d.frames

    def codec(self):
        return self

    def encode(self, part, now):
        return part

    def size(self, part, now):
        return encoded_size(part)

    def decode(self, item, now):
        return item


def close(actions):
    # The step is over: nothing can be asked for any more.
    actions._d = None


if UNICODE:
    from ..draft import native

    native.given(Input, Actions, shown)
