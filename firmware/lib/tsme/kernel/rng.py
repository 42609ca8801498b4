# PCG-XSH-RR 64/32 (SPEC 3.3) on integers alone. The state is part of the execution's state, so
# these are functions of it; Rng is for whoever wants an object.
from .. import const

_MASK = const((1 << 64) - 1)


def advance(x):
    return (x * 6364136223846793005 + 1442695040888963407) & _MASK


def output(x):
    v = (((x >> 18) ^ x) >> 27) & 0xFFFFFFFF
    r = x >> 59
    return ((v >> r) | (v << (32 - r))) & 0xFFFFFFFF


class Rng:
    def __init__(self, seed):
        self.state = seed & _MASK

    def draw(self):
        x = self.state
        self.state = advance(x)
        return output(x)

    # 0 .. n - 1, for n up to 2**32
    def below(self, n):
        return self.draw() * n >> 32
