# The context object, `$$` (docs/SPEC.md, 2.7).
from .cbor import Obj


def context(d, f, k):
    # k of frame f, in the step that d makes
    if k == 5:
        from . import timestamp

        return timestamp.text(f.entered)
    if k == 6:
        return f.attempts()
    if k == 11:
        return f.index
    if k > 11:
        return item(d, f, k == 13)
    return common(d, k)


def item(d, f, whole):
    # what frame `f` is the item of; `whole`: with its index, and its name in an object
    # (tree.py has the parts of a join)
    join = f.parent is not None and d.frames[f.parent].join
    if not join or not join[4]:
        return None
    items = join[4]
    n = len(join[0])
    v = items[len(items) - n + f.index]
    if not whole:
        return v
    out = Obj((("Index", f.index),))
    if len(items) > n:
        out["Key"] = items[f.index]
    out["Value"] = v
    return out


def common(d, k):
    # k of the whole execution
    start, value, names = d.origin
    if k == 2:
        return value
    if k == 3:
        from . import timestamp

        return timestamp.text(start)
    if k == 7:
        return "%d-%d" % (d.execution, d.next_id)
    if k == 10:
        return 0
    name = str(d.execution)
    mine = names or [None] * 5
    if k == 1:
        return mine[1] or name
    if k == 9:
        return mine[4] or "tsme"
    return mine[{0: 0, 4: 2, 8: 3}[k]] or mine[1] or name
