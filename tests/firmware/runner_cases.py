# What may go wrong around a step, played through on any interpreter:
#
#     micropython runner_cases.py CASE PROGRAM
#
# prints what came of it, one line an execution.
import asyncio
import sys

from tsme import Engine, Journal, Program, RamFlash, TaskError, Tasks


def told(outcome):
    print(outcome.status, outcome.output, outcome.error)


async def late(program):
    # A handler that was stopped with its execution returns when the next one runs.
    tasks = Tasks()
    calls = []

    @tasks.task("a")
    async def a(payload):
        calls.append(1)
        if len(calls) == 1:
            engine.stop()
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                await asyncio.sleep(0.02)
                return "of the first"
        await asyncio.sleep(0.1)
        return "of the second"

    engine = Engine(program, Journal(RamFlash()), tasks=tasks)
    told(await engine.run({}))
    told(await engine.run({}))
    print(engine.running)


async def changed(program):
    # A handler of untracked actions changes what it was given; then another raises.
    tasks = Tasks()
    flash = RamFlash()

    @tasks.on("log")
    def log(payload):
        payload["a"] = 2

    @tasks.on("metric")
    def metric(payload):
        raise ValueError("in a metric's handler")

    @tasks.task("a")
    def a(payload):
        return payload

    outcome = await Engine(program, Journal(flash), tasks=tasks).run({"a": 1})
    print(outcome.output["a"])
    outcome.output["a"] = 3
    again = Engine(program, Journal(flash), tasks=tasks)
    print(again.recover(), again.state.result["a"])


async def cancelled(program):
    # Something that a handler waits for is cancelled, which is no reason to wait for ever.
    tasks = Tasks()

    @tasks.task("a")
    async def a(payload):
        raise asyncio.CancelledError

    told(await asyncio.wait_for(Engine(program, tasks=tasks).run({}), 60))


class Torn(Journal):
    # Ctrl-C right after a commit, before the step is adopted.
    commits = 0
    last = 2

    def commit(self, kind, body):
        number = super().commit(kind, body)
        self.commits += 1
        if self.commits == self.last:
            raise KeyboardInterrupt
        return number


async def interrupted(program):
    tasks = Tasks()
    flash = RamFlash()

    @tasks.task("a")
    def a(payload):
        return payload + 1

    engine = Engine(program, Torn(flash), tasks=tasks)
    try:
        await engine.run(0)
    except KeyboardInterrupt:
        print("interrupted")
    told(await engine.run())
    again = Engine(program, Journal(flash), tasks=tasks)
    print(again.recover(), again.state.result)


async def untold(program):
    # The power goes right behind the last commit: nobody has seen the outcome.
    flash = RamFlash()
    tasks = Tasks()
    tasks.task("a")(lambda payload: payload + 1)
    print(Engine(program, Journal(flash), tasks=tasks).outcome())
    engine = Engine(program, Torn(flash), tasks=tasks)
    engine.journal.last = 3
    try:
        await engine.run(0)
    except KeyboardInterrupt:
        print("cut")
    again = Engine(program, Journal(flash), tasks=tasks)
    told(again.outcome())
    running = asyncio.create_task(again.run(10))
    await asyncio.sleep(0)
    print(again.outcome())
    told(await running)
    told(again.outcome())


async def odd(program):
    # Errors whose name and cause are no texts that the kernel could hold.
    for error in (TaskError(404, b"no text"), TaskError("E", "x" * 40000), TaskError("E", object)):
        tasks = Tasks()

        @tasks.task("a")
        def a(payload, error=error):
            raise error

        outcome = await Engine(program, Journal(RamFlash()), tasks=tasks).run({})
        print(outcome.status, outcome.output)


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as f:  # noqa: PTH123
        asyncio.run(globals()[sys.argv[1]](Program(f.read())))
