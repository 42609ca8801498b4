"""Series of numbers: "signal:stats", "signal:window", "signal:filter", "signal:fft".

With ulab where the firmware has it, else in plain Python: the same within 1e-9 of the largest
value that there can be where floats have 64 bits, 1e-4 where they have 32 (docs/TASKS.md).
"""

from collections.abc import Sequence
from typing import Final

from ..engine.tasks import Tasks

MOST: Final[int]

def register(tasks: Tasks) -> None:
    """Register them; every firmware has them."""

def has(name: str) -> bool:
    """Has this firmware's ulab such a function?"""

def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of n values."""

def minmax(values: Sequence[float]) -> tuple[int, int]:
    """Where the least and the greatest of n values are, the first of several."""

def deviation(values: Sequence[float]) -> float:
    """The standard deviation of the n values, as numpy.std gives it."""

def window(values: Sequence[float], width: int) -> list[float]:
    """The mean of each `width` values in a row: n - width + 1 of them."""

def fir(values: Sequence[float], taps: Sequence[float]) -> list[float]:
    """n values, filtered: numpy.convolve(values, taps)[:n]."""

def sos(values: Sequence[float], sections: Sequence[Sequence[float]]) -> list[float]:
    """n values through second-order sections [b0, b1, b2, 1, a1, a2]."""

def fft(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Real and imaginary parts of the Fourier transform of n values, n a power of two."""
