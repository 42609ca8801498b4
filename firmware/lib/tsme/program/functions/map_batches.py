# Functions of distributed Maps (docs/SPEC.md, 2.6): Batch, MapRun, Flatten.
from ...errors import error
from ...values import Obj
from ...values.json import dumps
from ...values.numbers import is_whole


def _positive(v):
    if isinstance(v, str) and 0 < len(v) < 9 and not v.strip("0123456789"):
        v = int(v)  # AWS takes digits too
    if not is_whole(v) or v < 0:
        raise error(6, v)
    return v


def _bytes(v):
    return len(dumps(v).encode())


def batch(rng, items, most, size, shared):
    # Objects of `most` items, and of JSON texts of `size` bytes, at most; 0 for no limit.  An item
    # that is too large is alone.  `shared`: the BatchInput, null for none.
    if isinstance(items, Obj):
        items = [Obj((("Key", k), ("Value", v))) for k, v in items.items()]
    if not isinstance(items, list):
        raise error(8, items)
    most = _positive(most)
    size = _positive(size)
    head = Obj() if shared is None else Obj((("BatchInput", shared),))
    head["Items"] = []
    out = []
    used = 0
    empty = _bytes(head) - 1 if size else 0
    for item in items:
        more = _bytes(item) + 1 if size else 0
        mine = out and out[-1]["Items"]
        if not mine or most and len(mine) >= most or size and used + more > size:
            mine = []
            one = Obj(head)
            one["Items"] = mine
            out.append(one)
            used = empty
        used += more
        mine.append(item)
    return out


def map_run(rng, machine, label, token):
    # the ARN of a Map Run
    for v in (machine, label, token):
        if not isinstance(v, str):
            raise error(3, v)
    return machine.replace(":stateMachine:", ":mapRun:") + "/" + label + ":" + token


def flatten(rng, results):
    # arrays among the results give way to their items
    if not isinstance(results, list):
        raise error(3, results)
    out = []
    for v in results:
        if isinstance(v, list):
            out += v
        else:
            out.append(v)
    return out
