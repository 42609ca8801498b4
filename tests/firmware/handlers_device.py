# The handler API of the Engine, played through on any interpreter:
#
#     micropython handlers_device.py CASE PROGRAM
#
# prints what handlers saw and what came of it, in JSON.
import asyncio
import sys
from collections import OrderedDict

from tsme import Engine, Program, TaskError, Tasks, TsmeError
from tsme.values.json import dumps

EPOCH = 1700000000000


def tell(*words):
    print(*[w if isinstance(w, str) else dumps(w) for w in words])


def told(outcome):
    tell(outcome.status, outcome.output, outcome.error, outcome.cause)


class Clock:
    # Stands still, but for the sleep hook.
    def __init__(self):
        self.now = EPOCH
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, ms):
        self.slept.append(ms)
        self.now += ms


def plain(program):
    # Plain and async handlers, with and without a context.
    engine = Engine(program, clock=Clock())

    @engine.task("a")
    def a(payload):
        return {"got": payload, "b": 1, "a": [(1, 2), None]}

    @engine.task("b", effect="pure")
    async def b(payload):
        await asyncio.sleep(0)
        return list(payload["got"])

    @engine.task("c", effect="once", context=True)
    async def c(payload, context):
        await asyncio.sleep(0)
        return [payload, context.execution, context.action, context.attempt]

    told(engine.run_sync({"z": 1, "y": 2.5, "ü": "雪"}))
    told(engine.run_sync({}))


def order(program):
    # Members of a plain dict are sorted, those of what a handler was given stay as they are.
    engine = Engine(program, clock=Clock())

    @engine.task("a")
    def a(payload):
        payload["new"] = 1
        return payload

    @engine.task("b")
    def b(payload):
        return {"z": payload, "m": {"y": 1, "x": 2}, "a": 0}

    told(engine.run_sync(OrderedDict([("z", 1), ("a", 2)])))


def attempts(program):
    # The attempt counts from 1; each has an action of its own, and the same payload again.
    clock = Clock()
    engine = Engine(program, clock=clock, sleep=clock.sleep)

    @engine.task("a", context=True)
    def a(payload, context):
        tell(context.attempt, context.action, payload)
        payload["spoilt"] = 1
        if context.attempt < 4:
            raise TaskError("Again", "attempt " + str(context.attempt))
        return context.attempt

    told(engine.run_sync({"in": 1}))
    tell(clock.slept)


def names(program):
    # Lambda ARNs, with qualifiers; lambda:invoke wraps payload and result.
    engine = Engine(program, clock=Clock())

    @engine.task("plain")
    def one(payload):
        return ["plain", payload]

    @engine.task("qualified")
    def two(payload):
        return ["qualified", payload]

    @engine.task("invoked")
    def three(payload):
        return {"invoked": payload}

    @engine.task("arn:aws:states:::dynamodb:getItem")
    def four(payload):
        return ["whole", payload]

    told(engine.run_sync({"k": 1}))


def missing(program):
    # All that is missing is told before anything starts.
    engine = Engine(program, clock=Clock())

    @engine.task("b")
    def b(payload):
        tell("never called")

    try:
        engine.run_sync({})
    except TsmeError as e:
        tell(e.code, e.message)
    tell(engine.state.execution)
    try:
        engine.task("x", effect="twice")
    except TsmeError as e:
        tell(e.code, e.message)


def errors(program):
    # What a handler raises or returns becomes the task's error.
    def zero():
        return 1 // 0

    def key():
        return {}["no such key"]

    def own():
        raise ValueError("as written, ü")

    def task_error():
        raise TaskError("My.Error", "its cause")

    def bare():
        raise TaskError("Bare")

    def no_value():
        return {1: 2}

    def no_json():
        return Clock()

    def deep():
        v = []
        for _ in range(40):
            v = [v]
        return v

    kinds = [zero, key, own, task_error, bare, no_value, no_json, deep]
    for n in range(len(kinds)):
        engine = Engine(program, clock=Clock())

        @engine.task("a")
        def a(payload, kind=kinds[n]):
            return kind()

        outcome = engine.run_sync({})
        cause = outcome.output["Cause"]
        # The texts of the interpreter's own errors differ.
        tell(n, outcome.output["Error"], cause if n > 1 else len(cause) > 0)


def timeout(program):
    # A handler whose time is up is cancelled; what it says afterwards is late.
    engine = Engine(program)
    events = []

    @engine.task("a")
    async def a(payload):
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    @engine.task("b")
    def b(payload):
        events.append("b")
        return payload

    told(engine.run_sync({}))
    tell(events, len(engine.running))


def heartbeat(program):
    # Heartbeats keep a slow handler alive; without them its time is up.
    for beats in (True, False):
        engine = Engine(program)
        events = []

        def watch(event, step, events=events):
            events.append(event[0])

        engine.watch = watch

        @engine.task("a", context=True)
        async def a(payload, context, beats=beats):
            for _ in range(4):
                await asyncio.sleep(0.4)
                if beats:
                    context.heartbeat()
            return "done"

        outcome = engine.run_sync({})
        tell(outcome.status, outcome.output, outcome.error, events.count(4))


def late(program):
    # Results that come from outside: too late, twice, for another execution.
    engine = Engine(program, clock=Clock())

    @engine.task("a", context=True)
    def a(payload, context):
        engine.heartbeat(99)
        token = f"{context.execution}-{context.action}"
        engine.send_success(token, "by token")
        return "by return"

    @engine.task("b")
    def b(payload):
        return payload

    told(engine.run_sync({}))
    try:
        engine.send_success("1-1", "much too late")
    except TsmeError as e:
        tell(e.code)
    engine.stop("Stale", "of the execution before")
    told(engine.run_sync({}))


def sleep(program):
    # The hook gets the time that only has to pass; never while a handler runs.
    clock = Clock()
    engine = Engine(program, clock=clock, sleep=clock.sleep)

    @engine.task("a")
    async def a(payload):
        for _ in range(5):
            await asyncio.sleep(0.001)
        tell("slept before", clock.slept)
        return payload

    told(engine.run_sync({}))
    tell(clock.slept)


def stop(program):
    clock = Clock()
    engine = Engine(program, clock=clock, sleep=clock.sleep)

    @engine.task("a")
    async def a(payload):
        engine.stop("Enough", "said the handler")
        await asyncio.sleep(20)

    told(engine.run_sync({}))
    tell(len(engine.running))


def emitted(program):
    # Untracked actions go to their handlers in order, and to nobody where there is none.
    tasks = Tasks()

    @tasks.on("log")
    def log(payload):
        tell("log", payload)

    @tasks.on("publish")
    def publish(payload):
        tell("publish", payload)

    told(Engine(program, clock=Clock(), tasks=tasks).run_sync({"n": 1}))


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as f:  # noqa: PTH123
        globals()[sys.argv[1]](Program(f.read()))
