# The context object, `$$` (docs/SPEC.md, 2.7).


def context(d, f, k):
    # k of frame f, in the step that d makes
    if k == 5:
        from ..values import timestamp

        return timestamp.text(f.entered)
    if k == 6:
        return f.attempts()
    if k == 11:
        return f.index
    if k > 11:
        from .branches import item

        return item(d, f, k == 13)
    return common(d, k)


def common(d, k):
    # k of the whole execution
    start, value, names = d.origin[:3]
    if k == 2:
        return value
    if k == 3:
        from ..values import timestamp

        return timestamp.text(start)
    if k == 7:
        return "%d-%d" % (d.execution, d.next_id)
    if k == 10:
        return names[5] if names and len(names) > 5 else 0
    name = str(d.execution)
    mine = names or [None] * 5
    if k == 1:
        return mine[1] or name
    if k == 9:
        return mine[4] or "tsme"
    return mine[{0: 0, 4: 2, 8: 3}[k]] or mine[1] or name
