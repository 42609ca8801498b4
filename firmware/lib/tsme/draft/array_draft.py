# A draft of an array.
from ..errors import fault
from ..values.cbor import encode_into, put_head
from .drafts import _BOXES, Draft, sound

_WHOLE = 2  # as Draft.changed has it


class ArrayDraft(Draft):
    def at(self, i):
        n = len(self.now)
        if i < 0:
            i += n
        if not 0 <= i < n:
            raise IndexError("the array has %d items" % n)
        return i

    def __getitem__(self, i):
        v = self.now[i]
        if isinstance(i, slice):
            return [self[j] for j in range(len(self.now))[i]]
        return self.hand(self.at(i), v) if type(v) in _BOXES else v

    def __iter__(self):
        i = 0
        while i < len(self.now):
            v = self.now[i]
            yield self.hand(i, v) if type(v) in _BOXES else v
            i += 1

    def __contains__(self, v):
        return self.place(v) is not None

    def __add__(self, items):
        return self[:] + items[:]

    def __repr__(self):
        return repr(self[:])

    def copy(self):
        return self[:]

    def place(self, v, start=0, stop=None):
        # of the first item that equals v
        from ..values.ranking import alike

        for i in range(len(self.now))[start:stop]:
            if alike(self[i], v):
                return i
        return None

    def index(self, v, *more):
        i = self.place(v, *more)
        if i is None:
            raise ValueError("no item of the array equals this")
        return i

    def count(self, v):
        from ..values.ranking import alike

        return sum([alike(x, v) for x in self])

    # --- changes ---

    def written(self, i):
        if self.changed != _WHOLE:
            if self.seen is None:
                self.seen = {}
            self.seen[i] = True

    def fill(self, items):
        # Items change their places.
        items = [sound(v) for v in items]
        self.touch()
        self.changed = _WHOLE
        self.kids = None
        self.now[:] = items
        for i in range(len(items)):
            self.put(i, items[i])

    def __setitem__(self, i, v):
        if isinstance(i, slice):
            if range(len(self.now))[i].step != 1:
                raise fault("TSME-M004")
            items = self[:]
            items[i] = list(v)
            return self.fill(items)
        i = self.at(i)
        if self.kids and i in self.kids and self.kids[i] is v:
            return  # as `array[i] += [...]` does
        v = sound(v)
        self.touch()
        self.put(i, v)
        self.written(i)

    def append(self, v):
        v = sound(v)
        self.touch()
        i = len(self.now)
        self.now.append(None)
        self.put(i, v)
        self.written(i)

    def extend(self, items):
        for v in list(items):
            self.append(v)

    def __iadd__(self, items):
        self.extend(items)
        return self

    def pop(self, i=-1):
        i = self.at(i)
        v = self[i]
        if i < len(self.now) - 1:
            items = self[:]
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
            self.fill([self[j] for j in range(len(self.now)) if j not in gone])
        else:
            self.pop(i)

    def insert(self, i, v):
        items = self[:]
        items.insert(i, v)
        self.fill(items)

    def remove(self, v):
        self.pop(self.index(v))

    def clear(self):
        self.fill([])

    def reverse(self):
        self.fill(self[:][::-1])

    def sort(self, key=None, reverse=False):
        from ..values.ranking import ranked

        self.fill(ranked(self[:], key, reverse))

    def delta(self, buf, n, path):
        # docs/SPEC.md, 6
        put_head(buf, 4, n)
        buf += path
        if self.changed == _WHOLE:
            return encode_into(buf, self.now)
        put_head(buf, 0, len(self.now))
        for i in sorted(self.seen or ()):
            put_head(buf, 0, i)
            encode_into(buf, self.now[i])
        buf.append(0xF7)
        if self.kids:
            self.below(buf, n, path)
