# Calls of functions that are made of others (docs/SPEC.md, 2.16): partial, composed and signed
# ones, matchers.  Loaded when the first is called.

from ... import const
from ...values.cbor import Obj
from .bodies import enter, native, row, single
from .made import Composed, Next, Partial, Signed
from .values import (
    HOLE,
    MISSING,
    Closure,
    ExpressionError,
    Function,
    Matcher,
    Native,
    Sequence,
)

_DEPTH = const(100)


def arity(m, f):
    # how many arguments $map and its like give to it
    while True:
        kind = type(f)
        if kind is Closure:
            return f.arity
        if kind is Native:
            return row(f.number)[2]
        if kind is Partial:
            return len([v for v in f.given if v is HOLE])
        if kind is not Signed:
            return 2 if kind is Matcher else 1 if kind is Composed else 0
        f = f.function


def reach(m, f, args, context, raw=0):
    # -> where it goes on.  What called is on m.calls, if anything waits.  `raw`: a sequence stays.
    while True:
        kind = type(f)
        if kind is Closure:
            return enter(m, f, args)
        if kind is Partial:
            rest = iter(args)
            args = [next(rest, MISSING) if v is HOLE else v for v in f.given]
            f = f.function
        elif kind is Composed:
            if len(m.calls) >= _DEPTH - 1:
                raise ExpressionError("D1011")
            raw = 0
            m.calls.append((0, f.second, None, m.base))
            f = f.first
        elif kind is Signed:
            from .functions.signatures import validate

            args = validate(f.signature, args, context)
            f = f.function
        else:
            v = native(m, f.number, args, context) if kind is Native else matched(m, f, args)
            if type(v) is Sequence and not raw:
                v = single(v, args)
            if not m.calls:
                m.value = v
                return 0
            pc, m.env, stack, m.base = m.calls.pop()
            if pc:
                stack.append(v)
                m.stack = stack
                return pc
            f = m.env
            args = [v]
            context = None
        m.spend(1)


def pipe(m, pc):
    f = m.stack.pop()
    v = m.stack.pop()
    if not isinstance(f, Function):
        raise ExpressionError("T2006", value=f)
    if isinstance(v, Function):
        m.stack.append(Composed(v, f))
        return pc
    m.spend(1)
    m.calls.append((pc, m.env, m.stack, m.base))
    return reach(m, f, [v], None)


def matched(m, f, args):
    # a matcher's first match, from a place of the text on; or what a match's `next` gives
    if type(f) is Next:
        at, text, f = f.at, f.text, f.matcher
        if at >= len(text):
            return MISSING
        v = _match(m, f, text, at)
        if v is not MISSING and not v["match"]:
            raise ExpressionError("D1004", value=f.pattern)
        return v
    if type(f) is not Matcher:
        raise ExpressionError("T1006", value=f)
    text = args[0] if args else MISSING
    if not isinstance(text, str):
        raise ExpressionError("T0410", value=text, index=1)
    at = args[1] if len(args) > 1 else 0
    return _match(m, f, text, at if type(at) is int and at > 0 else 0)


def _match(m, f, text, at):
    from .functions.regex import find

    if at > len(text):
        return MISSING
    places = find(f.pattern, text, at, m.spend)
    if not places:
        return MISSING
    begin, end = places[0], places[1]
    groups = []
    for i in range(2, len(places), 2):
        if places[i] is not None and places[i] >= 0:
            groups.append(text[places[i] : places[i + 1]])
        else:
            groups.append(MISSING)
    v = Obj()
    v["match"] = text[begin:end]
    v["start"] = begin
    v["end"] = end
    v["groups"] = groups
    v["next"] = Next(f, text, end)
    return v
