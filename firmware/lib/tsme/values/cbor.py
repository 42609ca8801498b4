# Values as deterministic CBOR (SPEC section 1), written into and read from memory.
#
# Nothing here recurses: a board's C stack is small. With `container` an item may also hold byte
# strings, MISSING and integers up to 2**64 - 1, and nest deeper: records and programs do.
import struct

from ..errors import fault
from . import DEPTH, ITEM_DEPTH, MISSING, UINT_MAX, UNICODE, Obj, is_utf8, too_deep  # noqa: F401
from .cbor_decode import decode  # noqa: F401
from .numbers import F64, INT_MAX, INT_MIN, Float, bits, shortest

try:
    from tsme_native import encoded  # firmware/native: of what is common, in firmware of our own
except ImportError:
    encoded = None

# MicroPython looks for a builtin among all names of the module, then among all builtins, each
# time it is used. As names of the module they are found at once.
bool, dict, int, str, type = bool, dict, int, str, type
isinstance, iter, len = isinstance, iter, len
# Made once: written in place, a tuple of types is built anew each time.
_ARRAYS = (list, tuple)
_BOXES = (list, tuple, dict)
_BYTES = (bytes, bytearray, memoryview)


def put_head(buf, major, n):
    major <<= 5
    if n < 24:
        buf.append(major | n)
    elif n < 0x100:
        buf.append(major | 24)
        buf.append(n)
    elif n < 0x10000:
        buf.append(major | 25)
        buf.append(n >> 8)
        buf.append(n & 0xFF)
    elif n < 0x100000000:
        buf += struct.pack(">BI", major | 26, n)
    else:
        buf += struct.pack(">BQ", major | 27, n)


def _put_float(buf, v):
    width, n = shortest(bits(v))
    if width == 8:
        buf += struct.pack(">BQ", 0xFB, n)
    elif width == 4:
        buf += struct.pack(">BI", 0xFA, n)
    else:
        buf += struct.pack(">BH", 0xF9, n)


def _put_int(buf, v, container):
    if 0 <= v < 0x10000:  # compared with what is small, which takes no long arithmetic
        return put_head(buf, 0, v)
    if not INT_MIN <= v <= (UINT_MAX if container else INT_MAX):
        raise fault("TSME-V002", v)
    put_head(buf, 1 if v < 0 else 0, -1 - v if v < 0 else v)


# What is not exactly of a JSON type: subclasses are taken for their base.
def _put_other(buf, v, container, top):
    if v is MISSING and (container or top):
        buf.append(0xF7)
    elif container and isinstance(v, _BYTES):
        put_head(buf, 2, len(v))
        buf += v
    elif isinstance(v, str):
        _put_text(buf, str(v))
    elif isinstance(v, int):
        _put_int(buf, int(v), container)
    elif Float is not None and isinstance(v, Float):
        _put_float(buf, Float(v))
    else:
        raise fault("TSME-V001", type(v).__name__)


def _put_text(buf, v):
    b = v.encode()
    n = len(b)
    if not UNICODE and n != len(v) and not is_utf8(b):
        raise UnicodeError
    if n < 24:
        buf.append(0x60 | n)
    else:
        put_head(buf, 3, n)
    buf += b


def _encode(buf, it, container):
    limit = ITEM_DEPTH if container else DEPTH
    stack = []
    keyed = False
    while True:
        for v in it:
            if keyed:
                k, v = v
                if not isinstance(k, str):
                    raise fault("TSME-V005", type(k).__name__)
                b = k.encode()
                n = len(b)
                if n < 24 and n == len(k):  # ASCII; else there is more to check
                    buf.append(0x60 | n)
                    buf += b
                else:
                    _put_text(buf, k)
            t = type(v)
            if t is str:
                b = v.encode()
                n = len(b)
                if n < 24 and n == len(v):
                    buf.append(0x60 | n)
                    buf += b
                else:
                    _put_text(buf, v)
            elif t is int:
                if 0 <= v < 24:
                    buf.append(v)
                elif 0 <= v < 0x100:
                    buf.append(24)
                    buf.append(v)
                else:
                    _put_int(buf, v, container)
            elif v is None:
                buf.append(0xF6)
            elif t is bool:
                buf.append(0xF5 if v else 0xF4)
            elif t is Float or t is F64:
                _put_float(buf, v)
            elif isinstance(v, dict):
                if len(stack) >= limit:
                    too_deep(limit)
                put_head(buf, 5, len(v))
                stack.append((it, keyed))
                it = iter(v.items())
                keyed = True
                break
            elif isinstance(v, _ARRAYS):
                if len(stack) >= limit:
                    too_deep(limit)
                put_head(buf, 4, len(v))
                stack.append((it, keyed))
                it = iter(v)
                keyed = False
                break
            else:
                _put_other(buf, v, container, not stack)
        else:
            if not stack:
                return
            it, keyed = stack.pop()


# Appends v to buf; on an error buf is as it was. MISSING itself may be written, not in a value.
def encode_into(buf, v, container=False):
    t = type(v)
    if t is int:  # what is simple and frequent, first
        if 0 <= v <= INT_MAX:
            put_head(buf, 0, v)
        else:
            _put_int(buf, v, container)
        return
    if v is None:
        buf.append(0xF6)
        return
    encode_all(buf, (v,), container)


# The same for each of some, one behind the other.
def encode_all(buf, items, container=False):
    made = encoded and encoded(items, container)
    if made is not None:
        buf += made
        return
    start = len(buf)
    try:
        _encode(buf, iter(items), container)
    except UnicodeError:
        buf[start:] = b""
        raise fault("TSME-V004")
    except Exception:
        buf[start:] = b""
        raise


def encode(v, container=False):
    buf = bytearray()
    encode_into(buf, v, container)
    return bytes(buf)


# (encoded size of a value, how deep it is); as soon as the size passes `most` some larger number
# and a depth that means nothing.  Level by level: a value that shares its parts may be far too
# large to be written out, and is found out early.
def measure(v, most=0x7FFFFFFF):
    total = depth = 0
    level = [v]
    while True:
        below = []
        hollow = 0  # 1: an empty array or object is a level of its own
        for v in level:
            t = type(v)
            if t is str:
                n = len(v.encode())
                total += n
            elif t is int:
                n = -1 - v if v < 0 else v
            elif v is None or t is bool:
                total += 1
                continue
            elif isinstance(v, _BOXES):
                n = len(v)
                if n > most or len(below) > most:
                    return most + 1, depth  # not worth a list as long as that
                if not n:
                    hollow = 1
                below.extend(v)
                if isinstance(v, dict):
                    below.extend(v.values())
            else:
                total += len(encode(v, True))
                continue
            total += 1 if n < 24 else 2 if n < 0x100 else 3 if n < 0x10000 else 9 if n >> 32 else 5
            if total > most:
                return total, depth
        if not below:
            return total, depth + hollow
        level = below
        depth += 1


def encoded_size(v, most=0x7FFFFFFF):
    return measure(v, most)[0]


if UNICODE:
    from .native import bind, sooner

    bind(_put_int, _put_float, _put_other, measure)
    encode_all, measure = sooner(encode_all), sooner(measure)
