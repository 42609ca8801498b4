# Random PUTs on any interpreter, with tracked sizes and with every value measured whole: prints
# how many of each there were, or where the two differ.
from tsme.kernel.rng import Rng
from tsme.program import instructions, sizes
from tsme.program.frames import Frame
from tsme.program.instructions import put_
from tsme.values import Obj
from tsme.values.cbor import measure

NAMES = ("a", "b", "name" * 6, "é", "n" * 300)


class Vm:
    largest = 1200


class Draft:
    bound = 0


def value(rng, deep):
    kind = rng.below(9 if deep else 5)
    if kind < 2:
        return rng.below(1 << rng.below(33))
    if kind < 5:
        return (None, "text" * rng.below(9), "é" * rng.below(70))[kind - 2]
    count = rng.below(4) if rng.below(9) else rng.below(30)
    if kind < 7:
        return [value(rng, deep - 1) for _ in range(count)]
    return Obj([(f"k{n}", value(rng, deep - 1)) for n in range(count)])


def nested(n):
    v = []
    for _ in range(n - 1):
        v = [v]
    return v


def path(rng):
    if not rng.below(40):
        return ["a"] * rng.below(33)
    steps = []
    for _ in range(rng.below(4)):
        steps.append(rng.below(2) if not rng.below(20) else NAMES[rng.below(len(NAMES))])
    return steps


def attempt(vm, f, v):
    try:
        put_(vm, None, 0, f, [v], 0)
    except Exception as e:
        return e.number
    return 0


def main():
    rng = Rng(7)
    seen = [0, 0]  # values whose size was known, and not
    errors = [0] * 10
    tracked, plain = Frame(1, 0), Frame(1, 0)
    for n in range(6000):
        if not n % 20:
            tracked.slots[0] = plain.slots[0] = Obj([("large", "x" * 300)])
        vm = Vm()
        vm.consts = [path(rng)]
        v = nested(rng.below(40)) if not rng.below(30) else value(rng, 3)
        plain.known = None
        one, other = attempt(vm, tracked, v), attempt(vm, plain, v)
        if one != other or tracked.slots[0] != plain.slots[0]:
            print("differs", n, one, other)
            return
        errors[one] += 1
        known = tracked.known
        seen[bool(known)] += 1
        if known and known[0] is tracked.slots[0]:
            size, depth = measure(known[0])
            if size != known[1] or depth > 32:
                print("wrong", n, known[1], size, depth)
                return
    print(*seen + [errors[2], errors[7]])


def work():
    # What 50 small results beside a large value make it look at: the large value once.
    f = Frame(1, 0)
    f.slots[0] = Obj([("large", list(range(1000))), ("n", 0)])
    vm = Vm()
    vm.largest = 100000
    looks = []

    def counting(v, *most):
        looks.append(len(v["large"]) if type(v) is Obj and "large" in v else 0)
        return measure(v, *most)

    instructions.measure = sizes.measure = counting
    for n in range(50):
        vm.consts = [["n"] if n % 3 else ["deep", "er", f"r{n}"]]
        put_(vm, None, 0, f, [n if n % 2 else Obj([("n", n)])], 0)
        f = Frame(0, 0, f)  # as the next step does
    print(sum(looks))


main()
work()
