# Arithmetic of expressions (docs/SPEC.md, 2.16, Numbers): binary64 as JavaScript has it, the same
# on every interpreter.  What is whole and below 2^53 is an int; infinities and NaN are numbers.
# What is seldom is in doubles.py.
from ...values.numbers import WIDE, Float
from .finite import INFINITY, NAN, NATIVE, NEGATIVE, is_finite, is_nan  # noqa: F401

float = Float
int, type = int, type  # found sooner by MicroPython
_BIG = 1 << 53  # integers below it are binary64s, and their sums and products exact


def _rest(name, *args):
    from . import doubles

    return getattr(doubles, name)(*args)  # calls: doubles


def compare(a, b):
    # -1, 0 or 1, exactly; None if one of them is NaN, which is neither
    if type(a) is int and type(b) is int:
        return (a > b) - (a < b)
    if WIDE and type(a) is float and type(b) is float:
        return (a > b) - (a < b) if a == a and b == b else None
    return _rest("order", a, b)


def settled(v):
    # a number that was computed, as the law wants it
    if type(v) is int and -_BIG < v < _BIG:
        return v
    if WIDE and type(v) is not int:
        if -9007199254740992.0 < v < 9007199254740992.0:
            n = int(v)
            return n if n == v else v
        return v
    return _rest("lawful", v)


def double(v):
    # a native float, of a number that is finite
    return float(v if type(v) is float or -_BIG <= v <= _BIG else _rest("nearest", v))


def add(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a + b
        return c if -_BIG < c < _BIG else _rest("nearest", c)
    if NATIVE:
        return settled(double(a) + double(b))
    return _rest("sum_of", a, b)


def subtract(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a - b
        return c if -_BIG < c < _BIG else _rest("nearest", c)
    if NATIVE:
        return settled(double(a) - double(b))
    return _rest("difference", a, b)


def multiply(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a * b
        return c if -_BIG < c < _BIG else _rest("nearest", c)
    if NATIVE:
        return settled(double(a) * double(b))
    return _rest("product", a, b)


def divide(a, b):
    if type(a) is int and type(b) is int and b and -_BIG < a < _BIG:
        c = a // b
        if c * b == a:
            return c
    if NATIVE and b and is_finite(a) and is_finite(b):
        return settled(double(a) / double(b))
    return _rest("ratio", a, b)


def remainder(a, b):
    # with the sign of the dividend; exact
    if type(a) is int and type(b) is int and b and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = (-a if a < 0 else a) % (-b if b < 0 else b)
        return -c if a < 0 else c
    return _rest("rest_of", a, b)
