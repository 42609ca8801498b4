# What handlers do wrong, on any interpreter:
#
#     micropython faults_device.py CASE PROGRAM
#
# prints what came of it, one line a handler.
import asyncio
import sys

import tsme

NOW = 1767225600000


class Odd(BaseException):
    pass


class int64:  # noqa: N801
    pass


class bool_:  # noqa: N801
    pass


class Board:
    def __init__(self, program, handler, effect="idempotent", context=False):
        self.program = program
        self.flash = tsme.RamFlash(512, 16)
        self.now = NOW
        self.logs = []
        self.kinds = []
        self.tasks = tsme.Tasks()
        self.tasks.task("a", effect=effect, context=context)(handler)
        self.tasks.on("log")(self.logs.append)

    def clock(self):
        return self.now

    def watch(self, event, step):
        self.kinds.append(event[0])

    def engine(self):
        engine = tsme.Engine(
            self.program, tsme.Journal(self.flash), tasks=self.tasks, clock=self.clock
        )
        engine.watch = self.watch
        return engine

    def run(self):
        async def limited():
            return await asyncio.wait_for(self.engine().run({}), 60)

        return asyncio.run(limited())


def told(outcome):
    print(outcome.status, outcome.output or outcome.error, outcome.cause or "")


def caught(program):
    # each of these fails the task, whose error the workflow catches
    def raises(e):
        def plain(payload):
            raise e

        async def later(payload):
            raise e

        async def much_later(payload):
            await asyncio.sleep(0)
            raise e

        return plain, later, much_later

    for e in (Odd("x"), GeneratorExit(), BaseException("b"), ValueError("v"), MemoryError()):
        for handler in raises(e):
            outcome = Board(program, handler).run()
            print(outcome.status, outcome.output["Error"], outcome.output["Cause"])


def yields(program):
    def one(payload):
        yield 1

    def nothing(payload):
        yield

    def later(payload):
        yield from (1, 2)

    def helped(payload):
        return (n for n in (1, 2))

    for handler in (one, nothing, later, helped):
        outcome = Board(program, handler).run()
        print(outcome.status, outcome.output["Error"], outcome.output["Cause"])


def ends(program):
    # The run ends with what it was; the task is pending, and a `once` task is not run again.
    for e in (SystemExit(3), KeyboardInterrupt()):

        def plain(payload, e=e):
            raise e

        async def later(payload, e=e):
            await asyncio.sleep(0)
            raise e

        for handler in (plain, later):
            board = Board(program, handler, "once")
            try:
                board.run()
            except BaseException as was:
                print(type(was).__name__, was is e)
            print(board.run().output["Error"])


def iterates(program):
    def handler(payload):
        return next(iter([]))

    print(Board(program, handler).run().output["Error"])


def late(program):
    # It blocks longer than its TimeoutSeconds.
    boards = []
    for raises in (False, True):

        def handler(payload, raises=raises):
            boards[-1].now += 4000
            if raises:
                raise ValueError
            return "late"

        board = Board(program, handler)
        boards.append(board)
        outcome = board.run()
        print(outcome.status, outcome.output["Error"], board.kinds)
        print(board.logs)
        again = board.engine()
        again.recover()
        print(again.state.result["Error"])


def in_time(program):
    def handler(payload):
        board.now += 3000
        return "in time"

    board = Board(program, handler)
    told(board.run())
    print(board.logs)


def beats(program):
    # A plain handler that blocks tells that it lives.
    def handler(payload, context):
        for _ in range(5):
            board.now += 1500
            context.heartbeat()
        return "alive"

    board = Board(program, handler, context=True)
    told(board.run())
    print(board.logs)


def values(program):
    endless = [1]
    endless.append({"a": endless})
    deep = []
    for _ in range(40):
        deep = [deep]
    for value in (int64(), [bool_()], {1, 2}, endless, deep, range(3), iter([])):

        def handler(payload, value=value):
            return value

        print(Board(program, handler).run().output["Cause"])


def kept(program):
    # What it did has happened, whatever becomes of the result: Retry of States.ALL runs it once.
    from tsme.engine import tasks

    ordered = tasks.ordered
    deep = []
    for _ in range(40):
        deep = [deep]

    def no_memory(v):
        if v == "large":
            raise MemoryError
        return ordered(v)

    tasks.ordered = no_memory
    for value in ("large", "no room", deep, {1, 2}, {1: 2, "a": 3}):
        calls = []

        def handler(payload, value=value, calls=calls):
            calls.append(1)
            if value == "no room":
                raise MemoryError("no room")
            return value

        board = Board(program, handler, "once")
        outcome = board.run()
        print(len(calls), outcome.output["Error"], outcome.output["Cause"])


def awaits(program):
    # What async handlers may wait for.
    async def slow():
        await asyncio.sleep(1)

    async def child():
        await asyncio.sleep(0)
        return 1

    async def handler(payload):
        event = asyncio.Event()
        lock = asyncio.Lock()

        async def sets():
            await asyncio.sleep(0.001)
            event.set()

        task = asyncio.create_task(sets())
        await event.wait()
        await task
        async with lock:
            n = await child() + sum(await asyncio.gather(child(), child()))
        try:
            await asyncio.wait_for(slow(), 0.001)
        except asyncio.TimeoutError:  # noqa: UP041
            n += 1
        for _ in range(3):
            await asyncio.sleep(0)
        return n

    told(Board(program, handler).run())


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as f:  # noqa: PTH123
        globals()[sys.argv[1]](tsme.Program(f.read()))
