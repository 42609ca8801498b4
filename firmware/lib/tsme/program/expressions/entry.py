# The instructions of a workflow that are about expressions (docs/SPEC.md, 2.16).

from ...errors import StatesError, error
from ...values.cbor import Obj
from ...values.numbers import is_number, is_whole
from ..sizes import spend
from .arithmetic import settled
from .bodies import body_at
from .evaluation import FUEL, Evaluation
from .leaving import left
from .values import ExpressionError


def eval_(vm, d, number, f, stack, a):
    # the instruction EVAL of the workflow
    n = len(stack) - (body_at(vm.code, a)[0] >> 8)
    given = stack[n:]
    del stack[n:]
    most = vm.program.step_bytes
    total = d.work
    made = total[1] - total[2] if total and total[3] == d.left else 0
    m = Evaluation(vm, d, f, FUEL, most - made)
    try:
        v = left(m, m.evaluated(a, given))
    except ExpressionError as e:
        _spent(d, m, most)
        _fail(e.cause())  # within this, so that the host can ask what is known of it
    except StatesError:
        _spent(d, m, most)
        raise
    _spent(d, m, most)
    stack.append(v)


def _spent(d, m, most):
    spend(d, FUEL - m.fuel if m.fuel > 0 else FUEL, m.made, most)


def _fail(cause, value=None):
    e = error(13, value)
    e.cause = cause
    raise e


def expect_(vm, d, number, f, stack, a):
    # the instruction EXPECT: what a field takes
    v = stack[-1]
    kind = type(v)
    if 1 < a < 4 or a == 7:
        if not is_whole(v) and is_number(v):
            n = settled(v)
            v = n
        good = is_number(v)
        if a == 2:
            good = is_whole(v) and 0 <= v <= 99999999
        elif a == 3 and good:
            v = _millionths(v)
            good = v is not None
    else:
        good = (
            kind is bool
            if not a
            else isinstance(v, str)
            if a == 1
            else isinstance(v, list) and a != 6 or isinstance(v, Obj) and a > 4
        )
    if not good:
        _fail("type", stack[-1])
    stack[-1] = v


def _millionths(v):
    # None of what is not from 0 to 100
    from ..wait import limit

    try:
        return limit(v, 4)
    except StatesError:
        return None
