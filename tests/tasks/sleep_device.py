# A month of an Engine that sleeps deeply, reset and all, in a virtual world: sleep_device.py
# PROGRAM.  Each loop is a boot; what outlives it is flash, the clock and the world.
import sys

import tsme.sim
from tsme import Engine, Journal, Program, RamFlash, Tasks
from tsme.sim import World
from tsme.tasks import gpio, sleep

world = World(virtual=True)
tsme.sim.install()
tsme.sim.use(world)
with open(sys.argv[1], "rb") as f:
    program = f.read()
flash = RamFlash(4096, 8)
boots = 0
while True:
    boots += 1
    tasks = Tasks()
    getattr(gpio, "_outputs").clear()  # noqa: B009  as a reset does
    gpio.register(tasks, {5: 0})
    sleep.register(tasks)
    engine = Engine(
        Program(program),
        Journal(flash),
        clock=lambda: 1767225600000 + world.time(),
        sleep=sleep.deep(least_ms=1000),
        tasks=tasks,
    )
    try:
        print(engine.run_sync({}))
        break
    except tsme.sim.Reset as e:
        assert e.how == "deepsleep"
slept = [ms for _, ms in world.values("deepsleep")]
print(boots, len(slept), max(slept), world.time())
print([value for _, value in world.values("pin:5")].count(1))
