"""How often a process that makes steps looks for garbage.

A transaction makes thousands of objects that are let go of when it is durable, hardly any of them
in a cycle. CPython looks for cycles whenever there are 700 objects more, and through all of them
every now and then: with many executions at once that takes a fifth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Objects more, until it looks at those; so many such looks, until it looks at older ones; at all.
_SELDOM: Final = (20_000, 20, 50)


@contextmanager
def seldom() -> Iterator[None]:
    """Look seldom as long as the block goes on, and never at what there is when it begins."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
