# A compiled program (docs/SPEC.md, 2): what is kept of it once it is verified.

from . import once
from .limits import LIMITS

_TASK = 25  # a test compares it with ops.py


class Program:
    def __init__(self, data, limits=LIMITS):
        once("verify ops intrinsics words", "load", self, data, limits)

    def resources(self):
        # of the tasks that the code may start, in its order
        out = []
        high = 0
        for i in range(0, len(self.code), 2):
            op = self.code[i]
            a = high | self.code[i + 1]
            high = 0 if op else a << 8
            if op == _TASK and self.consts[a] not in out:
                out.append(self.consts[a])
        return out
