# Infinities and NaN, which are numbers of expressions, on every interpreter (docs/SPEC.md, 2.16).
import struct

from ...values.numbers import F64, WIDE

int, type = int, type  # found sooner by MicroPython
_INF = 0x7FF << 52


def _native(a):
    # Do this interpreter's floats round as IEEE's do, once, and denormals too?  An x87's do not.
    least = struct.unpack("<d", b"\1\0\0\0\0\0\0\0")[0]
    return a + 2.9999 == a + 2.0 and struct.pack("<d", least + least)[0] == 2


NATIVE = WIDE and _native(1e16)
if WIDE:
    INFINITY = struct.unpack("<d", struct.pack("<Q", _INF))[0]
    NEGATIVE = -INFINITY
    NAN = INFINITY - INFINITY
else:
    INFINITY = F64(_INF)
    NEGATIVE = F64(_INF | 1 << 63)
    NAN = F64(_INF | 1 << 51)


def is_finite(v):
    t = type(v)
    if t is int:
        return True
    return v - v == 0 if WIDE else t is not F64 or v.bits & _INF != _INF


def is_nan(v):
    if WIDE:
        return v != v
    return type(v) is F64 and v.bits & ((1 << 63) - 1) > _INF
