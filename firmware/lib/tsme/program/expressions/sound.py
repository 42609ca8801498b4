# Are the bodies of a program sound (docs/SPEC.md, 2.16)?  Used once, when a program that has some
# is installed, and then forgotten.  After that the machine trusts them.
#
# A shape says what is on the stack of a body, the bottom first: v a value, i an iterator, s a
# sorter, 0 to 3 a builder of that kind.

from ..opcodes import bad
from .functions.natives import known

_ENTER = 17
_EVAL = 64
_BODY = 65
_GET = 67
_SET = 68
_CLOSURE = 70
_FUNC = 71
_INVOKE = 75
_NEXT = 83
_POSITION = 84
_BUILD = 85
_KEEP = 88
_STEP = 93
_EXPECT = 102
_ORDER = 105
_INSIDE = (1, 2, 3, 5, 6, 16, 18, 19, 20)  # of the workflow's instructions
_BUILDERS = {86: b"01", 87: b"01", 89: b"2", 90: b"3"}  # what they put something into
_TOPS = {_NEXT: b"i", _STEP: b"s", 91: b"0123", 94: b"s"}  # what they want there
_MANY = 2  # parameters of a signature that take several arguments


def evaluates(v, pc, op, a, frame, depth):
    # An instruction of expressions in the workflow.  -> the depth of the stack behind it
    if op == _EXPECT:
        return depth
    if op != _EVAL:
        v.bad("%s is no instruction of a workflow", op, pc)
    n = given(v, a, pc) >> 8
    if n > depth:
        raise bad("the stack is too short", pc)
    return depth - n + 1


def given(v, a, pc):
    # the operand of the BODY at a
    if a >= len(v.starts) or not v.starts[a] or v.fetch(a)[0] != _BODY:
        raise bad("no body at %d" % a, pc)
    n = v.fetch(a)[1]
    if n & 255 < 1 + (n >> 8):
        raise bad("a body of fewer locals than are given", a)
    return n


def check(v, evals):
    # `evals`: the place, the body and the kind of frame of each EVAL
    _Bodies(v).run(evals)


