# What CPython's `time` lacks: the functions of MicroPython's.  A board's program may call them as
# it likes; in a virtual world they move its time on.
import time

from .world import current

_real = time.sleep


def _sleep(seconds):
    current().sleep(seconds * 1000, _real)


def _sleep_ms(ms):
    current().sleep(ms, _real)


def _sleep_us(us):
    current().sleep(us / 1000, _real)


def _ticks_ms():
    return int(current().time()) & 0x3FFFFFFF


def _ticks_us():
    world = current()
    if world.virtual or world.clock:
        return int(world.time() * 1000) & 0x3FFFFFFF
    return int(time.monotonic() * 1000000) & 0x3FFFFFFF


def _ticks_diff(a, b):
    return ((a - b + 0x20000000) & 0x3FFFFFFF) - 0x20000000


def _ticks_add(a, n):
    return (a + n) & 0x3FFFFFFF


def install():
    for name, function in (
        ("sleep_ms", _sleep_ms),
        ("sleep_us", _sleep_us),
        ("ticks_ms", _ticks_ms),
        ("ticks_us", _ticks_us),
        ("ticks_cpu", _ticks_us),
        ("ticks_diff", _ticks_diff),
        ("ticks_add", _ticks_add),
    ):
        if not hasattr(time, name):
            setattr(time, name, function)


def virtual(on):
    # While handlers run in a virtual world, time.sleep() moves it on, too.
    time.sleep = _sleep if on else _real
