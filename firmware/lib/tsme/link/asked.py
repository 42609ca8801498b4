# What the parts of a link have in common; loaded and forgotten with them.
from ..errors import fault


class Refusal(Exception):
    # rc: a code that all groups have; own: one of the group of the request
    def __init__(self, rc, own=False):
        self.rc = rc
        self.own = own


def given(body, name, default):
    # a number that may be left out
    return need(body, name, int) if name in body else default


def need(body, name, kind):
    # a member of a request
    value = body.get(name)
    if type(value) is not kind or kind is int and value < 0:
        raise fault("TSME-N003", name, kind.__name__)
    return value
