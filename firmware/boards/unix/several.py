# Several workflows on the unix board, each in a region of one partition, which is a file.
#
# JOBS: a CBOR array of [name, program.tsm, input or null].  What is under way in other regions
# goes on, too.  The result is ["several", {name: as of one workflow}], of all that ran.  Options
# as main.py has them; `blocks` of each region, `room` of the partition.
import asyncio
import sys
from binascii import hexlify

from forms import value_of
from prepare import deliver, hush, kept, listen, prepared, say, serve, ticking
from unixtasks import read
from waiting import tell

from tsme import Board, FileFlash, Obj, Program, ProgramFiles, TsmeError
from tsme.engine.platform import wall_clock
from tsme.values.cbor import decode

BLOCK = 4096
HOUR = 3600000


class SayingBoard(Board):
    names = {}  # noqa: RUF012  of states, by program's digest
    known = set()  # noqa: RUF012

    async def pause(self, ms):
        for slot in self.under_way():
            digest = hexlify(slot.program.digest).decode()
            tell(slot, self.names.get(digest, ()), self.known, slot.name + ": ")
        await super().pause(ms)


class FastBoard(Board):
    # Waits take no time: the clock is moved on instead.
    def __init__(self, flash, programs, tasks, now, seed):
        super().__init__(flash, programs, tasks, lambda: self.now, None, seed)
        self.now = now

    def recover(self):
        busy = super().recover()
        for slot in self.under_way():
            self.now = max(self.now, slot.state.now)
        return busy

    async def pause(self, ms):
        slots = self.under_way()
        if ms is None or [s for s in slots if s.running]:
            await super().pause(ms)  # a handler takes its time, its timeout still counts
            if ms is None or [s for s in slots if s.queue]:
                return
            ms = min(ms, HOUR)  # as long as that was
        self.now += ms
        for slot in slots:
            slot.latest += ms


def make(options):
    tasks, seed = prepared(options)
    sync = options.get("sync") != "0"
    flash = FileFlash(options["journal"], BLOCK, int(options["room"]), sync)
    programs = ProgramFiles(options["programs"])
    if "fast" in options:
        now = int(options.get("now") or wall_clock())
        return FastBoard(flash, programs, tasks, now, seed)
    board = SayingBoard(flash, programs, tasks, None, None, seed)
    if "names" in options:
        board.names = decode(read(options["names"]))[0]
    return board


def begin(board, results, name, path, given, blocks):
    program = read(path)
    try:
        serve(board.tasks, Program(program).resources())
        begun = board.start(name, program, given, None, blocks)
    except TsmeError as e:
        if e.code == "TSME-T002":
            e.message += "; there are: " + ", ".join(board.tasks.handlers)
        results[name] = ["refused", e.code, e.message]
        return
    slot = board.slots[name]
    if not begun:
        goes_on(slot)
        if given is not None:
            say("tsme: %s: the input is not used: the execution has its own" % name)


def goes_on(slot):
    text = "tsme: %s: execution %d was interrupted after step %d; going on with it"
    say(text % (slot.name, slot.state.execution, slot.state.steps))


async def quietly(board, mail):
    if sys.implementation.name == "cpython":
        asyncio.get_running_loop().set_exception_handler(hush)
    beside = [ticking()]
    if mail:
        beside.append(asyncio.create_task(listen(board, mail, deliver(board, mail, 0))))
    try:
        return await board.run()
    finally:
        for task in beside:
            task.cancel()


def run(options):
    board = make(options)
    results = {}

    def ended(name, o):
        results[name] = [o.status, o.output, o.error, o.cause, o.execution]

    board.ended = ended
    jobs = decode(read(options["program"]))[0]
    for name, path, given in jobs:
        value = {} if given is None else kept(value_of(given))
        begin(board, results, name, path, value, int(options["blocks"]))
    names = [name for name, _, _ in jobs]
    board.recover()
    for slot in board.under_way():
        if slot.name not in names:
            names.append(slot.name)
            serve(board.tasks, slot.program.resources())
            goes_on(slot)
    if not jobs:  # all that is there: also what cannot go on is said
        names += [name for name in board.slots if isinstance(board.slots[name], Exception)]
    asyncio.run(quietly(board, options.get("mail")))
    for name in names:
        if name not in results:
            e = board.slots.get(name)
            code = getattr(e, "code", "TSME-H032")
            results[name] = ["refused", code, getattr(e, "message", str(e))]
    return ["several", Obj([(name, results[name]) for name in names])]
