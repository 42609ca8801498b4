# Sorts arrays of a state, with numbers that are close to each other, equal items and keys of
# several kinds, and prints what comes of it: the same on every interpreter.
import binascii

from tsme.draft.drafts import ObjectDraft
from tsme.kernel.rng import Rng
from tsme.values import Obj, decimal
from tsme.values.cbor import encode

NEAR = "16777216 16777217 16777217.0 9007199254740992 9007199254740993 9007199254740993.0".split()
NUMBERS = [decimal.parse(s) for s in "0 -0.0 0.0 1 1.0 2 2.5 0.1 0.3 1e300 1e-320".split() + NEAR]
TEXTS = ["", "a", "b", "ab", "é", "\uffff", "\U0001f600"]
KEYS = (None, lambda v: v, lambda v: (v, 1), lambda v: [0, v], lambda v: 0)


def main():
    rng = Rng(5)
    for kinds in (NUMBERS + [True, False], NUMBERS[-6:], NUMBERS[7:11], TEXTS, TEXTS[:2]):
        for key in KEYS:
            for reverse in (False, True):
                items = [kinds[rng.below(len(kinds))] for _ in range(rng.below(40))]
                state = ObjectDraft(Obj([("l", items)]))
                state["l"].sort(key=key, reverse=reverse)
                found = [[v in state["l"], state["l"].count(v)] for v in kinds]
                done = encode([state.value(0, True), found])
                print(str(binascii.hexlify(done), "utf-8"))
    try:
        ObjectDraft(Obj([("l", [1, "a"])]))["l"].sort()
    except TypeError:
        print("TypeError")


main()
