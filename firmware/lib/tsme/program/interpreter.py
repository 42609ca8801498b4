# The interpreter of compiled programs: a client of the kernel (docs/SPEC.md, 2).
#
# `Interpreter.step` takes the frames of a state and an input, and runs every frame until it waits
# or ends.  It works on copies: values are never changed in place, frames are copied before their
# first change, so that a step that fails leaves the old state whole.

from .. import const, once
from ..errors import StatesError, error
from ..values.cbor import MISSING, Obj
from .frames import NEW, SILENT, Frame, delta, own
from .instructions import OPERATIONS, rare, sized

# As kernel/protocol.py has them.
_SUCCEEDED = const(2)
_FAILED = const(3)
_TIMER = const(5)
# The operations of the loop; numbers of docs/SPEC.md, 2.2.  Tests compare them with opcodes.py.
_CONST = const(1)
_INT = const(2)
_LOAD = const(3)
_STORE = const(4)
_PICK = const(5)
_FIELD = const(7)
_KEY = const(8)
_OBJECT = const(12)
_ENTER = const(17)
_JUMP = const(18)
_IF = const(19)
_UNLESS = const(20)
_COMPARE = const(21)
_FRAME = const(37)  # never comes: in its place is a LOAD of a frame around
# Kinds of trace events, as in protocol.py
_T_ENTER = const(0)
_T_ASSIGN = const(1)
_T_RESUME = const(3)
_T_ERROR = const(5)


def compare(k, a, b):  # noqa: F811
    # the first time: programs without Choice have no use for it
    global compare
    from .compare import compare

    return compare(k, a, b)


