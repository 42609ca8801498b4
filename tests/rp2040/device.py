# A board under an outside ledger: every handler that begins, every commit and every recovery is a
# line on the UART, which no power cut takes back.
#
#     P                          nothing of the journals has been read yet: begin here; a line
#                                comes back, the number of executions that are over and done with
#     R name records torn        recovered
#     B execution action name    a handler begins
#     S name records             so many records are durable
#     E name status              the execution of this world has ended
#     Z                          all have
#     X                          it cannot go on, for a reason that is told before
import json
import sys

import machine
import rp2
from tasks import tasks

import tsme

uart = machine.UART(0, 115200)


def say(*words):
    uart.write(" ".join([str(word) for word in words]) + "\n")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def begins(name, task):
    # the handler, which first tells that it begins
    function = task.function
    wants = task.context

    def handler(payload, context):
        say("B", context.execution, context.action, name)
        return function(payload, context) if wants else function(payload)

    task.function = handler
    task.context = True


def told(tasks):
    for name in tasks.handlers:
        begins(name, tasks.handlers[name])
    return tasks


def begin(*names):
    # loads what tsme has these names for, lest each life does
    # -> executions up to this number are of worlds before
    for name in names:
        getattr(tsme, name)
    say("P")
    while not uart.any():
        pass
    return int(uart.readline())


def watched(name, engine):
    journal = engine.journal
    say("R", name, engine.found.records, int(engine.found.torn))
    engine.watch = lambda event, step: say("S", name, journal.number)


def one(world, tasks, flash):
    # one execution, in a region of its own
    name, program = world["programs"][0]
    program = tsme.Program(read(program))
    before = begin("Journal", "Engine", "Region", "Outcome")
    region = tsme.Region(flash, world["start"], world["blocks"])
    engine = tsme.Engine(program, tsme.Journal(region), tasks=tasks)
    engine.recover()
    if world["broken"] == "late":
        late(engine.journal)
    watched(name, engine)
    outcome = engine.outcome() if engine.state.execution > before else None
    outcome = outcome or engine.run_sync(world["input"])
    say("E", name, outcome.status)


def several(world, tasks, flash):
    # several executions, each in a region that the table knows, programs in one more
    programs = [(name, read(path)) for name, path in world["programs"]]
    before = begin("Board", "Regions", "ProgramRegion", "Outcome")
    flash = tsme.Region(flash, world["start"], world["blocks"])
    regions = tsme.Regions(flash)
    if "programs" not in [region[0] for region in regions.list()]:
        regions.create("programs", 8, 1)
    board = tsme.Board(flash, tsme.ProgramRegion(regions.open("programs")), tasks)
    board.ended = lambda name, outcome: say("E", name, outcome.status)
    for name, program in programs:
        slot = board.slot(name) if name in board.names() else None
        if slot is None or not slot.busy() and slot.state.execution <= before:
            board.start(name, program, world["input"], blocks=4)
            slot = board.slot(name)
        watched(name, slot)
        outcome = slot.outcome()
        if outcome:
            say("E", name, outcome.status)
    board.run_sync()


def late(journal):
    # a commit that returns before its record is there: it comes with the next one
    commit = journal.commit
    held = []

    def broken(kind, body):
        held.append((kind, bytes(body)))
        return commit(*held.pop(0)) if len(held) > 1 else journal.number

    journal.commit = broken


def main():
    world = json.loads(read("world.json"))
    if world["broken"] == "law 6":
        tsme.Engine.resume = lambda self: [self.launch(a) for a in self.interrupted()]
    try:
        (several if world["several"] else one)(world, told(tasks), rp2.Flash())
        say("Z")
    except Exception as e:
        sys.print_exception(e, uart)
        say("X")


main()
