"""Values from outside, as the kernel holds them."""

from __future__ import annotations

from typing import Any

from tsme.draft.drafts import Ordered, own
from tsme.values import DEPTH
from tsme.values.copies import ordered as _ordered

_MOST = 1 << 63
_SHAPES_MOST = 1000
_SHAPES: dict[tuple[str, ...], tuple[str, ...]] = {}


class _Other(Exception):
    """Something that takes a closer look."""


def ordered(value: Any) -> Any:
    """As tsme.values.copies.ordered: a copy, the members of a dict sorted.  Quicker for most."""
    try:
        return _copy([value], dict, -1)[0]
    except _Other:
        return _ordered(value)


def fresh(value: Any) -> Any:
    """own(ordered(value)), a copy that a machine may change, at once."""
    try:
        return _copy([value], Ordered, -1)[0]
    except _Other:
        return own(_ordered(value))


def _sorted(shape: tuple[Any, ...]) -> tuple[str, ...]:
    """The names of a dict's members, in order; remembered, since messages are often alike."""
    for name in shape:
        if type(name) is not str or not name.isascii():
            raise _Other
    names = tuple(sorted(shape))
    if len(_SHAPES) < _SHAPES_MOST:
        _SHAPES[shape] = names
    return names


def _copy(value: Any, make: type[dict[str, Any]], deep: int) -> Any:
    """Of a dict or list that has so many around it."""
    if deep >= DEPTH:
        raise _Other
    if type(value) is list:
        out: Any = value.copy()
        pairs: Any = enumerate(value)
    else:
        shape = tuple(value)
        names = _SHAPES.get(shape) or _sorted(shape)
        out = make()
        for name in names:
            out[name] = value[name]
        pairs = out.items()
    for name, item in pairs:
        kind = type(item)
        if kind is str:
            if not item.isascii():
                raise _Other
        elif kind is int:
            if not -_MOST <= item < _MOST:
                raise _Other
        elif kind is dict or kind is list:
            out[name] = _copy(item, make, deep + 1)
        elif item is not None and kind is not bool:
            raise _Other
    return out
