# The instruction QUERY: what a path selects that may name more than one place (docs/SPEC.md,
# 2.12).  Imported by programs that have one.
#
# The values selected so far go through the path segment by segment, so nothing recurses but the
# terms of a filter, which the verifier has counted.

from ..errors.faults import error
from ..kernel.limits import spend
from ..values import numbers
from ..values.cbor import DEPTH, MISSING, Obj, measure
from .frames import at


def select(v, query, largest, d=None):
    # `d`: the draft of a step, whose work it is.
    nodes = [v]
    work = 0
    deep = False  # the segment before was `..`
    for segment in query:
        look = [largest, v]
        nodes = _step(nodes, segment, deep, look)
        work += largest - look[0]
        deep = segment is True
    only = query[0] if len(query) == 1 else None
    if isinstance(only, Obj) and "pick" in only:  # it names one place, so it gives that value
        if not nodes:
            raise error(1, v)
        nodes = nodes[0]
    size, depth = measure(nodes, largest)
    if size > largest or depth > DEPTH:
        raise error(7)
    if d and work + size > 255:
        spend(d, work + size)
    return nodes


def _step(nodes, segment, deep, look):
    # What a segment selects in each of the nodes.  `look`: how many values it may still look at,
    # and the value that the whole path begins at.
    out = []
    left = look[0]
    if isinstance(segment, Obj):
        kind, what = list(segment.items())[0]
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
        elif not isinstance(segment, Obj):
            if isinstance(v, list):
                left = _items(v, segment, out, left)
        elif kind == "in":
            if isinstance(v, list):
                left = _looked(left, len(what))
                for n in what:
                    _items(v, n, out, left)
        elif kind == "pick":
            if isinstance(v, Obj):
                _pick(v, what, out, deep)
        elif isinstance(v, Obj):  # a filter takes an object for itself, not for its members
            look[0] = left
            if _holds(what, v, look):
                out.append(v)
            left = look[0]
        elif isinstance(v, list) and not deep:
            look[0] = _looked(left, len(v))
            for item in v:
                if isinstance(item, (Obj, list)) and _holds(what, item, look):
                    out.append(item)
            left = look[0]
    look[0] = left
    return out


def _looked(left, n):
    if n > left:
        raise error(7)
    return left - n


def _items(v, segment, out, left):
    # an item, or those of a slice
    n = len(v)
    if not isinstance(segment, list):
        if -n <= segment < n:
            out.append(v[segment])
        return left
    start, stop = segment
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
    for name in names:
        if name in v:
            found[name] = v[name]
        elif deep:
            return
    out.append(found)


def _holds(p, v, look):
    # recursion: at most 8, which shape.py has counted
    # the terms of a filter, for one value
    op = p[0]
    if op == "and" or op == "or":
        for i in range(1, len(p)):
            if _holds(p[i], v, look) is (op == "or"):
                return op == "or"
        return op == "and"
    x = _at(p[1], v, look)
    if op == "has" or op == "not":
        return (x is MISSING or x is None) is (op == "not")
    if x is MISSING:
        return False
    text = p[2]
    if isinstance(text, (Obj, list)):
        order = _other(op, x, text, v, look)
        return order if isinstance(order, bool) else _ordered(op, order)
    if isinstance(x, (Obj, list)):
        return False
    if x is None:
        return op == ("==" if text == "null" else "!=")
    if isinstance(x, str):
        order = (x > text) - (x < text)
    elif isinstance(x, bool):
        word = text.lower()
        if word != "true" and word != "false":
            return op == "!="
        order = int(x) - int(word == "true")
    elif len(p) < 4:  # a number, and the text is none
        return op == "!="
    else:
        order = numbers.compare(x, p[3])
    return _ordered(op, order)


def _at(path, v, look):
    # the value at a place; one that begins with null is in the whole document
    if path[0] is None:
        return at(look[1], path[1:])
    return at(v, path)


def _other(op, x, what, v, look):
    # A pattern, or the value at a second place: whether it holds, or an order.
    from . import patterns

    if isinstance(what, Obj):
        if x is None or isinstance(x, (Obj, list)):
            return False
        code = what["re"]
        n = len(x) if isinstance(x, str) else 1
        look[0] = _looked(look[0], n * (1 + len(code) // 16))
        return patterns.matches(code, x)
    y = _at(what, v, look)
    if y is MISSING:
        return False
    look[0] = _looked(look[0], patterns.weight(x, y))
    order = patterns.related(x, y)
    return op == order if isinstance(order, str) else order


def _ordered(op, order):
    if op == "==":
        return order == 0
    if op == "!=":
        return order != 0
    if op[0] == "<":
        return order < 0 or (order == 0 and op == "<=")
    return order > 0 or (order == 0 and op == ">=")
