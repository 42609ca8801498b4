# Where bodies and native functions begin (docs/SPEC.md, 2.16).

from ... import const
from ...values.cbor import MISSING
from .values import ExpressionError

_DEPTH = const(100)
_natives = {}  # functions that were called: number -> (function, signature, arity)


def body_at(code, pc):
    # (operand of BODY, where the code behind it begins, in bytes)
    pc += pc
    if code[pc]:
        return code[pc + 1], pc + 2
    return code[pc + 1] << 8 | code[pc + 3], pc + 4


def enter(m, f, args):
    # a body begins
    if m.base > _DEPTH or len(m.calls) >= _DEPTH:
        raise ExpressionError("D1011")
    del args[f.arity :]
    env = [f.context]
    env += args
    n = f.count
    while len(env) < n:
        env.append(MISSING)
    env.append(f.env)
    m.env = env
    m.stack = []
    return f.first


def native(m, number, args, context):
    row = _natives.get(number)
    if not row:
        from .functions.natives import find

        row = _natives[number] = find(number)
    try:
        if row[1]:
            from .functions.signatures import validate

            args = validate(row[1], args, context)
        function = row[0]
        v = function(m, *args)  # calls: expressions_functions
    except ExpressionError as e:
        e.function = number  # for the host's words
        raise
    from .counting import read

    return read(m, args, v)
