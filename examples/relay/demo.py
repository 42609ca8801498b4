"""Press buttons of the shutter, and lose the power while its motor runs.

`demo.py FILE` keeps the journal.
"""

import asyncio
import sys

from relay import Relay
from tasks import relays, tasks

import tsme
from tsme_sim.nor import Nor, PowerLoss


async def live(flash, *wishes):
    """A life of the device: from power-up until the motor stands, or the power fails."""
    engine = tsme.Engine(Relay, tsme.Journal(flash), tasks=tasks)
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    print(f"power is on: the journal has {engine.found.records} records, the motor {motor()}")
    hands = asyncio.create_task(press(engine, wishes))
    await asyncio.wait((running, hands), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, hands):
        task.cancel()
    ends = await asyncio.gather(running, hands, return_exceptions=True)
    if any(isinstance(end, PowerLoss) for end in ends):
        print(f"  ⚡ the power fails; the motor {motor()}")
        flash.power_on()


async def press(engine, wishes):
    for wish in wishes:
        print(f"  {wish}")
        result = await engine.ask(wish)
        print(f"    {result} -> {' '.join(engine.active_states())}")
    await engine.when("Resting")
    print(f"  at rest; the motor {motor()}")


def motor():
    return f"runs {relays.closed[0]}" if relays.closed else "stands"


def main():
    flash = Nor(block=4096, count=4, strict=True)
    asyncio.run(live(flash))
    asyncio.run(live(flash, {"add": "Up"}, {"add": "Down"}, {"remove": ["Up", "Down"]}))
    flash.cut_at(3, "first", 13)
    asyncio.run(live(flash, {"add": "Up"}, {"add": "Down"}))
    asyncio.run(live(flash, {"add": "Locked"}, {"add": "Down"}))
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
