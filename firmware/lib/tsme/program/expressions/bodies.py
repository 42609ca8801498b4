# Where bodies and native functions begin (docs/SPEC.md, 2.16).

from ... import const
from ...values.cbor import MISSING
from ...values.numbers import Float
from .counting import read
from .values import ExpressionError, Native

len, type = len, type

_DEPTH = const(100)
_COMPARE = const(63)  # what order-by asks
_functions = {}
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


def validate(signature, args, context):  # noqa: F811
    # the first time: without arguments that are checked nobody needs it
    global validate
    from .functions.signatures import validate  # noqa: F811

    return validate(signature, args, context)


def native(m, number, args, context):
    if number == _COMPARE and len(args) == 3:
        a, b, way = args
        t = type(a)
        if t is type(b) and (t is int or t is Float and a == a and b == b) and type(way) is int:
            return 0 if a == b else way if a > b else -way
    row = _natives.get(number)
    if not row:
        from .functions.natives import find

        row = _natives[number] = find(number)
    try:
        if row[1]:
            args = validate(row[1], args, context)
        function = row[0]
        v = function(m, *args)  # calls: expressions_functions
    except ExpressionError as e:
        e.function = number  # for the host's words
        raise
    return read(m, args, v)


def named(number):
    # the native function of this number, always the same
    f = _functions.get(number)
    if f is None:
        f = _functions[number] = Native(number)
    return f


def single(v, args):
    # What a native function gave: a sequence of one item or none is that, but not one that it was
    # given.
    if len(v) > 1:
        return v
    for x in args:
        if x is v:
            return v
    return v[0] if v else MISSING
