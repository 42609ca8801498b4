# Evaluates expressions (docs/SPEC.md, 2.16).
#
# A body that runs is its place in the code, its locals, its operand stack, how deep it stands and
# what waits for its result.  Locals are a list, the last item of which are those of the body
# around; a builder is the list or object that is being built; an iterator is [items, place].
# Calls are on a list, so nothing recurses.

from ... import const
from ...errors import error
from ...values.cbor import MISSING, Obj
from .bodies import body_at, enter, native, single
from .common import OPERATIONS, instruction
from .paths import member
from .values import Closure, ExpressionError, Function, Native, Sequence

isinstance, len, type = isinstance, len, type  # found sooner by MicroPython
FUEL = const(1048576)
_MOST = const(9007199254740991)  # integers up to it are exact
# Numbers of docs/SPEC.md, 2.2 and 2.16.  Tests compare them with opcodes.py.
_CONST = const(1)
_INT = const(2)
_JUMP = const(18)
_IF = const(19)
_UNLESS = const(20)
_RETURN = const(66)
_GET = const(67)
_SET = const(68)
_INVOKE = const(75)
_OPERATE = const(78)
_NAME = const(79)
_NEXT = const(83)
_ADD = const(86)
_STEP = const(93)


class Evaluation:
    # What native functions know as m.  It changes neither the interpreter nor the builder `d`, but
    # for random numbers; what it took is in `fuel`, which is left, and `made`.
    def __init__(self, vm, d, f, fuel=FUEL, room=1 << 40):
        self.vm = vm
        self.d = d
        self.f = f  # the frame
        self.fuel = fuel
        self.room = room  # bytes that it may make
        self.made = 0  # of values of more than 255 bytes each
        self.largest = vm.largest
        self.clones = None  # objects that may be changed, by id
        self.now = d.now
        self.calls = []  # bodies that wait for another
        self.pc = self.base = 0  # of the body that runs, as what follows
        self.env = self.stack = self.then = None
        self.value = None  # what the first body returned

    def load(self, a):
        # a slot of the frame, or of one around it; nothing if it has no value
        f = self.f
        while a > 255:
            f = self.d.frames[f.parent]
            a -= 256
        return f.slots[a]

    def part(self, a):
        # of the context object
        from ..context import context

        f = self.f
        while a > 255:
            f = self.d.frames[f.parent]
            a -= 256
        return context(self.d, f, a)

    def draw(self):
        # 32 bits
        return self.d.draw()

    def spend(self, units):
        self.fuel -= units
        if self.fuel < 0:
            raise ExpressionError("D1012")

    def make(self, size):
        # a value of so many bytes, more than 255
        self.made += size
        if self.made > self.room:
            raise error(11)

    def count(self, size):
        self.spend(size >> 8)
        self.make(size)

    def evaluated(self, body, given):
        # -> what the body returns; its parameters are given
        self.spend(1)
        n, self.pc = body_at(self.vm.code, body)
        env = [MISSING]
        env += given
        while len(env) < n & 255:
            env.append(MISSING)
        env.append(None)
        self.env = env
        self.stack = []
        return loop(self)


def evaluate(vm, d, f, body, given):
    # the value, as it leaves; raises ExpressionError
    from .leaving import left

    m = Evaluation(vm, d, f)
    return left(m, m.evaluated(body, given))


# OPERATE of two small integers or short texts is most of it.


def slow(m, k, a, b):  # noqa: F811
    # the first time: many programs have no use for it
    global slow
    from .operators import operate as slow

    return slow(m, k, a, b)


def operate(m, k, a, b):
    t = type(a)
    if t is type(b):
        if t is int:
            if k < 3:
                v = a + b if not k else a - b if k == 1 else a * b
                if -_MOST <= v <= _MOST and -_MOST <= a <= _MOST and -_MOST <= b <= _MOST:
                    return v
            elif k == 6:
                return a == b
            elif k == 7:
                return a != b
            elif 8 <= k < 12:
                return a < b if k == 8 else a <= b if k == 9 else a > b if k == 10 else a >= b
        elif t is str and 5 <= k < 8 and len(a) < 31 and len(b) < 31:
            return a + b if k == 5 else (a == b) is (k == 6)
    return slow(m, k, a, b)


