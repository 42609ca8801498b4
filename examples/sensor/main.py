# main.py of a board with a battery: it boots, does what is due, and sleeps again.
#
# MicroPython; on the laptop each `micropython main.py` is the time from a wake to the next sleep.
import asyncio
import sys
import time

from sensor import Sensor
from tasks import tasks

import tsme

try:
    from machine import deepsleep
except ImportError:
    deepsleep = None


def place():
    # where the journal is; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme"), 900000
    except ImportError:
        return tsme.FileFlash("sensor.flash", 4096, 16), 1500


def sleep(ms):
    print("asleep")
    if deepsleep:
        deepsleep(ms)
    time.sleep(ms / 1000)
    sys.exit()


async def main():
    flash, every = place()
    engine = tsme.Engine(Sensor, tsme.Journal(flash), tasks=tasks, sleep=sleep)
    print(await engine.run({"every": every, "times": 5}))


asyncio.run(main())
