# What a state machine may change: drafts of the state's objects and arrays.
#
# Values are never changed in place.  A draft reads from the value that was, and copies it before
# its first change; finish() gives the value that is to be, which shares with the old one whatever
# was not touched.  So a step that raises leaves nothing behind, and costs nothing to undo.  What
# changed is known, so the digest's cost follows it.
from .cbor import encode_into, put_head
from .errors import fault, over
from .values import DEPTH, MISSING, Obj

_WHOLE = 2  # items have changed their places; 1: members have changed, 0: nothing has


def draft(v, parent=None):
    # of an object or array; other values are as they are
    t = type(v)
    if t is Obj:
        return ObjectDraft(v, parent)
    return ArrayDraft(v, parent) if t is list else v


def frozen(v, deep=0):
    # A value of what somebody made of dicts, lists, tuples and drafts: a copy of its own.
    if isinstance(v, Draft):
        return v.finish()
    if isinstance(v, (dict, list, tuple)):
        if deep >= DEPTH:
            raise over("TSME-V006", DEPTH + 1, DEPTH)
        if isinstance(v, dict):
            for k in v:
                if type(k) is not str:
                    raise fault("TSME-M001", k, type(k).__name__)
            return Obj([(k, frozen(v[k], deep + 1)) for k in _order(v)])
        return [frozen(x, deep + 1) for x in v]
    return v


def _order(v):
    # A plain dict has no order on most boards: its members are sorted on all of them.
    return sorted(v) if type(v) is dict else v


def plain(v):
    # what a draft or value holds, for comparing and showing
    if isinstance(v, Draft):
        v = v.now
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    return [plain(x) for x in v] if isinstance(v, (list, tuple)) else v


class Draft:
    # now: what is, the old value itself until the first change.  kids: what was handed out or put
    # in since, by name or index.  parent: whose change this one's is, too.  root.open: the step
    # is under way, and the state may be changed.
    kids = root = None  # root: of another draft than the first
    open = True
    changed = 0
    ends = 0  # 1: finish() is under way, 2: done
    steps = None  # names in the order they were written; before one deleted stands None
    seen = None  # names or indexes that were written, as keys

    def __init__(self, base, parent=None):
        self.base = self.now = base
        self.parent = parent
        if parent is not None:
            self.root = parent if parent.root is None else parent.root

    def touch(self):
        # Before a change: a copy, and whoever holds it learns of it.
        if not (self if self.root is None else self.root).open:
            raise fault("TSME-M002")
        if self.now is self.base:
            self.now = type(self.base)(self.base)
        d = self
        while d is not None and not d.changed:
            d.changed = 1
            d = d.parent

    def hand(self, k, v):
        # member k, of which v is the value: as somebody may have it who changes it
        kids = self.kids
        if kids is None:
            kids = self.kids = {}
        elif k in kids:
            return kids[k]
        kids[k] = v = draft(v, self)
        return v

    def put(self, k, v):
        self.now[k] = v
        if isinstance(v, _BOXES):
            if self.kids is None:
                self.kids = {}
            self.kids[k] = v
        elif self.kids:
            self.kids.pop(k, None)

    def __len__(self):
        return len(self.now)

    def __eq__(self, other):
        return plain(self) == plain(other)

    def __repr__(self):
        return repr(plain(self))

    __hash__ = None

    def copy(self):
        return plain(self)

    def finish(self):
        # The value that is to be.
        if self.ends == 1:
            raise fault("TSME-M003")
        if self.ends == 0 and self.kids:
            self.ends = 1
            for k in self.kids:
                v = self.kids[k]
                if not isinstance(v, Draft):
                    v = frozen(v, 1)
                elif v.changed or v.base is not self.now[k]:
                    v = v.finish()
                else:
                    continue
                if self.now is self.base:
                    self.now = type(self.base)(self.base)
                self.now[k] = v
        self.ends = 2
        return self.now

    def below(self, buf, path):
        # The changes of members that are the same ones still, in an order that is no accident.
        seen = self.seen
        for k in sorted(self.kids) if self.kids else ():
            kid = self.kids[k]
            if isinstance(kid, Draft) and kid.changed and not (seen and k in seen):
                kid.delta(buf, path + [k])


