# Frames as a checkpoint has them (docs/SPEC.md, 5), and back.

from .. import const
from ..values.cbor import DEPTH, encoded_size, measure
from .frames import Frame

_SLOTS = const(10)  # where a frame's item has them


def encode(frames, now):
    return [f and _item(f, now) for f in frames]


def _item(f, now):
    item = f.head() + [f.slots]
    item[5] = now - f.entered
    if f.parent is not None or f.join:
        item += [f.index, f.join]
    return item


def size(frames, now):
    # bytes that they take; a frame that knows the size of its slot 0 is not measured whole
    total = encoded_size([None] * len(frames))
    for f in frames:
        if not f:
            continue
        item = _item(f, now)
        slots = item[_SLOTS]
        if not f.known or f.known[0] is not slots[0]:
            n, depth = measure(slots[0])
            f.known = (slots[0], n) if depth <= DEPTH else None
        if f.known:
            item[_SLOTS] = [None] + slots[1:]
            total += f.known[1] - 1
        total += encoded_size(item) - 1
    return total


def decode(items, now):
    return [item and _frame(item, now) for item in items]


def _frame(item, now):
    f = Frame(0, 0)
    f.parent, f.pc, f.entry, f.handler, f.state, entered, f.wait = item[:7]
    f.entered = now - entered
    f.counters, f.error, f.cause, f.slots = item[7:11]
    if len(item) > 11:
        f.index, f.join = item[11:]
    f.dirty = None
    return f
