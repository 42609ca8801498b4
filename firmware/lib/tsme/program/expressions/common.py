# The instructions of expressions that are not in the loop of evaluation.py, and that most of them
# have (docs/SPEC.md, 2.16); building.py and seldom.py have the others.  Each takes (evaluation,
# stack, operand).

from ... import once
from ...values.cbor import MISSING, Obj
from ...values.numbers import is_number
from .bodies import body_at, named
from .counting import made
from .paths import flat, truth
from .values import (
    Apart,
    Closure,
    Function,
    Sequence,
    Tuple,
)

isinstance, len, type = isinstance, len, type


def load_(m, stack, a):
    stack.append(m.load(a))


def none_(m, stack, a):
    stack.append(MISSING)


def closure_(m, stack, a):
    n, first = body_at(m.vm.code, a)
    stack.append(Closure(first, n >> 8, n & 255, m.env, m.env[0]))


def func_(m, stack, a):
    stack.append(named(a))


def is_(m, stack, a):
    v = stack[-1]
    if not a:
        v = v is MISSING
    elif a == 6:
        if isinstance(v, list):
            from .operators import through

            through(m, v, None)
        v = truth(v)
    elif a == 1:
        v = isinstance(v, Function)
    elif a == 2:
        v = isinstance(v, list)
    elif a == 3:
        if is_number(v) and type(v) is not int:
            from .finite import is_nan

            v = not is_nan(v)
        else:
            v = type(v) is int
    elif a == 4:
        v = isinstance(v, str)
    elif a == 5:
        v = isinstance(v, Obj)
    else:
        v = v is True or v is False
    stack[-1] = v


def each_(m, stack, a):
    v = stack[-1]
    if not isinstance(v, list):
        v = () if v is MISSING else (v,)
    elif type(v) is not list:
        v = list(v)  # MicroPython is slow with what is more than a list
    stack[-1] = [v, -1]


def build_(m, stack, a):
    stack.append(Sequence() if not a else [] if a == 1 else Obj() if a == 2 else Groups())


class Groups:
    # a builder of these; `pairs` are Tuples by key, the second of each the data
    def __init__(self):
        self.pairs = Obj()


def done_(m, stack, a):
    v = stack[-1]
    if type(v) is Sequence:
        n = len(v)
        if n == 1 and (not a & 2 or type(v[0]) not in (list, Apart)):
            if a & 1 and isinstance(v[0], list) and type(v[0]) is not Apart:
                v = flat(v)
                n = len(v)
        elif n == 1:
            stack[-1] = v[0]
            return
        elif n and a & 1:
            for x in v:
                if isinstance(x, list):
                    v = flat(v)
                    n = len(v)
                    break
        if n > 1 or n and a & 4:
            made(m, v)
        else:
            v = v[0] if n else MISSING
        stack[-1] = v
    elif type(v) is Groups:
        stack[-1] = [Tuple(pair.items[:2]) for pair in v.pairs.values()]
    else:
        stack[-1] = made(m, Apart(v) if a & 8 and type(v) is list else v)


def instruction(op):
    # loads what does it, which the table has from then on
    f = OPERATIONS[op] = once("program.expressions.finding", "find", op)
    return f


# By number; 0: in the loop of evaluation.py, or not loaded yet.
OPERATIONS = [0] * 106
OPERATIONS[3] = load_
OPERATIONS[69:72] = none_, closure_, func_
OPERATIONS[76] = is_
OPERATIONS[82] = each_
OPERATIONS[85] = build_
OPERATIONS[91] = done_
