# What becomes of a handler that raises, or takes too long; loaded for that alone.
from .. import const
from ..draft import drafts
from .resolve import mask

# As resolve.py and turn.py have them.
_ADD = const(0)
_AUTO_OR_LAST = const(5)
_LAST = const(4)
_STATE = const(6)
_SORTS = ("Exit", "Enter", "", "", "Enter", "End", "State", "State")


def named(e):
    # -> [name, cause] of an error: an exception, a text, or both of them
    from ..values.copies import worded

    if isinstance(e, Exception):
        code = getattr(e, "code", None)
        e = (code, e.message) if isinstance(code, str) else (type(e).__name__, str(e))
    elif isinstance(e, str):
        e = ("Error", e)
    return [worded(str(x)[:200]) for x in e]


def name_of(s, entry):
    _, sort, i, j = entry
    names = s.names
    return ("Any" if i < 0 else names[i]) + (_SORTS[sort] if j < 0 else names[j])


def raised(m, e, entry, called, flags):
    # entry: a handler as Relational.listed has it, or the name of a function
    s = m._c.schema
    m.error = named(e)
    handler = entry if isinstance(entry, str) else name_of(s, entry)
    m.raised = (handler, e, m.error)
    if s.exception in called:
        return  # it would go round for ever
    args = drafts.Obj()
    args["error"], args["cause"] = m.error
    args["handler"] = handler
    args["called"] = s.named(called)
    args["before"] = s.named(m.was)
    flags = _LAST if flags & _AUTO_OR_LAST else 0
    m.queue.insert(0, (_ADD, (s.exception,), args, flags, 0))


def late(m, entry):
    m._d.emit(0, "the deadline of %s is over" % name_of(m._c.schema, entry))


def undo(m, p, entry, free):
    # -> how many of a plan have been entered, whose handler `entry` has failed.  Whose own it is
    # is taken out again, with all behind it.  free: no error comes of it, for it is Exception's.
    sort = entry[1]
    entered = p.enters.index(entry[2]) if sort == _STATE else 0 if sort < _STATE else len(p.enters)
    out = p.enters[entered:] if sort == _STATE else ()
    gone = mask(out)
    ticks = m._ticks
    for i in out:
        ticks[i] += 1
    left = [i for i in p.node.active if not gone >> i & 1]
    again = (0 if sort > _STATE else 2) + (0 if free else 2)  # as the original has it
    for i in left:
        if p.again >> i & 1:
            ticks[i] += again
    m.node = m._c.node(left, p.node.mask & ~gone)
    if m.acts or m.subs:
        m.expire(gone | p.again if again else gone)
    return entered


def endless(s, autos, called):
    # May automatic states follow those that were `called` when a handler raised?  Only fewer.
    for name in s.named(autos):
        if name not in called:
            return True
    return len(autos) == len(called)
