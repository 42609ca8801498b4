# The sizes of large values: counted when they are made (docs/SPEC.md, 2.3), and tracked, for
# measuring one takes as long as it is large.
#
# A frame knows a value that its slot 0 had, and its size; values are never changed, so that is the
# size of slot 0 as long as that very value is there.

from ..errors import error
from ..kernel.limits import LIMITS, check
from ..values.cbor import DEPTH, MISSING, encoded_size, measure


def fits(vm, d, v, work=0):
    # A value that was made: is it small enough, by itself and with what else this state made?
    size, depth = measure(v, vm.largest)
    if size > vm.largest or depth > DEPTH:
        raise error(7, v)
    work += size
    if work > 255:
        spend(d, work, size, vm.program.step_bytes)


def spend(d, work, size, most):
    # What an operation went through counts as transitions of the step, one for 256 bytes or
    # values: so a step is bounded in its work.  It may be more than are left; what a state takes
    # beyond them has a limit of its own.
    #
    # So does the `size` of a value that it made: a state may make `most` bytes of large ones, and
    # a step that has made as many ends with its state.  d.work is what was beyond the budget,
    # bytes made in the step and before this state, and d.left when these were counted.
    total = d.work = d.work or [0, 0, 0, -1]
    if total[3] != d.left:
        total[2] = total[1]
    if size > 255:
        total[1] += size
    work >>= 8
    total[0] += max(0, work - d.left)
    total[3] = d.left = max(0, d.left - work) if total[1] < most else 0
    if total[1] - total[2] > most:
        total[3] = -1
        raise error(11)
    check(LIMITS, "work", total[0])


def size(size, old, path, new, most):
    # The size of `old`, `size` bytes, with `new` at the path; None if it is larger than `most`, or
    # too deep.
    more, depth = measure(new, most)
    size += more + growth(old, path)
    return size if size <= most and depth + len(path) <= DEPTH else None


def growth(v, path):
    # bytes that a PUT at the path adds to `v`, but for those of the new value
    n = 0
    for step in path:
        if v is MISSING:
            n += 1 + encoded_size(step)  # an object of one member
        elif isinstance(step, str) and step not in v:
            n += encoded_size(step) + _head(len(v) + 1) - _head(len(v))
            v = MISSING
        else:
            v = v[step]
    return n if v is MISSING else n - encoded_size(v)


def _head(n):
    return 1 if n < 24 else 2 if n < 0x100 else 3 if n < 0x10000 else 5
