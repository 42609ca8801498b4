# Of what happens to be: random, shuffle, uuid.  The draws are the execution's (docs/SPEC.md, 3.3);
# with a seed a random number is the first of java.util.Random.
from ....values import MISSING
from .. import doubles

_MASK = (1 << 48) - 1


def random_(m, seed=MISSING):
    if seed is MISSING:
        first = m.draw() >> 5
        return doubles.of_parts(False, first << 26 | m.draw() >> 6, -53)
    x = (doubles.whole(seed) ^ 0x5DEECE66D) & _MASK
    x = x * 0x5DEECE66D + 11 & _MASK
    first = x >> 22
    x = x * 0x5DEECE66D + 11 & _MASK
    return doubles.of_parts(False, (first << 27) + (x >> 21), -53)


def shuffle_(m, v=MISSING):
    if v is MISSING or len(v) < 2:
        return v
    out = []
    for i in range(len(v)):
        j = m.draw() * (i + 1) >> 32
        out.append(v[i])
        out[i] = out[j]
        out[j] = v[i]
    return out


class _Draws:
    def __init__(self, draw):
        self.draw = draw


def uuid_(m):
    from ...functions.math import uuid

    return uuid(_Draws(m.draw))
