# A board with relational machines behind a link, on any interpreter.
#
#     remote_device.py FOLDER [tcp=PORT] [clients=N] [key=..] [states=N]
#
# Without a port it is behind stdin and stdout.
import asyncio
import sys

import tsme

options = dict([a.split("=", 1) for a in sys.argv[2:]])
folder = sys.argv[1]
tasks = tsme.Tasks()


@tasks.task("close", effect="idempotent")
async def close(payload):
    await asyncio.sleep(payload / 1000)
    return payload


class Relay:
    name = "relay"
    version = 1
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Forward", {"require": ["Ready"], "remove": ["Reverse"]}),
        ("Reverse", {"require": ["Ready"], "remove": ["Forward"]}),
        ("Closed", {"require": ["Ready"]}),
        ("Pulse", {"multi": True}),
        ("Slow", {}),
    ]
    tasks = ("close",)
    initial = {"turns": 0}

    def ForwardEnter(m):
        return m.args.get("ok", True)

    def ForwardState(m):
        m.data["turns"] += 1
        m.task("close", m.args.get("ms", 1), add=["Closed"])

    def SlowState(m):
        m.timer(m.args.get("ms", 1), remove=["Slow"], add=["Pulse"])

    def PulseState(m):
        if m.args.get("raise"):
            raise ValueError("as asked")

    def ReadyEnd(m):
        m.end(m.data["turns"])

    def turns(m):
        return m.data["turns"]

    def plain(m):
        return m.args["value"]


class Many:
    name = "many"
    states = [("S%03d" % n, {"multi": False}) for n in range(int(options.get("states", 90)))]

    def start(m):
        m.add(["S000"])


class Door:
    name = "door"
    version = 1
    states = [("Start", {}), ("Open", {"require": ["Start"]})]

    def StartEnd(m):
        m.end()


class Gate:
    # What is there when the door has ended.
    name = "door"
    version = 2
    states = [("Locked", {}), ("Start", {}), ("Open", {"require": ["Start"]})]


NEXT = {"relay": Relay, "door": Gate}


def reset():
    sys.exit(7)


async def main():
    flash = tsme.FileFlash(folder + "/flash.bin", 4096, 64, False)
    board = tsme.Board(flash, tsme.ProgramFiles(folder + "/programs"), tasks)
    streams = []
    if "tcp" in options:
        streams.append(tsme.Tcp(int(options["tcp"]), "127.0.0.1", int(options.get("clients", 1))))
    link = tsme.Link(board, *streams, key=options.get("key"), files=folder + "/files")
    link.reset = reset
    board.start("relay", Relay, {}, None, 24)
    board.start("many", Many, {})
    board.start("door", Door, {}, None, 8)
    board.ended = lambda name, outcome: board.start(name, NEXT[name], {})
    if streams:
        print("listening")
    await link.run()


asyncio.run(main())
