# The sizes of large values: tracked, for measuring one takes as long as it is large.
#
# A frame knows a value that its slot 0 had, and its size; values are never changed, so that is the
# size of slot 0 as long as that very value is there.

from ..values.cbor import DEPTH, MISSING, encoded_size, measure


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
