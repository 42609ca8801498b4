# The task library in the twins of a board: library_device.py CASE, on every interpreter.  Prints
# what each task gave, or its error, as one line of JSON.
import asyncio
import sys

import tsme.sim
from tsme import TaskError, Tasks, TsmeError
from tsme.engine.tasks import settled
from tsme.sim import World
from tsme.values.copies import ordered
from tsme.values.json import dumps

tasks = Tasks()
world = World()
tsme.sim.install()
tsme.sim.use(world)


class Context:
    execution, action, attempt = 3, 14, 1


def show(*values):
    print(*[dumps(ordered(value)) for value in values])


def call(name, check=False, **payload):
    task = tasks.find(name)
    try:
        given = (payload, Context) if task.context else (payload,)
        function = task.check if check else task.function
        return asyncio.run(settled(function(*given), name))
    except TaskError as e:
        return [e.error, e.cause]


def said(name, **payload):
    show(call(name, **payload))


def values(name):
    return [value for _, value in world.values(name)]


def gpio():
    from machine import Pin, Signal

    from tsme.tasks import PINS, gpio

    PINS.update({"valve": 5, "relay": Signal(Pin(6, Pin.OUT), invert=True)})
    gpio.register(tasks, {"valve": 0})
    world.load({"pin:7": [[0, 1], [60000, 0]]})
    said("gpio:read", pin=7)
    said("gpio:read", pin=8)
    said("gpio:read", pin=8, pull="up")
    said("gpio:write", pin="valve", value=1)
    said("gpio:read", pin=5)
    said("gpio:pulse", pin="valve", ms=20, value=0)
    said("gpio:pulse", pin="relay", ms=20)
    show(values("pin:5"), values("pin:6"))
    at = [at for at, _ in world.values("pin:5")]
    show(at[-1] - at[-2] >= 19)
    said("gpio:wait", pin=8, value=1, timeout_ms=20)
    show(call("gpio:wait", pin=7, value=1)["value"])
    for wrong in ({}, {"pin": 5}, {"pin": 5, "value": 2}, {"pin": None, "value": 1}):
        said("gpio:write", **wrong)
    said("gpio:write", pin=5, vale=1)
    said("gpio:write", pin=999, value=1)
    said("gpio:write", pin=5, value=1.0)
    said("gpio:read", pin=8, pull="sideways")
    show({name: tasks.handlers[name].effect for name in sorted(tasks.handlers)})


def names():
    # pins by the names of board.json, which the installer writes
    import os

    from tsme.tasks import PINS, gpio

    os.chdir(sys.argv[2])
    with open("board.json", "w") as f:
        f.write('{"board": "rpi_pico", "pins": {"led": 25, "button": 5}}')
    PINS["button"] = 6  # tasks.py goes first
    gpio.register(tasks)
    said("gpio:write", pin="led", value=1)
    said("gpio:write", pin="button", value=1)
    said("gpio:write", pin="LED", value=1)
    show(values("pin:25"), values("pin:6"), values("pin:5"), values("pin:LED"))


def pwm():
    from tsme.tasks import pwm

    pwm.register(tasks)
    said("pwm:set", pin=15, freq=50, percent=7.5)
    said("pwm:set", pin=15, freq=50, duty_ns=1500000)
    said("pwm:set", pin=15, freq=1000, duty_u16=65535)
    show(world.value("pwm:15"))
    said("pwm:stop", pin=15)
    said("pwm:stop", pin=15)
    show(world.value("pwm:15"))
    said("pwm:set", pin=15, freq=50)
    said("pwm:set", pin=15, freq=50, percent=1, duty_u16=5)
    said("pwm:set", pin=15, freq=0, percent=1)
    said("pwm:set", pin=15, freq=50, percent=101)


def adc():
    from tsme.tasks import adc

    adc.register(tasks)
    world.load({"adc:26": 20000})
    said("adc:read", pin=26)
    said("adc:read", pin=26, samples=7)
    said("adc:read", pin=27)
    said("adc:read", pin=26, samples=0)


