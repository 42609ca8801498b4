# Pins: "gpio:read", "gpio:write", "gpio:pulse", "gpio:wait" (docs/TASKS.md).
import asyncio
import time

from . import add, made, need

LONGEST = 86400000  # ms
_outputs = {}  # what has been written to, by number or name; it stays an output


def register(tasks, outputs=None):
    # outputs: levels to set now, {"valve": 0}, since a reset lets go of every pin.
    need("machine", "Pin", "gpio")
    add(tasks, "gpio:read", "pure", read, "pin pull")
    add(tasks, "gpio:write", "idempotent", write, "pin value")
    add(tasks, "gpio:pulse", "once", pulse, "pin ms value")
    add(tasks, "gpio:wait", "pure", wait, "pin value pull timeout_ms")
    from . import Fields

    for pin in outputs or ():
        write(Fields("gpio:write", {"pin": pin, "value": outputs[pin]}, "pin value"))


def _input(f):
    from machine import Pin

    pin = f.pin()
    if hasattr(pin, "value"):
        return pin
    if pin in _outputs:
        return _outputs[pin]
    pull = f.choice("pull", ("up", "down", "none"), "none")
    if pull == "none":
        return made(f, "pin", Pin, pin, Pin.IN)
    return made(f, "pin", Pin, pin, Pin.IN, Pin.PULL_UP if pull == "up" else Pin.PULL_DOWN)


def _set(f, level):
    from machine import Pin

    pin = f.pin()
    if hasattr(pin, "value"):
        pin.value(level)
    elif pin in _outputs:
        _outputs[pin].value(level)
    else:  # its level first, so that it does not twitch
        _outputs[pin] = made(f, "pin", Pin, pin, Pin.OUT, value=level)


def read(f):
    return int(_input(f).value())


def write(f):
    level = f.whole("value", 0, 1)
    _set(f, level)
    return level


async def pulse(f):
    level = f.whole("value", 0, 1, 1)
    ms = f.whole("ms", 1, LONGEST)
    _set(f, level)
    try:
        await asyncio.sleep(ms / 1000)
    finally:  # also when its time is up
        _set(f, 1 - level)
    return ms


async def wait(f):
    level = f.whole("value", 0, 1)
    most = f.whole("timeout_ms", 1, LONGEST, 0)
    pin = _input(f)
    waited = 0
    since = ticks()
    while pin.value() != level:
        if most and waited >= most:
            raise f.failed("Timeout", "the pin was not %d within %d ms" % (level, most))
        await asyncio.sleep(0.005)
        waited = elapsed(since)
    return {"ms": waited, "value": level}


def ticks():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else int(time.monotonic() * 1000)


def elapsed(since):
    # ms, at most some days
    if hasattr(time, "ticks_diff"):
        return time.ticks_diff(time.ticks_ms(), since)
    return ticks() - since
