# What becomes of a handler that raises, or takes too long; loaded for that alone.
from .. import const
from ..draft import drafts
from .resolve import mask

# As resolve.py and turn.py have them.
_ADD = const(0)
_AUTO_OR_LAST = const(5)
_LAST = const(4)
_STATE = const(6)
_LONGEST = const(200)  # characters
_MOST = const(64)  # errors of a step, of which each may have a cause of its own
_SORTS = ("Exit", "Enter", "", "", "Enter", "End", "State", "State")


def named(m, e):
    # -> [name, cause] of an error: an exception, a text, or both of them
    if isinstance(e, Exception):
        return heard(m, e)
    return worded(("Error", e) if isinstance(e, str) else e)


def heard(m, e):
    # Interpreters have other words for the same mistake, and other classes.  So what one says is
    # an input: the record has it, [name, cause] or the number of an equal one, and whoever
    # replays takes it from there.
    d = m._d
    said = d.error
    if said and m.heard < len(said):
        out = said[m.heard]
        m.heard += 1
        return said[out] if isinstance(out, int) else out
    raised = d.raised
    if raised is None:
        raised = d.raised = []
    code = getattr(e, "code", None)
    cause = getattr(e, "message", "") if isinstance(code, str) else str(e)
    out = worded((code if isinstance(code, str) else type(e).__name__, cause))
    if out in raised:
        i = raised.index(out)
        raised.append(i)
        return raised[i]
    if len(raised) >= _MOST:  # a storm, whose record would have no end
        out[1] = ""
    raised.append(out)
    return out


def worded(e):
    from ..values import copies

    return [copies.worded(copies.text_of(x)[:_LONGEST]) for x in e]


def name_of(s, entry):
    _, sort, i, j = entry
    names = s.names
    return ("Any" if i < 0 else names[i]) + (_SORTS[sort] if j < 0 else names[j])


def raised(m, e, entry, called, flags):
    # entry: a handler as Relational.listed has it, or the name of a function
    s = m._c.schema
    m.error = named(m, e)
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
