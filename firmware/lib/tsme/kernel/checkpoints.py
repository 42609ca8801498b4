# Checkpoints (docs/SPEC.md, 5): a state as bytes, and back.

from .. import const
from ..errors import over
from ..values.cbor import encode, encoded_size
from .limits import LIMITS, check

_DUE = const(3)  # places in the item of an action
_DEADLINE = const(8)


def value(state):
    # what a checkpoint holds, but for the client
    pending = []
    for i in sorted(state.pending):
        item = moved(state.pending[i], -state.now)
        pending.append(item[:4] if item[1] else item)  # a timer has no more
    start, kept, context, behaviour, digest = state.origin
    head = [behaviour, state.steps, state.execution, state.status, state.now, state.next_id]
    head += [state.rng, state.digest, state.now - start, kept, context, pending, state.result]
    return head + [digest]


def moved(item, ms):
    item = list(item)  # a checkpoint has the times of an action as differences
    for k in (_DUE, _DEADLINE):
        if k < len(item) and item[k] is not None:
            item[k] += ms
    return item


def write(client, state):
    part = state.client
    part = None if part is None else client.codec().encode(part, state.now)
    return encode(value(state) + [part], True)


def size(client, state):
    # bytes that write() gives
    n = encoded_size(value(state) + [None])
    return n if state.client is None else n - 1 + client.codec().size(state.client, state.now)


def bound(kernel, d):
    # The kernel's bound is cheap and never too small; beyond a limit the size itself counts.
    d.bound = size(kernel.client, d)
    if kernel.room and d.bound > kernel.room:
        raise over("TSME-J007", d.bound, kernel.room)
    check(LIMITS, "state_bytes", d.bound)


def restore(kernel, s, action, item, size):
    # `s` becomes the state of a decoded checkpoint of so many bytes, 0 if that is not known.
    # `action` makes the actions.
    behaviour = item[0] if len(item) > 14 else 0
    s.steps, s.execution, s.status, s.now, s.next_id, s.rng = item[-14:-8]
    s.digest, start, kept, context, pending, s.result, digest, part = item[-8:]
    if part is not None:  # what has ended is not run any more, whatever it was
        kernel.use(digest, behaviour)
    s.origin = [s.now - start, kept, context, behaviour, digest]
    s.pending = {}
    for item in pending:
        item = moved(item, s.now)
        s.pending[item[0]] = action(*(item if len(item) > 4 else item + [None, None, 0, 0, None]))
    s.client = None if part is None else kernel.client.codec().decode(part, s.now)
    s.bound = size or LIMITS["state_bytes"]  # which makes the next step measure it
    return s
