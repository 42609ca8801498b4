# ORDER: order-by with the keys worked out (docs/SPEC.md, 2.16).
from ...values import UNICODE
from ...values.cbor import MISSING
from ...values.numbers import Float
from .ranges import Sorter
from .values import ExpressionError, Tuple

_BIG = 9007199254740992  # MicroPython compares larger integers with floats as floats


def ordered(m, v, a):
    rows = v if isinstance(v, list) else () if v is MISSING else (v,)
    terms = -1
    n = a
    while n:
        n >>= 1
        terms += 1
    items = []
    columns = [[] for _ in range(terms)]
    first = columns[0]
    for row in rows:
        if not isinstance(row, Tuple) or len(row.items) != terms + 1:
            raise ExpressionError("T0410", value=row)
        row = row.items
        items.append(row[0])
        first.append(row[1])
        for i in range(1, terms):
            columns[i].append(row[i + 1])
    n = len(rows) - 1
    bits = 0
    while n > 0:
        n >>= 1
        bits += 1
    m.spend(len(rows) * bits)
    for keys in columns:
        if not plain(keys):
            return _merged(m, rows, terms, a)
    places = list(range(len(rows)))
    for i in range(terms - 1, -1, -1):
        places = sorted_(places, columns[i], a >> i & 1)
    return [items[place] for place in places]


def plain(keys):
    # all finite numbers, or all texts that compare alike by any unit
    kind = str if keys and type(keys[0]) is str else int
    exact = floats = False
    for v in keys:
        t = type(v)
        if t is not kind:
            if kind is str or t is not Float or v - v != 0:
                return False  # an F64 as well, which MicroPython does not compare with a float
            floats = True
        elif t is int:
            exact = exact or not -_BIG < v < _BIG
        elif not (v.isascii() if UNICODE else len(v.encode()) == len(v)):
            return False
    return not (exact and floats)


def sorted_(places, keys, down):
    # in the order of their keys, else as they are
    if UNICODE:  # CPython's sort keeps what is equal in its order
        places.sort(key=keys.__getitem__, reverse=down == 1)
        return places
    n = 0
    pairs = []
    for place in places:
        pairs.append((keys[place], -n if down else n))
        n += 1
    pairs.sort()
    if down:
        pairs.reverse()
    return [places[-n if down else n] for _, n in pairs]


def _merged(m, rows, terms, a):
    from .functions.logic import compare_

    sorter = Sorter(rows)
    stack = [sorter]
    while not sorter.next_two(stack):
        y = stack.pop().items
        x = stack.pop().items
        order = 0
        i = 0
        while i < terms and not order:
            order = compare_(m, x[i + 1], y[i + 1], -1 if a >> i & 1 else 1)
            i += 1
        sorter.answered(order > 0)
    return [row.items[0] for row in stack[0]]
