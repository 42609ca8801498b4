# The twin of `machine`: pins, converters, the clock, sleep and reset.  Buses are in buses.py.
from .buses import I2C, SPI, UART, SoftI2C, SoftSPI
from .storage import SDCard
from .world import Reset, current

__all__ = ["I2C", "SPI", "UART", "SDCard", "SoftI2C", "SoftSPI"]

IDLE, SLEEP, DEEPSLEEP = 1, 2, 4
PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
PIN_WAKE, TIMER_WAKE = 2, 4
_CAUSES = {
    "reset": HARD_RESET,
    "watchdog": WDT_RESET,
    "deepsleep": DEEPSLEEP_RESET,
    "soft": SOFT_RESET,
}
_VOLT = 3300000  # uV of the reference


class Pin:
    IN, OUT, OPEN_DRAIN, ALT, ANALOG = 0, 1, 2, 3, 4
    PULL_NONE, PULL_UP, PULL_DOWN = None, 1, 2
    IRQ_RISING, IRQ_FALLING, IRQ_LOW_LEVEL, IRQ_HIGH_LEVEL = 1, 2, 4, 8
    DRIVE_0, DRIVE_1, DRIVE_2, DRIVE_3 = 0, 1, 2, 3

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        if isinstance(id, bool) or not isinstance(id, (int, str)) or id == "":
            raise ValueError("invalid pin")
        if isinstance(id, int) and not 0 <= id < 256:
            raise ValueError("invalid pin")
        self.id = id
        self.name = "pin:%s" % id
        self._mode, self._pull = Pin.IN, None
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        if mode != -1:
            self._mode = mode
        if pull != -1:
            self._pull = pull
        if value is not None:
            self.value(value)
        elif mode in (Pin.OUT, Pin.OPEN_DRAIN):
            world = current()
            world.put(self.name, world.value(self.name, 0))

    def value(self, level=None):
        world = current()
        if level is not None:
            world.put(self.name, 1 if level else 0)
            return None
        world.due()
        if self._mode == Pin.OUT:
            return world.value(self.name, 0)
        read = world.get(self.name, 1 if self._pull == Pin.PULL_UP else 0)
        if self._mode == Pin.OPEN_DRAIN and not world.value(self.name, 1):
            return 0
        return 1 if read else 0

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    high, low = on, off

    def toggle(self):
        self.value(not self.value())

    def mode(self, mode=None):
        if mode is None:
            return self._mode
        self.init(mode)
        return None

    def pull(self, pull=-1):
        if pull == -1:
            return self._pull
        self.init(pull=pull)
        return None

    def irq(self, handler=None, trigger=3, *, priority=1, wake=None, hard=False):
        def change(value):
            if trigger & (Pin.IRQ_RISING if value else Pin.IRQ_FALLING):
                handler(self)

        level = current().get(self.name, 1 if self._pull == Pin.PULL_UP else 0)
        current().watch(self.name, level, handler and change)

    def __repr__(self):
        return "Pin(%s)" % self.id


class Signal:
    def __init__(self, pin, *args, invert=False, **named):
        self.pin = pin if hasattr(pin, "value") else Pin(pin, *args, **named)
        self.invert = invert

    def value(self, level=None):
        if level is None:
            return self.pin.value() ^ (1 if self.invert else 0)
        self.pin.value(bool(level) != bool(self.invert))
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


def _number(pin):
    return pin.id if isinstance(pin, Pin) else pin


class ADC:
    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3
    WIDTH_9BIT, WIDTH_10BIT, WIDTH_11BIT, WIDTH_12BIT = 9, 10, 11, 12
    CORE_TEMP = 4

    def __init__(self, pin, *, atten=ATTN_11DB, sample_ns=None):
        self.name = "adc:%s" % _number(Pin(pin) if isinstance(pin, str) else pin)

    def init(self, *, atten=ATTN_11DB, sample_ns=None):
        pass

    def read_u16(self):
        value = int(current().get(self.name, 0))
        if not 0 <= value <= 65535:
            raise ValueError("%s of the world is %d; 0 to 65535 can be read" % (self.name, value))
        return value

    def read(self):
        return self.read_u16() >> 4

    def read_uv(self):
        return self.read_u16() * _VOLT // 65535

    def atten(self, atten=None):
        pass

    def width(self, width=None):
        pass


