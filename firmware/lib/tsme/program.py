# A compiled program (docs/SPEC.md, 2): what is kept of it once it is verified.

from . import once
from .limits import LIMITS

# Tests compare them with ops.py.
_CONST = 1
_TASK = 25


class Program:
    def __init__(self, data, limits=LIMITS):
        once("verify ops intrinsics words", "load", self, data, limits)

    def resources(self):
        # of the tasks that the code may start, in its order
        out = []
        high = 0
        name = None
        for i in range(0, len(self.code), 2):
            op = self.code[i]
            a = high | self.code[i + 1]
            high = 0 if op else a << 8
            if op == _CONST:
                name = self.consts[a]  # the CONST right before a TASK
            elif op == _TASK and name not in out:
                out.append(name)
        return out
