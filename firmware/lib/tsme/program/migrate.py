# Moves the frames of an execution to another program (docs/SPEC.md, 3.7); loaded when one is, then
# forgotten.  The plan says where each place at which a frame can wait is in the new program; what
# it says is checked as far as the interpreter relies on it.
from .. import const
from ..errors import fault
from ..values.cbor import MISSING
from .frames import own

# Numbers of docs/SPEC.md, 2.2.  A test compares them with opcodes.py.
_ENTER = const(17)
_CATCH = const(23)
_TASK = const(25)
_WAIT = const(26)
_FORK = const(34)
_MAP = const(35)


def _places(code, consts):
    # Where a frame may go on, by pc: (operation before it, its operand, or the resource of a task,
    # the FRAME of its first child); and the targets of CATCH.
    found = {}
    handlers = [0]
    pc = high = before = 0
    while 2 * pc < len(code):
        op, a = code[2 * pc], high | code[2 * pc + 1]
        pc += 1
        high = 0 if op else a << 8
        first = pc
        if op == _CATCH:
            handlers.append(a)
        elif op == _TASK:
            a = consts[before]
        elif op == _FORK or op == _MAP:
            pc = _child(code, pc, a if op == _FORK else 1)
        if op in (_ENTER, _TASK, _WAIT, _FORK, _MAP):
            found[pc] = op, a, first
        before = a
    return found, handlers


def _child(code, pc, index):
    # Each is a FRAME and a JUMP, which may have an EXT.
    for _ in range(index):
        pc += 2 if code[2 * pc + 2] else 3
    return pc


def _no(text, *args):
    return fault("TSME-K008", text % args)


def move(vm, d, frames, plan):
    # -> the frames in the program of the interpreter `vm`
    windows, points = plan
    points = {point[0]: point[1:] for point in points}
    places, handlers = _places(vm.code, vm.consts)
    d.frames = frames = frames[:]
    d.ready = -1
    d.ended = []
    there = [number for number in range(len(frames)) if frames[number]]
    for number in there:
        f = own(d, number)
        if not f.wait:
            raise _no("it can go on; let it, until it waits")
        if f.pc not in points:
            raise _no("the plan has no place for state %d (instruction %d)", f.state, f.pc)
        _frame(vm, d, f, points[f.pc], places, handlers, windows)
    for number in there:
        f = frames[number]
        size = vm.program.slots
        if f.parent is not None:
            op, _, first = places[frames[f.parent].pc]
            size = vm.code[2 * _child(vm.code, first, f.index if op == _FORK else 0) + 1]
        if len(f.slots) != size:
            raise _no("the plan does not fit the program in state %d", f.state)
    return frames


def _frame(vm, d, f, point, places, handlers, windows):
    pc, entry, handler, window, counters = point
    op, a, first = places.get(pc, (0, 0, 0))
    enter, state, _ = places.get(entry, (0, 0, 0))
    sound = enter == _ENTER and handler in handlers
    if f.wait < 0:
        join = f.join
        if join[3]:  # of a MAP
            sound = sound and op == _MAP
            join[3] = first
        else:
            sound = sound and op == _FORK and a == len(join[0])
    elif f.pc == f.entry:  # a Retry
        sound = sound and pc == entry
    else:
        action = d.pending[f.wait]
        sound = sound and op == (_WAIT if action.kind else _TASK)
        if sound and op == _TASK and a != action.resource:
            raise _no("state %d waits for another task than %s", f.state, a)
    if not sound:
        raise _no("the plan does not fit the program in state %d", f.state)
    if counters is None and f.attempts():
        raise _no("state %d has used up attempts, and its Retry has changed", f.state)
    counters = [0 if n is None else f.counters[n] for n in counters or ()]
    f.counters = counters + [0] * (vm.program.counters - len(counters))
    f.slots = [_slot(f, given) for given in windows[window]]
    f.pc = pc
    f.entry = entry
    f.handler = handler
    f.state = state
    f.known = None


def _slot(f, given):
    # given: the number of the slot that it was; null: no value; [value]: that one
    if isinstance(given, list):
        return given[0]
    return MISSING if given is None else f.slots[given]
