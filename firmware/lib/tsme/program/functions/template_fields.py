# Functions for the fields of payload templates (docs/SPEC.md, 2.6): Item, Lists.
from ...errors import error
from ...values import Obj
from ...values.numbers import is_whole


def item(rng, v, n):
    # an item of an array, null where it has none; what is no array is a path that names nothing
    if not is_whole(n):
        raise error(3, n)
    if not isinstance(v, list):
        raise error(1, v)
    return v[n] if -len(v) <= n < len(v) else None


def lists(rng, payload):
    # apigateway:invoke is not started with anything else in these members
    if wrong(payload):
        raise error(10, payload)
    return payload


def wrong(payload):
    # the members whose values are not all arrays of texts
    out = []
    for name in ("Headers", "QueryParameters"):
        v = payload.get(name) if isinstance(payload, Obj) else None
        if v is not None and not _texts(v):
            out.append(name)
    return out


def _texts(v):
    if not isinstance(v, Obj):
        return False
    for texts in v.values():
        if not isinstance(texts, list):
            return False
        for text in texts:
            if not isinstance(text, str):
                return False
    return True
