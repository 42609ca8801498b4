"""Hours of the sensor in a second: it boots, does what is due, and sleeps, which ends in a reset.

`demo.py FILE` keeps the journal.
"""

import asyncio
import sys

from sensor import Sensor
from tasks import tasks

import tsme
from tsme_sim.nor import Nor, PowerLoss

HOUR = 3600000


class Asleep(Exception):
    """A board's deep sleep, for so many ms."""


def sleep(ms):
    raise Asleep(ms)


def main():
    flash = Nor(block=4096, count=8, strict=True)
    now = 6 * HOUR
    outcome = None
    while outcome is None:
        print(f"{now // HOUR:02}:{now // 60000 % 60:02} power is on")
        engine = tsme.Engine(
            Sensor, tsme.Journal(flash), lambda now=now: now, sleep, lambda: 7, tasks
        )
        if now == 9 * HOUR:
            flash.cut_at(2, "first", 10)
        try:
            outcome = asyncio.run(engine.run({"every": HOUR, "times": 5}))
        except Asleep as e:
            now += e.args[0]
        except PowerLoss:
            print("  ⚡ the power fails while the result is written, for an hour")
            flash.power_on()
            now += HOUR
    print(outcome)
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