def i2c():
    from machine import I2C

    from tsme.tasks import i2c

    world.load({"i2c:0x76": {"0xD0": 88, "0xFA": [128, 0, 0]}, "i2c:0x3c": {}})
    i2c.register(tasks, I2C(0))
    said("i2c:scan")
    said("i2c:read", address="0x76", register=0xD0)
    said("i2c:read", address=0x76, register=0xFA, count=3)
    said("i2c:write", address=0x76, register=0xF4, data=[1, 0xFF])
    said("i2c:read", address=0x76, register=0xF4, format="<h")
    said("i2c:read", address=0x76, register=0xF4, format=">Bb")
    said("i2c:send", address=0x3C, data=[0, 0xAE])
    said("i2c:read", address=0x3C, count=2)
    show(values("i2c:0x3c"))
    said("i2c:read", address=0x20)
    said("i2c:write", address=3, register=0, data=[1])
    said("i2c:write", address=0x76, register=0, data=[256])
    said("i2c:write", address=0x76, register=0, data=[])
    said("i2c:read", address=0x76, register=0, format="no")
    said("i2c:read", address=0x76, register=0, format="<h", count=3)
    i2c.register(Tasks(), {"a": I2C(0), "b": I2C(1)})
    said("i2c:scan")
    said("i2c:scan", bus="c")
    said("i2c:scan", bus="b")


def onewire():
    from tsme.tasks import onewire

    onewire.register(tasks)
    world.load({"onewire:4": {"28ff640e7f4c0a11": 21.53, "10ff640e7f4c0a12": -0.5}})
    said("onewire:scan", pin=4)
    said("onewire:temperatures", pin=4)
    said("onewire:temperatures", pin=4, roms=["28ff640e7f4c0a11"])
    said("onewire:temperatures", pin=4, roms=["28"])
    said("onewire:temperatures", pin=3)
    said("onewire:scan", pin=3)


def neopixel():
    from tsme.tasks import neopixel

    neopixel.register(tasks)
    said("neopixel:fill", pin=4, count=3, color=[0, 10, 255])
    said("neopixel:write", pin=4, colors=[[1, 2, 3], [4, 5, 6]])
    said("neopixel:write", pin=4, colors=[[1, 2, 3], [4, 5, 6]])  # again: nothing changes
    show(values("neopixel:4"))
    said("neopixel:fill", pin=4, count=1, color=[1, 2, 3, 4])
    said("neopixel:fill", pin=4, count=3, color=[0, 10, 256])
    said("neopixel:write", pin=4, colors=[])
    said("neopixel:write", pin=4, colors=[[1, 2, 3], [4, 5, 6, 7]])


def sleep():
    from tsme.tasks import PINS, sleep

    virtual = World(virtual=True)
    tsme.sim.use(virtual)
    sleep.register(tasks)
    said("sleep:cause")
    PINS["button"] = 33
    rest = sleep.deep(least_ms=50, wake="button", before=lambda: show("first"))
    asyncio.run(rest(20))
    show(virtual.outputs)
    try:
        asyncio.run(rest(5000))
    except tsme.sim.Reset:
        show([[name, value] for _, name, value in virtual.outputs])
    said("sleep:cause")
    for how in ("watchdog", "soft", "reset"):
        virtual.cause = how
        said("sleep:cause")


def files():
    # in a folder, as on a board whose card is mounted: what is appended is there once
    import os

    from tsme.tasks import sd

    folder = sys.argv[2]
    sd.register(tasks, None, folder)
    said("sd:append", path="logs/day.csv", line="1,2")
    said("sd:append", path="logs/day.csv", line={"z": 1, "a": 2})
    said("sd:read", path="logs/day.csv")
    said("sd:read", path="logs/day.csv", offset=4, max_bytes=4)
    said("sd:write", path="state.json", text="one")
    said("sd:write", path="state.json", text="twelve")
    said("sd:read", path="state.json")
    said("sd:list")
    said("sd:remove", path="state.json")
    said("sd:remove", path="state.json")
    said("sd:read", path="state.json")
    show(call("sd:space")["free"] > 0)
    for path in ("../x", "/x", "a//b", "a\\b", "c:x", ""):
        said("sd:read", path=path)
    said("sd:append", path="x", line="two\nlines")
    said("sd:write", path="x", text="x" * 16385)
    # The power fails after so many bytes of the line; the note is there, or torn, or not.
    data = b"a line of its own\n"
    for note in ("3 14 4.", "3 14 4", "3 13 4.", "3 14 x.", None):
        for there in (0, 3, 4, 10, 4 + len(data)):
            path = folder + "/cut.txt"
            with open(path, "wb") as f:
                f.write((b"old\n" + data)[:there])
            if note is None:
                if there == 0:
                    os.remove(path + ".at")
            else:
                with open(path + ".at", "w") as f:
                    f.write(note)
            found = call("sd:append", True, path="cut.txt", line="a line of its own")
            with open(path, "rb") as f:
                held = f.read()
            print(note, there, getattr(found, "result", found), len(held))
    with open(folder + "/cut.txt", "wb") as f:
        f.write(b"old\nanother")
    with open(folder + "/cut.txt.at", "w") as f:
        f.write("3 14 4.")
    show(call("sd:append", True, path="cut.txt", line="a line of its own"))


