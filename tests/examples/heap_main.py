# An example as a board runs it, in the heap that the command line says; each step leaves a copy of
# what no reset loses.  On MicroPython:
#
#     heap_main.py         runs it in the folder it is started in
#     heap_main.py keep    the same, and makes the copies
#     heap_main.py 3       prints how many steps it has recovered, and stops after three more
# ruff: noqa: PTH123
import json
import sys

import tasks as handlers

import tsme

START = 1437249600000  # 2015-07-18T20:00:00Z, in ms since 1970
LASTING = ("flash.bin", "clock.txt", "valve.txt", "report.txt")


def copy(source, target):
    try:
        with open(source, "rb") as f, open(target, "wb") as g:
            while True:
                part = f.read(256)
                if not part:
                    return
                g.write(part)
    except OSError:
        pass  # it is not there yet


class Clock:
    def now(self):
        try:
            with open("clock.txt") as f:
                return int(f.read())
        except OSError:
            return START

    def sleep(self, ms):
        now = self.now()
        with open("clock.txt", "w") as f:
            f.write(str(now + ms))


def main(how):
    clock = Clock()
    if hasattr(handlers, "outside"):
        handlers.outside.folder = "."
    with open("program.tsm", "rb") as f:
        program = tsme.Program(f.read())
    engine = tsme.Engine(
        program,
        tsme.Journal(tsme.FileFlash("flash.bin", 4096, 8)),
        clock=clock.now,
        sleep=clock.sleep,
        seed=lambda: 1,
        tasks=handlers.tasks,
    )
    steps = [0]

    def watch(event, step):
        steps[0] += 1
        for name in LASTING if how == "keep" else ():
            copy(name, f"after{steps[0]}.{name}")
        if how == str(steps[0]):
            sys.exit(0)

    engine.watch = watch
    with open("input.json") as f:
        value = json.load(f)
    busy = engine.recover()
    print(engine.state.steps)
    if busy or not engine.state.steps:
        outcome = engine.run_sync(value)
    else:
        outcome = tsme.Outcome(engine.state)
    print(json.dumps([outcome.status, outcome.output]))


main(sys.argv[1] if len(sys.argv) > 1 else "")
