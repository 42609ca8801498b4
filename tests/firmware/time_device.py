# Boards that sleep, and clocks that do not tell the time, on any interpreter:
#
#     micropython time_device.py CASE PROGRAM
#
# prints what came of it.
import asyncio
import sys

import tsme

NOW = 1767225600000  # 2026
PICO = 1609459200000  # 2021, where the clock of an RP2040 begins
HOUR = 3600000
TEN_YEARS = 315576000000


class Reset(BaseException):
    pass


class Board:
    # begin: what its clock says at power-up, None for one with a battery.
    def __init__(self, program, begin=None, slow=0):
        self.program = program
        self.flash = tsme.RamFlash(512, 8)  # little to recover at each boot
        self.begin = begin
        self.slow = slow  # ms from power-up until the engine runs
        self.now = NOW
        self.slept = []
        self.boots = 0
        self.steps = 0
        self.logs = []

    def sleep(self, ms):
        self.slept.append(ms)
        self.now += ms
        raise Reset

    def clock(self):
        return self.now

    def boot(self, **more):
        # -> the outcome, or None after a deep sleep
        self.boots += 1
        if self.begin is not None:
            self.now = self.begin
        self.now += self.slow
        tasks = tsme.Tasks()
        tasks.on("log")(self.logs.append)
        tasks.task("ask")(self.ask)
        tasks.task("arn:aws:states:::lambda:invoke.waitForTaskToken")(self.ask)
        given = {"clock": self.clock, "sleep": self.sleep, "tasks": tasks}
        given.update(more)
        self.engine = tsme.Engine(self.program, tsme.Journal(self.flash), **given)
        self.engine.watch = self.watch
        try:
            return self.engine.run_sync({})
        except Reset:
            return None

    def ask(self, payload):
        return payload

    def watch(self, event, step):
        self.steps += 1

    def live(self, most):
        while self.boots < most:
            outcome = self.boot()
            if outcome:
                return outcome
        return None

    def told(self, outcome):
        print(outcome and outcome.status, self.boots, sum(self.slept), max(self.slept), self.steps)


def sleeps(program, begin, slow=0):
    board = Board(program, begin, slow)
    board.told(board.live(2000))


def battery(program):
    sleeps(program, None)


def pico(program):
    sleeps(program, PICO)


def slow(program):
    sleeps(program, PICO, 130000)


def first_set(program):
    # The clock was set (by NTP) once, and begins in 2021 again after each sleep.
    board = Board(program)
    board.boot()
    board.begin = PICO
    board.told(board.live(2000))


def set_at_boot(program):
    # It is set after each boot: what it says counts, and nothing is written for it.
    board = Board(program)
    while True:
        began = board.now
        outcome = board.boot()
        if outcome:
            break
        board.now = began + HOUR // 2  # a button woke it
    board.told(outcome)


def stays(program):
    # A sleep that comes back is no deep sleep; one record tells of the first.
    board = Board(program, PICO)

    def sleep(ms):
        board.slept.append(ms)
        board.now += ms

    board.told(board.boot(sleep=sleep))


def cut(program):
    # The power goes while it runs: nothing has been slept.
    board = Board(program, PICO)

    async def half(engine):
        running = asyncio.create_task(engine.run({}))
        for _ in range(5):
            await asyncio.sleep(0)
        running.cancel()

    for _ in range(3):
        board.now = PICO
        engine = tsme.Engine(program, tsme.Journal(board.flash), clock=board.clock)
        asyncio.run(half(engine))
    print(engine.state.now - PICO, engine.recover())


def readings(*odd):
    # a clock that gives these at its third reading, and then what is right
    def make(board):
        count = [0]

        def clock():
            count[0] += 1
            if 3 <= count[0] < 3 + len(odd):
                return odd[count[0] - 3]
            return board.now

        return clock

    return make


def glitches(program):
    for odd in ((NOW + TEN_YEARS,), (-5,), (float(NOW),), (None,), (1 << 70,), ("soon",)):
        board = Board(program)

        def sleep(ms, board=board):
            board.now += ms

        outcome = board.boot(clock=readings(*odd)(board), sleep=sleep)
        print(outcome.status, board.engine.state.now - NOW, len(board.logs))


def leap(program):
    # The power was gone for a month: that is no mistake, and is said.
    board = Board(program)
    board.boot()
    board.now += 30 * 24 * HOUR
    board.told(board.live(3))
    print(*board.logs)


def refused(program):
    for wrong in (-1, 1.5, None, True, 1 << 62, "now"):
        board = Board(program)
        try:
            board.boot(clock=lambda wrong=wrong: wrong)
        except tsme.TsmeError as e:
            print(e.code, board.steps, repr(wrong) in e.message)


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as f:  # noqa: PTH123
        globals()[sys.argv[1]](tsme.Program(f.read()))
