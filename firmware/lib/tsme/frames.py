# Frames: what runs (docs/SPEC.md, 2.1), their encoding and what they add to a digest.

from .cbor import MISSING, Obj, encode_into, encoded_size

try:
    from micropython import const
except ImportError:

    def const(n):
        return n


NO_LIMITS = (0, 0, 0, None, None)  # ms, ms of a TASK; MaxConcurrency, what a MAP tolerates
SILENT = "no heartbeat came in time"  # the cause of a States.Timeout that TimeoutSeconds did not
NEW = const(24)  # bytes, at most, that a new frame's encoding has and no delta shows
_MAX_PATHS = const(8)  # more paths than this, and slot 0 counts as written whole


class Frame:
    def __init__(self, slots, counters):
        self.parent = None
        self.pc = 0
        self.entry = 0
        self.handler = 0
        self.state = 0
        self.entered = 0
        self.wait = 0
        self.counters = [0] * counters
        self.error = None
        self.cause = None
        self.slots = [MISSING] * slots
        self.index = None  # of a branch or item within its parent
        self.join = None  # what it waits for: tree.py
        self.known = None  # a value that slot 0 had, and its size, if that is large
        # Of the step under way only:
        self.dirty = 1  # bit per slot that was written; None: no step under way
        self.paths = None  # constants of the PUTs that wrote slot 0
        self.limits = NO_LIMITS  # of the next TASK or MAP
        self.fresh = False  # the join is of this step

    def copy(self):
        f = Frame(0, 0)
        f.parent = self.parent
        f.pc = self.pc
        f.entry = self.entry
        f.handler = self.handler
        f.state = self.state
        f.entered = self.entered
        f.wait = self.wait
        f.counters = self.counters
        f.error = self.error
        f.cause = self.cause
        f.slots = list(self.slots)
        f.index = self.index
        f.known = self.known
        if self.join:
            f.join = list(self.join)
            f.join[0] = list(f.join[0])
        f.dirty = 0
        return f

    def enter(self, state, now, entry):
        self.state = state
        self.entered = now
        self.entry = entry
        self.handler = 0
        self.limits = NO_LIMITS
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

    def encode(self, now):
        item = self.head() + [self.slots]
        item[5] = now - self.entered
        if self.parent is not None or self.join:
            item += [self.index, self.join]
        return item


def own(d, number):
    # the frame as this step may change it
    f = d.frames[number]
    if f.dirty is None:
        f = d.frames[number] = f.copy()
    return f


def decode_frame(item, now):
    f = Frame(0, 0)
    f.parent, f.pc, f.entry, f.handler, f.state, entered, f.wait = item[:7]
    f.entered = now - entered
    f.counters, f.error, f.cause, f.slots = item[7:11]
    if len(item) > 11:
        f.index, f.join = item[11:]
    f.dirty = None
    return f


def delta(buf, d, consts):
    if d.frames is None:  # a heartbeat, or a *started*
        return
    for number, index, output in d.ended:
        encode_into(buf, [number, index])
        encode_into(buf, output, True)
    frames = d.frames
    d.frames = d.ready = d.ended = None
    for number in range(len(frames)):
        f = frames[number]
        if f is None or f.dirty is None:
            continue
        head = f.head()
        head[5] = d.now - f.entered  # shorter than the time itself
        if f.parent is not None or f.join:
            head.append(f.index)
            # how far it is; at its beginning, its items too
            join = f.join
            head.append(join and join[1:] if f.fresh else join and join[1:3] + join[6:])
            f.fresh = False
        encode_into(buf, [number] + head)
        dirty = f.dirty
        for path in f.paths or ():
            if not dirty & 1:
                encode_into(buf, [0, path])
                encode_into(buf, at(f.slots[0], consts[path]))
                d.bound += encoded_size(consts[path])  # the names on the way may be new
        slot = 0
        while dirty:
            if dirty & 1:
                encode_into(buf, slot)
                encode_into(buf, f.slots[slot])
            dirty >>= 1
            slot += 1
        f.dirty = f.paths = None
        if f.known and f.known[0] is not f.slots[0]:
            f.known = None  # nobody else may hold it any more


def index(v, z):
    # item of an array; z is zigzag: 0, -1, 1, -2 ...
    n = -((z + 1) >> 1) if z & 1 else z >> 1
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
