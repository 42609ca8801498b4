# Intrinsic functions on numbers, and those that draw from the generator.
from ...errors import IntrinsicError
from .arguments import an_integer


def math_add(rng, a, b):
    a = an_integer(a, "the first argument", -0x80000000, 0x7FFFFFFF)
    return a + an_integer(b, "the second argument", -0x80000000, 0x7FFFFFFF)


# With a seed the number depends on nothing else: a generator of its own, whose first draw is
# thrown away because a small seed has not spread over its bits yet.
def math_random(rng, first, end, seed):
    first = an_integer(first, "the start number")
    n = an_integer(end, "the end number") - first
    if not 0 < n <= 1 << 32:
        raise IntrinsicError("the end number must be greater than the start, by at most 2^32")
    if seed is not None:
        from ...kernel.rng import Rng

        rng = Rng(an_integer(seed, "the seed"))
        rng.draw()
    return first + rng.below(n)


# Version 4 from four draws, first bits first.
def uuid(rng):
    a = rng.draw()
    b = rng.draw()
    c = rng.draw()
    d = rng.draw()
    parts = (a, b >> 16, b & 0xFFF, 0x8000 | ((c >> 16) & 0x3FFF), c & 0xFFFF, d)
    return "%08x-%04x-4%03x-%04x-%04x%08x" % parts
