"""Appointments: two patients want one slot, a card is declined, the power fails in a payment.

`demo.py FILE` keeps the journal.
"""

import asyncio
import itertools
import sys

from dentist import HOURS, KINDS, Dentist, check
from tasks import payments, tasks

import tsme
from tsme_sim.nor import Nor, PowerLoss

numbers = itertools.count(1)


def book(patient, kind, *wishes, **slot):
    when = slot or {"wishes": [list(wish) for wish in wishes]}
    return {"do": "book", "number": next(numbers), "patient": patient, "kind": kind, **when}


async def open_practice(flash, *groups):
    """A life of the device.  The requests of a group come at the same time."""
    engine = tsme.Engine(Dentist, tsme.Journal(flash), tasks=tasks)
    engine.tasks.on("publish")(
        lambda news: print(f"    to {news['to']}: {news['what']} (request {news['number']})")
    )
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(0)
    state = engine.state.client
    paying = [r["patient"] for r in state["requests"].values() if r["phase"] == "paying"]
    more = "".join(f", {p} is paying" for p in paying)
    print(f"power is on: {len(state['requests'])} requests{more}")
    work = asyncio.create_task(serve(engine, groups))
    await asyncio.wait((running, work), return_when=asyncio.FIRST_COMPLETED)
    for task in (running, work):
        task.cancel()
    ends = await asyncio.gather(running, work, return_exceptions=True)
    if any(isinstance(end, PowerLoss) for end in ends):
        print("  ⚡ the power fails")
        flash.power_on()
        return
    check(engine.state.client)
    show(engine.state.client)


async def serve(engine, groups):
    await rest(engine)
    for group in groups:
        for request in group:
            print("  " + ", ".join(str(v) for k, v in request.items() if k != "number"))
        answers = await asyncio.gather(*map(engine.ask, group), return_exceptions=True)
        for answer in answers:
            if answer:
                print(f"    refused: {answer}")
        await rest(engine)


async def rest(engine):
    """Until no handler runs, and no result waits."""
    while engine.running or engine.queue:
        await asyncio.sleep(0.001)


def show(state):
    """The week, and what is held."""
    booked = [r for r in state["requests"].values() if r["phase"] == "booked"]
    for day in HOURS:
        for r in sorted((r for r in booked if r["day"] == day), key=lambda r: r["at"]):
            print(f"  {day} {r['at'] // 60:2}:{r['at'] % 60:02} {r['kind']:9} {r['patient']}")
    held = sum(cents for _, cents in payments.holds.values())
    assert held == sum(KINDS[r["kind"]][1] for r in booked)
    print(f"  held: {held / 100:.2f} for {len(payments.holds)} patients")


def main():
    payments.delay = 0.005
    flash = Nor(block=4096, count=8, strict=True)
    asyncio.run(
        open_practice(
            flash,
            [
                book("ada", "filling", slot=["mon", 540]),
                book("bob", "cleaning", slot=["mon", 555]),
            ],
            [book("cy", "cleaning", ["mon", 540, 600], ["tue", 480, 720])],
            [book("dee", "check-up", ["fri", 480, 780])],
            [book("eve", "root canal", slot=["wed", 690])],
            [book("fay", "cleaning", ["mon", 540, 600])],
        )
    )
    print("\nThe hold is made, but its record is torn:")
    flash.cut_at(2, "first", 10)
    asyncio.run(open_practice(flash, [book("gus", "check-up", ["fri", 480, 780])]))
    asyncio.run(open_practice(flash, [{"do": "cancel", "number": 1}]))
    if sys.argv[1:]:
        flash.save(sys.argv[1])


main()
