# Relational machines: many states active at once, relations between them, a clock for each; a
# client of the kernel.  docs/RELATIONAL.md says how one is written.
from .. import const, once
from ..draft import drafts, shown
from ..errors import LimitError, fault
from ..kernel.rejected import Rejected
from ..values import Obj
from ..values.cbor import encode_all, encoded_size
from . import inputs
from .moment import Moment
from .resolve import Node
from .schema import Schema

_SIGNAL = const(8)  # as kernel/protocol.py has it
# As resolve.py and moment.py have them.
_REMOVE = const(1)
_EVAL = const(3)
_PAIR = const(3)
_PLANS = const(2)  # that a board keeps
_SORTS = ("Exit", "Enter", "", "", "Enter", "End", "State", "State")


class Part:
    # What a machine is between steps; never changed.
    result = None  # what became of the mutation that came with the step

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


class Definition:
    # What stands for a program: whose journal it is, what it needs, what a step may take.
    needs = 0

    def __init__(self, machine, data, schema):
        self.name = schema.name
        self.version = schema.version
        self.budget = getattr(machine, "budget", 256)
        self.digest = once("values.hashes", "digest", "sha256", data)[:8]
        self.tasks = list(getattr(machine, "tasks", ()))

    def resources(self):
        return self.tasks


class Relational:
    signals = True
    watch = None  # a function(m, kind, called, flags, accepted), told of each transition
    made = 0  # plans

    def __init__(self, machine):
        self.machine = machine
        data = self.data = compiled(machine)
        self.schema = Schema(data)
        self.program = Definition(machine, data, self.schema)
        self.initial = drafts.frozen(getattr(machine, "initial", {}))
        if type(self.initial) is not Obj:
            raise fault("TSME-M009", self.program.name)
        self.deadline = getattr(machine, "deadline", 1000)
        self.queue_limit = getattr(machine, "queue_limit", 1000)
        self.plans = _PLANS if Obj is not dict else 4096
        self.nodes = {}
        self.handlers()

    def handlers(self):
        # Those of the class, by what they are for.
        self.some = False
        self.own = [{}, {}, {}, {}, {}, {}, {}, {}]  # by sort, as moment.py has them, and state
        index = self.schema.index
        sorts = (("Exit", 0), ("Enter", 1), ("End", 5), ("State", 6))
        for name in dir(self.machine):
            if name[:1] == "_":
                continue
            for end, sort in sorts:
                i = index.get(name[: -len(end)]) if name.endswith(end) else None
                if i is not None:
                    self.handler(name, sort, i, -1)
            if name == "AnyEnter" or name == "AnyState":
                self.handler(name, 4 if name == "AnyEnter" else 7, -1, -1)
            for k in range(1, len(name)):
                i = index.get(name[:k])
                if i is not None:
                    j = index.get(name[k:])
                    if j is not None:
                        self.handler(name, 2 if i == j else _PAIR, i, j)

    def handler(self, name, sort, i, j):
        f = getattr(self.machine, name)
        if callable(f):
            self.some = True
            own = self.own[sort]
            if sort == _PAIR:
                own = own.setdefault(i, {})
                i = j
            own[i] = f

    def listed(self, p, node, kind):
        # Which handlers a plan calls, in their order: (function, sort, state, other state).
        if not self.some:
            return
        leave, enter, selfs, pairs, any_enter, end, final, any_state = self.own
        before = node.active
        asks = [(leave[i], 0, i, -1) for i in p.exits if i in leave]
        asks += [(enter[i], 1, i, -1) for i in p.enters if i in enter]
        if kind != _REMOVE:
            asks += [(selfs[i], 2, i, i) for i in p.target if i in selfs and i in before]
        for i in before:
            row = pairs.get(i)
            if row:
                asks += [(row[j], _PAIR, i, j) for j in p.target if j in row]
        tells = [(end[i], 5, i, -1) for i in p.exits if i in end]
        tells += [(final[i], 6, i, -1) for i in p.enters if i in final]
        p.asks = asks + [(f, 4, -1, -1) for f in any_enter.values()]
        p.tells = tells + [(f, 7, -1, -1) for f in any_state.values()]

    def name_of(self, entry):
        _, sort, i, j = entry
        names = self.schema.names
        return ("Any" if i < 0 else names[i]) + (_SORTS[sort] if j < 0 else names[j])

    def node(self, active):
        active = tuple(active)
        node = self.nodes.get(active)
        if node is None:
            node = self.nodes[active] = Node(self.schema, active)
        return node

    def trim(self, m):
        # Plans are made again when they are wanted.
        self.nodes = {}
        self.made = 0
        m.node = self.node(m.node.active)

    def subscriptions(self):
        from . import subscriptions

        return subscriptions

    def late(self, m, entry):
        once("relational.seldom", "late", m, self.name_of(entry))

    def evaluate(self, m, item):
        return once("relational.seldom", "evaluate", self.machine, m, item)

    # --- what the kernel asks of a client ---

    def start(self, d, value):
        part = Part([0] * len(self.schema.names), self.node(()), self.initial)
        part = self.call(d, part, inputs.start, value)
        d.frames = bytearray()
        encode_all(d.frames, (self.encode(part, d.now),), True)
        return part

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
        ticks, active, queue_tick, machine_tick, queue, error, subs, acts, data = item
        if len(ticks) != len(self.schema.names):
            raise fault("TSME-M018", self.program.name, len(ticks), len(self.schema.names))
        part = Part(ticks, self.node(active), data)
        part.queue_tick = queue_tick
        part.machine_tick = machine_tick
        part.queue = [
            (q[0], q[1] if q[0] == _EVAL else tuple(q[1]), q[2], q[3], q[4]) for q in queue
        ]
        part.error = error
        part.subs = subs
        part.acts = {a[0]: (tuple(a[1]), tuple(a[2]), a[3], a[4]) for a in acts}
        return part


def listed(acts):
    return [[i] + list(acts[i]) for i in sorted(acts)]


def compiled(machine):
    # -> the schema's bytes: what `tsme compile` made of it, or made here of its `states`
    data = getattr(machine, "schema", None)
    if isinstance(data, str):
        with open(data, "rb") as f:
            return f.read()
    if data is not None:
        return data
    return once("relational.authored relational.standard relational.build", "compiled", machine)
