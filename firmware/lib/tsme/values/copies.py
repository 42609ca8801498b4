# Values that cross the edge of the kernel: copies for a handler, and of what a handler gives.
from collections import OrderedDict

from ..errors import TsmeError
from . import DEPTH, too_deep
from .cbor import Obj, decode, encode


def ordered(v):
    # A handler's value as the kernel holds one: checked, and a copy of its own.  A plain dict has
    # no order on most boards, so its members are sorted on all of them; an OrderedDict (what a
    # handler is given) keeps its order.
    return decode(encode(_sorted(v)))[0]


def _sorted(v, deep=0):
    # recursion: at most 32, which it counts
    if not isinstance(v, (dict, list, tuple)):
        return v
    if deep == DEPTH:
        too_deep(DEPTH)
    deep += 1
    if isinstance(v, dict):
        names = v if isinstance(v, OrderedDict) else sorted(v)
        return Obj([(k, _sorted(v[k], deep)) for k in names])
    return [_sorted(x, deep) for x in v]


def handed(v):
    # recursion: at most 32, the depth of a value
    # a copy for a handler, which may change it
    if isinstance(v, dict):
        return OrderedDict([(k, handed(x)) for k, x in v.items()])
    return [handed(x) for x in v] if isinstance(v, list) else v


def copied(v):
    return decode(encode(v))[0]


def text_of(v):
    # As str() has it; of what that says in other words on each interpreter, its JSON.
    if isinstance(v, (float, dict, list, tuple)):
        from .json import dumps

        try:
            return dumps(ordered(v))
        except TsmeError:  # no value
            pass
    return str(v)


def worded(v):
    # The name or cause of an error as the kernel takes it: text, or None.
    if v is None:
        return None
    v = v if isinstance(v, str) else str(v)
    try:
        encode(v)
        return v
    except TsmeError:  # no Unicode
        return "".join([c if ord(c) < 128 else "?" for c in v])
