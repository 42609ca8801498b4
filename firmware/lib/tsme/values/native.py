# The native core of CPython: native_modules/cpython, where setup could build it.  The same bytes
# and errors, sooner.  No board has this file, and nothing needs the core.
from binascii import crc32

from ..errors import fault
from . import DEPTH, ITEM_DEPTH, too_deep
from .numbers import F64

_API = 7  # as tsme_native.c has it

try:
    import tsme_native as core

    if getattr(core, "API", 0) != _API:
        core = None  # of another version
except ImportError:
    core = None


def bind(*rare):
    # what CBOR has for values that the core leaves to it
    if core:
        core.bind(fault, too_deep, *rare, F64, crc32, DEPTH, ITEM_DEPTH)


slow = {}  # what the core does instead of, by name


def sooner(function):
    # The core's function of that name, which has this one for what is rare; or this one.
    slow[function.__name__] = function
    if not core:
        return function
    if function.__name__ == "commit":
        core.rest(function)
    return getattr(core, function.__name__)
