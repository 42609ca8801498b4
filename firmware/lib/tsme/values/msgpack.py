# Values as MessagePack, for handlers and boards whose other side speaks it; inside, they are CBOR.
#
# Integers and lengths are written as short as they can be, floats with 64 bits; each form is read.
# What JSON does not have is refused: byte strings, extensions, timestamps.
import struct

from ..errors import fault
from . import DEPTH, Obj, too_deep
from .cbor import encode
from .cbor_decode import decode, read_head, read_text
from .numbers import INT_MAX, bits, from_bits, widen


def _put_head(buf, n, small, most, code):
    if n < most:
        buf.append(small | n)
    elif n < 0x100 and code == 0xDA:  # a text
        buf += struct.pack(">BB", 0xD9, n)
    elif n < 0x10000:
        buf += struct.pack(">BH", code, n)
    else:
        buf += struct.pack(">BI", code + 1, n)


# The integer n, or -1 - n.
def _put_int(buf, n, negative):
    if n < 32 or n < 128 and not negative:
        buf.append(0xFF - n if negative else n)
        return
    i = 0
    while n >> ((8 << i) - negative):
        i += 1
    buf.append((0xD0 if negative else 0xCC) + i)
    width = 1 << i
    buf += ((1 << (width << 3)) - 1 - n if negative else n).to_bytes(width, "big")


# Translated from CBOR, where all is checked that a value must be.
def dumps(v):
    data = encode(v)
    buf = bytearray()
    pos = 0
    while pos < len(data):
        start = pos
        major, n, pos = read_head(data, pos)
        if major < 2:
            _put_int(buf, n, major)
        elif major == 3:
            _put_head(buf, n, 0xA0, 32, 0xDA)
            buf += data[pos : pos + n]
            pos += n
        elif major < 6:
            _put_head(buf, n, 0x90 if major == 4 else 0x80, 16, 0xDC if major == 4 else 0xDE)
        elif n > 23:
            v, pos = decode(data, start)
            buf += struct.pack(">BQ", 0xCB, bits(v))
        elif n == 23:
            raise fault("TSME-V001", "MISSING")
        else:
            buf.append((0xC2, 0xC3, 0xC0)[n - 20])
    return bytes(buf)


# By the byte from C0 on: what it begins, and how many bytes of a number or length follow it.
_KINDS = "n-FTbbbeeeffuuuusssseeeeetttaamm"
_WIDTHS = b"\0\0\0\0\1\2\4\1\2\4\4\x08\1\2\4\x08\1\2\4\x08\0\0\0\0\0\1\2\4\2\4\2\4"


# `n` bytes from pos on are there; the position after them.
def _behind(data, pos, n):
    if pos + n > len(data):
        raise fault("TSME-V010", len(data))
    return pos + n


# (what begins at pos, its value or length, the next position).
def _read_head(data, pos):
    start = pos
    end = _behind(data, pos, 1)
    b = data[start]
    if b < 0x80 or b >= 0xE0:
        return "u", b if b < 0x80 else b - 0x100, end
    if b < 0xC0:
        kind, n = ("t", b & 31) if b >= 0xA0 else ("a" if b & 16 else "m", b & 15)
    else:
        kind = _KINDS[b - 0xC0]
        pos = end
        end = _behind(data, pos, _WIDTHS[b - 0xC0])
        n = int.from_bytes(data[pos:end], "big")
    if kind == "t":
        pos = end
        end = _behind(data, pos, n)
        n = read_text(data, pos, end)
    elif kind == "s":
        n -= n >> (((end - pos) << 3) - 1) << ((end - pos) << 3)
    elif kind == "f":
        n = from_bits(n if end - pos == 8 else widen(n, 23, 8))
    elif kind in "nFT":
        n = None if kind == "n" else kind == "T"
    elif kind == "u" and n > INT_MAX:
        raise fault("TSME-V002", n)
    elif kind in "be":
        b = data[_behind(data, end, 1) - 1] if kind == "e" else 0
        what = "a timestamp" if b == 0xFF else "the extension type %d" % ((b ^ 0x80) - 0x80)
        raise fault("TSME-V015", "a byte string" if kind == "b" else what, start)
    elif kind == "-":
        raise fault("TSME-V012", b, start)
    return kind, n, end


# The value of all of `data`.
def loads(data):
    pos = left = 0
    stack = []
    box = key = None
    keyed = False
    while True:
        kind, n, end = _read_head(data, pos)
        if keyed and key is None:
            if kind != "t":
                raise fault("TSME-V005", "the item at %d" % pos)
            key, pos = n, end
            continue
        pos = end
        v = n
        if kind in "am":
            if len(stack) >= DEPTH:
                too_deep(DEPTH)
            v = [] if kind == "a" else Obj()
            if n:
                stack.append((box, key, left, keyed))
                box, key, left, keyed = v, None, n, kind == "m"
                continue
        while stack:
            if not keyed:
                box.append(v)
            elif key in box:
                raise fault("TSME-V013", pos)
            else:
                box[key] = v
                key = None
            left -= 1
            if left:
                break
            v = box
            box, key, left, keyed = stack.pop()
        else:
            if pos < len(data):
                raise fault("TSME-V016", pos)
            return v
