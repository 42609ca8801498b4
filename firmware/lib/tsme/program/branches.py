# Frames with children: FORK, MAP, and how a child's end or error reaches its parent
# (docs/SPEC.md, 2.11).
#
# A frame that waits for its children has wait == -1 and a join: [results, children left, next
# item, entry of a child, items, how many at a time]; a FORK's has all its children and no
# items.  The items of an object are its names, then its values.  If children of a MAP may fail,
# how many more is one item more.  Nothing here recurses: what a child's end does to its parent is
# noted (d.ready), and done when the child is gone.

from .. import const
from ..errors import error
from ..kernel.limits import LIMITS, check
from ..values.cbor import MISSING, Obj
from .frames import NEW, Frame, own

# Kinds of trace events, as in protocol.py
_T_FORK = const(8)
_T_MAP = const(9)
_T_SPAWN = const(10)
_T_BRANCH = const(11)
_T_TOLERATED = const(12)
_T_EXCEEDED = const(13)
_T_PASSED = const(14)
_T_ABORT = const(15)
WAITS = -1
RESULTS, LEFT, NEXT, ENTRY, ITEMS, MOST, MORE = range(7)
_AT_ONCE = const(40)  # iterations at a time if MaxConcurrency is 0; as AWS
_PLACES = const(128)  # numbers of frames for which a MAP does not wait
_LEAST = const(15)  # bytes of a frame in a checkpoint, at least


def vacant(frames):
    # the lowest number that is free
    place = 1
    while place < len(frames) and frames[place]:
        place += 1
    return place


def spawn(vm, d, number, index, entry, value):
    # a child of frame `number`, in the lowest free place; `entry`: its FRAME, which says its slots
    f = Frame(vm.code[2 * entry + 1], vm.program.counters)
    f.parent = number
    f.index = index
    f.pc = entry + 1
    f.slots[0] = value
    frames = d.frames
    parent = frames[number]
    f.entered = parent.entered  # until it enters a state of its own
    if value is parent.slots[0]:
        f.known = parent.known
    d.bound += NEW + len(f.slots)
    place = vacant(frames)
    check(LIMITS, "state_bytes", place * _LEAST)
    if place == len(frames):
        frames.append(f)
    else:
        frames[place] = f
    if vm.trace:
        vm.trace(_T_SPAWN, d, place, f, index)


def behind(vm, entry):
    # FRAME has one instruction, the JUMP after it two if it has an EXT
    return entry + (2 if vm.code[2 * entry + 2] else 3)


def fork(vm, d, number, f, stack, a):
    # The entries of the branches follow.
    value = stack.pop()
    f.join = [[MISSING] * a, a, a, 0, None]
    f.fresh = True
    f.wait = WAITS
    if vm.trace:
        vm.trace(_T_FORK, d, number, f, a)
    for index in range(a):
        spawn(vm, d, number, index, f.pc, value)
        f.pc = behind(vm, f.pc)
    return True


def map_items(vm, d, number, f, stack, a):
    # The entry of an item follows.
    most = may_fail = part = 0
    if a:
        from .wait import option

        part = option(stack, a, 4)
        may_fail = option(stack, a, 3)
    items = stack.pop()
    if not isinstance(items, (list, Obj)):
        raise error(8, items)
    n = len(items)
    if n > vm.program.items:
        raise error(12, items)
    if a:
        part = part * n // 1000000
        may_fail = part if not a & 2 or a & 4 and part < may_fail else may_fail
        most = option(stack, a, 2)
    if vm.trace:
        vm.trace(_T_MAP, d, number, f, items)
    entry = f.pc
    f.pc = behind(vm, entry)
    if isinstance(items, Obj):
        items = list(items) + list(items.values())
    f.join = [[MISSING] * n, n, 0, entry, items, most or _AT_ONCE]
    d.bound += n
    if a > 1:
        f.join.append(may_fail)
    f.fresh = True
    if n:
        f.wait = WAITS
        start(vm, d, number, f.join)
    else:
        d.ready = number
    return True


def start(vm, d, number, join, force=False):
    # The next items of a MAP, as many as may be under way; `force`: one whatever its number.
    total = len(join[RESULTS])
    items = join[ITEMS]
    while join[NEXT] < total:
        at = join[NEXT]
        if at - total + join[LEFT] >= join[MOST] or not force and vacant(d.frames) >= _PLACES:
            break
        join[NEXT] = at + 1
        v = items[at]
        if len(items) > total:
            v = Obj((("Key", v), ("Value", items[total + at])))
        spawn(vm, d, number, at, join[ENTRY], v)
        force = False


