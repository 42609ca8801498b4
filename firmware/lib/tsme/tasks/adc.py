# Voltages: "adc:read" (docs/TASKS.md).
from . import add, made, mean, need


def register(tasks):
    need("machine", "ADC", "adc")
    add(tasks, "adc:read", "pure", read, "pin samples")


def read(f):
    from machine import ADC, Pin

    pin = f.pin()
    count = f.whole("samples", 1, 1000, 1)
    adc = pin
    if not hasattr(pin, "read_u16"):
        if not hasattr(pin, "value"):
            pin = made(f, "pin", Pin, pin)
        adc = made(f, "pin", ADC, pin)
    total = volts = 0
    for _ in range(count):
        total += adc.read_u16()
        if hasattr(adc, "read_uv"):
            volts += adc.read_uv()
    found = {"u16": mean(total, count)}
    if hasattr(adc, "read_uv"):  # calibrated, which not all boards can
        found["microvolts"] = mean(volts, count)
    return found
