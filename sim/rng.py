"""Random numbers of a simulation: all of `random.Random`, begun anew in no time.

SplitMix64 (Steele, Lea, Flood 2014), so that a seed means the same on every Python.  Each choice
of a world has a generator of its own, begun with the choice's own number: what is left out when
a failure is made smaller changes nothing for the rest.
"""

from __future__ import annotations

import random
from typing import Any

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


try:
    from tsme_machines import Roll
    from tsme_machines import mix as mix  # noqa: PLC0414
except ImportError:

    def mix(*parts: int) -> int:
        """A number of 64 bits that has something of each part; the same parts give the same."""
        x = 0
        for part in parts:
            x = (x ^ part) & _MASK
            x = (x + _GAMMA) & _MASK
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
            x ^= x >> 31
        return x

    class Roll:  # type: ignore[no-redef]
        """What of Dice is in C, without it."""

        def __new__(cls, n: int = 0) -> Any:  # noqa: ARG004
            return super().__new__(cls)  # not seeded with n, which would take far longer

        def __init__(self, n: int = 0) -> None:
            self.begin(n)

        def begin(self, n: int) -> Any:
            """Go on as one that was made with n."""
            self.x = n
            self.gauss_next = None
            return self

        def draw(self) -> int:
            """The next 64 bits."""
            self.x = x = (self.x + _GAMMA) & _MASK
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
            return x ^ (x >> 31)

        def random(self) -> float:
            """A number from 0.0 to below 1.0."""
            return (self.draw() >> 11) * 2.0**-53

        def below(self, n: int) -> int:
            """An integer from 0 to n - 1; faster than randrange, for n below 2^32."""
            self.x = x = (self.x + _GAMMA) & _MASK
            x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
            return ((x ^ (x >> 31)) >> 32) * n >> 32


class Dice(Roll, random.Random):
    """A generator that begins anew with `begin(n)`."""

    def getrandbits(self, k: int) -> int:
        """An integer of k random bits."""
        n = 0
        for _ in range(0, k, 64):
            n = n << 64 | self.draw()
        return n >> (-k % 64)
