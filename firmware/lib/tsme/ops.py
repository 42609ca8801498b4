# The instruction set (docs/SPEC.md, 2.2): name and kind of operand, by number.
#
# Kinds of operand: h high byte, c constant, s slot, n count, i stack item, z zigzag index,
# f function, k choice out of a few, e state, t jump target, - none.  The verifier, the assembler
# and the disassembler read this table; the interpreter has the numbers as constants of its own,
# since MicroPython folds a constant only within its module.

OPS = (
    "EXT:h CONST:c INT:n LOAD:s STORE:s PICK:i DROP:n FIELD:c KEY:c INDEX:z KEYQ:c INDEXQ:z "
    "OBJECT:c ARRAY:n PUT:c CALL:f CONTEXT:k ENTER:e JUMP:t IF:t UNLESS:t COMPARE:k TEST:k "
    "CATCH:t LIMIT:k TASK:k WAIT:k EMIT:k CAUGHT:c RETRY:c ERROR:- RAISE:- FAIL:k END:- "
    "FORK:n MAP:k QUERY:c"
)
NAMES = tuple([op.split(":")[0] for op in OPS.split()])
KINDS = "".join([op.split(":")[1] for op in OPS.split()])

# How many values a `k` operand may have.
_VALUES = "CONTEXT 14 COMPARE 32 TEST 6 LIMIT 5 TASK 4 WAIT 2 EMIT 3 FAIL 4 MAP 8".split()
CHOICES = {_VALUES[i]: int(_VALUES[i + 1]) for i in range(0, len(_VALUES), 2)}

# Bits of a program's `needs` (docs/SPEC.md, 2.4). INPUT: the execution's input is kept, for
# $$.Execution.Input.
NEEDS = "FLOAT HASH PARALLEL MAP QUERY RANDOM INPUT".split()
KNOWN_NEEDS = (1 << len(NEEDS)) - 1


def __getattr__(name):
    # NUMBER of each operation, NEEDS_FLOAT and so on: for tools, since a board has no use for the
    # names, and each takes memory for good.
    if name == "NUMBER":
        return {op: number for number, op in enumerate(NAMES)}
    kind, _, need = name.partition("_")
    if kind == "NEEDS" and need in NEEDS:
        return 1 << NEEDS.index(need)
    raise AttributeError(name)
