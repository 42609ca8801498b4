# What a board does seldom: opens, begins, describes, resizes and retires.  Works on a Board `b`.
from . import once
from .board import Slot
from .errors import LimitError, TsmeError, fault
from .journal import Journal
from .runner import Outcome, client_of


def client(b, program):
    # One for all executions of a program.
    if not isinstance(program, (bytes, bytearray, memoryview)):
        found = client_of(program)
        return b.clients.setdefault(found.program.digest, found)
    digest = bytes(program) if len(program) == 8 else b.programs.put(program)
    if digest not in b.clients:
        found = b.programs.get(digest)
        if found is None:
            raise fault("TSME-K007", "".join(["%02x" % n for n in digest]))
        from .program import Program

        b.clients[digest] = client_of(Program(*found))
    return b.clients[digest]


def open(b, name, program):
    # -> its Slot; None: it is broken.  program: that of a new execution
    buffer = b.regions.buffer
    journal = Journal(b.regions.open(name), 32, buffer)
    b.regions.buffer = journal  # all use the same
    try:
        slot = Slot(b, name, once("replay", "holds", journal) or program, journal)
        slot.recover()
    except (TsmeError, OSError, MemoryError) as e:
        b.slots[name] = e
        b.tasks.emit("log", "%s: it cannot go on: %s" % (name, e))
        return None
    b.slots[name] = slot
    return slot


def start(b, name, program, value, context, blocks):
    runs = client(b, program)
    b.recover()
    slot = b.slots.get(name)
    if not isinstance(slot, Slot):
        b.tasks.require(runs.program.resources())
        if slot is None:
            b.regions.create(name, blocks)
        slot = open(b, name, runs.program.digest)  # of a broken one perhaps the program was missing
        if slot is None:
            raise b.slots[name]
    if slot.busy():
        return False
    b.tasks.require(runs.program.resources())
    if slot.program is not runs.program and slot.state.execution:
        # What follows is replayed with another program.
        slot.journal.checkpoint(slot.kernel.checkpoint(slot.state))
    slot.kernel.client = runs
    slot.program = runs.program
    slot.posted = b.posted
    slot.begin(value, context)
    if not slot.busy():
        b.over(slot)
    b.posted.set()
    return True


def describe(b, name):
    b.recover()
    region = b.regions.open(name)
    out = {"name": name, "blocks": region.count}
    slot = b.slots.get(name)
    if not isinstance(slot, Slot):
        out["status"] = "broken"
        out["error"] = str(slot)
        return out
    state = slot.state
    out["status"] = "new"
    if state.execution:
        o = Outcome(state)
        out["status"] = o.status
        out["execution"] = o.execution
        out["program"] = slot.program.digest
        out["steps"] = state.steps
        out["now"] = state.now
        if o.status == "running":
            first = slot.due()
            out["due"] = first and first[3]
    return out


def resize(b, name, blocks):
    slot = b.slot(name)
    if slot.state.execution:
        slot.journal.checkpoint(slot.kernel.checkpoint(slot.state))
        slot.transitions = 0
    region = b.regions.resize(name, blocks)
    journal = Journal(region, 32, slot.journal)
    if b.regions.buffer is slot.journal:
        b.regions.buffer = journal
    slot.journal = journal
    slot.recovered = None
    slot.recover()


def retire(b, name):
    b.recover()
    number = 0
    slot = b.slots.get(name)
    if isinstance(slot, Slot):
        number = slot.state.execution
        if slot.busy():
            raise fault("TSME-K001", number)
    b.regions.retire(name, number)
    del b.slots[name]
