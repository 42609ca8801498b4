# ruff: noqa: A002, N805, PTH123, RUF012
# What a board does, on any interpreter, one line each: board_cases.py FOLDER
# Eight workflows, with a file for flash: board_cases.py FOLDER FILE
import asyncio
import sys
from binascii import crc32
from collections import OrderedDict

from tsme.engine.board import Board
from tsme.engine.tasks import Tasks
from tsme.errors import TsmeError
from tsme.journal.flash import FileFlash
from tsme.journal.ram_flash import RamFlash
from tsme.journal.regions import Regions
from tsme.program import Program
from tsme.program.store import ProgramRegion

BLOCK = 1024
START = 1700000000000


class Store:
    # A store of programs, in memory.
    def __init__(self):
        self.held = {}

    def put(self, data):
        digest = Program(data).digest
        self.held[digest] = (bytes(data), crc32(data))
        return digest

    def get(self, digest):
        return self.held.get(digest)

    def drop(self, digest):
        self.held.pop(digest, None)

    def digests(self):
        return list(self.held)


def read(name):
    with open(sys.argv[1] + "/" + name, "rb") as f:
        return f.read()


class World:
    # A board whose clock jumps over every sleep, and what it did.
    def __init__(self, blocks=80):
        self.flash = RamFlash(BLOCK, blocks)
        self.store = Store()
        self.now = START
        self.slept = []
        self.tasks = Tasks()
        self.log = []
        self.tasks.emitted["log"] = self.log.append

        @self.tasks.task("add", effect="pure")
        def add(payload):
            return payload["n"] + 1

        @self.tasks.task("ask.waitForTaskToken")
        def ask(payload):
            self.log.append("token " + payload["token"])

    def sleep(self, ms):
        self.slept.append(ms)
        self.now += ms

    def board(self):
        board = Board(self.flash, self.store, self.tasks, lambda: self.now, self.sleep, lambda: 7)
        board.ended = lambda name, outcome: print("ended", name, outcome)
        return board


def refused(function, *args):
    try:
        function(*args)
    except TsmeError as e:
        print("refused", e)
    else:
        print("not refused")


def side_by_side():
    w = World()
    board = w.board()
    long, short = w.store.put(read("long.tsm")), w.store.put(read("short.tsm"))
    print(board.start("long", long, {"n": 1}, blocks=8), board.start("short", short, {"n": 5}))
    print(board.start("long", long, {"n": 9}), board.list())
    board.run_sync()
    print(w.slept, w.now - START, board.list(), board.clients)
    print(board.outcome("short"))


def after_a_reset():
    w = World()
    board = w.board()
    board.start("a", read("long.tsm"), {"n": 1}, blocks=8)
    board.start("b", read("long.tsm"), {"n": 2}, blocks=8)
    print(len(board.clients), board.slots["a"].kernel.client is board.slots["b"].kernel.client)
    board = w.board()
    print(board.recover(), board.list(), len(board.clients))
    print(board.describe("b")["execution"], board.describe("b")["due"])
    board.run_sync()
    print(w.slept)


def a_fault_touches_no_other():
    w = World()
    board = w.board()
    for name in "abc":
        board.start(name, read("long.tsm"), {"n": 1}, blocks=6)
    start = board.regions.open("b").start
    w.flash.data[start * BLOCK : (start + 6) * BLOCK] = b"\x5b" * (6 * BLOCK)
    board = w.board()
    print(board.list())
    print(sorted(board.describe("b").items()))
    board.run_sync()
    print(board.list(), [text for text in w.log if "b:" in text])
    refused(board.outcome, "b")
    board.retire("b")
    print(board.list(), board.start("b", read("short.tsm"), {"n": 1}, blocks=6))


def flash_that_fails_under_one():
    w = World()
    board = w.board()
    board.start("a", read("long.tsm"), {"n": 1}, blocks=6)
    board.start("b", read("long.tsm"), {"n": 2}, blocks=6)
    first = board.regions.open("a").start
    write = w.flash.writeblocks

    def failing(n, buf, off=0):
        return 5 if first <= n < first + 6 else write(n, buf, off)

    w.flash.writeblocks = failing
    board.run_sync()
    print([text.split(" (")[0] for text in w.log if "cannot go on" in text])
    del w.flash.writeblocks
    board = w.board()
    print(board.list())  # where it was before the fault
    board.run_sync()


def tokens_find_their_execution():
    w = World()
    board = w.board()
    board.start("a", read("asks.tsm"), {}, blocks=6)
    board.start("b", read("asks.tsm"), {}, blocks=6)

    async def main():
        run = asyncio.create_task(board.run())
        while len(w.log) < 2:
            await asyncio.sleep(0)
        a, b = [text.split(" ")[1] for text in sorted(w.log)]
        print(a, b)
        board.send_success(b, "for b")
        board.send_failure(a, "Refused", "for a")
        await run
        refused(board.send_success, a, 1)
        refused(board.send_heartbeat, "99-1")

    w.sleep = None
    board.sleep = None
    asyncio.run(main())


def started_by_a_coroutine():
    w = World()
    board = w.board()
    board.sleep = None
    board.start("a", read("asks.tsm"), {}, blocks=6)

    async def main():
        run = asyncio.create_task(board.run())
        while not w.log:
            await asyncio.sleep(0)
        print(board.start("b", read("add.tsm"), {"n": 1}, blocks=6))
        while board.outcome("b") is None:
            await asyncio.sleep(0)
        board.stop("a")
        await run
        board.start("b", read("add.tsm"), {"n": 2})
        await board.run()  # once more

    asyncio.run(main())


