"""Points for coffee, and two power cuts while a voucher is being printed.

`demo.py FILE` keeps the journal.
"""

import asyncio
import itertools
import sys

from loyalty import Loyalty, check
from tasks import printer, tasks

import tsme
from tsme_sim.nor import Nor, PowerLoss

numbers = itertools.count(1)


def buy(cents):
    return {"do": "buy", "card": "ada", "cents": cents}


def redeem(reward):
    return {"do": "redeem", "card": "ada", "reward": reward}


async def open_shop(flash, messages):
    """A life of the device: until all messages are taken, or the power fails."""
    engine = tsme.Engine(Loyalty, tsme.Journal(flash), tasks=tasks)
    engine.tasks.on("log")(lambda text: print(f"    {text}"))
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    pending = [action.resource for action in engine.state.tasks()]
    print(f"power is on: {points(engine)}" + (f", {pending[0]} is pending" if pending else ""))
    work = asyncio.create_task(serve(engine, messages))
    await asyncio.wait((running, work), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, work):
        task.cancel()
    ends = await asyncio.gather(running, work, return_exceptions=True)
    if any(isinstance(end, PowerLoss) for end in ends):
        print("  ⚡ the power fails")
        flash.power_on()


async def serve(engine, messages):
    await rest(engine)
    for message in messages:
        print(f"  {message['do']} {message.get('reward') or message['cents']}")
        try:
            await engine.ask({"till": "bar", "number": next(numbers), **message})
        except ValueError as e:
            print(f"    refused: {e}")
        await rest(engine)
        print(f"    {points(engine)}")


async def rest(engine):
    """Until no handler runs, and no result waits."""
    while engine.running or engine.queue:
        await asyncio.sleep(0)


def points(engine):
    state = engine.state.client
    check(state)
    aside = sum(points for _, points in state["open"].values())
    there = state["cards"].get("ada", 0)
    return f"ada has {there} points" + (f", {aside} are set aside" if aside else "")


def main():
    flash = Nor(block=4096, count=4, strict=True)
    asyncio.run(open_shop(flash, [buy(450), buy(1380), redeem("coffee"), redeem("mug")]))
    print("\nThe voucher is printed, but its result is torn:")
    flash.cut_at(3, "first", 10)
    asyncio.run(open_shop(flash, [redeem("coffee")]))
    asyncio.run(open_shop(flash, []))
    print("\nThe record of the printing's start is torn, so nothing is printed:")
    flash.cut_at(2, "first", 10)
    asyncio.run(open_shop(flash, [redeem("cake")]))
    asyncio.run(open_shop(flash, []))
    print("\nThere is no more paper:")
    printer.paper = 0
    asyncio.run(open_shop(flash, [redeem("cake")]))
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
