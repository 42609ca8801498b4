"""ulab.numpy: arrays and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as real


class ndarray:  # noqa: N801
    """Of one or two dimensions, of floats; sliced and iterated, nothing else."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held.tolist())

    def __getitem__(self, index: slice) -> ndarray:
        return ndarray(self.held[index])


def array(values: Any) -> ndarray:
    return ndarray(real.array(values, dtype=float))


def mean(a: ndarray) -> float:
    return float(real.mean(_own(a)))


def std(a: ndarray) -> float:
    return float(real.std(_own(a)))


def argmin(a: ndarray) -> int:
    return int(real.argmin(_own(a)))


def argmax(a: ndarray) -> int:
    return int(real.argmax(_own(a)))


def convolve(a: ndarray, v: ndarray) -> ndarray:
    return ndarray(real.convolve(_own(a), _own(v)))


def _own(a: ndarray) -> Any:
    if not isinstance(a, ndarray):
        raise TypeError("wrong argument type")
    return a.held


class fft:  # noqa: N801
    @staticmethod
    def fft(r: ndarray, c: ndarray | None = None) -> tuple[ndarray, ndarray]:
        n = len(_own(r))
        if n & (n - 1):
            raise ValueError("input array length must be power of 2")
        both = real.fft.fft(_own(r) + 1j * (0 if c is None else _own(c)))
        return ndarray(both.real), ndarray(both.imag)
