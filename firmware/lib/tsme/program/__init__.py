# A compiled program (docs/SPEC.md, 2): what is kept of it once it is verified.

from .. import once

# Tests compare them with opcodes.py.
_CONST = 1
_TASK = 25


class Program:
    # Without `crc` the program is verified, as it must be when it is installed.  Who keeps it
    # keeps the CRC-32 of its bytes too: so a boot knows that they are those that were verified.
    def __init__(self, data, crc=None, limits=None):
        parts = "program.load program.words program.opcodes program.functions.table program.verify"
        once(parts, "load", self, data, crc, limits)

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
