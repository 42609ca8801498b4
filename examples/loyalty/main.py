# main.py of a board in a coffee shop: a line on its console is a message of a till, as JSON.
#
# MicroPython; on the laptop the same with `micropython main.py` and a file in place of flash.
import asyncio
import json
import sys

from loyalty import Loyalty, Refused
from tasks import tasks

import tsme


def place():
    # where the journal is; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme")
    except ImportError:
        return tsme.FileFlash("loyalty.flash", 4096, 16)


async def console(engine):
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        line = await lines.readline()
        if not line:
            return
        try:
            await engine.ask(json.loads(line))
            print("ok")
        except (Refused, ValueError, KeyError, TypeError) as e:  # a till may say anything
            print("no:", e)


async def main():
    engine = tsme.Engine(Loyalty, tsme.Journal(place()), tasks=tasks)
    engine.tasks.on("log")(print)
    running = asyncio.create_task(engine.run())  # goes on with what a reset interrupted
    await asyncio.sleep(0)
    await console(engine)
    while engine.running:
        await asyncio.sleep(0)
    print(json.dumps(engine.state.client["cards"]))
    running.cancel()


asyncio.run(main())
