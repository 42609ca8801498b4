# What CPython does faster in another way than boards do: the same bytes and the same errors, at
# the price of tables.  No board has this file.
from struct import Struct

from . import cbor
from .errors import fault
from .num import F64
from .values import DEPTH, ITEM_DEPTH, too_deep

_FEW = 1024  # numbers whose heads are in the table
_SHORT = 64  # bytes of a text that is kept
_MOST = 1024  # texts that are kept
_ARRAYS = (list, tuple)


def _head(major, n):
    buf = bytearray()
    cbor.put_head(buf, major, n)
    return bytes(buf)


_UINTS = [_head(0, n) for n in range(_FEW)]
_LISTS = [_head(4, n) for n in range(24)]
_DICTS = [_head(5, n) for n in range(24)]
_texts = {}  # short texts that have been seen, encoded; no None, bool or number is equal to one
_join = b"".join
_short = Struct(">BH").pack
_long = Struct(">BQ").pack


def _rare(put, *args):
    buf = bytearray()
    put(buf, *args)
    return buf


def _text(v):
    b = v.encode()
    b = _head(3, len(b)) + b
    if len(b) < _SHORT:
        if len(_texts) >= _MOST:
            _texts.clear()
        _texts[v] = b
    return b


def _uint(n):
    # of a number that is not negative
    if n < _FEW:
        return _UINTS[n]
    if n < 0x10000:
        return _short(25, n)
    return _long(27, n) if 0xFFFFFFFF < n < 1 << 63 else _head(0, n)


def _ranked(n):
    # the same, or null
    return b"\xf6" if n is None else _uint(n)


def _parts(out, items, container, limit):
    texts, uints = _texts, _UINTS
    append = out.append
    stack = []
    keyed = False
    it = iter(items)
    while True:
        for v in it:
            if keyed:
                k, v = v
                if k in texts:
                    append(texts[k])
                elif isinstance(k, str):
                    append(_text(str(k)))
                else:
                    raise fault("TSME-V005", type(k).__name__)
            t = type(v)
            if t is str:
                append(texts[v] if v in texts else _text(v))
            elif t is int:
                append(uints[v] if 0 <= v < _FEW else _rare(cbor._put_int, v, container))
            elif v is None:
                append(b"\xf6")
            elif t is bool:
                append(b"\xf5" if v else b"\xf4")
            elif t is float or t is F64:
                append(_rare(cbor._put_float, v))
            elif t is dict or isinstance(v, dict):
                if len(stack) >= limit:
                    too_deep(limit)
                n = len(v)
                append(_DICTS[n] if n < 24 else _head(5, n))
                if n:
                    stack.append((it, keyed))
                    it = iter(v.items())
                    keyed = True
                    break
            elif t is list or isinstance(v, _ARRAYS):
                if len(stack) >= limit:
                    too_deep(limit)
                n = len(v)
                append(_LISTS[n] if n < 24 else _head(4, n))
                if n:
                    stack.append((it, keyed))
                    it = iter(v)
                    keyed = False
                    break
            else:
                append(_rare(cbor._put_other, v, container, not stack))
        else:
            if not stack:
                return
            it, keyed = stack.pop()


def encode_all(buf, items, container=False):
    # as cbor.py's
    out = []
    try:
        _parts(out, items, container, ITEM_DEPTH if container else DEPTH)
    except UnicodeError:
        raise fault("TSME-V004")
    buf += _join(out)


def put_changes(buf, d, ms):
    # as kernel.py's
    gone = d.gone
    out = [_UINTS[d.status], _uint(ms), _uint(d.next_id), _uint(d.rng) if d.random else b"\xf6"]
    out.append(_LISTS[len(gone)] if len(gone) < 24 else _head(4, len(gone)))
    for i in gone:
        out.append(_uint(i))
    n = len(d.changed)
    out.append(_LISTS[n] if n < 24 else _head(4, n))
    for i in d.changed:
        a = d.pending[i]
        if len(a) == 4:
            i, kind, frame, due = a
            out += b"\x84", _uint(i), _UINTS[kind], _ranked(frame), _ranked(due)
            continue
        i, kind, frame, due, resource, payload, heartbeat, begun, deadline = a
        out += b"\x89", _uint(i), _UINTS[kind], _ranked(frame), _ranked(due)
        try:
            _parts(out, (resource, payload), True, ITEM_DEPTH - 1)
        except UnicodeError:
            raise fault("TSME-V004")
        out += _uint(heartbeat), _UINTS[begun], _ranked(deadline)
    buf += _join(out)


def put_frame(otherwise):
    # That of frames.py, but at once where nothing is unusual
    def put(buf, number, f, now):
        error, cause, counters = f.error, f.cause, f.counters
        entered = now - f.entered
        if f.parent is not None or f.join or entered < 0 or f.wait < 0:
            otherwise(buf, number, f, now)
            return
        try:
            buf += _join(
                (
                    b"\x8b",
                    _UINTS[number],
                    b"\xf6",
                    _uint(f.pc),
                    _uint(f.entry),
                    _uint(f.handler),
                    _UINTS[f.state],
                    _uint(entered),
                    _uint(f.wait),
                    _LISTS[len(counters)],
                    *[_UINTS[n] for n in counters],
                    b"\xf6" if error is None else _texts[error],
                    b"\xf6" if cause is None else _texts[cause],
                )
            )
        except (IndexError, KeyError, TypeError):
            otherwise(buf, number, f, now)  # a text that is long or new, or too many of something

    return put
