"""The table of operations: a function for each, by the name that the API has for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from .. import shapes
from ..server import Operation

TABLE: Final[dict[str, Operation]] = {}
Function = TypeVar("Function", bound=Operation)


def operation(name: str) -> Callable[[Function], Function]:
    """Registers a function as the operation `name`, which botocore's model must have."""
    if name not in shapes.operations():
        raise ValueError(f"no operation of the API: {name}")

    def register(function: Function) -> Function:
        if name in TABLE:
            raise ValueError(f"twice: {name}")
        TABLE[name] = function
        return function

    return register
