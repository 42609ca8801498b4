"""Dataclasses that are made quickly.

`dataclasses.dataclass` writes and compiles the source of each method, 0.3 ms a class: a third of
what `tsme check` of a small workflow takes. These share their methods, and are dataclasses to
everybody else: `fields`, `replace`, equality by value, hashes, and no member changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass
from typing import Any


def quick(*, frozen: bool, kw_only: bool = False) -> Callable[[type[Any]], type[Any]]:
    """As `dataclass` with these arguments."""
    assert frozen
    base = dataclass(init=False, repr=False, eq=False, kw_only=kw_only)

    def made(cls: type[Any]) -> type[Any]:
        new = base(cls)
        names = tuple(new.__dataclass_fields__)
        new._names = names
        new._positional = tuple(n for n in names if not new.__dataclass_fields__[n].kw_only)
        for name, method in _METHODS.items():
            setattr(new, name, method)
        return new

    return made


def _init(self: Any, *given: Any, **named: Any) -> None:
    values = self.__dict__
    if not named and len(given) == len(self._names):  # as nearly always
        values.update(zip(self._names, given, strict=True))
        return
    if len(given) > len(self._positional):
        raise TypeError(f"{type(self).__name__} takes {len(self._positional)} values")
    values.update(zip(self._positional, given, strict=False))
    for name in named:
        if name in values or name not in self._names:
            wrong = "two values for" if name in values else "no"
            raise TypeError(f"{type(self).__name__} has {wrong} {name}")
    values.update(named)
    if len(values) == len(self._names):
        return
    for name, field in self.__dataclass_fields__.items():
        if name in values:
            continue
        if field.default is not MISSING:
            values[name] = field.default
        elif field.default_factory is not MISSING:
            values[name] = field.default_factory()
        else:
            raise TypeError(f"{type(self).__name__} needs {name}")


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self is other or _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
    return f"{type(self).__name__}({shown})"


def _refuse(self: Any, name: str, *_value: Any) -> None:
    raise FrozenInstanceError(f"{type(self).__name__}.{name} stays as it is")


def _values(one: Any) -> tuple[Any, ...]:
    return tuple([getattr(one, name) for name in one._names])


_METHODS = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}
