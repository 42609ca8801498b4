# Frames with children: FORK, MAP, and how a child's end or error reaches its parent
# (docs/SPEC.md, 2.11).
#
# A frame that waits for its children has wait == -1 and a join: [results, children left, next
# item, where a child begins, items]; a FORK's has all its children and no items.  The items of an
# object are its names, then its values.  If children of a MAP may fail, how many more is one item
# more.

from .cbor import MISSING, Obj, fits
from .faults import error
from .frames import NEW, NO_LIMITS, Frame, own
from .limits import LIMITS, check
from .num import parts

WAITS = -1
RESULTS, LEFT, NEXT, ENTRY, ITEMS, MORE = range(6)
_AT_ONCE = 40  # iterations at a time if MaxConcurrency is 0; as AWS


def spawn(vm, d, number, index, pc, value):
    # a child of frame `number`, in the lowest free place
    f = Frame(vm.program.slots, vm.program.counters)
    f.parent = number
    f.index = index
    f.pc = pc
    f.slots[0] = value
    frames = d.frames
    parent = frames[number]
    f.entered = parent.entered  # until it enters a state of its own
    if value is parent.slots[0]:
        f.known = parent.known
    d.bound += NEW + len(f.slots)
    place = 1
    while place < len(frames) and frames[place]:
        place += 1
    check(LIMITS, "frames", place + 1)
    if place == len(frames):
        frames.append(f)
    else:
        frames[place] = f
    if vm.trace:
        vm.trace("spawn", place, f)


def fork(vm, d, number, f, stack, a):
    # The next `a` instructions are JUMPs to the branches.
    value = stack.pop()
    f.join = [[MISSING] * a, a, a, 0, None]
    f.fresh = True
    f.wait = WAITS
    if vm.trace:
        vm.trace("fork", number, f, a)
    for index in range(a):
        spawn(vm, d, number, index, f.pc, value)
        f.pc += 2 if not vm.code[2 * f.pc] else 1
    return True


def map_items(vm, d, number, f, stack, a):
    # The next instruction is a JUMP to what an item runs.
    items = stack.pop()
    if not isinstance(items, (list, Obj)):
        raise error(8, items)
    n = len(items)
    _, _, most, count, percent = f.limits
    most = most or _AT_ONCE
    f.limits = NO_LIMITS
    if vm.trace:
        vm.trace("map", number, f, items, most)
    entry = f.pc
    f.pc += 2 if not vm.code[2 * entry] else 1
    if not items:
        d.ready.append((number, [[]]))
        return True
    if isinstance(items, Obj):
        items = list(items) + list(items.values())
    f.join = [[MISSING] * n, n, 0, entry, items]
    d.bound += n
    if count is not None or percent is not None:
        f.join.append(tolerance(n, count, percent))
    f.fresh = True
    f.wait = WAITS
    while f.join[NEXT] < n and f.join[NEXT] < most:
        next_item(vm, d, number, f.join)
    return True


def tolerance(items, count, percent):
    # how many of so many items may fail: the smaller of both limits, None for one not given
    most = items if count is None else count
    if percent is not None:
        _, m, e = parts(percent)
        m *= items
        m = (m << e) // 100 if e >= 0 else m // (100 << -e)
        most = min(most, m)
    return most


def next_item(vm, d, number, join):
    at = join[NEXT]
    join[NEXT] = at + 1
    v = join[ITEMS][at]
    n = len(join[RESULTS])
    if len(join[ITEMS]) > n:
        v = Obj((("Key", v), ("Value", join[ITEMS][n + at])))
    spawn(vm, d, number, at, join[ENTRY], v)


def ended(vm, d, number, f):
    # A child has ended with the value of its slot 0.
    value = f.slots[0]
    if vm.trace:
        vm.trace("branch", number, f, value)
    _leave(vm, d, number, f, value)


def tolerates(vm, d, number, f, e):
    # A child has failed.  -> True if its parent goes on without it.
    join = own(d, f.parent).join
    if len(join) == MORE:
        return False
    if vm.trace:
        vm.trace("tolerated" if join[MORE] else "exceeded", number, f, e)
    if not join[MORE]:
        return False
    join[MORE] -= 1
    failure = Obj((("Error", e.name), ("Cause", e.cause), ("Status", "FAILED")))
    _leave(vm, d, number, f, failure)
    return True


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
    if join[NEXT] < len(join[RESULTS]):
        next_item(vm, d, f.parent, join)
    elif not join[LEFT]:
        parent.join = None
        parent.wait = 0
        _go_on(vm, d, f.parent, parent, join[RESULTS])


def _go_on(vm, d, number, f, outputs):
    # No child is left: the frame has their outputs, or an error if they are too large.
    stack = [outputs]
    if not fits(outputs, vm.largest):
        e = error(7, outputs)
        if vm.trace:
            vm.trace("error", number, f, e, stack)
        if not vm.raised(d, number, f, e):
            return
        stack = []
    d.ready.append((number, stack))


def abort(vm, d, number):
    # Everything below frame `number` stops; nothing of it is pending any more.
    frames = d.frames
    for place in range(len(frames)):
        f = frames[place]
        if f and place and f.parent == number:
            abort(vm, d, place)
            if vm.trace:
                vm.trace("abort", place, f)
            if f.wait > 0:
                d.drop(f.wait)
            frames[place] = None
            d.ended.append((place, f.index, MISSING))
