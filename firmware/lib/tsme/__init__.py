# TSME: long-lived workflows that survive resets.  Parts are imported when they are first used.

import sys

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


__version__ = "0.1.0"


def _tidy():
    # What stays is to lie together, in a heap that is small: it is collected before it is full,
    # else the next part that is loaded lies behind all that nobody needs any more.  Frozen parts
    # take no heap to speak of, and there a collection costs more than it saves.
    import gc

    if _HEAP and hasattr(gc, "threshold") and gc.threshold() < 0:
        size = gc.mem_alloc() + gc.mem_free()
        if size < 262144:
            gc.threshold(size >> 4)
    # Ports look for these in the file system first, at each import of each module.
    for name in ("struct", "binascii", "collections", "time"):
        try:
            sys.modules[name] = __import__(name)
        except ImportError:
            pass


_HEAP = False  # Is the code in the heap?
if sys.implementation.name != "cpython":
    _HEAP = not __path__.startswith(".frozen")
    _tidy()
del _tidy


def _part(name):
    return __import__("tsme." + name, None, None, ["*"])


def __getattr__(name):
    # MicroPython also asks here for the module of a `from . import module`
    if name.startswith("_"):
        raise AttributeError(name)
    part = once("public", "home", name) if _HEAP else _part("public").home(name)
    try:
        value = _part(part or name)
    except ImportError:
        raise AttributeError(name)
    if part:
        value = getattr(value, name)
        globals()[name] = value
    return value


def once(names, function, *args):
    # Calls a function of a part that is seldom needed, the first of `names`, and then gives the
    # memory back: all of `names` are forgotten, unless somebody else had imported them.
    # Such parts keep no state, and nobody keeps a class of theirs.
    names = names.split()
    here = []
    for n in names:
        if "tsme." + n in sys.modules:
            here.append(n)
    try:
        return getattr(_part(names[0]), function)(*args)
    finally:
        if sys.implementation.name != "cpython":
            for n in names:
                if n not in here and sys.modules.pop("tsme." + n, None):
                    room, _, n = ("tsme." + n).rpartition(".")
                    delattr(sys.modules[room], n)
            if _HEAP and len(names) > 1:
                from gc import collect

                collect()  # what comes next is to stay, and takes the room below
