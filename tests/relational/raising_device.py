# Executions whose handlers raise, on this interpreter: raising_device.py write|read FOLDER.
# write: runs each in a journal in FOLDER.  read: recovers what is there.  Both say what it has
# come to.
import asyncio
import sys

import tsme
from tests.relational import raising
from tests.relational.raising import FLOATS, NOW, OWN, RAISES, Odd, Reader, Tank, Till
from tsme.journal.ram_flash import RamFlash
from tsme.kernel.rejected import Rejected
from tsme.values.copies import ordered

BLOCK = 4096
BLOCKS = 16
SOME = 6  # what so many raise, no checkpoint takes the place of
TANKS = ["tank%d" % n for n in range(0, len(RAISES), SOME)]
PLACES = ("BEnd", "AEnter", "AState", "AnyState", "CState")


def engine_of(case, folder, flash):
    what = {"own": Tank, "odd": Odd, "till": Till, "tasks": Reader}.get(case)
    if case in TANKS:
        what = Tank
    if what is None:
        with open(folder + "/program.tsm", "rb") as f:
            what = tsme.Program(f.read())
    journal = tsme.Journal(flash)
    now = [NOW]

    def clock():
        now[0] += 7
        return now[0]

    return tsme.Engine(what, journal, clock, seed=lambda: 5, tasks=raising.tasks())


def told(case, engine):
    s = engine.state
    text = "".join(["%02x" % b for b in engine.kernel.checkpoint(s)])
    print(case, s.steps, "%08x" % s.digest, text)


def signal(engine, value):
    try:
        engine.feed((8, engine.time(), ordered(value)))
    except Rejected as e:
        assert e.cause


def begin(engine):
    engine.recover()
    engine.feed((1, NOW, 1, engine.program.digest, 5, None, None, 1))


def tank(engine, numbers):
    begin(engine)
    for n in numbers:
        signal(engine, {"add": ["A", "B"]})
        for place in PLACES:
            states = ["C"] if place == "CState" else ["A"]
            verb = "remove" if place == "BEnd" else "add"
            signal(engine, {verb: states, "args": {"in": place, "n": n}})
            signal(engine, {"remove": ["Exception", "ErrTank", "C"]})
        signal(engine, {"when_query": {"query": "often", "values": [n]}})
        signal(engine, {"eval": "called", "args": {"in": "called", "n": n}})
        due = engine.state.due()
        engine.feed((5, due.due, due.id))
    signal(engine, {"eval": "storm", "args": {"n": numbers[-1]}})


def odd(engine):
    begin(engine)
    for n in FLOATS:
        signal(engine, {"add": "A", "args": {"n": n}})
    engine.feed((8, (1 << 53) + 5, ordered({"add": "A", "args": {"n": -1}})))
    signal(engine, {"eval": "over", "args": {"n": FLOATS[0]}})


def till(engine, numbers):
    begin(engine)
    for n in numbers:
        signal(engine, {"n": n, "now": True})
        signal(engine, {"n": n, "now": False})
        engine.feed((2, engine.time(), min(engine.state.pending), None))


async def run(engine):
    await engine.run(list(range(len(RAISES))))


def write(case, folder):
    flash = RamFlash(BLOCK, BLOCKS)
    engine = engine_of(case, folder, flash)
    if case in TANKS:
        first = int(case[4:])
        tank(engine, range(first, min(first + SOME, len(RAISES))))
    elif case == "own":
        tank(engine, [RAISES.index(f) for f in OWN])
    elif case == "odd":
        odd(engine)
    elif case == "till":
        till(engine, range(len(RAISES)))
    else:
        asyncio.run(run(engine))
    with open(folder + "/" + case + ".bin", "wb") as f:
        f.write(flash.data)
    return engine


def read(case, folder):
    flash = RamFlash(BLOCK, BLOCKS)
    with open(folder + "/" + case + ".bin", "rb") as f:
        flash.data[:] = f.read()
    engine = engine_of(case, folder, flash)
    engine.recover()
    return engine


def main(how, folder):
    for case in TANKS + ["own", "odd", "till", "tasks", "program"]:
        told(case, (write if how == "write" else read)(case, folder))


main(*sys.argv[1:])
