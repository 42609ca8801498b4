# What a state machine may change: drafts of the state's objects and arrays.
#
# Values are never changed in place.  A draft reads from the value that was, and copies it before
# its first change; value() gives the one that is to be, which shares with the old one whatever
# was not touched.  So a step that raises leaves nothing behind, and costs nothing to undo.  What
# changed is known, so the digest's cost follows it.
#
# Dicts and lists that a machine makes itself and puts into the state stay what they are until the
# step ends: it may go on changing them.
import sys

from ..errors import fault, over
from ..values import DEPTH, Obj
from ..values.cbor import decode, encode, encode_into, measure, put_head
from ..values.numbers import INT_MAX, INT_MIN

if sys.implementation.name == "cpython":

    class Ordered(dict):  # OrderedDict is slow there
        pass

else:
    Ordered = Obj


def own(v):
    # recursion: at most 32, the depth of a value
    # A copy that may be changed, and keeps the order of members.
    t = type(v)
    if t is Obj:
        return Ordered([(k, x if type(x) in _LEAVES else own(x)) for k, x in v.items()])
    return [x if type(x) in _LEAVES else own(x) for x in v] if t is list else v


def frozen(v, deep=0, last=False):
    # recursion: at most 33, which it counts
    # A value of what somebody made of dicts, lists, tuples and drafts: a copy of its own.  deep:
    # arrays and objects around it.  last: its drafts are not changed any more.
    if type(v) in _LEAVES:
        return v if last else leaf(v)
    if not isinstance(v, _BOXES):
        return leaf(v)
    if deep >= DEPTH:
        raise over("TSME-V006", DEPTH + 1, DEPTH)
    if isinstance(v, Draft):
        v = v.value(deep, last)
        if deep + measure(v)[1] > DEPTH:
            raise over("TSME-V006", DEPTH + 1, DEPTH)
        return v
    deep += 1
    if not isinstance(v, dict):
        return [frozen(x, deep, last) for x in v]
    for k in v:
        if type(k) is not str:
            raise fault("TSME-M001", k, type(k).__name__)
    out = Obj()
    for k in order(v):
        x = v[k]
        if type(x) not in _LEAVES:
            x = frozen(x, deep, last)
        elif not last:
            x = leaf(x)
        out[k] = x
    return out


def leaf(v):
    # v as the kernel has it, which is no object or array; an error if it is no value
    t = type(v)
    if t is int:
        if INT_MIN <= v <= INT_MAX:
            return v
    elif v is None or t is bool or t is str and _simple(v):
        return v
    b = encode(v)
    return v if t is str else decode(b)[0]


def _simple(v):
    try:
        return len(v.encode()) == len(v)
    except UnicodeError:
        return False


def sound(v):
    # v as a draft may hold it
    return v if isinstance(v, _BOXES) else leaf(v)


def order(v):
    # A plain dict has no order on most boards: its members are sorted on all of them.
    return sorted(v) if type(v) is dict else v


class Draft:
    # now: what is, the old value itself until the first change.  kids: what was handed out or put
    # in since, by name or index.  parent: whose change this one's is, too.  root.open: the step
    # is under way, and the state may be changed.
    kids = root = None  # root: of another draft than the first
    open = True
    changed = 0  # 1: members have, 2: items have changed their places
    ends = 0  # 1: the last value() is under way, 2: done
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
            self.now = self.base.copy()
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
        kids[k] = v = KINDS[type(v)](v, self)
        return v

    def put(self, k, v):
        if isinstance(v, _BOXES):
            if self.kids is None:
                self.kids = {}
            self.kids[k] = v
        elif self.kids:
            self.kids.pop(k, None)
        self.now[k] = v

    def __len__(self):
        return len(self.now)

    def __eq__(self, other):
        from ..values.ranking import alike

        return isinstance(other, _BOXES) and alike(self, other)

    __hash__ = None

    def value(self, deep=0, last=False):
        # recursion: at most 33, the depth of a value
        # What it holds by now, as a value.
        if not self.changed:
            return self.base
        if self.ends == 2:
            return self.now
        if self.ends:
            raise fault("TSME-M003")
        if last:
            self.ends = 1
        out = self.now.copy() if not last or self.now is self.base else self.now
        for k in self.kids or ():
            v = self.kids[k]
            if not isinstance(v, Draft) or self.now[k] is v:  # it was put in
                out[k] = frozen(v, deep + 1, last)
            elif v.changed:
                out[k] = v.value(deep + 1, last)
        if last:
            self.now = out
            self.ends = 2
        return out

    def below(self, buf, n, path):
        # recursion: at most 32, the depth of a value
        # The changes of members that are the same ones still, in an order that is no accident.
        seen = self.seen or ()
        kids = self.kids
        changed = [k for k in kids if isinstance(kids[k], Draft) and kids[k].changed]
        for k in sorted(changed) if len(changed) > 1 else changed:
            if k not in seen:
                inner = bytearray(path)
                encode_into(inner, k)
                kids[k].delta(buf, n + 1, inner)


class ObjectDraft(Draft):
    def __getitem__(self, k):
        v = self.now[k]
        return self.hand(k, v) if type(v) in _BOXES else v

    def get(self, k, default=None):
        return self[k] if k in self.now else default

    def __setitem__(self, k, v):
        kids = self.kids
        if type(v) not in _LEAVES:
            if kids and k in kids and kids[k] is v:
                return  # as `state[k] += [...]` does
            v = sound(v)
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
        elif not (self if self.root is None else self.root).open:
            raise fault("TSME-M002")
        if kids or type(v) not in _LEAVES:
            self.put(k, v)
        else:
            self.now[k] = v

    def __delitem__(self, k):
        if k not in self.now:
            raise KeyError(k)
        self.touch()
        del self.now[k]
        if self.kids:
            self.kids.pop(k, None)
        if self.seen is None:
            self.steps = []
            self.seen = {}
        else:
            self.seen.pop(k, None)  # written again, it is the last of them
        self.steps += (None, k)

    def __contains__(self, k):
        return k in self.now

    def __iter__(self):
        return iter(list(self.now))

    def __repr__(self):
        return "{" + ", ".join(["%r: %r" % pair for pair in self.items()]) + "}"

    def keys(self):
        return list(self.now)

    def values(self):
        return [self[k] for k in self.now]

    def items(self):
        return [(k, self[k]) for k in self.now]

    def copy(self):
        return Ordered(self.items())

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
                pairs = [(k, pairs[k]) for k in order(pairs)]
            for k, v in pairs:
                self[k] = v

    def clear(self):
        for k in list(self.now):
            del self[k]

    def delta(self, buf, n, path):
        # What changed: docs/SPEC.md, 6.  n, path: how many names lead here, and they.
        if self.steps:
            put_head(buf, 4, n)
            buf += path
            put_head(buf, 4, len(self.steps))
            for k in self.steps:
                encode_into(buf, k)
            now = self.now
            left = self.seen if len(self.steps) == len(self.seen) else dict(self.seen)
            for k in self.steps:
                if left is self.seen or left.pop(k, False):
                    encode_into(buf, now[k])
        if self.kids:
            self.below(buf, n, path)


_LEAVES = (int, str, bool, type(None))
KINDS = {Obj: ObjectDraft}  # and list: the package says it
_BOXES = (dict, Obj, list, tuple, Draft, ObjectDraft)  # what may be changed in, or holds such
