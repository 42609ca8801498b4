# The instruction set (docs/SPEC.md, 2.2): name and kind of operand, by number.
#
# Kinds of operand: h high byte, c constant, s slot, n count, i stack item, z zigzag index,
# f function, k choice out of a few, e state, t jump target, - none.  The verifier, the assembler
# and the disassembler read this table; the interpreter has the numbers as constants of its own,
# since MicroPython folds a constant only within its module.

OPS = (
    "EXT:h CONST:c INT:n LOAD:s STORE:s PICK:i DROP:n FIELD:c KEY:c INDEX:z KEYQ:c INDEXQ:z "
    "OBJECT:c ARRAY:n PUT:c CALL:f CONTEXT:k ENTER:e JUMP:t IF:t UNLESS:t COMPARE:k TEST:k "
    "CATCH:t LIMIT:k TASK:c WAIT:k EMIT:k CAUGHT:c RETRY:c ERROR:- RAISE:- FAIL:k END:- "
    "FORK:n MAP:- QUERY:c"
)
NAMES = tuple(op.split(":")[0] for op in OPS.split())
KINDS = "".join(op.split(":")[1] for op in OPS.split())
NUMBER = {name: number for number, name in enumerate(NAMES)}

# How many values a `k` operand may have.
CHOICES = {"CONTEXT": 14, "COMPARE": 32, "TEST": 6, "LIMIT": 5, "WAIT": 2, "EMIT": 3, "FAIL": 4}

# Bits of a program's `needs` (docs/SPEC.md, 2.4).
NEEDS_FLOAT = 1
NEEDS_HASH = 2
NEEDS_PARALLEL = 4
NEEDS_MAP = 8
NEEDS_QUERY = 16
NEEDS_RANDOM = 32
NEEDS_INPUT = 64  # the execution's input is kept, for $$.Execution.Input
KNOWN_NEEDS = 127  # all of them