def card():
    # a card on SPI that is formatted, written to, taken out, and put in again; MicroPython's FAT
    import vfs
    from machine import SPI, Pin

    from tsme.sim.storage import SpiCard
    from tsme.tasks import sd, sdspi

    for high in (True, False):
        held = SpiCard(4096, high)
        world.attach("spi:0:17", held)
        block = sdspi.Card(SPI(0), Pin(17))
        tasks.handlers.clear()
        sd.register(tasks, block)
        show(block.ioctl(4, 0))
        said("sd:space")
        vfs.VfsFat.mkfs(block)
        said("sd:append", path="logs/day.csv", line="1,2")
        said("sd:append", path="logs/day.csv", line="3,4")
        said("sd:write", path="state.json", text="one")
        said("sd:write", path="state.json", text="twelve")
        said("sd:list")
        held.there = False
        said("sd:append", path="logs/day.csv", line="lost")
        said("sd:read", path="logs/day.csv")
        held.there, held.idle = True, True
        said("sd:append", path="logs/day.csv", line="5,6")
        said("sd:read", path="logs/day.csv")
        sd._gone()
        other = sdspi.Card(SPI(0), Pin(17))  # as another board reads it
        vfs.mount(vfs.VfsFat(other), "/other")
        with open("/other/state.json") as f:
            print(f.read())
        vfs.umount("/other")
    from machine import SDCard

    slot = SDCard(1)
    vfs.VfsFat.mkfs(slot)
    tasks.handlers.clear()
    sd.register(tasks, slot)
    said("sd:write", path="a.txt", text="in the slot")
    said("sd:read", path="a.txt")


def changes():
    # interrupts and timers come when time goes by
    from machine import RTC, Pin, Timer

    seen = []
    button = Pin(9, Pin.IN, Pin.PULL_UP)
    button.irq(lambda pin: seen.append(pin.value()), Pin.IRQ_FALLING)
    world.set("pin:9", 0)
    world.set("pin:9", 1)
    world.set("pin:9", 0)
    show(seen)
    ticks = []
    virtual = World(virtual=True)
    tsme.sim.use(virtual)
    every = Timer(0, period=1000, callback=lambda t: ticks.append(virtual.time()))
    Timer(1, mode=Timer.ONE_SHOT, period=2500, callback=lambda t: ticks.append(-1))
    virtual.load({"pin:9": [[0, 1], [1500, 0], [3000, 1]]})
    Pin(9, Pin.IN).irq(lambda pin: ticks.append("pin"), Pin.IRQ_RISING | Pin.IRQ_FALLING)
    virtual.sleep(3100)
    show(ticks)
    every.deinit()
    RTC().datetime((2026, 11, 28, 0, 18, 0, 5, 250000))
    virtual.sleep(86400000)
    show(RTC().datetime()[:3], RTC().datetime()[4:])


def resets():
    import machine

    show(machine.reset_cause() == machine.PWRON_RESET)
    virtual = World(virtual=True)
    tsme.sim.use(virtual)
    pin = machine.Pin(5, machine.Pin.OUT, value=1)
    show(pin.value())
    for function, given in ((machine.deepsleep, (5000,)), (machine.reset, ())):
        try:
            function(*given)
        except tsme.sim.Reset as e:
            show([e.how, e.ms, virtual.time()])
    show(machine.reset_cause() == machine.HARD_RESET, pin.value(), virtual.values("reset"))
    dog = machine.WDT(timeout=1000)
    virtual.sleep(900)
    dog.feed()
    try:
        virtual.sleep(1100)
    except tsme.sim.Reset as e:
        show(e.how)


def without():
    # a firmware that has no such thing
    sys.modules["machine"] = tsme
    from tsme.tasks import adc, gpio, pwm

    for part in (gpio, pwm, adc):
        try:
            part.register(tasks)
        except TsmeError as e:
            print(e)


globals()[sys.argv[1]]()
