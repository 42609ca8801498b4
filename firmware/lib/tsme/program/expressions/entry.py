# The instruction EVAL of a workflow (docs/SPEC.md, 2.16).

from ...errors import StatesError, error
from .bodies import body_at
from .evaluation import FUEL, Evaluation
from .leaving import left
from .values import ExpressionError


def eval_(vm, d, number, f, stack, a):
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
        failed = error(13)
        failed.cause = e.cause()
        raise failed  # within this, so that the host can ask what is known of it
    except StatesError:
        _spent(d, m, most)
        raise
    _spent(d, m, most)
    stack.append(v)


def _spent(d, m, most):
    if FUEL - m.fuel > 255 or m.made:
        from ..sizes import spend

        spend(d, FUEL - m.fuel if m.fuel > 0 else FUEL, m.made, most)
