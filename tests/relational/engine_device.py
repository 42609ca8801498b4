# A relational machine and somebody who tells it what to do, on any interpreter.
import asyncio

import tsme
from tests.relational.machines import Valve

tasks = tsme.Tasks()


@tasks.task("open", effect="idempotent")
async def open(payload):
    print("open", payload["n"])
    return 5


@tasks.task("look", effect="pure")
def look(payload):
    return payload


async def user(engine):
    await asyncio.sleep(0)
    ready = await engine.can_add("Opening")
    print(ready, engine.is_active(["Start", "Ready"]), engine.active_states())
    await engine.add("Opening")
    await engine.when("Open", key="open")
    await engine.when_ticks("Tick", n=0)
    names = ["Start", "Ready", "Opening", "Open", "Closed"]
    print("ready", engine.machine_time(names))
    refused = await engine.add("Opening", {"ok": False})
    print(refused, await engine.toggle(["Start", "Tick"]), await engine.eval("double"))
    await engine.add("Start")
    print("any", await engine.wait_any(engine.when("ErrStuck"), engine.when("Start")))
    print("any", await engine.wait_any(engine.when("ErrStuck"), timeout=1))
    print("any", await engine.wait_any())
    print("all", await engine.wait_all(engine.when_not("Open"), engine.when("Ready")))
    try:
        await engine.add("Nobody")
    except tsme.TsmeError as e:
        print(e)
    await engine.remove("Start")


async def main():
    engine = tsme.Engine(Valve, tsme.Journal(tsme.RamFlash(4096, 8)), tasks=tasks)
    outcome, _ = await asyncio.gather(engine.run({}), user(engine))
    print(outcome.status, outcome.output)


asyncio.run(main())
