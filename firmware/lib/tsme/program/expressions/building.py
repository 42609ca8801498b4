# Instructions of expressions that many have, for objects, filters and positions (docs/SPEC.md,
# 2.16); finding.py knows them.

from ...values.cbor import MISSING
from .values import ExpressionError

isinstance, len, type = isinstance, len, type


def context_(m, stack, a):
    stack.append(m.part(a))


def pick_(m, stack, a):
    stack.append(stack[a])


def drop_(m, stack, a):
    del stack[len(stack) - a :]


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


def position_(m, stack, a):
    stack.append(stack[a][1])


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