class _Bodies:
    def __init__(self, v):
        self.v = v
        self.p = v.p
        self.around = {}  # the body around each; None: there is none, or several
        self.size = {}  # operand of its BODY
        self.named = {}  # bodies that it has CLOSUREs of
        self.loads = {}  # what it has of the frame: (place, kind of operand, operand)
        self.out = []  # GETs of locals around: (place, body, operand)

    def run(self, evals):
        todo = []
        for _, a, _ in evals:
            self.around[a] = None
            todo.append(a)
        while todo:
            a = todo.pop()
            if a in self.size:
                continue
            self.body(a)
            for inner in self.named[a]:
                if inner not in self.around:
                    self.around[inner] = a
                elif self.around[inner] != a:
                    self.around[inner] = None
                todo.append(inner)
        for pc, a, operand in self.out:
            while operand > 255:
                a = self.around[a]
                if a is None:
                    raise bad("no body is so far out", pc)
                operand -= 256
            if operand >= self.size[a] & 255:
                raise bad("there is no local %d" % operand, pc)
        done = []
        for _, a, frame in evals:
            todo = [a]
            while todo:
                a = todo.pop()
                if (a, frame) not in done:
                    done.append((a, frame))
                    for pc, kind, operand in self.loads[a]:
                        self.v.outside(pc, kind, operand, frame)
                    todo.extend(self.named[a])

    def body(self, begin):
        v = self.v
        n = self.size[begin] = given(v, begin, begin)
        if v.depth[begin] is not None:
            raise bad("a body where the workflow is", begin)
        self.named[begin] = []
        self.loads[begin] = []
        v.depth[begin] = -1
        shapes = {}
        todo = [(v.fetch(begin)[2], b"")]
        code = todo[0][0]  # where the next body begins, or the code ends
        while code < len(v.starts) and v.fetch(code)[0] != _BODY:
            code = v.fetch(code)[2]
        while todo:
            pc, shape = todo.pop()
            if pc >= code or not v.starts[pc]:
                raise bad("the code runs on past its end", pc)
            known_shape = shapes.get(pc)
            if known_shape is not None:
                if known_shape != shape:
                    raise bad("the stack differs between two ways", pc)
                continue
            if v.depth[pc] is not None:
                raise bad("code of two bodies, or of a body and the workflow", pc)
            shapes[pc] = shape
            v.depth[pc] = -1
            op, a, after = v.fetch(pc)
            row = v.row(op)
            if op not in _INSIDE and not (64 < op and op != _BODY and op != _EXPECT):
                v.bad("%s in a body", op, pc)
            self.takes(pc, begin, n & 255, row, a)
            behind, there = self.effect(pc, row, a, shape)
            if len(behind) > self.p.stack or len(there) > self.p.stack:
                raise bad("the stack gets deeper than declared", pc)
            if row[1] == b"t" and op != _CLOSURE:
                self.jump(pc, op, a)
                todo.append((a, there))
            if row[3] != b"j" and row[3] != b"e":
                todo.append((after, behind))

    def jump(self, pc, op, a):
        # forward, or a JUMP to a NEXT or STEP
        v = self.v
        if a >= len(v.starts) or not v.starts[a]:
            raise bad("a jump to %d" % a, pc)
        if a <= pc and (op != 18 or v.fetch(a)[0] not in (_NEXT, _STEP)):
            raise bad("a jump back to %d" % a, pc)

    def takes(self, pc, body, locals_, row, a):
        op, kind, _, _ = row
        v = self.v
        if op == _GET and a > 255:
            self.out.append((pc, body, a))
        elif op == _GET or op == _SET:
            if a >= locals_:
                raise bad("there is no local %d" % a, pc)
        elif op == _CLOSURE:
            given(v, a, pc)
            if a not in self.named[body]:
                self.named[body].append(a)
        elif op == _FUNC:
            known(a)
        elif op == _ORDER and a < 2:
            raise bad("ORDER by nothing", pc)
        elif op == _INVOKE and a >> 9 > 100:
            raise bad("INVOKE stands too deep", pc)
        elif kind == b"l" or kind[:1] == b"p":
            if kind != b"l":
                v.operand(pc, row, a, v.starts)
            self.loads[body].append((pc, kind, a))
        elif kind == b"cB" or kind == b"cI":
            if a >= len(self.p.consts) or not _constant(kind, self.p.consts[a]):
                v.bad("the constant of %s", op, pc)
        elif kind != b"t":
            v.operand(pc, row, a, v.starts)
            if op == 101 and not _signature(self.p.consts[a]):
                v.bad("the constant of %s", op, pc)

    def effect(self, pc, row, a, shape):
        # -> the stack behind it, and where it jumps to
        op, _, effect, _ = row
        pops, pushes = effect.split(b">")
        n = 0
        for i in range(len(pops)):
            c = pops[i : i + 1]
            if c == b"n":
                n += a & 255 if op == _INVOKE else a
            elif b"0" <= c <= b"9":
                n += int(c)
        rest = shape[: len(shape) - n]
        if n > len(shape) or shape[len(rest) :] != b"v" * n:
            self.v.bad("%s without its values", op, pc)
        self.places(pc, op, a, rest)
        there = rest
        if op == _NEXT or op == _STEP:
            there = rest[:-1] if op == _NEXT else rest[:-1] + b"v"
            rest += b"v" if op == _NEXT else b"vv"
        elif op == _BUILD:
            rest += str(a).encode()
        elif pushes == b"I" or pushes == b"S":
            rest += pushes.lower()
        else:
            if op == 91:
                rest = rest[:-1]
            rest += b"v" * (a if pushes == b"n" else int(pushes or b"0"))
        return rest, there

    def places(self, pc, op, a, rest):
        # Is there what the instruction wants, where it wants it?
        good = True
        if op in _TOPS:
            good = len(rest) > 0 and rest[-1:] in _TOPS[op]
        elif op in _BUILDERS:
            good = a < len(rest) and rest[a : a + 1] in _BUILDERS[op]
        elif op == _POSITION or op == _KEEP:
            good = a < len(rest) and rest[a : a + 1] == b"i"
            if op == _KEEP:
                good = good and a > 0 and rest[a - 1 : a] in b"01"
        elif op == 5:
            good = a < len(rest) and rest[a : a + 1] == b"v"
        elif op == 66:
            good = not rest
        if not good:
            self.v.bad("%s finds something else on the stack", op, pc)


def _signature(text):
    return text[:1] == "<" and text[-1:] == ">" and len(text) < 64 and text.count("+") <= _MANY


def _constant(kind, value):
    if kind == b"cI":
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
            return False
        return type(value[1]) is int and -0x80000000 <= value[1] <= 0x7FFFFFFF
    return isinstance(value, bytes) and _pattern(value)


def _pattern(code):
    # Do its instructions stand one behind the other, the last of them 0?
    starts = []
    leads = []
    pc = 0
    op = 1
    while pc < len(code):
        starts.append(pc)
        op = code[pc]
        more = code[pc + 1] if pc + 1 < len(code) else 0
        if op == 4 or op == 5:
            for i in range(pc + 1, pc + (5 if op == 4 else 3), 2):
                leads.append(int.from_bytes(code[i : i + 2], "little"))
        elif op > 8 or op == 6 and more >= 20 or op == 7 and more > 5 or op == 8 and more > 9:
            return False
        pc += 2 + 6 * more if op == 2 or op == 3 else (1, 4, 0, 0, 5, 3, 2, 2, 2)[op]
    for a in leads:
        if a not in starts:
            return False
    return pc == len(code) and not op
