# WAIT, LIMIT, FAIL, and the delays of RETRY, which not every program has (docs/SPEC.md, 2.2).
from .. import const
from ..errors import StatesError, error
from ..values import numbers

_MAX_DELAY = 2147483647  # s, AWS's longest wait
_PARTS = 1000000000  # billionths
_T_FAIL = const(7)  # a kind of trace event, as in protocol.py


def wait(vm, d, number, f, stack, a):
    v = stack.pop()
    if a:
        from ..values import timestamp

        due = timestamp.ms(v) if isinstance(v, str) else None
    else:
        due = d.now + 1000 * v if numbers.is_whole(v) and v >= 0 else None
    if due is None or due - d.now > 1000 * _MAX_DELAY:
        raise error(6, v)
    if due <= d.now:
        del stack[:]
        return False
    f.wait = d.timer(number, due)
    return True


def limit(v, a):
    # what a value is as the option `a` of a TASK (0, 1) or a MAP
    n = v
    if isinstance(n, str) and 0 < len(n) < 9 and not n.strip("0123456789"):
        n = int(n)  # AWS takes digits too
    if a == 4 and numbers.is_number(n):
        n = ppm(n) if numbers.compare(n, 0) >= 0 and numbers.compare(n, 100) <= 0 else -1
    return checked(n, a, v)


def ppm(v):
    # a percentage (0 to 100) in millionths, the nearest
    if numbers.is_whole(v):
        return v * 10000
    _, m, e = numbers.parts(v)
    e += 40  # cut to multiples of 2**-40, so that 64 bits are enough
    m = m << e if e > 0 else m >> -e
    return (m * 10000 + (1 << 39)) >> 40


def option(stack, flags, a):
    # the option `a`, if it was pushed, else 0
    return checked(stack.pop(), a) if flags & (1 << a if a < 2 else 1 << a - 2) else 0


def checked(n, a, v=None):
    most = 1000000 if a == 4 else 99999999
    if not numbers.is_whole(n) or not (a < 2) <= n <= most:
        raise error(6, n if v is None else v)
    return n


def backoff(interval, rate, n, longest):
    # The delay in ms: `interval` s times the rate (whole, billionths) to the power n, at most
    # `longest` s.  No number on the way has more than 63 bits, and no power more than 54 products.
    whole, part = 1, 0
    while n:
        if n & 1:
            whole, part = product(whole, part, *rate)
        n >>= 1
        if n:
            rate = product(*rate, *rate)
    if interval * whole >= longest:
        return 1000 * longest
    return min(1000 * interval * whole + interval * part // 1000000, 1000 * longest)


def product(a, b, c, d):
    # a and c whole, b and d billionths
    part = a * d + b * c + b * d // _PARTS
    whole = a * c + part // _PARTS
    return (whole, part % _PARTS) if whole < _MAX_DELAY else (_MAX_DELAY, 0)


def fail(vm, d, number, f, stack, a):
    cause = stack.pop() if a & 2 else None
    name = stack.pop() if a & 1 else None
    if vm.trace:
        vm.trace(_T_FAIL, d, number, f, StatesError(name, cause))
    if vm.raised(d, number, f, StatesError(name, cause)):
        d.ready = number  # its own handler took it
    return True
