# A board for tests of the commands: stdin and stdout of this process are its cable.
#
#     board_device.py FOLDER [key=..] [board=..] [mode=safe] [boots=N] [tsme=VERSION] [machine=1]
#         [relational=FOLDER, which has relay.py]
#
# The folder is its flash: flash.bin, programs/, and files, of which tasks.py has its tasks.
# Exits with 7 when it is told to restart.
import asyncio
import sys

folder = sys.argv[1]
options = dict([a.split("=", 1) for a in sys.argv[2:]])
sys.path.insert(0, folder)

import tsme  # noqa: E402
from tsme import Board, FileFlash, Link, ProgramFiles, Tasks  # noqa: E402

if "tsme" in options:
    tsme.__version__ = options["tsme"]
try:
    from tasks import tasks
except ImportError:
    tasks = Tasks()


class Clock:
    # This machine's, as far as nobody has set another.
    def __init__(self):
        from tsme.engine.platform import wall_clock

        self.wall = wall_clock
        self.off = 0

    def __call__(self):
        return self.wall() + self.off

    def set(self, ms):
        self.off = ms - self.wall()


class Counter:
    version = 1
    initial = {"n": 0}  # noqa: RUF012

    def stf(state, input, actions):  # noqa: A002, N805
        if input.kind == "signal":
            if input.value == "bad":
                raise ValueError("no such signal")
            state["n"] += input.value


flash = FileFlash(folder + "/flash.bin", 4096, int(options.get("blocks", "64")), False)
programs = ProgramFiles(folder + "/programs")
relay = None
if options.get("relational"):
    from tsme.boot.machines import Store
    from tsme.engine.outcome import client_of

    sys.path.insert(0, options["relational"])
    relay = __import__("relay").Relay
    # It may be started again, as a class that was pushed.
    programs = Store(programs, {client_of(relay).program.digest.hex(): relay})  # type: ignore[assignment]
board = Board(flash, programs, tasks, Clock())
about = {
    "board": options.get("board", "unix"),
    "mode": options.get("mode", "run"),
    "boots": int(options.get("boots", "1")),
    "failures": 3 if options.get("mode") == "safe" else 0,
}
link = Link(board, key=options.get("key"), files=folder, about=about)
link.reset = lambda: sys.exit(7)
print("the board begins")
if relay:
    board.start("relay", relay)
if options.get("machine"):
    board.start("count", Counter)
asyncio.run(link.run())