# What waits for a result is on m.calls: a body as (place, locals, stack, base), a function of a
# composition as (0, function, None, base).  `called` gives the place in the code where it goes on,
# or 0 if all is over.


def called(m, pc, op, a):
    if op == _RETURN:
        return _returned(m)
    if op != _INVOKE:  # OPERATE ~>
        from .applying import pipe

        return pipe(m, pc)
    stack = m.stack
    n = len(stack) - (a & 255)
    args = stack[n:]
    f = stack[n - 1]
    del stack[n - 1 :]
    kind = type(f)
    if kind is not Closure and kind is not Native and not isinstance(f, Function):
        raise ExpressionError("T1006", value=f)
    m.fuel -= 1
    if m.fuel < 0:
        raise ExpressionError("D1012")
    if a & 256 and kind is not Closure:
        from .applying import arity

        del args[arity(m, f) :]
    # bit 8: a linked-in body calls, as the reference's own functions do
    context = None if a & 256 else m.env[0]
    if kind is Native:
        v = native(m, f.number, args, context)
        if type(v) is Sequence and len(v) < 2 and not a & 256:
            v = single(v, args)
        stack.append(v)
        return pc
    if m.vm.code[pc] != _RETURN:  # else the new one takes the place of this one
        m.calls.append((pc, m.env, stack, m.base))
        m.base += a >> 9
    if kind is Closure:
        return enter(m, f, args)
    from .applying import reach

    return reach(m, f, args, context, a & 256)


def _returned(m):
    v = m.stack.pop()
    if not m.calls:
        m.value = v
        return 0
    pc, m.env, stack, m.base = m.calls.pop()
    if not pc:
        from .applying import reach

        m.spend(1)
        return reach(m, m.env, [v], None)
    stack.append(v)
    m.stack = stack
    return pc


def loop(m):
    code, consts = m.vm.code, m.vm.consts
    pc, env, stack = m.pc, m.env, m.stack
    push, pop = stack.append, stack.pop
    operations = OPERATIONS
    try:
        while True:
            op = code[pc]
            a = code[pc + 1]
            pc += 2
            if not op:
                a = a << 8 | code[pc + 1]
                op = code[pc]
                pc += 2
            if op == _GET:
                e = env
                while a > 255:
                    e = e[-1]
                    a -= 256
                push(e[a])
            elif op == _NAME:
                v = stack[-1]
                a = consts[a]
                stack[-1] = v.get(a, MISSING) if type(v) is Obj else member(m, v, a)
            elif op == _SET:
                env[a] = pop()
            elif op == _CONST:
                push(consts[a])
            elif op == _INT:
                push(a)
            elif op == _NEXT:
                it = stack[-1]
                it[1] = i = it[1] + 1
                if i < len(it[0]):
                    push(it[0][i])
                else:
                    pop()
                    pc = a + a
            elif op == _JUMP:
                a += a
                if a < pc:
                    m.fuel -= 1
                    if m.fuel < 0:
                        raise ExpressionError("D1012")
                pc = a
            elif op == _ADD:
                v = pop()
                if v is not MISSING:
                    stack[a].append(v)
            elif op == _IF or op == _UNLESS:
                if pop() is (op == _IF):
                    pc = a + a
            elif op == _OPERATE and a != 14:
                v = pop()
                stack[-1] = operate(m, a, stack[-1], v)
            elif op == _INVOKE or op == _RETURN or op == _OPERATE:
                pc = called(m, pc, op, a)
                if not pc:
                    return m.value
                env, stack = m.env, m.stack
                push, pop = stack.append, stack.pop
            elif op == _STEP:
                if stack[-1].next_two(stack):
                    pc = a + a
            else:
                (operations[op] or instruction(op))(m, stack, a)  # calls: building common seldom
    except ExpressionError as e:
        if e.instruction is None:
            e.instruction = (pc >> 1) - 1
        raise
