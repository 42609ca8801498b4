# main.py of a board that counts: each line on its console is a number to be added.
#
# MicroPython; on the laptop the same with `micropython main.py` and a file in place of flash.
import asyncio
import sys

from counter import Counter

import tsme


def place():
    # where the journal is; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme")
    except ImportError:
        return tsme.FileFlash("counter.flash", 4096, 8)


async def console(engine):
    lines = asyncio.StreamReader(sys.stdin)
    while True:
        line = await lines.readline()
        if not line:
            return
        try:
            await engine.ask(int(line.decode().strip()))
            print(engine.state.client["count"])
        except ValueError as e:  # no number, or the machine has raised it
            print("no:", e)


async def main():
    engine = tsme.Engine(Counter, tsme.Journal(place()))
    running = asyncio.create_task(engine.run())  # goes on with what a reset interrupted
    await asyncio.sleep(0)
    print("counted so far:", engine.state.client["count"])
    await console(engine)
    running.cancel()


asyncio.run(main())
