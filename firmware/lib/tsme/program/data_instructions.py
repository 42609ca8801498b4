# Operations on values that many programs are without (docs/SPEC.md, 2.2); loaded by rare.py.
# instructions.py says how they are called.

from ..errors import IntrinsicError, error
from ..values.cbor import MISSING, Obj, encoded_size
from .compare import test
from .frames import index
from .instructions import sized


def call_(vm, d, number, f, stack, a):
    arity, function, reads = vm.calls[a]
    n = len(stack) - arity
    args = stack[n:]
    del stack[n:]
    try:
        v = function(d, *args)  # calls: texts numbers arrays coding documents reading batches
    except IntrinsicError as e:
        raise error(3, str(e))
    work = 0
    if reads:
        for x in args:
            work += encoded_size(x)
    if isinstance(v, (Obj, list, str)):
        from .sizes import fits

        fits(vm, d, v, work)
    elif work > 255:
        from .sizes import spend

        spend(d, work, 0, vm.program.step_bytes)
    stack.append(v)


def load_(vm, d, number, f, stack, a):
    f = outside(d, f, a)
    v = f.slots[a & 255]
    if v is MISSING:
        raise error(5)
    stack.append(v)


def outside(d, f, a):
    # the frame that an operand is about: its high byte says how far out
    while a > 255:
        f = d.frames[f.parent]
        a -= 256
    return f


def drop_(vm, d, number, f, stack, a):
    del stack[len(stack) - a :]


def index_(vm, d, number, f, stack, a):
    v = index(stack[-1], a)
    if v is MISSING:
        raise error(1, stack[-1])
    stack[-1] = v


def keyq_(vm, d, number, f, stack, a):
    v = stack[-1]
    k = vm.consts[a]
    stack[-1] = v[k] if isinstance(v, Obj) and k in v else MISSING


def indexq_(vm, d, number, f, stack, a):
    stack[-1] = index(stack[-1], a)


def array_(vm, d, number, f, stack, a):
    n = len(stack) - a
    v = stack[n:]
    del stack[n:]
    stack.append(sized(vm, d, v))


def query_(vm, d, number, f, stack, a):
    from .query import select

    stack[-1] = select(stack[-1], vm.consts[a], vm.largest, d, vm.program.step_bytes)


def context_(vm, d, number, f, stack, a):
    from .context import context

    stack.append(context(d, outside(d, f, a), a & 255))


def test_(vm, d, number, f, stack, a):
    stack[-1] = test(a, stack[-1])


def limit_(vm, d, number, f, stack, a):
    from .wait import limit

    stack.append(limit(stack.pop(), a))


def emit_(vm, d, number, f, stack, a):
    d.emit(a, stack[-1])
