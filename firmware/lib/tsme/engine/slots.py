# What a board does seldom: opens, begins, describes, resizes and retires.  Works on a Board.
from .. import const
from ..errors import TsmeError, fault
from .outcome import Outcome, client_of
from .slot import Slot

try:  # in C, where that is
    import tsme_core  # noqa: F401

    from ..core.journal import Journal
except ImportError:
    from ..journal import Journal

_USUAL = const(16)  # blocks of a region, as board.py has it
_TABLE = const(4)  # blocks of the table of regions, as journal/recut.py has it


def open(board, name):
    # -> its Slot, or None: it is broken.  A Pico's stack holds a replay just as long as what most
    # functions import is there before.
    from ..program.functions import arguments

    del arguments
    journal = Journal(board.regions.open(name), 32, board.regions.buffer)
    board.regions.buffer = journal  # all use the same
    try:
        slot = Slot(board, name, journal)
        slot.recover()
    except (TsmeError, OSError, MemoryError) as e:
        board.slots[name] = e
        board.tasks.emit("log", "%s: it cannot go on: %s" % (name, e))
        return None
    board.slots[name] = slot
    return slot


def known(board, program):
    # -> what runs it: a class, a .tsm, or the digest of one
    if not isinstance(program, (bytes, bytearray, memoryview)):
        runs = client_of(program)
        return board.clients.setdefault(runs.program.digest, runs)
    digest = bytes(program) if len(program) == 8 else board.programs.put(program)
    runs = board.client(digest)
    if not runs:
        raise fault("TSME-K005", digest)
    return runs


def start(board, name, program, value, context, blocks):
    runs = known(board, program)
    digest = runs.program.digest
    board.recover()
    slot = board.slots.get(name)
    if not isinstance(slot, Slot):
        board.tasks.require(runs.program.resources())
        if slot is None:
            there = board.regions
            if blocks == _USUAL and not there.list():  # all of a partition that is smaller
                blocks = min(blocks, max(there.device.ioctl(4, 0) - _TABLE, 1))
            there.create(name, blocks)
        slot = open(board, name)  # of one that was broken perhaps the program was missing
        if slot is None:
            raise board.slots[name]
    if slot.busy():
        return False
    slot.digest = digest
    slot.posted = board.posted
    before = slot.state
    slot.begin(value, context)
    if before.execution and before.origin[4] != digest:
        dropped(board, before.origin[4])
    if not slot.busy():
        board.over(slot)
    board.posted.set()
    return True


def dropped(board, digest):
    # An execution that had it has made way for one of another program.
    for slot in board.slots.values():
        if not isinstance(slot, Slot):
            return  # nobody knows what that one needs
        if slot.state.execution and slot.state.origin[4] == digest:
            return
    board.programs.drop(digest)


def migrate(board, name, program, plan):
    slot = board.slot(name)
    before = slot.state.origin[4]
    slot.digest = known(board, program).program.digest
    slot.migrate(plan)
    dropped(board, before)


def describe(board, name):
    slot = board.found(name)
    region = board.regions.open(name)
    out = {"name": name, "blocks": region.count}
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
        out["program"] = state.origin[4]
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
    slot = board.found(name)
    number = 0
    if isinstance(slot, Slot):
        number = slot.state.execution
        if slot.busy():
            raise fault("TSME-K001", number)
    board.regions.retire(name, number)
    del board.slots[name]
