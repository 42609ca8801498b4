# Calls of functions in expressions (docs/SPEC.md, 2.16).  Each gives the place in the code where
# it goes on, or 0 if all is over.
#
# What waits for a result is on m.calls: a body as (place, locals, stack, base), a function of a
# composition as (0, function, None, base).

from ... import const
from .bodies import enter, native, single
from .values import Closure, ExpressionError, Function, Native, Sequence

_RETURN = const(66)
_INVOKE = const(75)


def called(m, pc, op, a):
    if op == _RETURN:
        return _returned(m)
    if op != _INVOKE:  # OPERATE ~>
        from .applying import pipe

        return pipe(m, pc)
    stack = m.stack
    n = len(stack) - (a & 255)
    args = stack[n:]
    f = stack[n - 1]
    del stack[n - 1 :]
    kind = type(f)
    if kind is not Closure and kind is not Native and not isinstance(f, Function):
        raise ExpressionError("T1006", value=f)
    m.fuel -= 1
    if m.fuel < 0:
        raise ExpressionError("D1012")
    if a & 256 and kind is not Closure:
        from .applying import arity

        del args[arity(m, f) :]
    # bit 8: a linked-in body calls, as the reference's own functions do
    context = None if a & 256 else m.env[0]
    if kind is Native:
        v = native(m, f.number, args, context)
        if type(v) is Sequence and len(v) < 2 and not a & 256:
            v = single(v, args)
        stack.append(v)
        return pc
    if m.vm.code[pc] != _RETURN:  # else the new one takes the place of this one
        m.calls.append((pc, m.env, stack, m.base))
        m.base += a >> 9
    if kind is Closure:
        return enter(m, f, args)
    from .applying import reach

    return reach(m, f, args, context, a & 256)


def _returned(m):
    v = m.stack.pop()
    if not m.calls:
        m.value = v
        return 0
    pc, m.env, stack, m.base = m.calls.pop()
    if not pc:
        from .applying import reach

        m.spend(1)
        return reach(m, m.env, [v], None)
    stack.append(v)
    m.stack = stack
    return pc
