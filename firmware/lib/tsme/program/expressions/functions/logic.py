# Of truth and kinds: boolean, not, exists, type, error, assert, and the order of sort keys.
from ....values import MISSING
from ....values.numbers import is_number
from .. import arithmetic, doubles
from ..as_text import before
from ..values import ExpressionError, is_function


def _finite(v):
    if not arithmetic.is_finite(v) and not arithmetic.is_nan(v):
        raise ExpressionError("D1001", value=v)
    return not arithmetic.is_nan(v)


def truth(v):
    # as $boolean has it; nothing is not.  All items of an array are asked, as an infinity has none
    todo = [v]
    found = False
    while todo:
        v = todo.pop()
        if isinstance(v, list):
            todo.extend(v)
        elif is_number(v):
            if _finite(v) and not doubles.is_zero(v):
                found = True
        elif v is not MISSING and not is_function(v) and v:
            found = True
    return found


def boolean_(m, v=MISSING):
    return v if v is MISSING else truth(v)


def not_(m, v=MISSING):
    return v if v is MISSING else not truth(v)


def exists_(m, v=MISSING):
    return v is not MISSING


def type_(m, v=MISSING):
    if v is MISSING:
        return v
    if v is None:
        return "null"
    if v is True or v is False:
        return "boolean"
    if is_number(v):
        return "number" if _finite(v) else "object"  # NaN is no number to the reference
    if isinstance(v, str):
        return "string"
    if isinstance(v, list):
        return "array"
    return "function" if is_function(v) else "object"


def error_(m, message=MISSING):
    if message is MISSING or not message:
        message = "$error() function evaluated"
    raise ExpressionError("D3137", message=message)


def assert_(m, condition=MISSING, message=MISSING):
    if condition is True:
        return MISSING
    if message is MISSING or not message:
        message = "$assert() statement failed"
    raise ExpressionError("D3141", message=message)


def _key(v):
    return isinstance(v, str) or is_number(v)


def compare_(m, a=MISSING, b=MISSING, way=1):
    # of two keys of a sort: less than, 0 or greater than 0; way: -1 turns it round
    if type(a) is int and type(b) is int:
        return way if a > b else -way if a < b else 0
    if way is MISSING:
        way = 1
    if a is MISSING:
        return 0 if b is MISSING else 1
    if b is MISSING:
        return -1
    if not _key(a) or not _key(b):
        raise ExpressionError("T2008", value=b if _key(a) else a)
    if isinstance(a, str):
        if not isinstance(b, str):
            raise ExpressionError("T2007", value=a, value2=b)
        return 0 if a == b else -way if before(a, b) else way
    if isinstance(b, str):
        raise ExpressionError("T2007", value=a, value2=b)
    order = arithmetic.compare(a, b)
    return way if order is None else order * way
