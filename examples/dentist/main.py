# main.py of a board at a dentist's: a line on its console is a request, as JSON.
#
# MicroPython; on the laptop the same with `micropython main.py` and a file in place of flash.
import asyncio
import json
import sys

from dentist import Dentist, Refused
from tasks import tasks

import tsme


def place():
    # where the journal is; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme")
    except ImportError:
        return tsme.FileFlash("dentist.flash", 4096, 16)


async def console(engine):
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        line = await lines.readline()
        if not line:
            return
        try:
            await engine.ask(json.loads(line))
            print("ok")
        except (Refused, ValueError, KeyError, TypeError) as e:  # a patient may say anything
            print("no:", e)


async def main():
    engine = tsme.Engine(Dentist, tsme.Journal(place()), tasks=tasks)

    @engine.on("publish")
    def tell(news):
        print(news["to"] + ":", news["what"])

    running = asyncio.create_task(engine.run())  # goes on with what a reset interrupted
    await asyncio.sleep(0)
    await console(engine)
    while engine.running or engine.queue:
        await asyncio.sleep(0)
    running.cancel()


asyncio.run(main())