class Interpreter:
    signals = False

    def __init__(self, program):
        self.program = program
        self.code = program.code
        self.consts = program.consts
        self.largest = program.largest
        # of the functions that the program calls: number -> (arity, function)
        self.calls = (
            once("program.functions.table", "find", program.calls) if program.calls else {}
        )
        # What watches, if anything does: a Tracer's see(kind, builder, frame number, frame, more).
        self.trace = None

    # --- what the kernel asks of a client ---

    def start(self, d, value):
        f = Frame(self.program.slots, self.program.counters)
        f.slots[0] = value
        d.bound += NEW + len(f.slots)
        d.frames = [f]
        d.ready = -1  # the frame that an end or an error set going
        d.ended = []  # frames that ended: (number, index, output or MISSING)
        if self.program.timeout:
            d.timer(None, d.now + 1000 * self.program.timeout)
        return self.run_all(d)

    def step(self, d, frames, kind, action, a, b):
        d.frames = frames = frames[:]
        d.ready = -1
        d.ended = []
        number = action.frame if action else self.lowest(frames)
        if number is None:  # TimeoutSeconds of the whole workflow
            d.fail("States.Timeout", "")
            return d.frames
        f = frames[number]
        if f.dirty is None:
            f = frames[number] = Frame(0, 0, f)
        f.wait = 0
        stack = self.resume(d, number, f, kind, action, a, b) if action else []
        if d.error:
            once("program.state_failure", "fail", self, d, number, not action)
        elif stack is not None:
            self.run(d, number, f, stack)
        return self.run_all(d)

    def migrate(self, d, old, plan):
        # what `old` has begun goes on here
        return once("program.migrate", "move", self, d, d.client, plan)

    def runnable(self, frames):
        return self.lowest(frames) >= 0

    def restore(self, state):
        return state.tasks()

    def attempt(self, frames, action):
        # which try of its state a task is, from 1
        return frames[action.frame].attempts() + 1

    def entering(self, frames):
        # Does what can run begin with a state?  Then a step without transitions changes nothing.
        return once("program.state_failure", "entering", self, frames)

    def delta(self, buf, d):
        delta(buf, d, self.consts)

    def codec(self):
        from . import frame_items

        return frame_items

    # --- running ---

    def resume(self, d, number, f, kind, action, a, b):
        # -> the operand stack to go on with, or None if the frame ended
        if kind == _TIMER and not action.kind:  # the time of a task or of its heartbeat is up
            kind, a, b = _FAILED, "States.Timeout", "" if action.due == action.deadline else SILENT
        if self.trace:
            self.trace(_T_RESUME, d, number, f, (action, kind, a, b))
        if kind == _SUCCEEDED:
            return [a]
        if kind == _TIMER or d.error:
            return []
        return [] if self.raised(d, number, f, StatesError(a, b)) else None

    def run_all(self, d):
        # First what a child's end or error set going again, then the lowest frame that can run.
        while d.status == 0:
            number = d.ready if d.ready >= 0 else self.lowest(d.frames)
            if number < 0 and len(d.frames) > 127 and once("program.branches", "begin", self, d):
                continue
            if number < 0 or not d.left:
                break
            d.ready = -1
            self.run(d, number, own(d, number), [])
        return d.frames

    def lowest(self, frames):
        number = 0
        for f in frames:
            if f and not f.wait:
                return number
            number += 1
        return -1

    def run(self, d, number, f, stack):
        if d.work:
            d.work[3] = -1  # what is made counts anew
        while True:
            try:
                if f.join:  # its children are over
                    stack.append(f.join[0])
                    f.join = None
                    from .sizes import fits

                    fits(self, d, stack[0])
                self.loop(d, number, f, stack)
                return
            except StatesError as e:
                if self.trace:
                    self.trace(_T_ERROR, d, number, f, (e, stack))
                if not self.raised(d, number, f, e):
                    return
                stack = []

    def raised(self, d, number, f, e):
        # -> True if the frame goes on at its handler; else an ancestor does, or all is over
        if f.handler and e.name != "States.Runtime":
            f.pc = f.handler
            f.handler = 0
            f.error = e.name
            f.cause = e.cause
            return True
        if f.parent is None:
            d.fail(e.name, e.cause)
        else:
            from .branches import raised

            raised(self, d, number, f, e)
        return False

    def loop(self, d, number, f, stack):
        code, consts, slots = self.code, self.consts, f.slots
        push, pop = stack.append, stack.pop
        pc = 2 * f.pc
        while True:
            op = code[pc]
            a = code[pc + 1]
            pc += 2
            if not op:
                a = a << 8 | code[pc + 1]
                op = code[pc] if code[pc] != _LOAD else _FRAME
                pc += 2
            if op < 13:
                if op == _FIELD or op == _KEY:
                    v = slots[0] if op == _FIELD else pop()
                    a = consts[a]
                    if not isinstance(v, Obj) or a not in v:
                        f.pc = pc >> 1
                        raise error(1, v)
                    push(v[a])
                    continue
                if op < 4 and (op < 3 or slots[a] is not MISSING):
                    push(consts[a] if op == _CONST else a if op == _INT else slots[a])
                    continue
                if op == _STORE:
                    slots[a] = pop()
                    f.dirty |= 1 << a
                    if a and self.trace:
                        f.pc = pc >> 1
                        self.trace(_T_ASSIGN, d, number, f, a)
                    continue
                if op == _PICK:
                    push(stack[a])
                    continue
                if op == _OBJECT:
                    a = consts[a]
                    n = len(stack) - len(a)
                    v = Obj()
                    for b in a:
                        v[b] = stack[n]
                        n += 1
                    del stack[n - len(a) :]
                    f.pc = pc >> 1
                    push(sized(self, d, v))
                    continue
            elif op < 22:
                if op == _UNLESS or op == _IF:
                    if pop() is (op == _IF):
                        pc = a * 2
                    continue
                if op == _ENTER:
                    if not d.left:  # the budget is spent: stay here, go on in the next step
                        f.pc = (pc >> 1) - (2 if a > 255 else 1)
                        return
                    d.left -= 1
                    f.enter(a, d.now, pc >> 1)
                    if self.trace:
                        f.pc = pc >> 1
                        self.trace(_T_ENTER, d, number, f, a)
                    continue
                if op == _COMPARE:
                    b = pop()
                    stack[-1] = compare(a, stack[-1], b)
                    continue
                if op == _JUMP:
                    pc = a * 2
                    continue
            f.pc = pc >> 1
            if (OPERATIONS[op] or rare(op))(self, d, number, f, stack, a):
                return  # the frame waits, or has ended
