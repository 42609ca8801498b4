"""Count, lose the power in the middle of a write, and go on.  `demo.py FILE` keeps the journal."""

import asyncio
import sys

from counter import Counter, check

import tsme
from tsme_sim.nor import Nor, PowerLoss


async def count(flash, numbers):
    """A life of the device: from power-up until all is counted, or the power fails."""
    engine = tsme.Engine(Counter, tsme.Journal(flash))
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    print(f"  power is on: {engine.found.records} records, the count is {counted(engine)}")
    asking = asyncio.create_task(ask_all(engine, numbers))
    await asyncio.wait((running, asking), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, asking):
        task.cancel()
    ends = await asyncio.gather(running, asking, return_exceptions=True)
    if any(isinstance(end, PowerLoss) for end in ends):
        print("  ⚡ the power fails, 13 bytes into the record")
        flash.power_on()


async def ask_all(engine, numbers):
    for n in numbers:
        print(f"  {n:+}", end="", flush=True)
        try:
            await engine.ask(n)
        except ValueError as e:
            print(f"   rejected: {e}; the count is still {counted(engine)}")
        else:
            print(f"   the count is {counted(engine)}")


def counted(engine):
    check(engine.state.client)
    return engine.state.client["count"]


def main():
    flash = Nor(block=4096, count=4, strict=True)
    asyncio.run(count(flash, (3, 4, -2, -100)))
    flash.cut_at(2, "first", 13)
    asyncio.run(count(flash, (10, 20)))
    asyncio.run(count(flash, (20,)))
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
