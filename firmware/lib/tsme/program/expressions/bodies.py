# Where bodies and native functions begin (docs/SPEC.md, 2.16).

from ... import const, once
from ...values.cbor import MISSING, Obj
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
    function, signature, _ = row(number)
    try:
        if signature and not fits(signature, args):
            args = validate(signature, args, context)
        v = function(m, *args)  # calls: expressions_functions
    except ExpressionError as e:
        e.function = number  # for the host's words
        raise
    return read(m, args, v)


def row(number):
    # of a native function: itself, signature, arity
    found = _natives.get(number)
    if not found:
        found = _natives[number] = once("program.expressions.functions.natives", "find", number)
    return found


def fits(signature, args):
    # Does each argument fit the parameter at its place, so that nothing is to be completed?  What
    # is less simple, signatures.py decides.
    i = 1
    for v in args:
        kind = signature[i]
        i += 1
        t = type(v)
        if kind == "a":
            if not isinstance(v, list):
                return False
            if signature[i] == "<":
                kind = signature[i + 1]
                if kind != "s" and kind != "n":
                    return False
                kind = str if kind == "s" else Float
                i += 3
                for x in v:
                    t = type(x)
                    if t is not kind and (t is not int or kind is str):
                        return False
        elif (
            t is not str
            if kind == "s"
            else t is not int and t is not Float
            if kind == "n"
            else t is not Obj
            if kind == "o"
            else kind != "x"
        ):
            return False
        if signature[i] == "-" or signature[i] == "?":
            i += 1
    while signature[i + 1 : i + 2] == "?":
        i += 2
    return signature[i] == ":" or signature[i] == ">"


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
