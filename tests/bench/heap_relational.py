# The heap that a relational machine of forty states takes beyond the engine, on MicroPython:
# heap_relational.py SCHEMA FLASH [loaded].  The most that is in use after a step, collected;
# `loaded`: beyond the code of relational machines, too.
# ruff: noqa: PTH123
import gc
import sys

import tsme.draft.drafts
import tsme.engine.engine
import tsme.engine.signals
import tsme.values.json
from tsme.journal import Journal
from tsme.journal.flash import FileFlash

tsme.draft.drafts.KINDS[list]  # type: ignore[attr-defined]
with open(sys.argv[1], "rb") as f:
    data = f.read()
journal = Journal(FileFlash(sys.argv[2], count=16))
journal.format()
journal.recover()
if len(sys.argv) > 3:
    import tsme.relational.seldom
gc.collect()
gc.collect()
base = gc.mem_alloc()  # type: ignore[attr-defined]
worst = [0]


def look(*_):
    gc.collect()
    worst[0] = max(worst[0], gc.mem_alloc() - base)


class Forty:
    schema = data

    def S3Enter(m):
        return m.args.get("ok", True)

    def S3State(m):
        m.data["n"] = m.data.get("n", 0) + 1
        m.timer(1000, remove=["S3"])

    def S3End(m):
        m.add(["S4", "S9"], {"why": "over"})


def main():
    engine = tsme.engine.engine.Engine(Forty, journal, lambda: now[0], slept, lambda: 1)
    engine.watch = look
    engine.recover()
    engine.begin({}, None)
    for n in range(40):
        now[0] += 100
        verb = "add" if n % 3 else "toggle"
        engine.feed((8, engine.time(), {verb: ["S%d" % (n * 7 % 40)]}))
        while True:
            event = engine.next()
            if not event:
                break
            engine.feed(event)
    now[0] += 5000
    event = engine.next()
    if event:
        engine.feed(event)
    print(worst[0])


def slept(ms):
    now[0] += ms


now = [1000]
main()
