# The instructions of expressions that are not in the loop of evaluation.py, and that most of them
# have (docs/SPEC.md, 2.16); seldom.py has the others.  Each takes (evaluation, stack, operand).

from ... import once
from ...values.cbor import MISSING, Obj
from ...values.numbers import is_number
from .arithmetic import is_nan
from .bodies import body_at, named
from .counting import made
from .paths import flat, truth
from .values import (
    Apart,
    Closure,
    ExpressionError,
    Function,
    Sequence,
    Tuple,
)

isinstance, len, type = isinstance, len, type


def load_(m, stack, a):
    stack.append(m.load(a))


def context_(m, stack, a):
    stack.append(m.part(a))


def pick_(m, stack, a):
    stack.append(stack[a])


def drop_(m, stack, a):
    del stack[len(stack) - a :]


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
        v = is_number(v) and not is_nan(v)
    elif a == 4:
        v = isinstance(v, str)
    elif a == 5:
        v = isinstance(v, Obj)
    else:
        v = v is True or v is False
    stack[-1] = v


def minus_(m, stack, a):
    from .operators import minus

    stack[-1] = minus(stack[-1])


def at_(m, stack, a):
    v = stack[-1]
    a = -((a + 1) >> 1) if a & 1 else a >> 1
    if isinstance(v, list):
        stack[-1] = v[a] if -len(v) <= a < len(v) else MISSING
    elif a and a != -1:
        stack[-1] = MISSING


def each_(m, stack, a):
    v = stack[-1]
    if not isinstance(v, list):
        v = () if v is MISSING else (v,)
    elif type(v) is not list:
        v = list(v)  # MicroPython is slow with what is more than a list
    stack[-1] = [v, -1]


def position_(m, stack, a):
    stack.append(stack[a][1])


def build_(m, stack, a):
    stack.append(Sequence() if not a else [] if a == 1 else Obj() if a == 2 else Groups())


class Groups:
    # a builder of these; `pairs` are Tuples by key, the second of each the data
    def __init__(self):
        self.pairs = Obj()


def spread_(m, stack, a):
    v = stack.pop()
    if isinstance(v, list):
        if len(v) > 255:
            m.spend(len(v) >> 8)
        stack[a].extend(v)
    elif v is not MISSING:
        stack[a].append(v)


def keep_(m, stack, a):
    p = stack.pop()
    v = stack.pop()
    if p is True:
        stack[a - 1].append(v)
    elif p is not False and p is not MISSING:
        from .seldom import picked

        for _ in range(picked(m, p, stack[a])):
            stack[a - 1].append(v)


def member_(m, stack, a):
    v = stack.pop()
    k = stack.pop()
    if not isinstance(k, str):
        if k is MISSING:
            return
        raise ExpressionError("T1003", value=k)
    to = stack[a]
    if k in to:
        raise ExpressionError("D1009", value=k)
    if v is not MISSING:
        to[k] = v


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
OPERATIONS[5:7] = pick_, drop_
OPERATIONS[16] = context_
OPERATIONS[69:72] = none_, closure_, func_
OPERATIONS[76:78] = is_, minus_
OPERATIONS[81:83] = at_, each_
OPERATIONS[84:86] = position_, build_
OPERATIONS[87:90] = spread_, keep_, member_
OPERATIONS[91] = done_
