# A machine whose steps do what their input lists, with drafts; the same list done by Run, with
# plain dicts and lists, is the model.  Runs on every interpreter.
#
# An operation is [name, where, ...].  `where` picks a container: each number one among the
# containers of the last one; "h" the one that was held.  What an operation gives, or which error
# it raised, goes into a transcript.
from collections import OrderedDict

BOXES = "dict list Ordered OrderedDict ObjectDraft ArrayDraft".split()


def is_box(v):
    return type(v).__name__ in BOXES


def is_object(v):
    return hasattr(v, "keys")


def inner(box):
    # (name or index, container) of each container in it
    if is_object(box):
        return [(k, box[k]) for k in list(box) if is_box(box[k])]
    return [(i, box[i]) for i in range(len(box)) if is_box(box[i])]


def made(v):
    # a container of one's own; its members keep their order
    if isinstance(v, dict):
        return OrderedDict([(k, made(x)) for k, x in v.items()])
    return [made(x) for x in v] if isinstance(v, list) else v


def told(v):
    # what an operation gave, as plain data
    if is_box(v):
        if is_object(v):
            return [[k, told(v[k])] for k in v]
        return [told(x) for x in v]
    return [told(x) for x in v] if isinstance(v, tuple) else v


def holds(box, other):
    return box is other or any([holds(v, other) for _, v in inner(box)])


def size(box):
    return 1 + sum([size(v) for _, v in inner(box)]) + len(box)


class Run:
    def __init__(self, state):
        self.state = state
        self.held = state
        self.transcript = []

    def at(self, where):
        box = self.state
        for n in where:
            if n == "h":
                box = self.held
                continue
            found = inner(box)
            if not found:
                break
            box = found[n % len(found)][1]
        return box

    def do(self, op):
        name, where = op[:2]
        box = self.at(where)
        kind = "object_" if is_object(box) else "array_"
        f = getattr(self, kind + name, None) or getattr(self, name, None)
        if f is None:
            return
        try:
            self.transcript.append(told(f(box, *op[2:])))
        except (KeyError, IndexError, ValueError, TypeError) as e:
            self.transcript.append(type(e).__name__)

    # --- any container ---

    def hold(self, box, *more):
        self.held = box

    def make(self, box, n, v, *more):
        # what is put in is changed afterwards, as long as it is held
        if is_box(v):
            self.held = v = made(v)
            self.into(box, n, v)

    def move(self, box, n, v, other, *more):
        # a container stands in two places, unless it would contain itself
        other = self.at(other)
        if not holds(other, box) and size(other) < 60:
            self.into(box, n, other)

    def into(self, box, n, v):
        if is_object(box):
            box["abcdef"[n % 6]] = v
        else:
            box.append(v)

    def read(self, box, *more):
        return box

    def size(self, box, *more):
        return [len(box), bool(box)]

    def same(self, box, n, v, other, *more):
        other = self.at(other)
        return [box == other, box != other, box == told(box), box is other]

    # --- objects ---

    def object_set(self, box, n, v, *more):
        box["abcdef"[n % 6]] = made(v)

    def object_add(self, box, n, v, *more):
        k = "abcdef"[n % 6]
        if type(box[k]) in (int, str):  # floats would be added as the interpreter has them
            box[k] += v if type(v) in (int, str) else 1
        else:
            box[k] += [made(v)]

    def object_delete(self, box, n, *more):
        del box["abcdef"[n % 6]]

    def object_pop(self, box, n, v, *more):
        return box.pop("abcdef"[n % 6], None) if n & 8 else box.pop("abcdef"[n % 6])

    def object_get(self, box, n, v, *more):
        k = "abcdef"[n % 6]
        return [k in box, box.get(k), box.get(k, 7)]

    def object_setdefault(self, box, n, v, *more):
        return box.setdefault("abcdef"[n % 6], made(v))

    def object_update(self, box, n, v, *more):
        box.update(OrderedDict((("abcdef"[(n + 2) % 6], v), ("abcdef"[n % 6], n))))

    def object_pairs(self, box, n, v, *more):
        box.update([("abcdef"[n % 6], v)])

    def object_clear(self, box, n, *more):
        if n < 3:
            box.clear()

    def object_list(self, box, *more):
        return [list(box), list(box.keys()), list(box.values()), list(box.items())]

    def object_copy(self, box, n, v, *more):
        # a shallow one: containers in it are those of the state
        other = box.copy()
        other["new"] = 1
        for k, x in inner(other):
            if not is_object(x):
                x.append(k)
        return other

    # --- arrays ---

    def array_set(self, box, n, v, *more):
        box[n - 8] = made(v)

    def array_append(self, box, n, v, *more):
        box.append(made(v))

    def array_extend(self, box, n, v, *more):
        box.extend([n, made(v)])

    def array_add(self, box, n, v, other, *more):
        box += [made(v)]
        return box + [n]

    def array_insert(self, box, n, v, *more):
        box.insert(n - 8, made(v))

    def array_pop(self, box, n, *more):
        return box.pop() if n & 1 else box.pop(n - 8)

    def array_delete(self, box, n, *more):
        del box[n - 8]

    def array_cut(self, box, n, v, *more):
        del box[n % 4 : n % 7]

    def array_splice(self, box, n, v, *more):
        box[n % 4 : n % 7] = [made(v), n]

    def array_remove(self, box, n, v, *more):
        box.remove(v)

    def array_find(self, box, n, v, *more):
        return [v in box, box.count(v), box.index(v)]

    def array_reverse(self, box, *more):
        box.reverse()

    def array_sort(self, box, n, *more):
        kinds = set([type(v) for v in box])
        if len(kinds) == 1 and kinds <= set((int, str)):
            box.sort(reverse=bool(n & 1))
        elif all([is_box(v) for v in box]):
            box.sort(key=len, reverse=bool(n & 1))

    def array_clear(self, box, n, *more):
        if n < 3:
            box.clear()

    def array_list(self, box, n, *more):
        return [list(box), box[n % 4 :], box[: n % 7], box[-1], list(reversed(box))]

    def array_copy(self, box, *more):
        other = box.copy()
        other.append(1)
        return other


class Ops:
    initial = {
        "a": 1,
        "b": {"c": [1, [2], {"d": 3}], "e": "text"},
        "c": [[1, 2], {"a": []}, [{"f": [3]}, 4, 5]],
        "d": {"a": {"b": {"c": {}}}, "z": [0, 1, 2, 3]},
    }
    last = None

    def stf(state, input, actions):
        run = Run(state)
        for op in input.value["ops"]:
            run.do(op)
        Ops.last = run.held
        actions.log(run.transcript)
        if input.value["raise"]:
            raise ValueError("undo it all")
