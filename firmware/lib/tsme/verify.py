# Reads a program's container and verifies its code (docs/SPEC.md, 2 and 2.10); used once, when a
# program is loaded, and then forgotten.
#
# After `load` the interpreter trusts the code: no operand is out of range, the stack never under-
# or overflows, every way through the code comes to an ENTER, a wait or an end.

from . import cbor, once, ops
from .errors import TsmeError
from .intrinsics import FUNCTIONS
from .limits import check

try:
    import hashlib
except ImportError:  # small CircuitPython boards; `digest` is then taken on trust
    hashlib = None

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


VERSION = 2
# The operations that need a rule of their own; numbers of ops.py.
_CONST = const(1)
_PICK = const(5)
_DROP = const(6)
_FIELD = const(7)
_KEY = const(8)
_KEYQ = const(10)
_INDEXQ = const(11)
_OBJECT = const(12)
_ARRAY = const(13)
_PUT = const(14)
_CALL = const(15)
_ENTER = const(17)
_JUMP = const(18)
_IF = const(19)
_UNLESS = const(20)
_COMPARE = const(21)
_TEST = const(22)
_CATCH = const(23)
_TASK = const(25)
_WAIT = const(26)
_CAUGHT = const(28)
_RETRY = const(29)
_RAISE = const(31)
_FAIL = const(32)
_END = const(33)
_FORK = const(34)
_MAP = const(35)
_QUERY = const(36)


def bad(text, at=None):
    if at is not None:
        text = "%s (instruction %d)" % (text, at)
    return TsmeError("TSME-P002", "not a sound program: " + text)


def load(p, data, limits):
    # fills the Program `p`
    check(limits, "program_bytes", len(data))
    try:
        item, end = cbor.decode(data, 0, True)
    except TsmeError as e:
        raise TsmeError("TSME-P001", "not a TSME program: " + e.message)
    if not isinstance(item, list) or len(item) != 7 or item[0] != VERSION:
        if isinstance(item, list) and item and isinstance(item[0], int):
            text = "program format %d; this device reads %d" % (item[0], VERSION)
            raise TsmeError("TSME-P003", text)
        raise TsmeError("TSME-P001", "not a TSME program")
    _, p.digest, p.needs, p.limits, p.code, index, consts = item
    p.size = end  # the debug part, if there is one, begins here
    _container(p, data, index, consts)
    p.consts = _constants(index, consts)
    check(limits, "slots", p.slots)
    check(limits, "stack", p.stack)
    check(limits, "budget", p.budget)
    check(limits, "value_bytes", p.largest)
    p.calls = []  # functions that the code names
    _Verifier(p).run()


def _container(p, data, index, consts):
    # Types first: everything below relies on them.
    d, n = p.digest, p.needs
    for v in (d, p.code, index, consts):
        if not isinstance(v, bytes):
            raise bad("a part is no byte string")
    if len(d) != 8 or type(n) is not int or n < 0:
        raise bad("digest or needs")
    if n & ~ops.KNOWN_NEEDS:
        raise TsmeError("TSME-P004", "the program needs capabilities %d" % (n & ~ops.KNOWN_NEEDS))
    ll = p.limits
    if not isinstance(ll, list) or len(ll) != 6:
        raise bad("limits")
    for v in ll:
        if type(v) is not int or not 0 <= v < 100000000:
            raise bad("limits")
    p.slots, p.stack, p.counters, p.budget, p.timeout, p.largest = ll
    p.budget = p.budget or 256
    p.largest = p.largest or 262144
    if not 1 <= p.slots <= 256 or not 1 <= p.budget <= 65535 or p.counters > 255:
        raise bad("limits")
    if hashlib:
        # array header 1, version 1, digest 9 bytes: `needs` begins at 11
        body = memoryview(data)[11 : p.size]
        if hasattr(hashlib, "sha256"):
            sha = hashlib.sha256(body)
        else:  # CircuitPython
            sha = hashlib.new("sha256", body)
        if sha.digest()[:8] != d:
            raise TsmeError("TSME-P005", "the program is damaged: its digest does not fit")


