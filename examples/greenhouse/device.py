# The main.py of a board that runs the greenhouse.  Here the board is a process:
#
#     micropython device.py PROGRAM FLASH FOLDER [OPERATION BYTES]
#
# FLASH is the image of a NOR flash; in FOLDER is what no power cut resets: clock, valve, reports.
# With OPERATION the power goes in that flash operation, when so many BYTES of it are done.

# ruff: noqa: I001
import json
import sys

sys.path.append(sys.path.pop(0))  # not sim.py of this folder, but the flash model

import tasks
from sim.nor import NorFile
from tsme import Engine, Journal, Program
from tsme.values.json import dumps
from tsme.kernel.protocol import CONTINUE, FAILED, INPUTS, START, STOP, TIMER

HERE = __file__.replace("\\", "/").rpartition("/")[0] or "."
FIRST_EVENING = 1437249600000  # 2015-07-18T20:00:00Z, in ms since 1970
BLOCK, BLOCKS = 4096, 8


class Clock:
    # A real-time clock with a battery, which goes on while the board has no power.  A day takes
    # no time here: sleeping moves the clock on.
    def __init__(self, path):
        self.path = path
        try:
            with open(path) as f:
                self.ms = int(f.read())
        except OSError:
            self.ms = FIRST_EVENING

    def now(self):
        return self.ms

    def sleep(self, ms):
        # a real board would sleep deeply, and wake up by an alarm
        self.ms += ms
        with open(self.path, "w") as f:
            f.write(str(self.ms))


def board(program, flash, folder):
    # -> Engine.  On a real board: flash = tsme.partition(), and neither clock, sleep nor seed.
    clock = Clock(folder + "/clock.txt")
    tasks.outside.folder = folder
    return Engine(
        Program(program),
        Journal(flash),
        clock=clock.now,
        sleep=clock.sleep,
        seed=lambda: 2015,
        tasks=tasks.tasks,
    )


def run(engine):
    # Goes on with the month under way, or starts one.  -> Outcome
    ended = engine.outcome()
    if ended:
        return ended  # the power went after the last step
    with open(HERE + "/input.json") as f:
        return engine.run_sync(json.load(f))


def tell(engine, nor):
    # One line a step, when it is durable: what came in -> what the step asks for.
    asked = {}  # action id -> its name

    def name(action):
        if action.frame is None:
            return "time limit"  # TimeoutSeconds of the whole workflow
        return "wait" if action.kind else action.resource

    def watch(event, step):
        s = step.state
        kind = event[0]
        what = "over" if kind == TIMER else INPUTS[kind]
        if kind not in (CONTINUE, START, STOP):
            what = asked[event[2]] + " " + what
        if kind == FAILED:
            what += " with " + event[3]
        for action in step.actions:
            if action.id:
                what += " -> " + name(action)
            else:
                what += " -> tsme:" + action.kind
        for i in s.pending:
            asked[i] = name(s.pending[i])
        bill = s.steps, what, len(step.record), s.digest, nor.programs, nor.erases
        print("step %d: %s, %d bytes, digest %08x, %d programs, %d erases" % bill)

    for i in engine.state.pending:
        asked[i] = name(engine.state.pending[i])
    engine.watch = watch


def main(program, flash, folder, operation=0, amount=0):
    me = sys.implementation
    print("boot %s %d.%d.%d" % ((me.name,) + tuple(me.version[:3])))
    nor = NorFile(flash, BLOCK, BLOCKS, (int(operation), int(amount)) if operation else None)
    with open(program, "rb") as f:
        engine = board(f.read(), nor, folder)
    engine.recover()
    found = engine.found
    if found.records:
        tail = "torn" if found.torn else "clean"
        what = found.records, tail, engine.state.steps, engine.state.digest
        print("recovered %d records, the tail is %s: step %d, digest %08x" % what)
    tell(engine, nor)
    outcome = run(engine)
    print("outcome", dumps([outcome.status, outcome.output, outcome.error, outcome.cause]))
    return 0 if outcome.status == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
