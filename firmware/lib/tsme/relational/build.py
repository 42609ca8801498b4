# A schema of a relational machine, compiled to bit masks (docs/SPEC.md, 9); loaded for that alone.
from collections import OrderedDict

from ..errors import fault
from ..values.cbor import Obj, encode

_EXCEPTION = "Exception"


def build(name, version, states, order=None, groups=None):
    # -> the bytes of a .tsr.  states: {name: {auto, multi, require, add, remove, after, tags}}, or
    # pairs.  order: all names by index; without it as pairs or an OrderedDict have them, and
    # sorted for a plain dict, which has no order on boards.  Checks nothing that is a matter of
    # taste: the laptop does.
    pairs = states.items() if isinstance(states, dict) else states
    given = OrderedDict(sorted(pairs) if type(states) is dict else pairs)
    if order is None:
        order = list(given)
    elif sorted(order) != sorted(given) and sorted(order) != sorted(set(given) | {_EXCEPTION}):
        raise fault("TSME-M014", name, ", ".join(order))
    names = list(order)
    if _EXCEPTION not in names:
        names.append(_EXCEPTION)
    if _EXCEPTION not in given:
        given[_EXCEPTION] = {"multi": True}
    index = {n: i for i, n in enumerate(names)}
    auto = multi = 0
    error = None
    lists = [[], [], [], []]  # require, add, remove, after, by index
    tags = Obj()
    for i, n in enumerate(names):
        s = given[n]
        auto |= bool(s.get("auto")) << i
        multi |= bool(s.get("multi")) << i
        require, add, remove, after, text = sound(n, s, index)
        error = error or text
        for out, there in zip(lists, (require, add, remove, after)):
            out.append([index.get(x, len(names)) for x in there])
        if s.get("tags"):
            tags[n] = list(s["tags"])
    require, add, remove, after = lists
    body = [1, name, version, names, packed(auto), packed(multi)]
    body += [[packed(mask(m)) for m in require], add]
    body += [[packed(mask(m)) for m in remove], [packed(mask(m)) for m in after]]
    body += [ranks(require), tags, grouped(name, groups or {}, index), error]
    return encode(body, True)


def sound(name, s, index):
    # -> the four relations of a state as the machine takes them, and what is wrong with them
    require, add, remove, after = [
        unique(s.get(key) or ()) for key in ("require", "add", "remove", "after")
    ]
    remove = [x for x in remove if x != name and x not in add]
    add = [x for x in add if x in index]
    both = [x for x in require if x in remove]
    text = None
    if both:
        text = "the state %s both requires and removes %s" % (name, ", ".join(both))
    remove = [x for x in remove if x in index]
    return require, add, remove, [x for x in after if x in index and x != name], text


def unique(names):
    out = []
    for n in names:
        if n not in out:
            out.append(n)
    return out


def mask(indexes):
    out = 0
    for i in indexes:
        out |= 1 << i
    return out


def packed(bits):
    out = bytearray()
    while bits:
        out.append(bits & 255)
        bits >>= 8
    return bytes(out)


def ranks(require):
    # By depth first, from states in index order along Require in its own: what is required before
    # who requires it, from 1; 0 who has no part in it.  None: nobody has, or there is a circle.
    size = len(require)
    out = [0] * size
    under = [False] * size
    n = 0
    for root in range(size):
        way = [(root, 0)] if require[root] and not out[root] else []
        while way:
            i, k = way.pop()
            under[i] = True
            if k < len(require[i]):
                way.append((i, k + 1))
                j = require[i][k]
                if j < size and under[j]:
                    return None
                if j < size and not out[j]:
                    way.append((j, 0))
            else:
                under[i] = False
                n += 1
                out[i] = n
    return out if n else None


def grouped(name, groups, index):
    out = Obj()
    for g in sorted(groups) if type(groups) is dict else groups:
        missing = [x for x in groups[g] if x not in index]
        if missing:
            raise fault("TSME-M015", name, g, ", ".join(missing))
        out[g] = packed(mask([index[x] for x in groups[g]]))
    return out
