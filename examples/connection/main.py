# main.py of a board of a station: a line on its console is a signal, as JSON.
#
# MicroPython; on the laptop the same with `micropython main.py` and a file in place of flash.
import asyncio
import json
import sys

from connection import Connection
from tasks import tasks

import tsme


def place():
    # where the journal is; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme")
    except ImportError:
        return tsme.FileFlash("connection.flash", 4096, 16)


async def console(engine):
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        line = await lines.readline()
        if not line:
            return
        try:
            result = await engine.ask(json.loads(line))
            print(result, "->", " ".join(engine.active_states()))
        except (tsme.TsmeError, ValueError) as e:  # a hand may type anything
            print("no:", e)


async def main():
    engine = tsme.Engine(Connection, tsme.Journal(place()), tasks=tasks)
    engine.tasks.on("log")(print)
    running = asyncio.create_task(engine.run())  # goes on with what a reset interrupted
    await asyncio.sleep(0)
    await console(engine)
    if engine.is_active("Wanted"):
        await engine.when_not("Waiting")
    running.cancel()


asyncio.run(main())
