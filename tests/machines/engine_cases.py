# Machines in an Engine, on any interpreter:  micropython engine_cases.py CASE
#
# prints what came of it.
import asyncio
import sys

import tsme
from tsme.kernel.rejected import Rejected


class Till:
    # Does as it is told.
    initial = {"sum": 0, "said": []}
    tasks = ("slow",)

    def stf(state, input, actions):
        if input.kind != "signal":
            state["said"].append([input.kind, input.task, input.id, input.value, input.error])
            if input.value == "bad" or input.error in ("worse", "TSME.Rejected"):
                del state["sum"]
                raise ValueError("never heard of %s" % (input.value or input.error))
            return
        what, n = input.value
        if what == "add":
            state["sum"] += n
            if n < 0:
                raise ValueError("less than nothing")
        elif what == "task":
            actions.task("slow", n)
        elif what == "timed":
            actions.task("slow", n, timeout=30)
        elif what == "timer":
            actions.timer(n)
        elif what == "forget":
            del state["sum"]
            state["missing"]
        elif what == "large":
            state["large"] = "x" * n
        elif what == "end":
            actions.end(state["sum"])
        elif what == "fail":
            actions.fail("Closed", n)
        elif what == "random":
            state["said"].append(actions.random(n))


async def slow(payload):
    await asyncio.sleep(0.01)
    if payload == "worse":
        raise tsme.TaskError("worse")
    if payload == "never":
        await asyncio.sleep(60)
    return payload


def engine(flash=None):
    tasks = tsme.Tasks()
    tasks.task("slow")(slow)
    return tsme.Engine(Till, tsme.Journal(flash or tsme.RamFlash()), tasks=tasks, seed=lambda: 9)


def told(outcome):
    print(outcome.status, outcome.output, outcome.error, outcome.cause)


async def begun(flash=None):
    e = engine(flash)
    running = asyncio.create_task(e.run())
    await asyncio.sleep(0)
    return e, running


async def asked(e, *value):
    try:
        await e.ask(value)
        print("ok", e.state.client and e.state.client["sum"])
    except Exception as error:
        print(type(error).__name__, error.args[-1])


async def ask():
    e, running = await begun()
    await asked(e, "add", 5)
    await asked(e, "add", -1)
    await asked(e, "forget", 0)
    await asked(e, "large", 20000)
    await asked(e, "random", 1000)
    print(e.state.client["sum"], e.state.client["said"], e.state.steps)
    await asked(e, "end", 0)
    told(await running)
    await asked(e, "add", 1)


async def send():
    e, running = await begun()
    refused = []
    e.refused = lambda value, error: refused.append((value[1], type(error).__name__))
    for n in (1, -2, 3):
        e.send(("add", n))
    e.send(("forget", 0))
    e.send(("large", 20000))
    e.send(("end", 0))
    e.send(("add", 1))  # it is over by then
    told(await running)
    print(refused)
    try:
        e.send(("add", 1))
    except tsme.TsmeError as error:
        print(error)


async def results():
    # A result that it rejects becomes a failure; if it rejects that as well, it is stopped.
    e, running = await begun()
    for n, asks in enumerate((("task", "good"), ("timed", "never"), ("timer", 20))):
        await asked(e, *asks)
        while len(e.state.client["said"]) <= n:
            await asyncio.sleep(0.01)
    print(e.state.client["said"])
    await asked(e, "task", "worse")
    told(await running)


async def bad():
    e, running = await begun()
    await asked(e, "task", "bad")
    told(await running)


async def failed():
    e, running = await begun()
    await asked(e, "fail", "for today")
    told(await running)


def broken(flash):
    # it cannot be programmed any more
    def writeblocks(n, buf, off=0):
        raise OSError(5)

    flash.writeblocks = writeblocks


async def journal():
    # The flash fails: whoever waits is told, and nothing has happened.
    flash = tsme.RamFlash()
    works = flash.writeblocks
    e, running = await begun(flash)
    await asked(e, "add", 5)
    broken(flash)
    asks = [asyncio.create_task(asked(e, "add", n)) for n in (1, 2)]
    try:
        await running
    except Exception:
        print("the run has failed")
    for a in asks:
        await a
    flash.writeblocks = works
    e, running = await begun(flash)
    await asked(e, "add", 10)
    running.cancel()


async def again():
    # After a reset it goes on from flash.
    flash = tsme.RamFlash()
    e, running = await begun(flash)
    for n in range(300):  # past a checkpoint
        await e.ask(("add", n))
    await asked(e, "random", 1000)
    running.cancel()
    e2, running = await begun(flash)
    print(e2.state.client["sum"], e2.state.digest == e.state.digest, e2.state.client["said"])
    await asked(e2, "add", 1)
    running.cancel()
    e3 = engine(flash)
    e3.recover()
    print(e3.state.client["sum"])


class Picky:
    def start(state, input, actions):
        if input.value < 0:
            raise ValueError("nothing begins with %d" % input.value)
        state["n"] = input.value
        actions.log("begun")

    def stf(state, input, actions):
        actions.end(state["n"])


async def start():
    e = tsme.Engine(Picky, tsme.Journal(tsme.RamFlash()))
    e.tasks.on("log")(print)
    try:
        await e.run(-1)
    except Rejected as error:
        print(error.cause, e.state.execution, e.state.steps)
    running = asyncio.create_task(e.run(4))
    await asyncio.sleep(0)
    await e.ask(1)
    told(await running)


class Versioned(Picky):
    version = 2


class Other(Picky):
    pass


async def version():
    flash = tsme.RamFlash()
    e = tsme.Engine(Picky, tsme.Journal(flash))
    running = asyncio.create_task(e.run(4))
    await asyncio.sleep(0)
    running.cancel()
    before = bytes(flash.data)
    for other in (Versioned, Other):
        try:
            await tsme.Engine(other, tsme.Journal(flash)).run(1)
        except tsme.TsmeError as error:
            print(error)
    print(bytes(flash.data) == before)


asyncio.run(globals()[sys.argv[1]]())
