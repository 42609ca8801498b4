# Order and equality of what a machine may hold, the same on every interpreter: MicroPython's sort
# is not stable and takes the square of what is in order already, and its `==` and `<` of an
# integer and a float compare what is left of them after rounding.
from .numbers import compare, is_number


def _number(v):
    return is_number(v) or v is True or v is False


def _kind(v):
    # what a draft holds counts
    v = getattr(v, "now", v)
    return 1 if isinstance(v, list) else 2 if isinstance(v, tuple) else 3 * isinstance(v, dict)


def _order(a, b):
    # of two numbers
    return compare(int(a) if type(a) is bool else a, int(b) if type(b) is bool else b)


def alike(a, b):
    # As `==` of Python is: 1 == 1.0 == True; but exact.
    todo = [(a, b)]
    while todo:
        a, b = todo.pop()
        kind = _kind(a)
        if kind != _kind(b):
            return False
        if kind:
            if len(a) != len(b):
                return False
            for k in a if kind == 3 else range(len(a)):
                if kind == 3 and k not in b:
                    return False
                todo.append((a[k], b[k]))
        elif _number(a) and _number(b):
            if _order(a, b):
                return False
        elif a != b:
            return False
    return True


def less(a, b):
    # The first items that differ decide, as deep as those are tuples or lists.
    while True:
        pair = isinstance(a, tuple) and isinstance(b, tuple)
        if not pair and not (isinstance(a, list) and isinstance(b, list)):
            break
        for x, y in zip(a, b):
            if not alike(x, y):
                a, b = x, y
                break
        else:
            return len(a) < len(b)
    if _number(a) and _number(b):
        return _order(a, b) < 0
    return a < b


def ranked(items, key=None, reverse=False):
    # A list in order; what is equal keeps its own.  Runs are merged, each twice as long as before.
    items = list(items)
    keys = [key(v) for v in items] if key else items
    run = list(range(len(items)))
    size = 1
    while size < len(run):
        out = []
        for start in range(0, len(run), 2 * size):
            i, j = start, min(start + size, len(run))
            middle, end = j, min(j + size, len(run))
            while i < middle and j < end:
                a, b = keys[run[i]], keys[run[j]]
                if less(a, b) if reverse else less(b, a):
                    out.append(run[j])
                    j += 1
                else:
                    out.append(run[i])
                    i += 1
            out += run[i:middle]
            out += run[j:end]
        run = out
        size *= 2
    return [items[i] for i in run]
