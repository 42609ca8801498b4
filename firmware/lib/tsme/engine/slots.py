# What a board does seldom: opens, begins, describes, resizes and retires.  Works on a Board.
from .. import once
from ..errors import TsmeError, fault
from ..journal import Journal
from .board import Slot
from .engine import Outcome, client_of


def client(board, program):
    # One for all executions of a program.
    if not isinstance(program, (bytes, bytearray, memoryview)):
        found = client_of(program)
        return board.clients.setdefault(found.program.digest, found)
    digest = bytes(program) if len(program) == 8 else board.programs.put(program)
    if digest not in board.clients:
        found = board.programs.get(digest)
        if found is None:
            raise fault("TSME-K008", "".join(["%02x" % n for n in digest]))
        from ..program import Program

        board.clients[digest] = client_of(Program(*found))
    return board.clients[digest]


def open(board, name, program):
    # -> its Slot; None: it is broken.  program: that of a new execution
    buffer = board.regions.buffer
    journal = Journal(board.regions.open(name), 32, buffer)
    board.regions.buffer = journal  # all use the same
    try:
        slot = Slot(board, name, once("kernel.replay", "holds", journal) or program, journal)
        slot.recover()
    except (TsmeError, OSError, MemoryError) as e:
        board.slots[name] = e
        board.tasks.emit("log", "%s: it cannot go on: %s" % (name, e))
        return None
    board.slots[name] = slot
    return slot


def start(board, name, program, value, context, blocks):
    runs = client(board, program)
    board.recover()
    slot = board.slots.get(name)
    if not isinstance(slot, Slot):
        board.tasks.require(runs.program.resources())
        if slot is None:
            board.regions.create(name, blocks)
        # Of one that was broken perhaps the program was missing.
        slot = open(board, name, runs.program.digest)
        if slot is None:
            raise board.slots[name]
    if slot.busy():
        return False
    board.tasks.require(runs.program.resources())
    if slot.program is not runs.program and slot.state.execution:
        # What follows is replayed with another program.
        slot.journal.checkpoint(slot.kernel.checkpoint(slot.state))
    slot.kernel.client = runs
    slot.program = runs.program
    slot.posted = board.posted
    slot.begin(value, context)
    if not slot.busy():
        board.over(slot)
    board.posted.set()
    return True


def describe(board, name):
    board.recover()
    region = board.regions.open(name)
    out = {"name": name, "blocks": region.count}
    slot = board.slots.get(name)
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
            first = slot.earliest()
            out["due"] = first and first.due
    return out


def resize(board, name, blocks):
    slot = board.slot(name)
    if slot.state.execution:
        slot.journal.checkpoint(slot.kernel.checkpoint(slot.state))
        slot.transitions = 0
    region = board.regions.resize(name, blocks)
    journal = Journal(region, 32, slot.journal)
    if board.regions.buffer is slot.journal:
        board.regions.buffer = journal
    slot.journal = journal
    slot.recovered = None
    slot.recover()


def retire(board, name):
    board.recover()
    number = 0
    slot = board.slots.get(name)
    if isinstance(slot, Slot):
        number = slot.state.execution
        if slot.busy():
            raise fault("TSME-K001", number)
    board.regions.retire(name, number)
    del board.slots[name]
