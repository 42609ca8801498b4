# Checkpoints (docs/SPEC.md, 5): a state as bytes, and back.

from .cbor import DEPTH, encode, encoded_size, measure
from .errors import fault
from .kernel import State, known
from .limits import LIMITS

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


_DUE = const(3)
_DEADLINE = const(8)
_SLOTS = const(10)  # where a frame has them


def value(state):
    # what a checkpoint holds, but for the client
    pending = [moved(state.pending[i], -state.now) for i in sorted(state.pending)]
    start, kept, context, behaviour, digest = state.origin
    head = [behaviour, state.steps, state.execution, state.status, state.now, state.next_id]
    head += [state.rng, state.digest, state.now - start, kept, context, pending, state.result]
    return head + [digest]


def moved(action, ms):
    action = list(action)  # a checkpoint has its times as differences
    for k in (_DUE, _DEADLINE):
        if k < len(action) and action[k] is not None:
            action[k] += ms
    return action


def write(client, state):
    part = state.client
    part = None if part is None else client.encode(part, state.now)
    return encode(value(state) + [part], True)


def size(client, state):
    # bytes that write() gives
    n = encoded_size(value(state) + [None])
    return n if state.client is None else n - 1 + client.size(state.client, state.now)


def restore(client, item, size):
    # the state of a decoded checkpoint of so many bytes, 0 if that is not known
    s = State()
    behaviour = item[0] if len(item) > 14 else 0
    s.steps, s.execution, s.status, s.now, s.next_id, s.rng = item[-14:-8]
    s.digest, start, kept, context, pending, s.result, digest, part = item[-8:]
    if part is not None:  # what has ended is not run any more, whatever it was
        known(behaviour)
        if digest != client.program.digest:
            raise fault("TSME-K005", "journal belongs to")
    s.origin = [s.now - start, kept, context, behaviour, digest]
    s.pending = {a[0]: moved(a, s.now) for a in pending}
    s.client = None if part is None else client.decode(part, s.now)
    s.bound = size or LIMITS["state_bytes"]  # which makes the next step measure it
    return s


def encode_frames(frames, now):
    return [f and _item(f, now) for f in frames]


def _item(f, now):
    item = f.head() + [f.slots]
    item[5] = now - f.entered
    if f.parent is not None or f.join:
        item += [f.index, f.join]
    return item


def size_of_frames(frames, now):
    # bytes that they take; a frame that knows the size of its slot 0 is not measured whole
    total = encoded_size([None] * len(frames))
    for f in frames:
        if not f:
            continue
        item = _item(f, now)
        slots = item[_SLOTS]
        if not f.known or f.known[0] is not slots[0]:
            size, depth = measure(slots[0])
            f.known = (slots[0], size) if depth <= DEPTH else None
        if f.known:
            item[_SLOTS] = [None] + slots[1:]
            total += f.known[1] - 1
        total += encoded_size(item) - 1
    return total


def decode_frames(items, now):
    return [item and _frame(item, now) for item in items]


def _frame(item, now):
    from .frames import Frame

    f = Frame(0, 0)
    f.parent, f.pc, f.entry, f.handler, f.state, entered, f.wait = item[:7]
    f.entered = now - entered
    f.counters, f.error, f.cause, f.slots = item[7:11]
    if len(item) > 11:
        f.index, f.join = item[11:]
    f.dirty = None
    return f
