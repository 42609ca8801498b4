# Instructions of expressions that many are without (docs/SPEC.md, 2.16); finding.py knows them.

from ...values.binary64 import floor
from ...values.cbor import DEPTH, MISSING, Obj
from ...values.numbers import is_number
from .arithmetic import is_finite, is_nan, settled
from .counting import size
from .made import Partial, Signed
from .paths import last, member, one, truth
from .values import HOLE, ExpressionError, Function, Matcher, Sequence, Tuple


def regex_(m, stack, a):
    stack.append(Matcher(m.vm.consts[a]))


def hole_(m, stack, a):
    stack.append(HOLE)


def partial_(m, stack, a):
    n = len(stack) - a
    given = stack[n:]
    f = stack[n - 1]
    del stack[n - 1 :]
    if not isinstance(f, Function):
        raise ExpressionError("T1008", value=f)
    stack.append(Partial(f, given))


def signed_(m, stack, a):
    if isinstance(stack[-1], Function):
        stack[-1] = Signed(stack[-1], m.vm.consts[a])


def item_(m, stack, a):
    # name[z] as a path's last step
    name, n = m.vm.consts[a]
    v = stack[-1]
    out = Sequence()
    arrays = False
    for x in v if isinstance(v, list) else (v,):
        x = member(m, x, name)
        if isinstance(x, list):
            x = x[n] if -len(x) <= n < len(x) else MISSING
        elif n and n != -1:
            continue
        if x is not MISSING:
            arrays = arrays or isinstance(x, list)
            out.append(x)
    if isinstance(v, list) and len(v) > 255:
        m.spend(len(v) >> 8)
    stack[-1] = last(out) if arrays else one(out)


def fault_(m, stack, a):
    raise ExpressionError(m.vm.consts[a])


def level_(m, stack, a):
    if m.base + a > 100:
        raise ExpressionError("D1011")


def picked(m, p, it):
    # how often the predicate's value p picks the item that the iterator gave last
    places = p if isinstance(p, list) else (p,)
    if isinstance(p, list):
        size_of(m, p)
    for n in places:
        if not is_number(n) or is_nan(n):
            return 1 if truth(p) else 0
        if not is_finite(n):
            raise ExpressionError("D1001", value=n)
    count = 0
    for n in places:
        n = floor(n)
        if n == it[1] or n == it[1] - len(it[0]):
            count += 1
    return count


def size_of(m, v):
    # it is gone through
    n = size(m, v)
    if n > 255:
        m.spend(n >> 8)
    return n


def wild_(m, stack, a):
    v = stack[-1]
    size_of(m, v)
    out = Sequence()
    if a:
        _below(v, out)
    elif isinstance(v, (list, Obj)):
        arrays = False
        for x in list(v.values()) if isinstance(v, Obj) else v:
            if isinstance(x, list):
                arrays = True
                _flatten(x, out)
            else:
                out.append(x)
        if arrays:  # as the reference joins arrays: it is no sequence any more
            stack[-1] = list(out)
            return
    stack[-1] = one(out)


def _flatten(v, out):
    # recursion: at most 33, the depth of a value
    for x in v:
        if isinstance(x, list):
            _flatten(x, out)
        else:
            out.append(x)


def _below(v, out):
    # recursion: at most 33, the depth of a value
    if not isinstance(v, list):
        if v is not MISSING:
            out.append(v)
        if not isinstance(v, Obj):
            return
        v = list(v.values())
    for x in v:
        _below(x, out)


def group_(m, stack, a):
    v = stack.pop()
    k = stack.pop()
    if not isinstance(k, str):
        if k is MISSING:
            return
        raise ExpressionError("T1003", value=k)
    pairs = stack[a].pairs
    pair = pairs.get(k)
    if pair is None:
        pairs[k] = Tuple([k, v, False])
        return
    old = pair.items[1]
    if old is MISSING or v is MISSING:
        if old is MISSING:
            pair.items[1] = v
        return
    if not pair.items[2]:  # the array is none of the builder's own yet
        pair.items[1] = old = list(old) if isinstance(old, list) else [old]
        pair.items[2] = True
    if isinstance(v, list):
        if len(v) > 255:
            m.spend(len(v) >> 8)
        old.extend(v)
    else:
        old.append(v)


def sort_(m, stack, a):
    from .ranges import Sorter

    v = stack[-1]
    items = v if isinstance(v, list) else () if v is MISSING else (v,)
    if len(items) > 255:
        m.spend(len(items) >> 8)
    stack[-1] = Sorter(items)


def order_(m, stack, a):
    from .ordering import ordered

    stack[-1] = ordered(m, stack[-1], a)


def answer_(m, stack, a):
    v = stack.pop()
    stack[-1].answered(v)


def tuple_(m, stack, a):
    n = len(stack) - a
    v = Tuple(tuple(stack[n:]))
    del stack[n:]
    stack.append(v)


def untuple_(m, stack, a):
    v = stack.pop()
    if not isinstance(v, Tuple) or len(v.items) != a:
        raise ExpressionError("T0410", value=v)
    stack += v.items


# --- transforms ---


def clone_(m, stack, a):
    v = stack[-1]
    if m.clones is None:
        m.clones = {}
    n = size_of(m, v)
    if n > 255:
        m.make(n)
    stack[-1] = _copy(m, v, 0, True)


def _copy(m, v, deep, cut):
    # recursion: at most 33, which it counts
    # what UPDATE and REMOVE may change is known by its id, with how deep it stands in its clone
    if deep > DEPTH:
        raise ExpressionError("D2015")
    if isinstance(v, list):
        return type(v)([_copy(m, x, deep + 1, cut) for x in v])
    if not isinstance(v, Obj):
        return _said(v) if cut else v
    out = Obj()
    for k in v:
        out[k] = _copy(m, v[k], deep + 1, cut)
    m.clones[id(out)] = (out, deep)
    return out


def _said(v):
    # as the reference copies: by way of a text
    if isinstance(v, Function):
        return ""
    if not is_number(v) or type(v) is int:
        return v
    from ...values.decimal import parse
    from .as_text import number

    text = number(v)
    return settled(parse(text)) if "." in text or "e" in text else v


def _changeable(m, o):
    found = m.clones.get(id(o)) if m.clones else None
    if found is None:
        raise ExpressionError("T0410", value=o)
    return found[1]


def update_(m, stack, a):
    v = stack.pop()
    o = stack.pop()
    if v is MISSING:
        return
    if not isinstance(v, Obj):
        raise ExpressionError("T2011", value=v)
    if isinstance(o, list):
        return  # it has no members, as the reference shows it
    deep = _changeable(m, o)
    n = size_of(m, v)
    if n > 255:
        m.make(n)
    v = _copy(m, v, deep, False)
    for k in v:
        o[k] = v[k]


def remove_(m, stack, a):
    v = stack.pop()
    o = stack.pop()
    if v is MISSING:
        return
    names = v if isinstance(v, list) else (v,)
    for name in names:
        if not isinstance(name, str):
            raise ExpressionError("T2012", value=v)
    if not isinstance(o, Obj):
        return
    _changeable(m, o)
    if len(names) > 255:
        m.spend(len(names) >> 8)
    for name in names:
        o.pop(name, None)