def stopped_and_numbered():
    w = World()
    board = w.board()
    board.start("a", read("long.tsm"), {"n": 1}, blocks=6)
    refused(board.retire, "a")
    refused(board.stop, "x")
    board.stop("a", "Enough", "of it")
    board.stop("a", "Again")
    print(board.outcome("a"), board.recover())
    board.retire("a")
    board.start("b", read("long.tsm"), {"n": 1}, blocks=6)
    print(board.describe("b")["execution"], w.board().describe("b")["execution"])
    refused(board.describe, "a")


def a_handler_that_is_missing():
    w = World()
    board = w.board()
    board.start("a", read("long.tsm"), {"n": 1}, blocks=6)
    board.start("b", read("asks.tsm"), {}, blocks=6)
    board.stop("b")
    board.start("b", read("silent.tsm"), {}, blocks=6)
    add = w.tasks.handlers.pop("add")
    before = bytes(w.flash.data[4 * BLOCK : 10 * BLOCK])
    board = w.board()
    board.run_sync()
    print(board.list(), w.log[-1])
    print(before == bytes(w.flash.data[4 * BLOCK : 10 * BLOCK]))
    w.tasks.handlers["add"] = add
    w.board().run_sync()


def a_program_that_is_missing():
    w = World()
    board = w.board()
    board.start("a", read("long.tsm"), {"n": 1}, blocks=6)
    held, w.store.held = w.store.held, {}
    board = w.board()
    print(board.describe("a")["status"])
    refused(board.start, "b", next(iter(held)), {})
    print(board.start("a", read("long.tsm"), {"n": 2}), board.list())
    board.run_sync()


def another_program_in_the_same_region():
    w = World()
    board = w.board()
    board.start("a", read("short.tsm"), {"n": 1}, blocks=6)
    board.run_sync()
    board.start("a", read("long.tsm"), {"n": 2})
    board = w.board()
    print(board.list())
    board.run_sync()
    board.resize("a", 9)
    print(board.list(), board.describe("a")["blocks"], w.board().outcome("a"))


def a_start_that_is_refused():
    w = World()
    board = w.board()
    refused(board.start, "a", read("unhandled.tsm"), {})
    refused(board.start, "a", read("short.tsm"), {}, None, 1000)
    print(board.list())
    refused(board.start, "a", read("short.tsm"), {"n": "x" * 3000}, None, 6)
    print(board.list(), board.start("a", read("short.tsm"), {"n": 3}))
    board.run_sync()


def programs_in_a_region_of_the_same_partition():
    w = World()
    regions = Regions(w.flash)
    regions.create("programs", 6, 1)
    w.store = ProgramRegion(regions.open("programs"))
    board = w.board()
    board.start("a", read("short.tsm"), {"n": 1}, blocks=6)
    w.store = ProgramRegion(Regions(w.flash).open("programs"))
    board = w.board()
    print(board.list(), len(w.store.digests()))
    board.run_sync()
    board.start("a", read("long.tsm"), {"n": 2})
    print(len(w.store.digests()), [part[0] for part in board.regions.list()])
    refused(board.describe, "programs")
    refused(board.retire, "programs")
    board.run_sync()


class Counter:
    initial = OrderedDict([("count", 0)])

    def stf(state, input, actions):
        state["count"] += input.value
        if state["count"] > 9:
            actions.end(state["count"])


def a_machine_beside_a_workflow():
    w = World()
    board = w.board()
    board.start("count", Counter, blocks=6)
    board.start("flow", read("add.tsm"), {"n": 1}, blocks=6)
    board.sleep = None

    async def main():
        run = asyncio.create_task(board.run())
        await asyncio.sleep(0)
        await board.ask("count", 4)
        board.send("count", 6)
        await run

    asyncio.run(main())
    print(board.list())


class Other(Counter):
    version = 2


def an_ended_machine_needs_its_class_no_more():
    w = World()
    board = w.board()
    board.start("count", Counter, blocks=6)
    digest = board.slot("count").state.origin[4]
    board.stop("count")
    board = w.board()  # after a reset, without the class
    print(board.list())
    board.start("count", Counter)
    board.slot("count").keep = lambda now=False: None  # a cut comes before that is durable
    board.send("count", 12)
    board.run_sync()
    w.store.held[digest] = (Counter,)
    board = w.board()
    print(board.list())
    w.store.drop(digest)
    board = w.board()
    print(board.list(), board.outcome("count").output)
    print(board.start("count", Other), board.list())


def eight():
    w = World(1)
    w.flash = FileFlash(sys.argv[2], 4096, 4 + 8 * 16, False)
    board = w.board()
    for n in range(8):
        board.start("w" + str(n), read("long.tsm"), {"n": n})
    board = w.board()
    board.run_sync()
    print(board.list())


CASES = (
    side_by_side,
    after_a_reset,
    a_fault_touches_no_other,
    flash_that_fails_under_one,
    tokens_find_their_execution,
    started_by_a_coroutine,
    stopped_and_numbered,
    a_handler_that_is_missing,
    a_program_that_is_missing,
    another_program_in_the_same_region,
    a_start_that_is_refused,
    programs_in_a_region_of_the_same_partition,
    a_machine_beside_a_workflow,
    an_ended_machine_needs_its_class_no_more,
)
for case in (eight,) if len(sys.argv) > 2 else CASES:
    print("--", case.__name__)
    case()
    del case
