# Twins: what stands in on the laptop for the modules that only a board has, `machine` and others.
# They know no hardware but a world (world.py), which says what inputs read and keeps what outputs
# showed.  No board has this package, and nothing of it is loaded before it is used.
#
#     import tsme.sim
#     tsme.sim.install()
#     from machine import Pin
import sys

# The modules that have a twin, each in this package.
NAMES = (
    "machine",
    "neopixel",
    "onewire",
    "ds18x20",
    "dht",
    "network",
    "ntptime",
    "esp32",
    "rp2",
)
CPYTHON = sys.implementation.name == "cpython"


def __getattr__(name):
    # MicroPython also asks here for the module of a `from . import module`
    if name in ("Reset", "World", "current", "use", "perform"):
        home = "virtual" if name == "perform" else "world"
        return getattr(__import__("tsme.sim." + home, None, None, ["*"]), name)
    try:
        if not name.startswith("_"):
            return __import__("tsme.sim." + name, None, None, ["*"])
    except ImportError:
        pass
    raise AttributeError(name)


class _Later:
    # A module that is loaded when something of it is asked for.
    def __init__(self, name):
        self._name = name

    def __getattr__(self, attr):
        if attr.startswith("__"):
            raise AttributeError(attr)
        value = getattr(__import__("tsme.sim." + self._name, None, None, ["*"]), attr)
        setattr(self, attr, value)
        return value


def _found(folder, name):
    # somebody's own stands beside the tasks
    for ending in (".py", "/__init__.py"):
        try:
            open(folder + "/" + name + ending).close()
            return True
        except OSError:
            pass
    return False


def install(make=None, beside=None):
    # Puts the twins in place of the modules that this interpreter has not, or only by halves.
    # make: gives the world that they live in, when the first of them is used.  beside: a folder,
    # whose own modules go first.
    if make is not None:
        from .first import keep

        keep(make)
    names = NAMES + ("micropython",) if CPYTHON else NAMES
    for name in names:
        there = sys.modules.get(name)
        if beside and _found(beside, name) or isinstance(there, _Later):
            continue
        if there is None or name == "machine" and not hasattr(there, "Pin"):
            sys.modules[name] = _Later(name)
    if CPYTHON:
        from . import clock

        clock.install()
