# Intrinsic functions on arrays.
from ...errors import IntrinsicError
from ...values.binary64 import equal, integral
from ...values.numbers import INT_MAX, INT_MIN, bits, is_number
from .arguments import an_array, an_integer

_RANGE = 1000


def array_partition(rng, array, size):
    an_array(array, "the first argument")
    size = min(an_integer(size, "the chunk size", 1), len(array) or 1)  # it may be no machine word
    return [array[i : i + size] for i in range(0, len(array), size)]


def array_contains(rng, array, value):
    for v in an_array(array, "the first argument"):
        if equal(v, value):
            return True
    return False


def array_range(rng, first, last, step):
    first = an_integer(first, "the first element")
    last = an_integer(last, "the last element")
    step = an_integer(step, "the step")
    if not step:
        raise IntrinsicError("the step must not be zero")
    n = max((last - first) // step + 1, 0)
    if n > _RANGE:
        raise IntrinsicError(f"the array would have {n} items, the limit is {_RANGE}")
    return [first + i * step for i in range(n)]


def array_get_item(rng, array, index):
    an_array(array, "the first argument")
    index = an_integer(index, "the index")
    if not 0 <= index < len(array):
        raise IntrinsicError(f"there is no index {index} in an array of {len(array)} items")
    return array[index]


def array_length(rng, array):
    return len(an_array(array, "the argument"))


def _names(v):
    if len(v) < 32:
        return sorted(v)
    from ...values.ranking import ranked

    return ranked(v)


# What equal values (exact.equal) have in common, and no others; about as long as the value.
def _key(v):
    out = []
    todo = [v]
    while todo:
        v = todo.pop()
        if isinstance(v, str):
            out.append("s%d:" % len(v))
            out.append(v)
        elif is_number(v):
            n = integral(v)
            if n is None or not INT_MIN <= n <= INT_MAX:
                out.append("f%d," % bits(v))
            else:
                out.append("i%d," % n)
        elif isinstance(v, list):
            out.append("[%d," % len(v))
            todo += v
        elif isinstance(v, dict):
            out.append("{%d," % len(v))
            for k in _names(v):
                todo.append(v[k])
                todo.append(k)
        else:
            out.append("n" if v is None else "t" if v else "f")
    return "".join(out)


def array_unique(rng, array):
    seen = set()
    out = []
    for v in an_array(array, "the argument"):
        key = _key(v)
        if key not in seen:
            seen.add(key)
            out.append(v)
    return out
