# Deep sleep: what an Engine or a Board sleeps with, and "sleep:cause" (docs/TASKS.md).
#
#     engine = tsme.Engine(program, journal, tasks=tasks, sleep=sleep.deep(least_ms=10000))
import asyncio

from . import PINS, add, need

_CAUSES = "PWRON HARD WDT DEEPSLEEP SOFT"
_NAMES = {"PWRON": "power", "HARD": "reset", "WDT": "watchdog", "DEEPSLEEP": "deepsleep"}


def register(tasks):
    need("machine", "reset_cause", "sleep")
    add(tasks, "sleep:cause", "pure", cause)


def cause(f):
    # why the board has begun: the last boot, so the same again until the next
    import machine

    now = machine.reset_cause()
    for name in _CAUSES.split():
        if getattr(machine, name + "_RESET", None) == now:
            return _NAMES.get(name, "soft")
    return "unknown"


def deep(least_ms=0, wake=None, level=1, before=None):
    # A function of ms for `sleep`.  least_ms: shorter than that it only waits, since to boot costs
    # more.  wake: a pin that ends the sleep (ESP32) when it has this level.  before: a function,
    # called first: switch off what takes current.
    sleep = need("machine", "deepsleep", "sleep")
    if wake is not None:
        wake = PINS.get(wake, wake)
        wakes = need("esp32", "wake_on_ext0", "sleep")

    async def rest(ms):
        if ms < least_ms:
            await asyncio.sleep(ms / 1000)
            return
        if before:
            before()  # calls: what the user wrote
        if wake is not None:
            from machine import Pin

            pin = wake if hasattr(wake, "value") else Pin(wake, Pin.IN)
            wakes(pin=pin, level=level)  # calls: esp32
        sleep(ms)  # calls: machine

    return rest
