# The operations of the interpreter that are not in its loop, and that most programs have
# (docs/SPEC.md, 2.2); rare.py knows where the others are.
#
# Each takes (interpreter, builder, frame number, frame, operand stack, operand) and gives True if
# the frame stops: it waits, or has ended.

from .. import const, once
from ..errors import StatesError, error
from ..values.cbor import DEPTH, MISSING, Obj, measure
from .frames import SILENT, put

_MAX_DELAY = const(2147483647)  # s, AWS's longest wait
_LARGE = const(256)  # bytes from which on a size is tracked
# Kinds of trace events, as in protocol.py
_T_TASK = const(2)
_T_END = const(4)
_T_RAISE = const(6)


def sized(vm, d, v):
    # Containers in containers can double a value's size at each instruction, and texts of more
    # than 255 bytes make it large at once, so their size is taken before they can be used.
    for x in v.values() if isinstance(v, Obj) else v:
        if type(x) is not int and (
            isinstance(x, (Obj, list))
            or isinstance(x, str)
            and len(x) > 63
            and measure(x)[0] > 257
        ):
            from .sizes import fits

            fits(vm, d, v)
            break
    return v


def put_(vm, d, number, f, stack, a):
    v = stack.pop()
    old = f.slots[0]
    path = vm.consts[a]
    whole = put(old, path, v)
    if whole is MISSING:
        raise error(2, v)
    bulky = (
        isinstance(v, (Obj, list)) or isinstance(v, str) and len(v) > 63 and measure(v)[0] > 257
    )
    size = None
    if path and f.known and f.known[0] is old:
        from .sizes import size as resized

        size = resized(f.known[1], old, path, v, vm.largest)
    elif bulky:
        size, depth = measure(whole, vm.largest)
        if size > vm.largest or depth > DEPTH:
            size = None
    if bulky and size is None:
        raise error(7)
    f.known = (whole, size) if size and size > _LARGE else None
    f.slots[0] = whole
    f.touch(a)


def catch_(vm, d, number, f, stack, a):
    f.handler = a


def task_(vm, d, number, f, stack, a):
    name = stack.pop()
    payload = stack.pop()
    timeout = heartbeat = 0
    if a:
        from .wait import option

        heartbeat = 1000 * option(stack, a, 1)
        timeout = 1000 * option(stack, a, 0)
    f.wait = d.task(number, name, payload, timeout, heartbeat)
    if vm.trace:
        vm.trace(_T_TASK, d, number, f, f.wait)
    return True


def caught_(vm, d, number, f, stack, a):
    names = vm.consts[a]
    e = f.error
    late = e == "States.Timeout"
    hit = e in names or "States.ALL" in names or (not late and "States.TaskFailed" in names)
    if not hit and e != "TSME.Interrupted" and e != "States.DataLimitExceeded":
        hit = 0 in names or (not late and 1 in names)  # wildcards of Retry
    stack.append(hit or (late and f.cause == SILENT and "States.HeartbeatTimeout" in names))


def retry_(vm, d, number, f, stack, a):
    counter, interval, attempts, rate, part, longest, jitter = vm.consts[a]
    n = f.counters[counter]
    if n >= attempts:
        return False
    f.counters = list(f.counters)
    f.counters[counter] = n + 1
    longest = longest or _MAX_DELAY
    if not n or rate == 1 and not part:
        delay = 1000 * min(interval, longest)  # what backoff() would give
    else:
        from .wait import backoff

        delay = backoff(interval, (rate, part), n, longest)
    if jitter:
        delay = d.below(delay + 1)
    f.pc = f.entry
    f.wait = d.timer(number, d.now + delay)
    return True


def error_(vm, d, number, f, stack, a):
    cause = f.cause  # as at AWS; both are null if whoever failed a callback gave none
    if f.error is not None and (cause is None or f.error == "States.Timeout" and cause == SILENT):
        cause = ""
    stack.append(Obj((("Error", f.error), ("Cause", cause))))


def raise_(vm, d, number, f, stack, a):
    if vm.trace:
        vm.trace(_T_RAISE, d, number, f, None)
    if vm.raised(d, number, f, StatesError(f.error, f.cause)):
        d.ready = number
    return True


def end_(vm, d, number, f, stack, a):
    if vm.trace:
        vm.trace(_T_END, d, number, f, None)
    if f.parent is None:
        d.succeed(f.slots[0])
    else:
        from .branches import ended

        ended(vm, d, number, f)
    return True


def rare(op):
    # loads what does it, which the table has from then on
    f = OPERATIONS[op] = once("program.rare", "find", op)
    return f


# By number; 0: in the loop of interpreter.py, or not loaded yet.  A test compares this with
# opcodes.py.
OPERATIONS = [0] * 38
OPERATIONS[14] = put_
OPERATIONS[23] = catch_
OPERATIONS[25] = task_
OPERATIONS[28:32] = caught_, retry_, error_, raise_
OPERATIONS[33] = end_
