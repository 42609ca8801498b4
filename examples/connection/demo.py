"""Send readings, lose the broker and the power, and lose no reading.

`demo.py FILE` keeps the journal.
"""

import asyncio
import sys

from connection import Connection
from tasks import broker, tasks

import tsme
from tsme_sim.nor import Nor, PowerLoss


async def live(flash, *told):
    """A life of the device: from power-up until nothing waits, or the power fails."""
    engine = tsme.Engine(Connection, tsme.Journal(flash), tasks=tasks)
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    waiting = len(engine.state.client.data["queue"])
    print(f"power is on; readings that wait: {waiting}")
    work = asyncio.create_task(tell(engine, told))
    await asyncio.wait((running, work), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, work):
        task.cancel()
    ends = await asyncio.gather(running, work, return_exceptions=True)
    if any(isinstance(end, PowerLoss) for end in ends):
        print("  ⚡ the power fails")
        flash.power_on()
        broker.connected = False


async def tell(engine, told):
    for value in told:
        if value == "the broker is gone":
            print(f"  {value}")
            broker.connected = False
            continue
        print(f"  {value}")
        result = await engine.ask(value)
        print(f"    {result} -> {' '.join(engine.active_states())}")
    await engine.when_not("Waiting")
    print(f"  nothing waits; the broker has {list(broker.readings.values())}")


def reading(value):
    return {"add": "Reading", "args": {"value": value}}


def main():
    flash = Nor(block=4096, count=8, strict=True)
    asyncio.run(live(flash, reading(21), {"add": "Wanted"}))
    asyncio.run(live(flash, "the broker is gone", reading(22)))
    flash.cut_at(2, "first", 13)
    asyncio.run(live(flash, reading(20)))
    asyncio.run(live(flash))
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
