"""Values from outside, as the kernel holds them."""

from __future__ import annotations

from typing import Any

from tsme.tasks import ordered as _ordered
from tsme.values import DEPTH

_MOST = 1 << 63


class _Other(Exception):
    """Something that takes a closer look."""


def ordered(value: Any) -> Any:
    """As tsme.tasks.ordered: a copy, with the members of a dict sorted.  Quicker for most."""
    try:
        return _copy(value, 0)
    except _Other:
        return _ordered(value)


def _copy(value: Any, deep: int) -> Any:
    kind = type(value)
    if kind is str:
        if value.isascii():
            return value
    elif kind is int:
        if -_MOST <= value < _MOST:
            return value
    elif value is None or kind is bool:
        return value
    elif deep < DEPTH:
        if kind is dict:
            out = {}
            for name in sorted(value):
                if type(name) is not str or not name.isascii():
                    raise _Other
                out[name] = _copy(value[name], deep + 1)
            return out
        if kind is list:
            return [_copy(item, deep + 1) for item in value]
    raise _Other
