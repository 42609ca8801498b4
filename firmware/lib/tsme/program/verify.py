# Verifies a program's container and code (docs/SPEC.md, 2 and 2.10); used once, when a program is
# installed, and then forgotten.
#
# After that the interpreter trusts the code: no operand is out of range, the stack never under-
# or overflows, every way through the code comes to an ENTER, a wait or an end.  opcodes.py alone
# says what an instruction takes and does.

from .. import once
from ..kernel.limits import check
from .functions.table import known
from .opcodes import RESERVED, TABLE, bad, lacking

try:
    import hashlib
except ImportError:  # small CircuitPython boards; `digest` is then taken on trust
    hashlib = None


_EVAL = 64
_EXPRESSIONS = "program.expressions.sound program.expressions.functions.natives"


def verify(p, data, index, starts, consts, limits):
    # `starts`: where in `consts` each constant begins
    if not 1 <= p.slots <= 255 or p.budget > 65535 or p.counters > 255:
        raise bad("limits")
    if hashlib:
        # array header 1, version 1, digest 9 bytes: `needs` begins at 11
        body = memoryview(data)[11 : p.size]
        if hasattr(hashlib, "sha256"):
            sha = hashlib.sha256(body)
        else:  # CircuitPython
            sha = hashlib.new("sha256", body)
        if sha.digest()[:8] != p.digest:
            raise bad("the program is damaged: its digest does not fit", None, 5)
    width = 1 if len(consts) < 256 else 2 if len(consts) < 65536 else 4
    if len(index) != width * len(starts):
        raise bad("index")
    for i in range(len(starts)):
        if int.from_bytes(index[i * width : i * width + width], "little") != starts[i]:
            raise bad("index")
    for a in p.calls:
        known(a)
    _Verifier(p, [consts[i] for i in starts], limits).run()


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

        return once("program.query_check", "sound", value)
    except ImportError:
        raise bad(lacking(16), None, 4)


