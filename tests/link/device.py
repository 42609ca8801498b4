# A board behind a link, for the tests: stdin and stdout of this process, or a TCP port.
#
#     device.py FOLDER [key=..] [tcp=PORT] [clients=N] [mode=safe] [machine=1]
#
# The folder holds flash.bin, programs/ and files/.
import asyncio
import sys

import tsme
from tsme import Board, FileFlash, Link, ProgramFiles, Tasks

options = dict([a.split("=", 1) for a in sys.argv[2:]])
folder = sys.argv[1]
tasks = Tasks()


@tasks.task("greet")
def greet(payload):
    print("hello from \x06\x09 a task \x04\x14 ümläut")
    return {"greeting": "hello " + str(payload)}


@tasks.task("ask.waitForTaskToken")
def ask(payload):
    pass


@tasks.task("slow")
async def slow(payload):
    await asyncio.sleep(payload["seconds"])
    return payload


class Clock:
    def __init__(self):
        self.now = 1700000000000

    def __call__(self):
        self.now += 1
        return self.now

    def set(self, ms):
        self.now = ms


class Counter:
    initial = {"n": 0}  # noqa: RUF012

    def stf(state, input, actions):  # noqa: N805
        if input.value == "bad":
            raise ValueError("no such signal")
        if input.value == "end":
            actions.end(state["n"])
        else:
            state["n"] += input.value


def reset():
    print("the board resets")
    sys.exit(7)


clock = Clock() if options.get("clock") else None
flash = FileFlash(folder + "/flash.bin", 4096, 64, False)
board = Board(flash, ProgramFiles(folder + "/programs"), tasks, clock)
streams = []
if "tcp" in options:
    clients = int(options.get("clients", 1))
    streams.append(tsme.Tcp(int(options["tcp"]), "127.0.0.1", clients))
    print("listening")
about = {"board": "unix", "mode": options.get("mode", "run"), "boots": 3, "failures": 1}
link = Link(board, *streams, key=options.get("key"), files=folder + "/files", about=about)
link.reset = reset
if options.get("machine"):
    board.start("count", Counter)
asyncio.run(link.run())
