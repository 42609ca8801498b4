# Subscriptions: what is told once, when it has come about.  They are part of the state.
#
# [key, kind, states, what, fired, effect].  what: by kind, below.  fired: 0 waits, 1 has come
# about, 2 is not wanted any more, 3 was not.  effect: [add, remove, args], mutations that follow,
# and then it is gone; or null, and it stays until whoever waits has seen it.
from .. import const, once
from ..draft import drafts
from ..errors import LimitError, fault
from ..values.ranking import alike
from .resolve import mask

_ACTIVE = const(0)
_INACTIVE = const(1)
_TIME = const(2)  # what: the tick of each state
_ARGS = const(3)  # what: the args that it is to have
_QUEUE = const(4)  # what: a queue tick
_IDLE = const(5)
_QUERY = const(6)  # what: [name of a function, args]
_CONTEXT = const(7)
KINDS = ("when", "when_not", "when_time", "when_args", "when_queue", "when_queue_ends")
KINDS += ("when_query", "context")
VERBS = KINDS + ("when_ticks", "when_next_active")
_ADD = const(0)
_REMOVE = const(1)


def subscribe(m, kind, states, what, key, effect):
    # -> True if it has come about.  what: None of ticks that are not one for each state
    for sub in m.subs:
        if sub[0] == key:
            return sub[4] > 0
    if kind == _TIME and what is None:  # it never will
        if not effect:
            m.subs = m.subs + [[key, kind, list(states), [], 3, None]]
        return False
    sub = [key, kind, list(states), what, 0, effect]
    m.subs = m.subs + [sub]
    if kind in (_ACTIVE, _INACTIVE, _TIME, _QUEUE) and holds(m, sub):
        fire(m, (sub,))
    elif kind == _IDLE and not m.busy and not m.queue:
        fire(m, (sub,))
    return not any([one[0] == key and not one[4] for one in m.subs])


def holds(m, sub):
    _, kind, states, what, _, _ = sub
    if kind == _ACTIVE or kind == _INACTIVE:
        there = mask(states)
        return not there & ~m.node.mask if kind == _ACTIVE else not there & m.node.mask
    if kind == _TIME:
        for i, n in zip(states, what):
            if m._ticks[i] < n:
                return False
        return True
    if kind == _QUEUE:
        return m.queue_tick >= what
    if kind == _QUERY:
        clock = {n: m._ticks[i] for i, n in enumerate(m._c.schema.names)}
        f = m._c.function(what[0])
        return bool(f(clock, *drafts.own(what[1])))  # calls: what the user wrote
    return False


def fire(m, subs):
    # These have come about, or are given up.
    if not subs:
        return
    out = []
    for sub in m.subs:
        if sub not in subs:
            out.append(sub)
        elif not sub[5]:
            out.append(sub[:4] + [3 if sub[4] else 1, None])
    m.subs = out
    for sub in subs:
        if sub[5] and sub[4] != 2:
            add, remove, args = sub[5]
            if add:
                m.later(_ADD, tuple(add), args)
            if remove:
                m.later(_REMOVE, tuple(remove), args)


def process(m, called, flags):
    # after each transition that was accepted.  A query that raises is given up: asked again after
    # the Exception that comes of it, it might go round for ever.
    done = []
    for sub in m.subs:
        try:
            if sub[4] == 2 or not sub[4] and holds(m, sub):
                done.append(sub)
        except (LimitError, MemoryError):
            raise
        except Exception as e:
            once("relational.failing", "raised", m, e, sub[3][0], called, flags)
            given_up(m, sub[0])
            done.append(sub[:4] + [2, sub[5]])
    fire(m, done)


def entered(m, states):
    # these have been entered, with m.args
    done = []
    for sub in m.subs:
        if sub[1] == _ARGS and not sub[4] and sub[2][0] in states and within(m.args, sub[3]):
            done.append(sub)
    fire(m, done)


def within(args, wanted):
    for k in wanted:
        if k not in args or not alike(args[k], wanted[k]):
            return False
    return True


def ticked(m, changed):
    # Contexts end with the next tick of their state, whatever comes of the transition.
    fire(m, [s for s in m.subs if s[1] == _CONTEXT and not s[4] and changed >> s[2][0] & 1])


def drained(m):
    fire(m, [s for s in m.subs if s[1] == _IDLE and not s[4]])


def asked(m, verb, value, effect=None):
    # -> a subscription from its parts by name: states, times, n, args, query, key
    s = m._c.schema
    states = s.indexes(value.get("states") or ())
    what = None
    kind = verb
    if verb == "when_ticks" or verb == "when_next_active":
        kind = "when_time"
        n = value.get("n", 1)
        what = [m._ticks[i] + (n if verb == "when_ticks" else 1 + m._ticks[i] % 2) for i in states]
    elif verb == "when_time":
        what = list(value["times"])
        if len(what) != len(states) or not what:  # as in the original, the machine is told
            e = fault("TSME-M020", len(what), len(states))
            m.add_err((e.code, e.message))
            what = None
    elif verb == "when_args":
        what = drafts.frozen(value["args"])
    elif verb == "when_queue":
        what = value["n"]
    elif verb == "when_query":
        what = [value["query"], drafts.frozen(list(value.get("values") or ()))]
        m._c.function(what[0])  # is it there?
    key = value.get("key")
    if key is None:
        key = key_of(verb, value)
    return subscribe(m, KINDS.index(kind), states, what, key, effect)


def key_of(verb, value):
    # The same subscription has the same key, also after a reset, and on any interpreter.
    states = value.get("states") or ()
    out = [verb] + ([states] if isinstance(states, str) else list(states))
    for name in ("times", "n", "args", "query", "values"):
        if value.get(name) is not None:
            from ..values.json import dumps

            out.append(dumps(drafts.frozen(value[name])))
    return " ".join(out)


def seen(m, key):
    m.subs = [s for s in m.subs if s[0] != key]


def given_up(m, key):
    # It ends with the next transition that is accepted.
    m.subs = [s[:4] + [2, s[5]] if s[0] == key and not s[4] else s for s in m.subs]
