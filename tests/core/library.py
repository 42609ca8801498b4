"""The engine as a library: its functions by themselves, for tests of numbers, times, texts."""

import ctypes
import functools

from . import machine

LIBRARY = machine.BUILD / "core.so"


class Number(ctypes.Structure):
    """struct tsme_number."""

    _fields_ = (
        ("mantissa", ctypes.c_uint64),
        ("exponent", ctypes.c_int32),
        ("negative", ctypes.c_bool),
        ("whole", ctypes.c_bool),
    )


@functools.cache
def load() -> ctypes.CDLL:
    machine.require()
    machine.make(str(LIBRARY))
    library = ctypes.CDLL(str(LIBRARY))
    library.tsme_float_bits.restype = ctypes.c_uint64
    library.tsme_times.restype = library.tsme_divide.restype = ctypes.c_uint64
    for name in ("compute", "nearest", "bits_of"):
        getattr(library, f"tsme_{name}").restype = ctypes.c_uint64
    library.tsme_write_float.restype = library.tsme_write_binary64.restype = ctypes.c_void_p
    for name in ("number", "is_float", "round_number", "integral", "to_whole"):
        getattr(library, f"tsme_{name}").restype = ctypes.c_bool
    return library


def number(encoded: bytes) -> Number:
    """An encoded number taken apart."""
    out = Number()
    assert load().tsme_number(encoded, ctypes.byref(out))
    return out
