# What the intrinsic functions demand of their arguments.
from ...errors import IntrinsicError
from ...values.binary64 import round_half_up
from ...values.numbers import INT_MAX, INT_MIN, is_number

_CHARACTERS = 10000


def an_array(v, what):
    if not isinstance(v, list):
        raise IntrinsicError(what + " must be an array")
    return v


def a_text(v, what):
    if not isinstance(v, str):
        raise IntrinsicError(what + " must be a string")
    return v


def short_text(v, what):
    if len(a_text(v, what)) > _CHARACTERS:
        raise IntrinsicError(f"{what} has {len(v)} characters, the limit is {_CHARACTERS}")
    return v


# AWS rounds where it wants an integer: half up, toward +infinity.
def an_integer(v, what, low=INT_MIN, high=INT_MAX):
    if not is_number(v):
        raise IntrinsicError(what + " must be a number")
    v = round_half_up(v)
    if not low <= v <= high:
        raise IntrinsicError(f"{what} must be from {low} to {high}")
    return v
