# The instruction QUERY: what a path selects that may name more than one place (docs/SPEC.md,
# 2.12).  Imported by programs that have one.
#
# The values selected so far go through the path segment by segment, so nothing recurses but the
# terms of a filter, which the verifier has counted.

from .. import const
from ..errors import error
from ..values import numbers
from ..values.cbor import DEPTH, MISSING, Obj, measure
from .frames import at
from .sizes import spend

# Segments that are arrays, and terms, by their first item; docs/SPEC.md, 2.12.
_SLICE = const(0)
_SEVERAL = const(1)
_PICK = const(2)
_FILTER = const(3)
_DIFFERENT = const(5)
_HAS = const(7)
_AND = const(8)
_OR = const(9)
_MATCHES = const(10)


def select(v, query, largest, d=None, most=0):
    # `d`: the builder of a step, whose work it is; `most`: bytes that it may make.
    nodes = [v]
    work = 0
    deep = False  # the segment before was `..`
    for segment in query:
        look = [largest, v]
        nodes = _step(nodes, segment, deep, look)
        work += largest - look[0]
        deep = segment is True
    if len(query) == 1 and isinstance(segment, list) and segment[0] == _PICK:
        # it names one place, so it gives that value
        if not nodes:
            raise error(1, v)
        nodes = nodes[0]
    size, depth = measure(nodes, largest)
    if size > largest or depth > DEPTH:
        raise error(7)
    if d and work + size > 255:
        spend(d, work + size, size, most)
    return nodes


def _step(nodes, segment, deep, look):
    # What a segment selects in each of the nodes.  `look`: how many values it may still look at,
    # and the value that the whole path begins at.
    out = []
    left = look[0]
    kind = segment[0] if isinstance(segment, list) else None
    for v in nodes:
        left -= 1
        if left < 0:
            raise error(7)
        if isinstance(segment, str):
            if isinstance(v, Obj) and segment in v:
                out.append(v[segment])
        elif segment is None:
            if isinstance(v, (Obj, list)):
                left = _looked(left, len(v))
                out.extend(v.values() if isinstance(v, Obj) else v)
        elif segment is True:
            left = _within(v, out, left)
        elif kind is None:
            if isinstance(v, list):
                _item(v, segment, out)
        elif isinstance(v, Obj):
            if kind == _PICK:
                _pick(v, segment, out, deep)
            elif kind == _FILTER:  # it takes an object for itself, not for its members
                look[0] = left
                if _holds(segment[1], v, look):
                    out.append(v)
                left = look[0]
        elif not isinstance(v, list):
            continue
        elif kind == _SLICE:
            left = _slice(v, segment, out, left)
        elif kind == _SEVERAL:
            left = _looked(left, len(segment) - 1)
            for i in range(1, len(segment)):
                _item(v, segment[i], out)
        elif kind == _FILTER and not deep:
            look[0] = _looked(left, len(v))
            for item in v:
                if isinstance(item, (Obj, list)) and _holds(segment[1], item, look):
                    out.append(item)
            left = look[0]
    look[0] = left
    return out


def _looked(left, n):
    if n > left:
        raise error(7)
    return left - n


def _item(v, i, out):
    if -len(v) <= i < len(v):
        out.append(v[i])


def _slice(v, segment, out, left):
    n = len(v)
    _, start, stop = segment
    start = 0 if start is None else max(0, start + n) if start < 0 else start
    stop = n if stop is None else max(0, stop + n) if stop < 0 else min(n, stop)
    if start < stop:
        left = _looked(left, stop - start)
        out.extend(v[start:stop])
    return left


def _within(v, out, left):
    # a value and what is in it, as far as it is an array or object, each before what it holds
    todo = [v]
    while todo:
        v = todo.pop()
        if not isinstance(v, (Obj, list)):
            continue
        out.append(v)
        left = _looked(left, len(v))
        items = list(v.values()) if isinstance(v, Obj) else v
        for i in range(len(items) - 1, -1, -1):
            if isinstance(items[i], (Obj, list)):
                todo.append(items[i])
    return left


def _pick(v, names, out, deep):
    found = Obj()
    for i in range(1, len(names)):
        name = names[i]
        if name in v:
            found[name] = v[name]
        elif deep:
            return
    out.append(found)


def _holds(p, v, look):
    # recursion: at most 8, which query_check.py has counted
    # the terms of a filter, for one value
    op = p[0]
    if op == _AND or op == _OR:
        for i in range(1, len(p)):
            if _holds(p[i], v, look) is (op == _OR):
                return op == _OR
        return op == _AND
    x = _at(p[1], v, look)
    if not op or op == _HAS:
        return (x is MISSING or x is None) is (not op)
    if x is MISSING:
        return False
    y = p[2]
    if isinstance(y, list):
        return _other(op, x, y, v, look)
    if isinstance(x, (Obj, list)):
        return False
    if x is None:
        return op == (2 if y == "null" else _DIFFERENT)
    if isinstance(x, bool):
        y = y.lower() if isinstance(y, str) else ""
        if y != "true" and y != "false":
            return op == _DIFFERENT
        order = int(x) - int(y == "true")
    elif isinstance(x, str):
        if not isinstance(y, str):
            from ..values.decimal import to_text

            y = to_text(y)
        order = (x > y) - (x < y)
    else:
        if isinstance(y, str):
            y = number(y) if y[:1] in "+-.0123456789" else None
            if y is None:
                return op == _DIFFERENT
        order = numbers.compare(x, y)
    return op >> order + 1 & 1 > 0


def number(text):
    # what a literal or a value stands for as a number, or None
    from .patterns import number

    return number(text)


def _at(path, v, look):
    # the value at a place; one that begins with null is in the whole document
    if path[0] is None:
        return at(look[1], path[1:])
    return at(v, path)


def _other(op, x, y, v, look):
    # A pattern, or a second place.
    from . import patterns

    if op == _MATCHES:
        if x is None or isinstance(x, (Obj, list)):
            return False
        n = len(x) if isinstance(x, str) else 1
        look[0] = _looked(look[0], n * (1 + len(y) // 16))
        return patterns.matches(y, x)
    y = _at(y, v, look)
    if y is MISSING:
        return False
    look[0] = _looked(look[0], patterns.weight(x, y))
    return patterns.related(op, x, y)
