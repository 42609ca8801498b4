# A compiled schema (docs/SPEC.md, 9), as the machine works with it: masks are integers.
from ..errors import fault
from ..values.cbor import decode


class Schema:
    def __init__(self, data):
        item, end = decode(data, 0, True)
        if end != len(data) or type(item) is not list or len(item) != 14 or item[0] != 1:
            raise fault("TSME-M016")
        self.name, self.version, self.names = item[1:4]
        number = _number
        self.auto = number(item[4])
        self.multi = number(item[5])
        self.require = [number(m) for m in item[6]]
        self.add = [tuple(a) for a in item[7]]  # an empty one takes nothing
        self.remove = [number(m) for m in item[8]]
        self.after = [number(m) for m in item[9]]
        self.ranks, self.tags, groups, self.error = item[10:]
        self.groups = {g: number(groups[g]) for g in groups}
        names = self.names
        self.bits = [1 << i for i in range(len(names))]
        self.index = {n: i for i, n in enumerate(names)}
        self.exception = self.index["Exception"]
        self.health = [(self.index[n],) for n in ("Heartbeat", "Healthcheck") if n in self.index]
        self.blockers = [0] * len(names)  # who removes it
        self.relations = 0  # who requires somebody
        self.sorted = False  # does After say anything?
        for i, bit in enumerate(self.bits):
            if self.require[i]:
                self.relations |= bit
            if self.after[i]:
                self.sorted = True
            m = self.remove[i]
            j = 0
            while m:
                if m & 1:
                    self.blockers[j] |= bit
                m >>= 1
                j += 1

    def indexes(self, states):
        # of one name or several, each once
        index = self.index
        if isinstance(states, str):
            i = index.get(states)
            if i is not None:
                return (i,)
            states = (states,)
        out = []
        for n in states:
            i = index.get(n)
            if i is None:
                raise fault("TSME-M017", self.name, n)
            if i not in out:
                out.append(i)
        return tuple(out)

    def named(self, indexes):
        return [self.names[i] for i in indexes]


def _number(b):
    return int.from_bytes(b, "little")
