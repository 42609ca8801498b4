# Pulse width modulation: "pwm:set", "pwm:stop" (docs/TASKS.md).
from . import add, made, need

_running = {}  # by number or name of the pin


def register(tasks):
    need("machine", "PWM", "pwm")
    add(tasks, "pwm:set", "idempotent", put, "pin freq percent duty_u16 duty_ns")
    add(tasks, "pwm:stop", "idempotent", stop, "pin")


def put(f):
    from machine import PWM, Pin

    pin = f.pin()
    freq = f.whole("freq", 1, 40000000)
    given = [key for key in ("percent", "duty_u16", "duty_ns") if key in f.payload]
    if len(given) != 1:
        raise f.wrong("it takes one of percent, duty_u16, duty_ns")
    percent = f.number("percent", 0, 100, None)
    share = f.whole("duty_u16", 0, 65535, None)
    ns = f.whole("duty_ns", 0, 1000000000 // freq, None)
    pwm = _running.get(pin)
    if pwm is None:
        pwm = made(f, "pin", PWM, pin if hasattr(pin, "value") else made(f, "pin", Pin, pin))
        _running[pin] = pwm
    try:
        pwm.freq(freq)
        if ns is None:
            pwm.duty_u16(int(percent * 65535 / 100 + 0.5) if share is None else share)
        else:
            pwm.duty_ns(ns)
        return {"duty_u16": pwm.duty_u16(), "freq": pwm.freq()}
    except (ValueError, OSError) as e:
        raise f.wrong("the board cannot do that: %s" % e)


def stop(f):
    pwm = _running.pop(f.pin(), None)
    if pwm is None:
        return False
    pwm.duty_u16(0)
    pwm.deinit()
    return True
