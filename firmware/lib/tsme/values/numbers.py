# The number law: integers of 64 bits and IEEE binary64 on every interpreter.
#
# A native float here always stands for exactly the value it has. Where native floats are
# narrower than binary64 (or missing), a value that they cannot hold is an F64: its 64 bits.
# All arithmetic of the engine is done here with integers, never with native floats, whose
# width, rounding and text differ from board to board.
import struct

from .. import const
from ..errors import fault

int, isinstance, type = int, isinstance, type  # as in cbor.py: found faster by MicroPython
INT_MIN = -(1 << 63)
INT_MAX = (1 << 63) - 1

_INF = const(0x7FF << 52)
_FRACTION = const((1 << 52) - 1)
_PROBE = b"\x01\x02\x03\x04\x05\x06\xf1\x3f"

try:
    Float = float
    WIDE = struct.pack("<d", struct.unpack("<d", _PROBE)[0]) == _PROBE
except NameError:
    Float = None  # an interpreter built without floats: every one is an F64
    WIDE = False


class F64:
    # Made by from_bits alone, which prefers a native float; so no F64 equals a native float.
    def __init__(self, bits):
        self.bits = bits

    def __repr__(self):
        from .digits import shown

        return shown(*parts(self))

    def __eq__(self, b):
        return is_number(b) and compare(self, b) == 0

    def __hash__(self):
        v = int(self)
        return hash(self.bits if compare(self, v) else v)

    def __lt__(self, b):
        return compare(self, b) < 0

    def __le__(self, b):
        return compare(self, b) <= 0

    def __gt__(self, b):
        return compare(self, b) > 0

    def __ge__(self, b):
        return compare(self, b) >= 0

    def __int__(self):
        neg, m, e = parts(self)
        m = m << e if e >= 0 else m >> -e
        return -m if neg else m

    # The nearest value the board's own floats have: a loss that its caller asked for.
    def narrow(self):
        if Float is None:
            raise fault("TSME-V023")
        return struct.unpack("<d", struct.pack("<Q", self.bits))[0]


def from_bits(bits):
    if bits & _INF == _INF:
        raise fault("TSME-V003")
    if Float is None:
        return F64(bits)
    raw = struct.pack("<Q", bits)
    v = struct.unpack("<d", raw)[0]
    if WIDE or struct.pack("<d", v) == raw:
        return v
    return F64(bits)


def bits(v):
    if type(v) is F64:
        return v.bits
    if isinstance(v, int):
        from .digits import round_bits

        return round_bits(v < 0, -v if v < 0 else v, 0)
    n = struct.unpack("<Q", struct.pack("<d", v))[0]
    if n & _INF == _INF:
        raise fault("TSME-V003")
    return n


def is_number(v):
    t = type(v)
    return t is int or t is Float or t is F64


# (width in bytes, its bits) of the shortest float that keeps a binary64 exactly.
def shortest(n):
    sign = n >> 63
    x = ((n >> 52) & 0x7FF) - 1023
    m = n & 0xFFFFFFFFFFFFF
    if x == -1023:
        return (8, n) if m else (2, sign << 15)
    full = m | 1 << 52
    if -14 <= x <= 15:
        if not m & 0x3FFFFFFFFFF:
            return 2, sign << 15 | (x + 15) << 10 | m >> 42
    elif -24 <= x < -14 and not full & ((1 << (28 - x)) - 1):
        return 2, sign << 15 | full >> (28 - x)
    if -126 <= x <= 127:
        if not m & 0x1FFFFFFF:
            return 4, sign << 31 | (x + 127) << 23 | m >> 29
    elif -149 <= x < -126 and not full & ((1 << (-97 - x)) - 1):
        return 4, sign << 31 | full >> (-97 - x)
    return 8, n


# The binary64 of a binary16 (10, 5) or binary32 (23, 8).
def widen(n, a, b):
    mbits, ebits = a, b  # names of arguments take heap for good
    sign = n >> (mbits + ebits)
    e = (n >> mbits) & ((1 << ebits) - 1)
    m = n & ((1 << mbits) - 1)
    bias = (1 << (ebits - 1)) - 1
    if e == (1 << ebits) - 1:
        e = 0x7FF
    elif e:
        e += 1023 - bias
    elif m:
        e = 1024 - bias
        while not m >> mbits:
            m <<= 1
            e -= 1
        m &= (1 << mbits) - 1
    return sign << 63 | e << 52 | m << (52 - mbits)


# An integer as such: 2.0 is none, as with AWS.
def is_whole(v):
    return type(v) is int


# v as (negative, m, e), v = m * 2**e.
def parts(v):
    if type(v) is int:
        return (True, -v, 0) if v < 0 else (False, v, 0)
    n = bits(v)
    e = (n >> 52) & 0x7FF
    m = n & _FRACTION
    if e:
        m |= 1 << 52
    else:
        e = 1
    return n >> 63 != 0, m, e - 1075


# -1, 0 or 1; exact for every pair of numbers.
def compare(a, b):
    t = type(a)
    if t is not type(b) or t is F64:
        na, ma, ea = parts(a)
        nb, mb, eb = parts(b)
        if ea > eb:
            ma <<= ea - eb
        else:
            mb <<= eb - ea
        a = -ma if na else ma
        b = -mb if nb else mb
    return (a > b) - (a < b)