class ObjectDraft(Draft):
    def __getitem__(self, k):
        v = self.now[k]
        return self.hand(k, v) if type(v) in _BOXES else v

    def get(self, k, default=None):
        return self[k] if k in self.now else default

    def __setitem__(self, k, v):
        seen = self.seen
        if seen is None or k not in seen:
            if type(k) is not str:
                raise fault("TSME-M001", k, type(k).__name__)
            self.touch()
            if seen is None:
                self.steps = []
                seen = self.seen = {}
            seen[k] = True
            self.steps.append(k)
        if type(v) in _LEAVES and not self.kids:
            self.now[k] = v
        else:
            self.put(k, v)

    def __delitem__(self, k):
        if k not in self.now:
            raise KeyError(k)
        self[k] = None
        del self.now[k]
        del self.seen[k]  # written again, it is the last of them
        self.steps += (None, k)

    def __contains__(self, k):
        return k in self.now

    def __iter__(self):
        return iter(list(self.now))

    def keys(self):
        return list(self.now)

    def values(self):
        return [self[k] for k in self.now]

    def items(self):
        return [(k, self[k]) for k in self.now]

    def pop(self, k, *default):
        if default and k not in self.now:
            return default[0]
        v = self[k]
        del self[k]
        return v

    def setdefault(self, k, default=None):
        if k not in self.now:
            self[k] = default
        return self[k]

    def update(self, other=(), **more):
        for pairs in (other, more):
            if isinstance(pairs, (dict, ObjectDraft)):
                pairs = [(k, pairs[k]) for k in _order(pairs)]
            for k, v in pairs:
                self[k] = v

    def clear(self):
        for k in list(self.now):
            del self[k]

    def delta(self, buf, path):
        # What changed: docs/SPEC.md, 6.
        if self.steps:
            encode_into(buf, path) if path else buf.append(0x80)
            put_head(buf, 4, len(self.steps))
            for k in self.steps:
                encode_into(buf, k)
            for k in self.steps:
                if k in self.seen:
                    encode_into(buf, self.now[k])
        self.below(buf, path)


class ArrayDraft(Draft):
    def at(self, i):
        n = len(self.now)
        if i < 0:
            i += n
        if not 0 <= i < n:
            raise IndexError("the array has %d items" % n)
        return i

    def __getitem__(self, i):
        if isinstance(i, slice):
            return [self[j] for j in range(len(self.now))[i]]
        v = self.now[i]
        return self.hand(self.at(i), v) if type(v) in _BOXES else v

    def written(self, i):
        if self.changed != _WHOLE:
            if self.seen is None:
                self.seen = {}
            self.seen[i] = True

    def whole(self):
        # Items change their places: a list of its own, with what was handed out in it.
        self.touch()
        self.changed = _WHOLE
        out = self[:]
        self.kids = None
        return out

    def fill(self, items):
        self.now[:] = []
        for v in items:
            self.now.append(None)
            self.put(len(self.now) - 1, v)

    def __setitem__(self, i, v):
        if isinstance(i, slice):
            items = self.whole()
            start, stop, step = i.indices(len(items))
            if step != 1:
                raise fault("TSME-M004")
            return self.fill(items[:start] + list(v) + items[max(start, stop) :])
        i = self.at(i)
        self.touch()
        self.written(i)
        self.put(i, v)

    def append(self, v):
        self.touch()
        i = len(self.now)
        self.now.append(None)
        self.written(i)
        self.put(i, v)

    def __iadd__(self, items):
        for v in list(items):
            self.append(v)
        return self

    extend = __iadd__

    def pop(self, i=-1):
        i = self.at(i)
        v = self[i]
        if i < len(self.now) - 1:
            items = self.whole()
            items.pop(i)
            self.fill(items)
        else:
            self.touch()
            self.now.pop()
            for those in (self.kids, self.seen):
                if those:
                    those.pop(i, None)
        return v

    def __delitem__(self, i):
        if isinstance(i, slice):
            gone = range(len(self.now))[i]
            items = self.whole()
            self.fill([items[j] for j in range(len(items)) if j not in gone])
        else:
            self.pop(i)

    def insert(self, i, v):
        items = self.whole()
        items.insert(i, v)
        self.fill(items)

    def index(self, v):
        return self[:].index(v)

    def remove(self, v):
        self.pop(self.index(v))

    def count(self, v):
        return self[:].count(v)

    def __contains__(self, v):
        return v in self[:]

    def __iter__(self):
        return iter(self[:])

    def clear(self):
        self.whole()
        self.fill([])

    def reverse(self):
        self.fill(self.whole()[::-1])

    def sort(self, key=None, reverse=False):
        self.fill(sorted(self.whole(), key=key, reverse=reverse))

    def delta(self, buf, path):
        encode_into(buf, path)
        if self.changed == _WHOLE:
            return encode_into(buf, self.now)
        encode_into(buf, len(self.now))
        for i in sorted(self.seen or ()):
            encode_into(buf, i)
            encode_into(buf, self.now[i])
        encode_into(buf, MISSING, True)
        self.below(buf, path)


_LEAVES = (int, str, bool, type(None))
_BOXES = (dict, Obj, list, tuple, ObjectDraft, ArrayDraft)  # what may be changed in, or holds such
