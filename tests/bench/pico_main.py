# ruff: noqa: PTH123, UP031
# main.py of the emulated Pico that tests/bench/emulated.py counts instructions of.
#
# Says "ready" when the journal has been read, then a line after each step: HOW is "wait", of a
# workflow whose steps are a Wait's (its clock jumps), "task", of one whose steps are a task's two,
# or "" for no step at all.
import machine
import rp2
from given import CRC, HOW, START  # type: ignore[import-not-found]

import tsme

line = machine.UART(0, 115200)
tasks = tsme.Tasks()


@tasks.task("open", effect="once")
def open_(n):
    return n


@tasks.task("ask", effect="pure")
def ask(n):
    return n


class Clock:
    now = 1700000000000

    def __call__(self):
        self.now += 1000
        return self.now


with open("flow.tsm", "rb") as f:
    data = f.read()
program = tsme.Program(data, CRC)
journal = tsme.Journal(tsme.Region(rp2.Flash(), START, 16))
engine = tsme.Engine(program, journal, clock=Clock(), tasks=tasks)
engine.recover()
line.write("ready %d\n" % journal.number)
if HOW == "wait":
    engine.begin({"n": 0, "most": 1000}, None)
    line.write("step %d\n" % journal.number)
    while engine.busy():
        engine.advance()
        line.write("step %d\n" % journal.number)
elif HOW == "task":
    engine.watch = lambda event, step: line.write("step %d\n" % journal.number)
    engine.run_sync({"n": 0, "most": 1000})
