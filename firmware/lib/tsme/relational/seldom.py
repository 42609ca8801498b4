# What a relational machine is seldom asked for; loaded then.
from ..draft import drafts
from ..errors import LimitError, fault
from . import subscriptions
from .clocks import Clocks

_KINDS = {"add": 0, "remove": 1, "set": 2}


def found(m, name):
    # m.name, which its class does not have
    if name[:1] == "_":
        raise AttributeError(name)
    if hasattr(Clocks, name):
        return getattr(Clocks(m._c.schema, m._ticks), name)
    return getattr(Seldom(m), name)


class Seldom:
    def __init__(self, m):
        self._m = m

    def active_states(self):
        return self._m._c.schema.named(self._m.node.active)

    def is_queued(self, verb, states, args=None):
        # Does such a mutation wait?
        called = sorted(self._m._c.schema.indexes(states))
        for q in self._m.queue:
            if q[0] == _KINDS[verb] and sorted(q[1]) == called and (args is None or q[2] == args):
                return True
        return False

    def will_be(self, states):
        return self.is_queued("add", states) or self.is_queued("set", states)

    def will_be_removed(self, states):
        return self.is_queued("remove", states)

    def eval(self, name, args=None):
        # a function of the class, before all that waits
        return self._m.ahead(3, name, args, 0)

    def forget(self, key):
        subscriptions.given_up(self._m, key)

    def subscribe(self, verb, states, key, more):
        # add, remove, then: mutations that follow, and their args
        add, remove, then = [more.pop(name, None) for name in ("add", "remove", "then")]
        more["states"] = states
        more["key"] = key
        effect = None
        if add or remove:
            s = self._m._c.schema
            effect = [list(s.indexes(add or ())), list(s.indexes(remove or ()))]
            effect.append(drafts.frozen(then) if then else None)
        return subscriptions.asked(self._m, verb, more, effect)

    def when(self, states=(), key=None, **more):
        return self.subscribe("when", states, key, more)

    def when_not(self, states=(), key=None, **more):
        return self.subscribe("when_not", states, key, more)

    def when_time(self, states=(), key=None, **more):
        return self.subscribe("when_time", states, key, more)

    def when_ticks(self, states=(), key=None, **more):
        return self.subscribe("when_ticks", states, key, more)

    def when_next_active(self, states=(), key=None, **more):
        return self.subscribe("when_next_active", states, key, more)

    def when_args(self, states=(), key=None, **more):
        return self.subscribe("when_args", states, key, more)

    def when_queue(self, states=(), key=None, **more):
        return self.subscribe("when_queue", states, key, more)

    def when_queue_ends(self, states=(), key=None, **more):
        return self.subscribe("when_queue_ends", states, key, more)

    def when_query(self, states=(), key=None, **more):
        return self.subscribe("when_query", states, key, more)

    def context(self, states=(), key=None, **more):
        return self.subscribe("context", states, key, more)


def signal(m, value):
    # -> True if it is one
    if "add_err" in value:
        e = value["add_err"]
        e = tuple(e) if isinstance(e, list) else e
        m.result = m.add_err(e, value.get("state"), value.get("args"))
    elif "eval" in value:
        m.ahead(3, value["eval"], value.get("args"), 0)
    elif "seen" in value:
        subscriptions.seen(m, value["seen"])
    elif "forget" in value:
        subscriptions.given_up(m, value["forget"])
    else:
        for verb in subscriptions.VERBS:
            if verb in value:
                m.result = subscriptions.asked(m, verb, value[verb])
                return True
        return False
    return True


def evaluate(machine, m, item):
    # a function by its name, as an item of the queue
    m.args = drafts.own(item[2]) if item[2] else {}
    m.was = m.node.active
    f = getattr(machine, item[1], None)
    try:
        if not callable(f):
            raise fault("TSME-M021", m._c.program.name, item[1])
        return drafts.frozen(f(m))  # calls: what the user wrote
    except (LimitError, MemoryError):
        raise
    except Exception as e:
        m.raised(e, item[1], (), 0)
        return "canceled"


def late(m, name):
    m._d.emit(0, "the deadline of %s is over" % name)
