# Reads values from deterministic CBOR, strictly: what encode would not have written is refused.
from ..errors import fault
from . import DEPTH, ITEM_DEPTH, MISSING, UINT_MAX, UNICODE, Obj, is_utf8, too_deep
from .numbers import INT_MAX, from_bits, shortest, widen

len, str = len, str  # as in cbor.py: found faster by MicroPython


def _ends(data):
    raise fault("TSME-V010", len(data))


# (major type, argument, next position) of the item at pos; refuses all but the shortest form.
def read_head(data, pos):
    try:
        ib = data[pos]
        pos += 1
        n = ib & 31
        if n < 24 or ib >= 0xE0:
            return ib >> 5, n, pos
        if n > 27:
            raise fault("TSME-V012", ib, pos - 1)
        width = 1 << (n - 24)
        data[pos + width - 1]
    except IndexError:
        _ends(data)
    n = data[pos] if width == 1 else int.from_bytes(data[pos : pos + width], "big")
    if n < 24 or (width > 1 and not n >> (width << 2)):
        raise fault("TSME-V011", pos + width)
    return ib >> 5, n, pos + width


def _read_float(data, pos, n):
    if n < 25 or n > 27:
        raise fault("TSME-V012", 0xE0 | n, pos - 1)
    width = 1 << (n - 24)
    if pos + width > len(data):
        _ends(data)
    raw = int.from_bytes(data[pos : pos + width], "big")
    if width == 4:
        raw = widen(raw, 23, 8)
    elif width == 2:
        raw = widen(raw, 10, 5)
    v = from_bits(raw)
    if shortest(raw)[0] != width:
        raise fault("TSME-V011", pos + width)
    return v


def _read_int(pos, major, n, container):
    if n > (UINT_MAX if container and not major else INT_MAX):
        raise fault("TSME-V002", "before %d" % pos)
    return -1 - n if major else n


def read_text(data, pos, end):
    if end > len(data):
        _ends(data)
    try:
        v = str(data[pos:end], "utf-8")
        if UNICODE or len(v) == end - pos or is_utf8(data[pos:end]):
            return v
    except UnicodeError:
        pass
    raise fault("TSME-V014", pos)


def _read_bytes(data, pos, end, container):
    if not container:
        raise fault("TSME-V012", data[pos - 1], pos - 1)
    if end > len(data):
        _ends(data)
    return bytes(data[pos:end])


# (value, next position). Heads of one byte are taken apart here, for a call and a tuple an item
# would cost more than the item.
def decode(data, pos=0, container=False):
    limit = ITEM_DEPTH if container else DEPTH
    size = len(data)
    stack = []
    box = key = None
    count = left = 0
    keyed = False
    while True:
        n = data[pos] & 31 if pos < size else 31
        if n < 24:
            major = data[pos] >> 5
            pos += 1
        else:
            major, n, pos = read_head(data, pos)
        if major == 3:
            v = read_text(data, pos, pos + n)
            pos += n
            if keyed and key is None:
                key = v
                continue
        elif keyed and key is None:
            raise fault("TSME-V005", "the item before %d" % pos)
        elif major < 2:
            v = n if major == 0 and n < 24 else _read_int(pos, major, n, container)
        elif major == 4 or major == 5:
            if len(stack) >= limit:
                too_deep(limit)
            v = [] if major == 4 else Obj()
            if n:
                stack.append((box, key, count, left, keyed))
                box = v
                key = None
                count = left = n
                keyed = major == 5
                continue
        elif major == 7:
            if n == 20 or n == 21:
                v = n == 21
            elif n == 22:
                v = None
            elif n == 23 and container:
                v = MISSING
            else:
                v = _read_float(data, pos, n)
                pos += 1 << (n - 24)
        else:
            v = _read_bytes(data, pos, pos + n, container and major == 2)
            pos += n
        while stack:
            if keyed:
                box[key] = v
                key = None
            else:
                box.append(v)
            left -= 1
            if left:
                break
            if len(box) != count:
                raise fault("TSME-V013", pos)
            v = box
            box, key, count, left, keyed = stack.pop()
        else:
            return v, pos
