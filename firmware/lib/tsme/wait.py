# WAIT, LIMIT and FAIL, which not every program has (docs/SPEC.md, 2.2).
from . import num
from .faults import StatesError, error

_MAX_DELAY = 2147483647  # s, AWS's longest wait


def wait(vm, d, number, f, stack, a):
    v = stack.pop()
    if a:
        from . import timestamp

        due = timestamp.ms(v) if isinstance(v, str) else None
    else:
        due = d.now + 1000 * v if num.is_whole(v) and v >= 0 else None
    if due is None or due - d.now > 1000 * _MAX_DELAY:
        raise error(6, v)
    if due <= d.now:
        del stack[:]
        return False
    f.wait = d.timer(number, due)
    return True


def limit(f, stack, a):
    v = stack.pop()
    if isinstance(v, str) and 0 < len(v) < 9 and not v.strip("0123456789"):
        v = int(v)  # AWS takes digits too
    if a == 4:  # a percentage
        ok = num.is_number(v) and num.compare(v, 0) >= 0 and num.compare(v, 100) <= 0
    else:
        ok = num.is_whole(v) and 0 <= v <= 99999999 and (v or a > 1)
    if not ok:
        raise error(6, v)
    f.limits = list(f.limits)
    f.limits[a] = v if a > 1 else v * 1000


def fail(vm, d, number, f, stack, a):
    cause = stack.pop() if a & 2 else None
    name = stack.pop() if a & 1 else None
    if vm.trace:
        vm.trace("fail", number, f, name, cause)
    if vm.raised(d, number, f, StatesError(name, cause)):
        d.ready = number  # its own handler took it
    return True
