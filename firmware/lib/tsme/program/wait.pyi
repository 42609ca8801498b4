"""WAIT, LIMIT, FAIL, and the delays of RETRY (docs/SPEC.md, 2.2)."""

from typing import Any

def ppm(v: Any) -> int:
    """A percentage, 0 to 100, in millionths of the whole, the nearest."""

def limit(v: Any, a: int) -> int: ...
def backoff(interval: int, rate: int, n: int, longest: int) -> int: ...
def product(a: int, b: int, c: int, d: int) -> int: ...
