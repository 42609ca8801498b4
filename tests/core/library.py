"""The engine as a library: its functions by themselves, for tests of numbers, times, texts."""

import ctypes
import functools
from pathlib import Path

from . import machine

LIBRARY = machine.BUILD / "core.so"
SMALL = machine.BUILD / "core-small.so"


class Number(ctypes.Structure):
    """struct tsme_number."""

    _fields_ = (
        ("mantissa", ctypes.c_uint64),
        ("exponent", ctypes.c_int32),
        ("negative", ctypes.c_bool),
        ("whole", ctypes.c_bool),
    )


@functools.cache
def load(path: Path = LIBRARY) -> ctypes.CDLL:
    """The library, or SMALL, which has of expressions only what the smallest builds have."""
    machine.require()
    machine.make(str(path))
    library = ctypes.CDLL(str(path))
    library.tsme_float_bits.restype = ctypes.c_uint64
    library.tsme_times.restype = library.tsme_divide.restype = ctypes.c_uint64
    library.tsme_write_float.restype = ctypes.c_void_p
    for name in ("number", "is_float", "round_number", "integral"):
        getattr(library, f"tsme_{name}").restype = ctypes.c_bool
    if path == LIBRARY:
        for name in ("compute", "nearest", "bits_of"):
            getattr(library, f"tsme_{name}").restype = ctypes.c_uint64
        library.tsme_write_binary64.restype = ctypes.c_void_p
        library.tsme_to_whole.restype = ctypes.c_bool
    return library


def number(encoded: bytes) -> Number:
    """An encoded number taken apart."""
    out = Number()
    assert load().tsme_number(encoded, ctypes.byref(out))
    return out
