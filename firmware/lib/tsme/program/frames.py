# Frames: what runs (docs/SPEC.md, 2.1), their encoding and what they add to a digest.

from .. import const
from ..values.cbor import MISSING, Obj, encode_all, encode_into

SILENT = "no heartbeat came in time"  # the cause of a States.Timeout that TimeoutSeconds did not
NEW = const(24)  # bytes, at most, that a new frame's encoding has and no delta shows
_MAX_PATHS = const(8)  # more paths than this, and slot 0 counts as written whole


class Frame:
    def __init__(self, slots, counters, old=None):
        self.known = None  # a value that slot 0 had, and its size, if that is large
        # Of the step under way only:
        self.paths = None  # constants of the PUTs that wrote slot 0
        self.fresh = False  # the join is of this step
        if old:
            self.dirty = 0
            self.parent = old.parent
            self.pc = old.pc
            self.entry = old.entry
            self.handler = old.handler
            self.state = old.state
            self.entered = old.entered
            self.wait = old.wait
            self.counters = old.counters
            self.error = old.error
            self.cause = old.cause
            self.slots = old.slots[:]
            self.index = old.index
            self.join = None
            if old.known:
                self.known = old.known
            if old.join:
                self.join = old.join[:]
                self.join[0] = self.join[0][:]
            return
        self.dirty = 1  # bit per slot that was written; None: no step under way
        self.parent = None
        self.pc = self.entry = self.handler = self.state = self.entered = self.wait = 0
        self.counters = [0] * counters
        self.error = self.cause = None
        self.slots = [MISSING] * slots
        self.index = None  # of a branch or item within its parent
        self.join = None  # what it waits for: branches.py

    def enter(self, state, now, entry):
        self.state = state
        self.entered = now
        self.entry = entry
        self.handler = 0
        self.error = self.cause = None
        for n in self.counters:
            if n:
                self.counters = [0] * len(self.counters)
                break

    def touch(self, path):
        # slot 0 was written at the path that is constant number `path`
        if self.dirty & 1:
            return
        if self.paths is None:
            self.paths = [path]
        elif path not in self.paths:
            if len(self.paths) == _MAX_PATHS:
                self.dirty |= 1
                self.paths = None
            else:
                self.paths.append(path)

    def attempts(self):
        # retries of the current state so far
        return sum(self.counters)

    def head(self):
        return [
            self.parent,
            self.pc,
            self.entry,
            self.handler,
            self.state,
            self.entered,
            self.wait,
            self.counters,
            self.error,
            self.cause,
        ]


def own(d, number):
    # the frame as this step may change it
    f = d.frames[number]
    if f.dirty is None:
        f = d.frames[number] = Frame(0, 0, f)
    return f


def put_frame(buf, number, f, now, items):
    # a frame, and behind it what else it has changed
    head = [number] + f.head()
    head[6] = now - f.entered  # shorter than the time itself
    join = f.join
    if f.parent is not None or join:
        head.append(f.index)
        # how far it is; at its beginning, its items too
        head.append(join and join[1:] if f.fresh else join and join[1:3] + join[6:])
        f.fresh = False
    encode_all(buf, [head] + items)


def delta(buf, d, consts):
    if d.frames is None:  # a heartbeat, or a *started*
        return
    for number, index, output in d.ended:
        encode_into(buf, [number, index])
        encode_into(buf, output, True)
    frames = d.frames
    d.frames = d.ready = d.ended = None
    number = -1
    for f in frames:
        number += 1
        if f is None or f.dirty is None:
            continue
        items = []
        dirty = f.dirty
        for path in f.paths or ():
            if not dirty & 1:
                items.append([0, path])
                items.append(at(f.slots[0], consts[path]))
                for name in consts[path]:  # may be new
                    d.bound += 9 + 4 * len(name) if isinstance(name, str) else 9
        slot = 0
        while dirty:
            if dirty & 1:
                items.append(slot)
                items.append(f.slots[slot])
            dirty >>= 1
            slot += 1
        put_frame(buf, number, f, d.now, items)
        f.dirty = f.paths = None
        if f.known and f.known[0] is not f.slots[0]:
            f.known = None  # nobody else may hold it any more


def index(v, n):
    # item of an array; n is zigzag: 0, -1, 1, -2 ...
    n = -((n + 1) >> 1) if n & 1 else n >> 1
    if isinstance(v, list) and -len(v) <= n < len(v):
        return v[n]
    return MISSING


def at(v, path):
    # the value at a path of names and indexes, or MISSING
    for step in path:
        if isinstance(step, str):
            if not isinstance(v, Obj) or step not in v:
                return MISSING
        elif not isinstance(v, list) or step >= len(v):
            return MISSING
        v = v[step]
    return v


def put(v, path, new):
    # `v` with `new` at the path, sharing what did not change; MISSING if it cannot be written
    if not path:
        return new
    top = holder = None
    last = len(path) - 1
    for i in range(len(path)):
        step = path[i]
        if isinstance(step, str):
            if v is MISSING:
                v = Obj()
            elif not isinstance(v, Obj):
                return MISSING
            v = v.copy()
            below = v.get(step, MISSING)
        else:
            if not isinstance(v, list) or step >= len(v):
                return MISSING
            v = list(v)
            below = v[step]
        if holder is None:
            top = v
        else:
            holder[path[i - 1]] = v
        holder = v
        if i == last:
            v[step] = new
        v = below
    return top