class PWM:
    def __init__(self, pin, *, freq=None, duty_u16=None, duty_ns=None, duty=None, invert=False):
        self.name = "pwm:%s" % _number(Pin(pin) if isinstance(pin, str) else pin)
        self._freq, self._duty = 0, 0
        self.init(freq=freq, duty_u16=duty_u16, duty_ns=duty_ns, duty=duty)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, duty=None):
        if freq is not None:
            self.freq(freq)
        if duty is not None:
            self.duty(duty)
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        if duty_ns is not None:
            self.duty_ns(duty_ns)

    def _show(self):
        if self._freq:
            current().put(self.name, {"duty_u16": self._duty, "freq": self._freq})

    def freq(self, freq=None):
        if freq is None:
            return self._freq
        if not 1 <= freq <= 40000000:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        self._freq = freq
        self._show()
        return None

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self._duty = max(0, min(65535, int(duty)))
        self._show()
        return None

    def duty(self, duty=None):  # ESP8266's and ESP32's
        if duty is None:
            return self._duty >> 6
        return self.duty_u16(duty << 6 if duty < 1023 else 65535)

    def duty_ns(self, ns=None):
        if ns is None:
            return self._duty * 1000000000 // (65535 * self._freq) if self._freq else 0
        if not self._freq:
            raise ValueError("PWM not started: freq is not set")
        return self.duty_u16((ns * self._freq * 65535 + 500000000) // 1000000000)

    def deinit(self):
        current().put(self.name, None)


class RTC:
    def __init__(self, id=0, *args, **named):
        pass

    def datetime(self, given=None):
        from . import calendar

        world = current()
        if given is None:
            return calendar.fields(calendar.now(world))
        calendar.set(world, given)
        world.put("rtc", list(given), True)
        return None

    def init(self, given):
        self.datetime(given)

    def memory(self, data=None):
        world = current()
        if data is None:
            return world.memory
        world.memory = bytes(data)
        return None


class Timer:
    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id=-1, **named):
        self.at = None
        if named:
            self.init(**named)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False, tick_hz=1000):
        world = current()
        self.period = max(1, int(1000 / freq) if freq > 0 else period * 1000 // tick_hz)
        self.mode, self.callback = mode, callback
        self.at = world.time() + self.period
        if self not in world.timers:
            world.timers.append(self)

    def fire(self):
        self.at = None if self.mode == Timer.ONE_SHOT else self.at + self.period
        if self.callback:
            self.callback(self)

    def deinit(self):
        self.at = None
        if self in current().timers:
            current().timers.remove(self)


class WDT:
    # Bites when time has gone by without feed().
    def __init__(self, id=0, timeout=5000):
        self.timeout = timeout
        self.at = current().time() + timeout
        current().timers.append(self)

    def feed(self):
        self.at = current().time() + self.timeout

    def fire(self):
        self.at = None
        _end("watchdog", None)


def _end(how, ms):
    world = current()
    world.put("reset", how, True)
    world.restart(how)
    raise Reset(how, ms)


def deepsleep(ms=None):
    world = current()
    world.put("deepsleep", ms, True)
    world.sleep(ms or 0)
    _end("deepsleep", ms)


def lightsleep(ms=None):
    world = current()
    world.put("lightsleep", ms, True)
    world.sleep(ms or 0)


sleep = lightsleep


def reset():
    _end("reset", None)


def soft_reset():
    _end("soft", None)


def reset_cause():
    return _CAUSES.get(current().cause, PWRON_RESET)


def wake_reason():
    return TIMER_WAKE if current().cause == "deepsleep" else 0


def unique_id():
    return b"tsme-sim"


def freq(hz=None):
    return 125000000 if hz is None else None


def idle():
    pass


def disable_irq():
    return 0


def enable_irq(state=0):
    pass


def bitstream(pin, encoding, timing, data):
    current().put("bitstream:%s" % _number(pin), list(data), True)


def time_pulse_us(pin, level, timeout_us=1000000):
    # "pulse:PIN" says how long it is, in us; -2 if it does not come
    us = current().get("pulse:%s" % _number(pin), -2)
    return us if 0 <= us <= timeout_us else -2
