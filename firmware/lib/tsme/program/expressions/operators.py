# OPERATE (docs/SPEC.md, 2.16), but for `~>` and for what evaluation.py does.
from ...values.cbor import MISSING, Obj
from ...values.numbers import is_number
from .arithmetic import add, compare, divide, is_finite, multiply, remainder, subtract
from .values import ExpressionError

isinstance, len, type = isinstance, len, type
_ARITHMETIC = (add, subtract, multiply, divide, remainder)
_TOKENS = "+ - * / % & = != < <= > >= in .."


def operate(m, k, a, b):
    if k < 5:
        if not is_number(a) or not is_number(b) or not is_finite(a) or not is_finite(b):
            nothing = _operand(k, a, "T2001")
            if _operand(k, b, "T2002") or nothing:  # both are asked what they are
                return MISSING
        # calls: arithmetic
        return _ARITHMETIC[k](a, b)
    if k == 6 or k == 7:
        if a is MISSING or b is MISSING:
            return False
        through(m, a, b)
        return equal(a, b) is (k == 6)
    if k == 5:
        return _joined(m, a, b)
    if k < 12:
        return _ordered(m, k, a, b)
    if k == 12:
        return _within(m, a, b)
    return _range(m, a, b)


def token(k):
    return _TOKENS.split()[k]


def _operand(k, v, code):
    # -> is it nothing?
    if v is MISSING:
        return True
    if not is_number(v) or v != v:
        raise ExpressionError(code, value=v, token=token(k))
    if not is_finite(v):
        raise ExpressionError("D1001", value=v)
    return False


def minus(v):
    if v is MISSING:
        return v
    if not is_number(v) or v != v:
        raise ExpressionError("D1002", value=v, token="-")
    if not is_finite(v):
        raise ExpressionError("D1001", value=v)
    from .doubles import negate

    return negate(v)


def through(m, a, b):
    # Texts, arrays and objects are gone through.
    from .counting import size

    n = size(m, a) + size(m, b)
    if n > 255:
        m.spend(n >> 8)


def equal(a, b):
    todo = [(a, b)]
    while todo:
        a, b = todo.pop()
        if a is b:
            if a != a:
                return False  # NaN
        elif isinstance(a, list):
            if not isinstance(b, list) or len(a) != len(b):
                return False
            for i in range(len(a)):
                todo.append((a[i], b[i]))
        elif isinstance(a, Obj):
            if not isinstance(b, Obj) or len(a) != len(b):
                return False
            if len(a) > 8:
                b = dict(b)  # MicroPython looks through all members of what has an order
            for k in a:
                if k not in b:
                    return False
                todo.append((a[k], b[k]))
        elif is_number(a):
            if not is_number(b) or compare(a, b) != 0:
                return False
        elif type(a) is not type(b) or a != b:
            return False
    return True


def _joined(m, a, b):
    from .as_text import text_of
    from .counting import made

    through(m, a, b)
    a = "" if a is MISSING else a if isinstance(a, str) else text_of(a)
    b = "" if b is MISSING else b if isinstance(b, str) else text_of(b)
    return made(m, a + b)


def _ordered(m, k, a, b):
    texts = isinstance(a, str)
    for v in (a, b):
        if v is not MISSING and not isinstance(v, str) and not is_number(v):
            known = isinstance(a, str) or is_number(a)
            raise ExpressionError("T2010", value=b if known else a, token=token(k))
    if a is MISSING or b is MISSING:
        return MISSING
    if texts is not isinstance(b, str):
        raise ExpressionError("T2009", value=a, value2=b, token=token(k))
    if texts:
        from .as_text import before

        through(m, a, b)
        order = -1 if before(a, b) else 0 if a == b else 1
    else:
        order = compare(a, b)
        if order is None:  # there is NaN
            return False
    return order < 0 if k == 8 else order <= 0 if k == 9 else order > 0 if k == 10 else order >= 0


def _within(m, a, b):
    if a is MISSING or b is MISSING:
        return False
    if not isinstance(b, list):
        b = (b,)
    elif len(b) > 255:
        m.spend(len(b) >> 8)
    number = is_number(a)
    for v in b:
        if number:
            if is_number(v) and compare(a, v) == 0:
                return True
        elif v is a or type(a) is str and type(v) is str and v == a:
            return True
    return False


def _range(m, a, b):
    from .ranges import span

    return span(m, a, b)
