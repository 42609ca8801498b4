# Relational machines: many states active at once, relations between them, a clock for each; a
# client of the kernel.  docs/RELATIONAL.md says how one is written.
from .. import const, once
from ..draft import shown
from ..errors import LimitError, fault
from ..kernel.rejected import Rejected
from ..values import Obj
from ..values.cbor import encode_all, encoded_size
from . import inputs
from .moment import Moment
from .resolve import Node, mask
from .schema import Schema

_SIGNAL = const(8)  # as kernel/protocol.py has it
# As resolve.py and turn.py have them.
_REMOVE = const(1)
_PAIR = const(3)
_PLANS = const(2)  # that a board keeps


class Part:
    # What a machine is between steps; never changed.
    result = None  # what became of the mutation that came with the step
    raised = None  # as m.raised

    def __init__(self, ticks, node, data):
        self.ticks = ticks
        self.node = node  # active states, in their order
        self.data = data
        self.queue = []
        self.queue_tick = 1
        self.machine_tick = 0
        self.error = None
        self.subs = []  # subscriptions
        self.acts = {}  # what comes of pending tasks and timers


class Relational:
    # For the kernel it is its own program, too: whose journal it is, what it needs, what a step
    # may take.
    needs = 0
    signals = True
    watch = None  # a function(m, kind, called, flags, accepted), told of each transition
    made = 0  # plans

    def __init__(self, machine):
        self.machine = machine
        self.program = self
        self.plans = _PLANS if Obj is not dict else 4096
        self.nodes = {}
        self.own = {}  # handlers, by sort, as turn.py has them, and state
        once("relational.opening", "made", self, machine, Schema)

    def resources(self):
        return self.tasks

    def handler(self, name, sort, i, j):
        f = getattr(self.machine, name)
        if callable(f):
            own = self.own.setdefault(sort, {})
            if sort == _PAIR:
                own = own.setdefault(i, {})
                i = j
            own[i] = f

    def listed(self, p, node, kind):
        # Which handlers a plan calls, in their order: (function, sort, state, other state).
        if not self.own:
            return
        target = p.node.active
        asks = self.of(0, p.exits) + self.of(1, p.enters)
        if kind != _REMOVE:
            asks += self.of(2, [i for i in target if node.mask >> i & 1])
        pairs = self.own.get(_PAIR)
        if pairs:
            for i in node.active:
                row = pairs.get(i)
                if row:
                    asks += [(row[j], _PAIR, i, j) for j in target if j in row]
        p.asks = tuple(asks + self.of(4, (-1,)))
        p.tells = tuple(self.of(5, p.exits) + self.of(6, p.enters) + self.of(7, (-1,)))

    def of(self, sort, states):
        row = self.own.get(sort)
        if not row:
            return []
        return [(row[i], sort, i, i if sort == 2 else -1) for i in states if i in row]

    def node(self, active, there):
        # `there`: their mask; None if it is to be found
        active = tuple(active)
        node = self.nodes.get(active)
        if node is None:
            node = Node(active, mask(active) if there is None else there)
            self.nodes[active] = node
        return node

    def trim(self, node):
        # Plans are made again when they are wanted.
        node.plans = {}
        self.nodes = {node.active: node}
        self.made = 0

    def subscriptions(self):
        from . import subscriptions

        return subscriptions

    def function(self, name):
        # One of the class that may be called by its name; what Python gives a class is not the
        # same on every interpreter.
        f = None
        if isinstance(name, str) and name[:1] != "_" and name != "mro":
            f = getattr(self.machine, name, None)
        if not callable(f):
            raise fault("TSME-M021", self.name, name)
        return f

    def evaluate(self, m, item):
        return once("relational.seldom", "evaluate", m, item)

    # --- what the kernel asks of a client ---

    def start(self, d, value):
        part = Part([0] * self.schema.count, self.node((), 0), self.initial)
        part = self.call(d, part, _started, value)
        return once("relational.opening", "whole", self, d, part)

    def step(self, d, part, kind, action, a, b):
        if kind == _SIGNAL:
            return self.call(d, part, inputs.signal, a)
        if action:
            return self.call(d, part, inputs.ended, kind, action, a, b)
        return self.call(d, part, None)

    def call(self, d, part, function, *args):
        # One step: `function` says what came, and then what waits is done.
        buf = d.frames = bytearray()
        m = Moment(self, part, d)
        try:
            if function:
                function(m, *args)  # calls: inputs
            m.drain()
            new = self.after(m, part, buf)
        except (LimitError, MemoryError):
            raise
        except Exception as e:
            raise Rejected(shown(e), e)
        finally:
            m.close()
        return new

    def after(self, m, old, buf):
        # The part that a step leaves, and the delta (docs/SPEC.md, 9).
        new = Part(m._ticks, m.node, old.data)
        new.queue_tick = m.queue_tick
        new.machine_tick = old.machine_tick
        new.error = m.error
        new.result = m.result
        new.raised = m.raised
        ticks = []
        was = old.ticks
        for i, n in enumerate(m._ticks):
            if n != was[i]:
                ticks += (i, n)
        queue = subs = acts = error = active = None
        if m.queue or old.queue:
            new.queue = m.queue
            queue = m.queue
        if m.subs is not old.subs:
            subs = m.subs
        if m.acts is not old.acts:
            acts = listed(m.acts)
        if m.error is not old.error:
            error = m.error
        if m.node.active != old.node.active:
            active = m.node.active
        new.subs = m.subs
        new.acts = m.acts
        encode_all(buf, (ticks, active, m.queue_tick, queue, error, subs, acts), True)
        draft = m.draft
        if draft is not None:
            new.data = draft.value(0, True)
            if draft.changed:
                draft.delta(buf, 0, b"")
        return new

    def migrate(self, d, old, plan):
        return once("relational.versions", "migrate", self, Part, d, old)

    def restore(self, state):
        return state.tasks()  # as they were

    def runnable(self, part):
        return bool(part.queue)

    def attempt(self, part, action):
        return 1

    def delta(self, buf, d):
        if d.frames:
            buf += d.frames

    def codec(self):
        return self

    def encode(self, part, now):
        head = [part.ticks, part.node.active, part.queue_tick, part.machine_tick, part.queue]
        return head + [part.error, part.subs, listed(part.acts), part.data]

    def size(self, part, now):
        return encoded_size(self.encode(part, now))

    def decode(self, item, now):
        return once("relational.opening", "decoded", self, Part, item)


def listed(acts):
    return [[i] + list(acts[i]) for i in sorted(acts)]


def _started(m, value):
    once("relational.opening", "start", m, value)