def _constants(index, consts):
    n = len(consts)
    width = 1 if n < 256 else 2 if n < 65536 else 4
    if len(index) % width:
        raise bad("index")
    out, at = [], 0
    for i in range(0, len(index), width):
        if at >= n or int.from_bytes(index[i : i + width], "little") != at:
            raise bad("index")
        value, at = cbor.decode(consts, at, consts[at] >> 5 == 2)  # bytes: see joined()
        out.append(value)
    if at != len(consts):
        raise bad("constants")
    return out


def _names(value, wild=0):
    # an array of different texts, and of so many wildcards, which are numbers
    if not isinstance(value, list):
        return False
    for v in value:
        if not isinstance(v, str) and not (type(v) is int and 0 <= v < wild):
            return False
    return len(set(value)) == len(value)


def _path(value):
    if not isinstance(value, list) or len(value) > 32:
        return False
    for v in value:
        if not isinstance(v, str) and (type(v) is not int or not 0 <= v < 65536):
            return False
    return True


def _retrier(value, counters):
    # counter, interval, attempts, rate, its billionths, longest, jitter
    if not isinstance(value, list) or len(value) != 7:
        return False
    most = (counters - 1, 99999999, 99999999, 2147483647, 999999999, 99999999, 1)
    for i in range(7):
        if type(value[i]) is not int or not (i == 3) <= value[i] <= most[i]:
            return False
    return True


def _query(value):
    try:
        from . import query  # noqa: F401 (a small board may be without it)

        return once("shape", "sound", value)
    except ImportError:
        raise TsmeError("TSME-P004", "the program needs capabilities %d" % ops.NEEDS_QUERY)


# What the stack does at each operation, as (pops, pushes); None: computed or special.
_STACK = (
    "00 01 01 01 10 01 -- 01 11 11 11 11 -- -- 10 -- 01 00 00 10 10 21 11 00 11 -- -- 11 "
    "01 00 01 00 -- 00 -- -- 11"
).split()


