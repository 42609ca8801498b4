# What a relational machine is asked for once: when it is made, when an execution begins, and when
# one is read back.  Loaded for that alone.
from .. import const, once
from ..draft import drafts
from ..errors import fault
from ..values import Obj
from ..values.cbor import decode, encode_all

# As resolve.py and turn.py have them.
_ADD = const(0)
_EVAL = const(3)


def schema(s, data, end):
    # `s`: a Schema.  `end`: what stands behind each name
    item, size = decode(data, 0, True)
    if size != len(data) or type(item) is not list or len(item) != 14 or item[0] != 1:
        raise fault("TSME-M016")
    s.name, s.version, names = item[1:4]
    s.count = len(names)
    s.text = end + end.join(names) + end
    if s.text.count(end) != s.count + 1:
        raise fault("TSME-M016")
    s.auto, s.multi = [number(m) for m in item[4:6]]
    s.require, s.requiring = there([number(m) for m in item[6]])
    s.add, s.adding = there([tuple(a) for a in item[7]])
    s.remove, s.removing = there([number(m) for m in item[8]])
    s.after, _ = there([number(m) for m in item[9]])
    ranks, s.tags, groups, s.error = item[10:]
    s.ranks = bytes(ranks) if ranks and len(ranks) < 256 else ranks
    s.groups = {g: number(groups[g]) for g in groups}
    s.health = [(names.index(n),) for n in ("Heartbeat", "Healthcheck") if n in names]


def number(b):
    return int.from_bytes(b, "little")


def there(relations):
    # -> those that are there, by state, and the mask of these
    out = {}
    m = 0
    for i, one in enumerate(relations):
        if one:
            out[i] = one
            m |= 1 << i
    return out, m


def made(c, machine, schema_of):
    # `c`: a Relational
    data = c.data = compiled(machine)
    s = c.schema = schema_of(data)
    c.name = s.name
    c.version = s.version
    c.budget = getattr(machine, "budget", 256)
    c.digest = once("values.hashes", "digest", "sha256", data)[:8]
    c.tasks = list(getattr(machine, "tasks", ()))
    c.initial = drafts.frozen(getattr(machine, "initial", {}))
    if type(c.initial) is not Obj:
        raise fault("TSME-M009", s.name)
    before = getattr(machine, "before", None)
    if isinstance(before, str):
        raise fault("TSME-M026", s.name, before)
    c.deadline = getattr(machine, "deadline", 1000)
    c.queue_limit = getattr(machine, "queue_limit", 1000)
    handlers(c, machine, s.number)


def compiled(machine):
    # -> the schema's bytes: what `tsme compile` made of it, or made here of its `states`
    data = getattr(machine, "schema", None)
    if isinstance(data, str):
        with open(data, "rb") as f:
            return f.read()
    if data is not None:
        return data
    return once("relational.authored relational.standard relational.build", "compiled", machine)


def handlers(c, machine, number):
    # Those of the class, by what they are for.
    sorts = (("Exit", 0), ("Enter", 1), ("End", 5), ("State", 6))
    for name in dir(machine):
        if name[:1] == "_":
            continue
        for end, sort in sorts:
            i = number(name[: -len(end)]) if name.endswith(end) else None
            if i is not None:
                c.handler(name, sort, i, -1)
        if name == "AnyEnter" or name == "AnyState":
            c.handler(name, 4 if name == "AnyEnter" else 7, -1, -1)
        for k in range(1, len(name)):
            i = number(name[:k])
            if i is not None:
                j = number(name[k:])
                if j is not None:
                    c.handler(name, 2 if i == j else 3, i, j)


def start(m, value):
    c = m._c
    s = c.schema
    if s.error:
        m.error = ["Schema", s.error]
        m.later(_ADD, (s.exception,), drafts.frozen({"error": "Schema", "cause": s.error}))
        m.drain()
    args = value if isinstance(value, dict) else None
    begin = getattr(c.machine, "start", None)
    if begin:
        m.args = drafts.own(args) if args else {}
        begin(m)  # calls: what the user wrote
    elif s.number("Start") is not None:
        m.add("Start", args)


def whole(c, d, part):
    # The delta of a step that makes all of it.
    d.frames = bytearray()
    encode_all(d.frames, (c.encode(part, d.now),), True)
    return part


def decoded(c, part_of, item):
    ticks, active, queue_tick, machine_tick, queue, error, subs, acts, data = item
    if len(ticks) != c.schema.count:
        raise fault("TSME-M018", c.name, len(ticks), c.schema.count)
    part = part_of(ticks, c.node(active, None), data)
    part.queue_tick = queue_tick
    part.machine_tick = machine_tick
    part.queue = [(q[0], q[1] if q[0] == _EVAL else tuple(q[1]), q[2], q[3], q[4]) for q in queue]
    part.error = error
    part.subs = subs
    part.acts = {a[0]: (tuple(a[1]), tuple(a[2]), a[3], a[4]) for a in acts}
    return part
