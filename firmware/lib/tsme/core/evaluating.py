# Whole evaluations of expressions that the core leaves to Python (docs/DESIGN.md says which): it
# asks with number 511, and native_modules/tsme_core/tsme_outside.c says what comes and goes.
from ..errors import StatesError
from ..kernel import rng
from ..program.expressions.bodies import body_at
from ..program.expressions.evaluation import FUEL, Evaluation
from ..program.expressions.leaving import left
from ..program.expressions.values import ExpressionError
from ..values.cbor import MISSING, decode, encode_into

# Numbers of docs/SPEC.md, 2.2 and 2.16
_LOAD = 3
_CONTEXT = 16
_BODY = 65
_CLOSURE = 70
_OF_CONTEXT = 1 << 16
_BITS = (1 << 64) - 1
_EVALUATES = 1 << 9  # above the numbers of functions, among what a client keeps


class _Step:
    # what an evaluation has of the step that it is in
    def __init__(self, now, state):
        self.now = now
        self.rng = state

    def draw(self):
        x = self.rng
        self.rng = rng.advance(x)
        return rng.output(x)


class _Evaluation(Evaluation):
    # slots of frames and parts of the context are what the core has sent
    sent = None

    def load(self, a):
        return self.sent[a]

    def part(self, a):
        return self.sent[a | _OF_CONTEXT]


def asks(client, code, body):
    # What the body, and those in it, need of frames and context: operands of LOAD and CONTEXT, as
    # the answer that asks for them; None if it needs nothing.
    key = _EVALUATES + body
    if key not in client.kept:
        found = _found(code, body)
        out = bytearray()
        for v in [3] + found:
            encode_into(out, v)
        client.kept[key] = bytes(out) if found else None
    return client.kept[key]


def _found(code, body):
    found = []
    bodies = [body]
    for body in bodies:
        pc = body_at(code, body)[1]
        while pc < len(code):
            op = code[pc]
            a = code[pc + 1]
            pc += 2
            if not op:
                op = code[pc]
                a = a << 8 | code[pc + 1]
                pc += 2
            if op == _BODY:
                break
            if op == _CLOSURE and a not in bodies:
                bodies.append(a)
            if op == _CONTEXT:
                a |= _OF_CONTEXT
            if (op == _LOAD or op == _CONTEXT) and a not in found:
                found.append(a)
    return found


def answer(client, args):
    # -> the bytes of the answer
    values = []
    at = 0
    while at < len(args):
        if args[at] == 0xF7:
            v = MISSING
            at += 1
        else:
            v, at = decode(args, at, True)
        values.append(v)
    body, now, state, room, count = values[:5]
    vm = client.python()
    if len(values) == 5 + count:  # nothing was sent yet
        needed = asks(client, vm.code, body)
        if needed:
            return needed
    if not hasattr(vm, "natives"):
        vm.natives = {}
    step = _Step(now, state & _BITS)
    m = _Evaluation(vm, step, None, FUEL, room)
    m.sent = {}
    for i in range(5 + count, len(values), 2):
        m.sent[values[i]] = values[i + 1]
    try:
        kind = 0
        v = left(m, m.evaluated(body, values[5 : 5 + count]))
    except ExpressionError as e:
        kind = 1
        v = e.cause()
    except StatesError as e:
        kind = 2
        v = e.number
    out = bytearray()
    drawn = step.rng
    if drawn >> 63:
        drawn -= _BITS + 1  # as a value, which has a sign
    for n in (kind, FUEL - m.fuel if m.fuel > 0 else FUEL, m.made, drawn):
        encode_into(out, n)
    encode_into(out, v, True)
    return bytes(out)
