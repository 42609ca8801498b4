# A compiled program (docs/SPEC.md, 2): what is kept of it once it is verified.

from .. import once


class Program:
    # Without `crc` the program is verified, as it must be when it is installed.  Who keeps it
    # keeps the CRC-32 of its bytes too: so a boot knows that they are those that were verified.
    def __init__(self, data, crc=None, limits=None):
        parts = "program.load program.words program.opcodes program.functions.table program.verify"
        once(parts, "load", self, data, crc, limits)

    def resources(self):
        # of the tasks that the code may start, in its order
        return once("program.load", "resources", self)
