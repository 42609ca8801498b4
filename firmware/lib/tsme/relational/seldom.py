# What a relational machine is seldom asked for; loaded then.
from .. import const, once
from ..draft import drafts
from ..errors import LimitError, fault
from ..values.copies import text_of
from ..values.ranking import alike

# As resolve.py and turn.py have them.
_ADD = const(0)
_REMOVE = const(1)
_EVAL = const(3)
_CHECK = const(2)
_KINDS = {"add": 0, "remove": 1, "set": 2}


def found(m, name):
    # m.name, which its class does not have
    if name[:1] == "_":
        raise AttributeError(name)
    if hasattr(Seldom, name):
        return getattr(Seldom(m), name)
    from .clocks import Clocks

    if hasattr(Clocks, name):
        return getattr(Clocks(m._c.schema, m._ticks), name)
    from . import subscriptions

    if name not in subscriptions.VERBS:
        raise AttributeError(name)

    def subscribe(states=(), key=None, **more):
        # add, remove, then: mutations that follow, and their args
        add, remove, then = [more.pop(name, None) for name in ("add", "remove", "then")]
        more["states"] = states
        more["key"] = key
        effect = None
        if add or remove:
            s = m._c.schema
            effect = [list(s.indexes(add or ())), list(s.indexes(remove or ()))]
            effect.append(drafts.frozen(then) if then else None)
        return subscriptions.asked(m, name, more, effect)

    return subscribe


class Seldom:
    def __init__(self, m):
        self._m = m

    def can_add(self, states, args=None):
        return self._m.ahead(_ADD, states, args, _CHECK)

    def can_remove(self, states, args=None):
        return self._m.ahead(_REMOVE, states, args, _CHECK)

    def prepend(self, states, args=None):
        # an Add before all that waits
        return self._m.ahead(_ADD, states, args, 0)

    def add_err(self, error, state=None, args=None):
        # error: a text, an exception, or (name, cause)
        if error is None:
            return "canceled"
        m = self._m
        m.error = error = once("relational.failing", "named", m, error)
        args = dict(args or {})
        args["error"], args["cause"] = error
        return m.ask(_ADD, ([state] if state else []) + ["Exception"], args, True)

    def metric(self, payload):
        d = self._m.step(True)
        d.emit(1, drafts.frozen(payload))

    def publish(self, payload):
        d = self._m.step(True)
        d.emit(2, drafts.frozen(payload))

    def random(self, n):
        # an integer from 0 to n - 1, the same one at every replay
        d = self._m.step(True)
        return d.below(n)

    def fail(self, error, cause=""):
        d = self._m.step()
        d.fail(drafts.frozen(text_of(error)), drafts.frozen(text_of(cause)))

    def active_states(self):
        return self._m._c.schema.named(self._m.node.active)

    def is_queued(self, verb, states, args=None):
        # Does such a mutation wait?
        called = sorted(self._m._c.schema.indexes(states))
        args = args and drafts.frozen(args)
        for q in self._m.queue:
            if q[0] == _KINDS[verb] and sorted(q[1]) == called:
                if args is None or alike(q[2], args):
                    return True
        return False

    def will_be(self, states):
        return self.is_queued("add", states) or self.is_queued("set", states)

    def will_be_removed(self, states):
        return self.is_queued("remove", states)

    def eval(self, name, args=None):
        # a function of the class, before all that waits
        if not isinstance(name, str):
            raise fault("TSME-M021", self._m._c.name, name)
        return self._m.ahead(_EVAL, name, args, 0)

    def forget(self, key):
        from . import subscriptions

        subscriptions.given_up(self._m, key)


def exempt(m, kind, states):
    # An error finds its way into a queue that is full, and out of it.
    names = (states,) if isinstance(states, str) else states
    there = m.node.mask >> m._c.schema.exception & 1
    return "Exception" in names and there == (kind == _REMOVE)


def signal(m, value):
    # -> True if it is one
    if "add_err" in value:
        e = value["add_err"]
        e = tuple(e) if isinstance(e, list) else e
        m.result = m.add_err(e, value.get("state"), value.get("args"))
        return True
    if "eval" in value:
        m.eval(value["eval"], value.get("args"))
        return True
    from . import subscriptions

    if "seen" in value:
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


def evaluate(m, item):
    # a function by its name, as an item of the queue
    m.args = drafts.own(item[2]) if item[2] else {}
    m.was = m.node.active
    try:
        f = m._c.function(item[1])
        return drafts.frozen(f(m))  # calls: what the user wrote
    except (LimitError, MemoryError):
        raise
    except Exception as e:
        once("relational.failing", "raised", m, e, item[1], (), 0)
        return "canceled"
