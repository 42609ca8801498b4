# Intrinsic functions on arrays.
from .arguments import an_array, an_integer
from .exact import equal, integral
from .faults import IntrinsicError
from .num import bits, is_number

_RANGE = 1000


def array_partition(rng, array, size):
    an_array(array, "the first argument")
    size = an_integer(size, "the chunk size", 1)
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


# What is the same for equal scalars and for no others; None for arrays and objects.
def _key(v):
    if isinstance(v, str):
        return v
    if is_number(v):
        n = integral(v)
        return (bits(v),) if n is None else n
    if isinstance(v, (list, dict)):
        return None
    return (v is None, v is True)


def array_unique(rng, array):
    seen = set()
    large = []
    out = []
    for v in an_array(array, "the argument"):
        key = _key(v)
        if key is not None:
            if key in seen:
                continue
            seen.add(key)
        else:
            for other in large:
                if equal(v, other):
                    break
            else:
                large.append(v)
                out.append(v)
            continue
        out.append(v)
    return out