class _Verifier:
    def __init__(self, program, firsts, limits):
        self.p = program
        self.limits = limits
        self.firsts = firsts  # first byte of each constant
        self.code = program.code
        self.table = TABLE[:]
        if program.needs & 128:
            self.table += [None] * (64 - len(TABLE)) + RESERVED
        self.pieces = {}
        self.evals = []  # place, body and kind of frame of each EVAL

    def row(self, op):
        # Its number, operand, stack and flow.  Rows are split when they are used, and equal pieces
        # are kept once: all of the table in pieces would take 6 KB.
        row = self.table[op]
        if isinstance(row, bytes):
            kept = self.pieces
            row = [op] + [kept.setdefault(v, v) for v in row.split(b":")[1:4]]
            self.table[op] = row
        return row

    def bad(self, text, op, pc):
        name = str((TABLE + [b""] * (64 - len(TABLE)) + RESERVED)[op].split(b":")[0], "utf-8")
        raise bad(text % name, pc)

    def fetch(self, pc):
        # -> operation, operand, index of the next instruction
        code = self.code
        op, a = code[2 * pc], code[2 * pc + 1]
        if op:
            return op, a, pc + 1
        if not a or 2 * pc + 3 >= len(code) or not code[2 * pc + 2]:
            raise bad("an EXT of nothing", pc)
        return code[2 * pc + 2], a << 8 | code[2 * pc + 3], pc + 2

    def run(self):
        code = self.code
        if not code or len(code) & 1 or len(code) > 131072:
            raise bad("code")
        n = len(code) // 2
        starts = self.starts = bytearray(n)  # 1: a jump may lead here, 2: an ENTER
        pc = 0
        text = False  # the instruction before is a CONST of a text
        consts = self.p.consts
        while pc < n:
            op, a, after = self.fetch(pc)
            if op >= len(self.table) or not self.table[op]:
                raise bad(op, pc)
            _, _, effect, way = self.row(op)
            starts[pc] = 2 if way == b"s" else 1
            if b"r" in effect:
                starts[pc] = 0
                if not text:
                    self.bad("no CONST of a text before %s", op, pc)
            text = op == 1 and a < len(consts) and isinstance(consts[a], str)
            pc = after
        if starts[0] != 2:
            raise bad("the first instruction is no ENTER", 0)
        self.flow(n)
        if self.evals:
            once(_EXPRESSIONS, "check", self, self.evals)
        for pc in range(n):
            if starts[pc] and self.depth[pc] is None:
                raise bad("nothing leads here", pc)

    def operand(self, pc, row, a, starts):
        op, kind, effect, _ = row
        p = self.p
        if kind.startswith(b"c"):
            if a >= len(p.consts) or not self.constant(kind[1:], a):
                self.bad("the constant of %s", op, pc)
        elif kind.startswith(b"p") and not int(kind[1:], 16) >> (a & 255) & 1:
            self.bad("%s has no choice " + str(a & 255), op, pc)
        elif kind.startswith(b"k") and not int(kind[1:], 16) >> a & 1:
            self.bad("%s has no choice " + str(a), op, pc)
        elif kind == b"-" and a:
            self.bad("%s has no operand", op, pc)
        elif kind == b"t":
            if a >= len(starts) or not starts[a] or (a <= pc and starts[a] != 2):
                raise bad("a jump to %d" % a, pc)
        if effect.endswith(b"?") and not self.follower(pc).startswith(b"?"):
            raise bad("`missing` would be used as a value", pc)

    def follower(self, pc):
        # what the instruction behind this one does to the stack
        after = self.fetch(pc)[2]
        return self.row(self.fetch(after)[0])[2] if 2 * after < len(self.code) else b""

    def constant(self, what, a):
        value = self.p.consts[a]
        first = self.firsts[a]
        if first >> 5 == 6 and what not in (b"NEP" if first == 0xC6 else b"V"):
            return False  # in parts is only what a core without a heap can take so (2.14)
        if what == b"T":
            return isinstance(value, str)
        if what == b"N" or what == b"E":
            return _names(value, 2 if what == b"E" else 0)
        if what == b"P":
            return _path(value)
        if what == b"R":
            return _retrier(value, self.p.counters)
        if what == b"Q":
            return _query(value)
        return not isinstance(value, bytes)

    def flow(self, n):
        # The depth of the stack at each instruction, and the kind of frame that runs it: the same
        # on every way to it.  A kind is that of the parent * 256 + the slots.
        depth = self.depth = [None] * n
        self.kinds = [self.p.slots - 256]
        self.known = {}  # their numbers
        todo = [(0, 0, 0)]
        while todo:
            pc, frame, d = todo.pop()
            while True:
                if pc >= n:
                    raise bad("the code runs on past its end", n)
                if depth[pc] is not None:
                    if depth[pc] != d << 16 | frame:
                        raise bad("the stack or the frame differs between two ways", pc)
                    break
                depth[pc] = d << 16 | frame
                op, a, after = self.fetch(pc)
                _, kind, _, way = row = self.row(op)
                if op != _EVAL:
                    self.operand(pc, row, a, self.starts)
                if kind[:1] in (b"s", b"l", b"p"):
                    self.outside(pc, kind, a, frame)
                if op < _EVAL:
                    d = self.effect(pc, row, a, d)
                else:
                    d = once(_EXPRESSIONS, "evaluates", self, pc, op, a, frame, d)
                    if op == _EVAL:
                        self.evals.append((pc, a, frame))
                        kind = b""
                if d > self.p.stack:
                    raise bad("the stack gets deeper than declared", pc)
                if kind == b"t":
                    todo.append((a, frame, 0 if way == b"h" else d))
                elif way == b"m":
                    after = self.children(after, a if kind == b"n" else 1, frame, todo)
                elif way == b"c":
                    raise bad("FRAME is no place to run", pc)
                if way == b"j" or way == b"e":
                    break
                pc = after

    def outside(self, pc, kind, a, frame):
        # Is there a frame so far out, and has it such a slot?
        for _ in range(a >> 8):
            if not frame or kind == b"s":
                raise bad("no frame is so far out", pc)
            frame = self.kinds[frame] >> 8
        if kind in (b"s", b"l") and a & 255 >= self.kinds[frame] & 255:
            raise bad("there is no slot %d" % (a & 255), pc)

    def children(self, pc, n, frame, todo):
        # For each a FRAME, with its slots, and a JUMP, at which it begins with an empty stack.
        if not n:
            raise bad("FORK to nothing", pc)
        for _ in range(n):
            if 2 * pc + 3 >= len(self.code) or self.row(self.code[2 * pc])[3] != b"c":
                raise bad("no FRAME for a child", pc)
            slots = self.code[2 * pc + 1]
            if not slots:
                raise bad("a FRAME of no slots", pc)
            check(self.limits, "slots", slots)
            self.depth[pc] = -1  # no way leads here
            pc += 1
            if self.row(self.fetch(pc)[0])[3] != b"j":
                raise bad("no JUMP for a child", pc)
            slots |= frame << 8
            kind = self.known.setdefault(slots, len(self.kinds))
            if kind == len(self.kinds):
                self.kinds.append(slots)
            todo.append((pc, kind, 0))
            pc = self.fetch(pc)[2]
        return pc

    def effect(self, pc, row, a, d):
        # -> the depth of the stack behind this instruction
        op, kind, effect, way = row
        pops, pushes = effect.split(b">")
        pushes = 1 if pushes else 0
        n = 0
        for i in range(len(pops)):
            c = pops[i : i + 1]
            if c == b"n":
                n += a
            elif c == b"c":
                n += len(self.p.consts[a])
            elif c == b"f":
                n += known(a)[1]
            elif c == b"b":
                while a:
                    n += a & 1
                    a >>= 1
            else:
                n += int(c) if c < b":" else 1
        if d and (way == b"s" or way == b"r"):
            self.bad("the stack is not empty at %s", op, pc)
        if n > d or (kind == b"i" and a >= d):
            raise bad("the stack is too short", pc)
        return pushes if way == b"w" or way == b"m" else d - n + pushes
