"""Which engine runs programs on this computer: the C core, where it is there, or Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import tsme
from tsme import core

from .errors import HostError

NAMES = ("core", "cpython", "micropython")
_SWITCH = "TSME_CORE"  # in the environment of a process: 0 turns the core off


def name() -> str:
    """The engine of this process."""
    return "core" if core.core else "cpython"


def chosen(wanted: str | None) -> str:
    """The engine that --on names, or the one that there is; one that is not here is refused."""
    if wanted == "core" and not core.core:
        hint = 'run "make setup" where there is a C compiler'
        if os.environ.get(_SWITCH) == "0":
            hint = f"take {_SWITCH}=0 out of the environment"
        raise HostError("TSME-H031", "there is no C core here", hint)
    return wanted or name()


def environment(engine: str) -> dict[str, str]:
    """Of a process that is to run with this engine."""
    return {_SWITCH: "0" if engine == "cpython" else "1"}


@contextmanager
def using(engine: str) -> Iterator[None]:
    """Run with this engine in this process, until the block ends."""
    before = core.core
    if engine == "cpython":
        core.core = None
    try:
        yield
    finally:
        core.core = before


def versions() -> str:
    """What `tsme --version` says: the version, and which engine runs programs."""
    engine = "C core" if core.core else "Python (the C core is not here)"
    return f"tsme {tsme.__version__}\nengine: {engine}"