class _Verifier:
    def __init__(self, program):
        self.p = program
        self.code = program.code

    def fetch(self, pc):
        # -> operation, operand, index of the next instruction
        code = self.code
        op, a = code[2 * pc], code[2 * pc + 1]
        if op:
            return op, a, pc + 1
        if not a or 2 * pc + 3 >= len(code) or not code[2 * pc + 2]:
            raise bad("EXT", pc)
        return code[2 * pc + 2], a << 8 | code[2 * pc + 3], pc + 2

    def run(self):
        code = self.code
        if not code or len(code) & 1 or len(code) > 131072:
            raise bad("code")
        n = len(code) // 2
        starts = self.starts = bytearray(n)  # 1: an instruction starts here, 2: an ENTER
        pc = before = 0
        while pc < n:
            op, a, after = self.fetch(pc)
            if op >= len(ops.NAMES):
                raise bad("operation %d" % op, pc)
            if op == _TASK and before != _CONST:
                raise bad("no CONST before TASK", pc)
            starts[pc] = 2 if op == _ENTER else op != _TASK  # which is no place to jump to
            before = op
            pc = after
        if starts[0] != 2:
            raise bad("the first instruction is no ENTER", 0)
        self.flow(n)
        for pc in range(n):
            if starts[pc] and self.depth[pc] is None:
                raise bad("nothing leads here", pc)

    def operand(self, pc, op, a, starts):
        kind = ops.KINDS[op]
        p = self.p
        if kind == "c":
            if a >= len(p.consts):
                raise bad("constant %d" % a, pc)
            if op == _CONST and self.follower(pc) == _TASK:
                op = _TASK  # the constant is its Resource
            if isinstance(p.consts[a], bytes):
                p.consts[a] = self.joined(pc, op, p.consts[a])
            self.constant(pc, op, p.consts[a])
        elif kind == "s" and a >= p.slots:
            raise bad("slot %d" % a, pc)
        elif kind == "k" and a >= ops.CHOICES[ops.NAMES[op]]:
            raise bad("%s %d" % (ops.NAMES[op], a), pc)
        elif kind == "-" and a:
            raise bad("%s has no operand" % ops.NAMES[op], pc)
        elif kind == "f":
            if a >= len(FUNCTIONS) or FUNCTIONS[a] is None:
                raise TsmeError(
                    "TSME-P004", "the program calls function %d, which is not here" % a
                )
            if a not in p.calls:
                p.calls.append(a)
        elif kind == "t":
            if a >= len(starts) or not starts[a] or (a <= pc and starts[a] != 2):
                raise bad("jump to %d" % a, pc)
        if op in (_KEYQ, _INDEXQ) and self.follower(pc) not in (_KEYQ, _INDEXQ, _TEST):
            raise bad("`missing` would be used as a value", pc)
        if op == _COMPARE and (a & 7) > (5, 4, 0, 4)[a >> 3]:
            raise bad("comparison %d" % a, pc)

    def follower(self, pc):
        after = self.fetch(pc)[2]
        return self.fetch(after)[0] if 2 * after < len(self.code) else 0

    def joined(self, pc, op, numbers):
        # what these constants make (docs/SPEC.md, 2.14); the check of any constant follows
        from .words import named  # few programs need it

        parts = [named(n, self.p.consts) for n in numbers]
        if op in (_OBJECT, _CAUGHT, _PUT):
            return parts
        if op != _TASK or not all([isinstance(part, str) for part in parts]):
            raise bad("the constant of %s" % ops.NAMES[op], pc)
        return "".join(parts)

    def constant(self, pc, op, value):
        if op in (_KEY, _KEYQ, _FIELD, _TASK):
            ok = isinstance(value, str)
        elif op in (_OBJECT, _CAUGHT):
            ok = _names(value, 2 if op == _CAUGHT else 0)
        elif op == _PUT:
            ok = _path(value)
        elif op == _RETRY:
            ok = _retrier(value, self.p.counters)
        elif op == _QUERY:
            ok = _query(value)
        else:
            ok = True
        if not ok:
            raise bad("the constant of %s" % ops.NAMES[op], pc)

    def flow(self, n):
        # The depth of the stack at each instruction, on every way to it.
        depth = self.depth = [None] * n
        todo = [(pc, 0) for pc in range(n) if self.starts[pc] == 2]  # every ENTER counts
        while todo:
            pc, d = todo.pop()
            while True:
                if pc >= n:
                    raise bad("the code runs on past its end", n)
                if depth[pc] is not None:
                    if depth[pc] != d:
                        raise bad("the stack differs between two ways", pc)
                    break
                depth[pc] = d
                op, a, after = self.fetch(pc)
                self.operand(pc, op, a, self.starts)
                d = self.effect(pc, op, a, d)
                if d > self.p.stack:
                    raise bad("the stack gets deeper than declared", pc)
                if op in (_JUMP, _IF, _UNLESS):
                    todo.append((a, d))
                elif op == _CATCH:
                    todo.append((a, 0))
                elif op in (_FORK, _MAP):
                    after = self.children(after, a if op == _FORK else 1, todo)
                if op in (_JUMP, _RAISE, _FAIL, _END):
                    break
                pc = after

    def children(self, pc, n, todo):
        # A JUMP for each child; it begins there with an empty stack.
        if not n:
            raise bad("FORK to nothing", pc)
        for _ in range(n):
            if 2 * pc >= len(self.code) or self.fetch(pc)[0] != _JUMP:
                raise bad("no JUMP for a child", pc)
            todo.append((pc, 0))
            pc = self.fetch(pc)[2]
        return pc

    def effect(self, pc, op, a, d):
        pops = pushes = 0
        rule = _STACK[op]
        if rule != "--":
            pops, pushes = int(rule[0]), int(rule[1])
        elif op == _DROP:
            pops = a
        elif op == _OBJECT:
            pops, pushes = len(self.p.consts[a]), 1
        elif op == _ARRAY:
            pops, pushes = a, 1
        elif op == _CALL:
            pops, pushes = FUNCTIONS[a][1], 1
        elif op == _FAIL:
            pops = (a & 1) + (a >> 1)
        elif op in (_TASK, _FORK, _MAP, _WAIT):  # they empty the stack
            if op == _TASK or op == _MAP:
                d -= (a & 1) + (a >> 1 & 1) + (a >> 2) + (op == _TASK)
            if d < 1:
                raise bad("the stack is too short", pc)
            return 0 if op == _WAIT else 1
        if d and op in (_ENTER, _RETRY):
            raise bad("the stack is not empty at %s" % ops.NAMES[op], pc)
        if op == _PICK and a >= d or pops > d:
            raise bad("the stack is too short", pc)
        return d - pops + pushes
