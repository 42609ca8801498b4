# The instruction set (docs/SPEC.md, 2.2), the one place that says what an instruction is:
# `NAME:operand:pops>pushes:flow:errors`, by number.  The verifier, the compiler and the
# disassembler read it; setup/instructions.py writes SPEC's table and the C header from it; the
# interpreter has the numbers of its loop as constants of its own, which a test compares.
#
# operand  h high byte, c constant and what it must be (V value, or text in parts; T text, N names,
#          E names of errors, P path, R retrier, Q query), n count, s slot, i stack item, z zigzag
#          index, f function, k choice and a bit for each that there is (hex), e state, t jump
#          target, - none; l slot and p choice, of the frame as many out as the high byte says
# pops     so many values; n: the operand, c: as the constant has names, f: as the function takes,
#          b: as the operand has bits; ?: one that may be `missing`; r: a text, which a CONST right
#          before it pushes, and no jump leads here
# flow     none: on to the next; x prefix of the next; s begins a state, with an empty stack; r may
#          go back to where it began, with an empty stack; j jumps; b may jump; h an error goes on
#          at the target; w empties the stack and waits; m as w, and children follow; e ends; c is
#          never come to: it says what slots a child has
# errors   the numbers of 2.9 that it can end with; *: others too
#
# RESERVED are those of expressions (2.16), for programs with their capability. More letters there:
# operand B bytes, I text and integer; pops p what the expression takes; pops and pushes I
# iterator, B builder, S sorter; flow v invokes.

TABLE = (
    b"EXT:h:>:x: CONST:cV:>1:: INT:n:>1:: LOAD:l:>1::5 STORE:s:1>:: PICK:i:>1:: DROP:n:n>:: "
    b"FIELD:cT:>1::1 KEY:cT:1>1::1 INDEX:z:1>1::1 KEYQ:cT:?>?:: INDEXQ:z:?>?:: OBJECT:cN:c>1::7b "
    b"ARRAY:n:n>1::7b PUT:cP:1>::27 CALL:f:f>1::* CONTEXT:p3fff:>1:: ENTER:e:>:s: JUMP:t:>:j: "
    b"IF:t:1>:b: UNLESS:t:1>:b: COMPARE:k1f011f3f:2>1:: TEST:k3f:?>1:: CATCH:t:>:h: "
    b"LIMIT:k1f:1>1::6 TASK:kf:b1r>1:w:* WAIT:k3:1>:w:6 EMIT:k7:1>1:: CAUGHT:cE:>1:: "
    b"RETRY:cR:>:r: ERROR:-:>1:: RAISE:-:>:e:* FAIL:kf:b>:e:* END:-:>:e: FORK:n:1>1:m:* "
    b"MAP:kff:b1>1:m:68c* QUERY:cQ:1>1::17b FRAME:n:>:c:"
).split()  # bytes: MicroPython keeps every letter that is taken from a text
RESERVED = (  # from 64 on
    b"EVAL:t:p>1:v:* BODY:n:>:c: RETURN:-:1>:e: GET:l:>1:: SET:l:1>:: NONE:-:>1:: CLOSURE:t:>1:: "
    b"FUNC:f:>1:: REGEX:cB:>1:: HOLE:-:>1:: PARTIAL:n:n1>1::* INVOKE:n:n1>1:v:* IS:kff:1>1::* "
    b"MINUS:-:1>1::* OPERATE:k7fff:2>1::* NAME:cT:1>1:: WILD:k3:1>1:: AT:z:1>1:: EACH:-:1>I:: "
    b"NEXT:t:I>I1:b: POSITION:i:>1:: BUILD:kf:>B:: ADD:i:1>:: SPREAD:i:1>:: KEEP:i:2>::* "
    b"MEMBER:i:2>::* GROUP:i:2>::* DONE:kffff:B>1::* SORT:-:1>S:: STEP:t:S>S2:b: ANSWER:-:1>:: "
    b"TUPLE:n:n>1:: UNTUPLE:n:1>n:: CLONE:-:1>1::* UPDATE:-:2>::* REMOVE:-:2>::* "
    b"LEVEL:n:>::* SIGNED:cT:1>1:: EXPECT:kff:1>1::* ITEM:cI:1>1:: FAULT:cT:>:e:* ORDER:n:1>1::*"
).split()

# Bits of a program's `needs` (docs/SPEC.md, 2.4). INPUT: the execution's input is kept, for
# $$.Execution.Input.
NEEDS = "FLOAT HASH PARALLEL MAP QUERY RANDOM INPUT EXPRESSION".split()


def bad(text, at=None, code=2):
    # The error of a program that cannot be loaded, TSME-P001 to P005.  `text` may be the number of
    # an operation that there is not.
    from ..errors import TsmeError

    if isinstance(text, int):
        if 64 <= text < 64 + len(RESERVED):
            name = str(RESERVED[text - 64].split(b":")[0], "utf-8")
            text = "%s for %s" % (lacking(128), name)
            code = 4
        else:
            text = "operation %d" % text
    if at is not None:
        text = "%s (instruction %d)" % (text, at)
    return TsmeError("TSME-P00%d" % code, "not a sound program: " + text if code == 2 else text)


def lacking(needs):
    # what a program needs and this version does not have, in words
    for n in range(len(NEEDS)):
        if needs >> n & 1:
            return "the program needs %s (capability %d)" % (NEEDS[n], n)
    return "the program needs capabilities %d, which this version does not know" % needs


def __getattr__(name):
    # NAMES, the NUMBER of each operation, NEEDS_FLOAT and so on: for tools, since a board has no
    # use for them, and each name takes memory for good.
    if name == "NAMES":
        return tuple([str(row.split(b":")[0], "utf-8") for row in TABLE])
    if name == "NUMBER":
        return {str(row.split(b":")[0], "utf-8"): number for number, row in enumerate(TABLE)}
    kind, _, need = name.partition("_")
    if kind == "NEEDS" and need in NEEDS:
        return 1 << NEEDS.index(need)
    raise AttributeError(name)
