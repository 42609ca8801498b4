"""Tests that hold for both engines of CPython: a module that imports `each_engine` runs on each.

What makes kernels with tsme.core, or with tests.engines.kernel_of, then has the one whose turn it
is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import interpreters
from tsme import core
from tsme.program import Program
from tsme_host.tools import engines

ENGINES = ("cpython", "core")


@pytest.fixture(scope="module", autouse=True, params=ENGINES)
def each_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The engine of this turn, for all tests of a module."""
    name: str = request.param
    interpreters.require(name)
    assert name == "cpython" or core.core, "TSME_CORE=0 turns off what is to be tested"
    with engines.using(name):
        yield name


def kernel_of(
    program: bytes | Program,
    room: int | None = None,
    find: Callable[[bytes], Any] | None = None,
) -> Any:
    """A kernel of this turn's engine; on the core it must be the core that runs the program."""
    made = core.runs(program if isinstance(program, Program) else Program(program))
    return core.kernel(made, room, find)