def item(d, f, whole):
    # what frame `f` is the item of; `whole`: with its index, and its name in an object
    join = f.parent is not None and d.frames[f.parent].join
    if not join or not join[ITEMS]:
        return None
    items = join[ITEMS]
    n = len(join[RESULTS])
    v = items[len(items) - n + f.index]
    if not whole:
        return v
    out = Obj((("Index", f.index),))
    if len(items) > n:
        out["Key"] = items[f.index]
    out["Value"] = v
    return out


def serve(vm, d):
    # Places are free again: to the MAPs that wait for one, the deepest first, which end soonest.
    frames = d.frames
    while len(frames) >= _PLACES > vacant(frames):
        most = -1
        for number in range(len(frames)):
            f = frames[number]
            if f and f.join and _waits(f.join):
                depth = 0
                while f.parent is not None:
                    f = frames[f.parent]
                    depth += 1
                if depth > most:
                    most = depth
                    first = number
        if most < 0:
            return
        start(vm, d, first, own(d, first).join)


def _waits(join):
    # Has a MAP items that it could start?
    at = join[NEXT]
    total = len(join[RESULTS])
    return at < total and at - total + join[LEFT] < join[MOST]


def begin(vm, d):
    # Nothing can run.  If nothing will come from outside either, all wait for places that the
    # others have: then the last MAP that has no item under way needs no places.
    frames = d.frames
    last = -1
    for number in range(len(frames)):
        f = frames[number]
        if f and f.wait > 0:
            return False
        if f and f.join and f.join[NEXT] == len(f.join[RESULTS]) - f.join[LEFT]:
            last = number
    if last >= 0:
        start(vm, d, last, own(d, last).join, True)
    return last >= 0


def ended(vm, d, number, f):
    # A child has ended with the value of its slot 0.
    value = f.slots[0]
    if vm.trace:
        vm.trace(_T_BRANCH, d, number, f, None)
    _leave(vm, d, number, f, value)


def raised(vm, d, number, f, e):
    # recursion: at most 1, raised() is called for a frame with a handler
    # The error of frame `number`, which has a parent and no handler: the parent goes on without
    # it, or the error is the parent's.
    while f.parent is not None:
        parent = own(d, f.parent)
        join = parent.join
        if len(join) > MORE:
            if vm.trace:
                vm.trace(_T_TOLERATED if join[MORE] else _T_EXCEEDED, d, number, f, e)
            if join[MORE]:
                join[MORE] -= 1
                failure = Obj((("Error", e.name), ("Cause", e.cause), ("Status", "FAILED")))
                return _leave(vm, d, number, f, failure)
            e = error(9)
        number, f = f.parent, parent
        abort(vm, d, number)
        f.join = None
        f.wait = 0
        if vm.trace:
            vm.trace(_T_PASSED, d, number, f, e)
        if f.handler and e.name != "States.Runtime":
            vm.raised(d, number, f, e)
            d.ready = number
            return serve(vm, d)
    d.fail(e.name, e.cause)


def _leave(vm, d, number, f, value):
    # `value` is in the place of a child that is over; the next item starts, or the parent goes on.
    d.frames[number] = None
    d.ended.append((number, f.index, value))
    parent = own(d, f.parent)
    join = parent.join
    join[RESULTS][f.index] = value
    join[LEFT] -= 1
    if d.left and not f.entry:  # no state of it counted, and there may be any number like it
        d.left -= 1
    if not join[LEFT]:
        parent.wait = 0
        d.ready = f.parent
    elif len(d.frames) < _PLACES:
        start(vm, d, f.parent, join)
    serve(vm, d)


def abort(vm, d, top):
    # Everything below frame `top` stops; nothing of it is pending any more.  Of the children of
    # a frame the lowest first, and each after what is below it.
    frames = d.frames
    number = top
    place = 1
    while True:
        f = frames[place] if place < len(frames) else None
        if f and f.parent == number:
            number = place
            place = 1
        elif place < len(frames):
            place += 1
        elif number == top:
            return
        else:
            f = frames[number]
            if vm.trace:
                vm.trace(_T_ABORT, d, number, f, None)
            if f.wait > 0:
                d.drop(f.wait)
            frames[number] = None
            d.ended.append((number, f.index, MISSING))
            place = number + 1
            number = f.parent
