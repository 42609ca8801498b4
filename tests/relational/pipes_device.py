# Two relational machines of one process and pipes between them, on any interpreter.
import asyncio

import tsme
from tests.relational.piped import Pump, Tank


async def user(pump, tank):
    await pump.add("On")
    await tank.when("Pumping")
    print(sorted(tank.active_states()), sorted(tank.state.client.data["args"].items()))
    await pump.add("Beat")
    await pump.add("Beat")
    await tank.when_time("Count", times=[3])
    await pump.remove("On")
    await tank.when_not("Pumping")
    print(sorted(tank.active_states()))
    await pump.add_err(["Dry", "no water"])
    await tank.when("ErrPump")
    print(tank.state.client.error, sorted(tank.active_states()))
    await tank.add("Full")
    await pump.add("On")
    await pump.add("Beat")  # which is told behind it, by another pipe or not
    await tank.when_time("Asked", times=[3])
    print(sorted(tank.active_states()), "refused")
    await pump.eval("stop")


async def main():
    pump = tsme.Engine(Pump, tsme.Journal(tsme.RamFlash(4096, 8)))
    tank = tsme.Engine(Tank, tsme.Journal(tsme.RamFlash(4096, 8)))
    for wrong in (("Of", tank), ("On", tank), ("On", tank, ["Pumping", "Full"])):
        try:
            tsme.Pipe(pump, *wrong)
        except tsme.TsmeError as e:
            print(e)
    pipe = tsme.Pipe(pump, ["On", "Beat", "Exception"], tank, ["Pumping", "Count", "ErrPump"])
    runs = [asyncio.create_task(pump.run({})), asyncio.create_task(tank.run({}))]
    told = asyncio.create_task(pipe.run())
    await asyncio.sleep(0)
    await user(pump, tank)
    await told  # the pump is no more
    print("told", pump.busy(), tank.busy())
    runs[1].cancel()


asyncio.run(main())
