// The instructions (SPEC 2.2), written by setup/instructions.py from the table in opcodes.py:
//
//   X(name, number, operand, constant, choices, counted, pops, pushes, missing, flow)
//
// Letters are those of the table; ' ' for none. `counted`: what says how many values
// it takes besides `pops`; `missing`: 2 if it takes one that may be missing, + 1 if it
// leaves such a one. Those of expressions (SPEC 2.16):
//
//   X(name, number, operand, constant, choices, counted, pops, pushes, flow)
//
// of which `pops` and `pushes` count values alone, and not what is no value.

#ifndef TSME_OPCODES_H
#define TSME_OPCODES_H

// clang-format off
#define TSME_INSTRUCTIONS(X) \
    X(EXT, 0, 'h', ' ', 0x0, ' ', 0, 0, 0, 'x') \
    X(CONST, 1, 'c', 'V', 0x0, ' ', 0, 1, 0, ' ') \
    X(INT, 2, 'n', ' ', 0x0, ' ', 0, 1, 0, ' ') \
    X(LOAD, 3, 'l', ' ', 0x0, ' ', 0, 1, 0, ' ') \
    X(STORE, 4, 's', ' ', 0x0, ' ', 1, 0, 0, ' ') \
    X(PICK, 5, 'i', ' ', 0x0, ' ', 0, 1, 0, ' ') \
    X(DROP, 6, 'n', ' ', 0x0, 'n', 0, 0, 0, ' ') \
    X(FIELD, 7, 'c', 'T', 0x0, ' ', 0, 1, 0, ' ') \
    X(KEY, 8, 'c', 'T', 0x0, ' ', 1, 1, 0, ' ') \
    X(INDEX, 9, 'z', ' ', 0x0, ' ', 1, 1, 0, ' ') \
    X(KEYQ, 10, 'c', 'T', 0x0, ' ', 1, 1, 3, ' ') \
    X(INDEXQ, 11, 'z', ' ', 0x0, ' ', 1, 1, 3, ' ') \
    X(OBJECT, 12, 'c', 'N', 0x0, 'c', 0, 1, 0, ' ') \
    X(ARRAY, 13, 'n', ' ', 0x0, 'n', 0, 1, 0, ' ') \
    X(PUT, 14, 'c', 'P', 0x0, ' ', 1, 0, 0, ' ') \
    X(CALL, 15, 'f', ' ', 0x0, 'f', 0, 1, 0, ' ') \
    X(CONTEXT, 16, 'p', ' ', 0x3fff, ' ', 0, 1, 0, ' ') \
    X(ENTER, 17, 'e', ' ', 0x0, ' ', 0, 0, 0, 's') \
    X(JUMP, 18, 't', ' ', 0x0, ' ', 0, 0, 0, 'j') \
    X(IF, 19, 't', ' ', 0x0, ' ', 1, 0, 0, 'b') \
    X(UNLESS, 20, 't', ' ', 0x0, ' ', 1, 0, 0, 'b') \
    X(COMPARE, 21, 'k', ' ', 0x1f011f3f, ' ', 2, 1, 0, ' ') \
    X(TEST, 22, 'k', ' ', 0x3f, ' ', 1, 1, 2, ' ') \
    X(CATCH, 23, 't', ' ', 0x0, ' ', 0, 0, 0, 'h') \
    X(LIMIT, 24, 'k', ' ', 0x1f, ' ', 1, 1, 0, ' ') \
    X(TASK, 25, 'k', ' ', 0xf, 'b', 2, 1, 0, 'w') \
    X(WAIT, 26, 'k', ' ', 0x3, ' ', 1, 0, 0, 'w') \
    X(EMIT, 27, 'k', ' ', 0x7, ' ', 1, 1, 0, ' ') \
    X(CAUGHT, 28, 'c', 'E', 0x0, ' ', 0, 1, 0, ' ') \
    X(RETRY, 29, 'c', 'R', 0x0, ' ', 0, 0, 0, 'r') \
    X(ERROR, 30, '-', ' ', 0x0, ' ', 0, 1, 0, ' ') \
    X(RAISE, 31, '-', ' ', 0x0, ' ', 0, 0, 0, 'e') \
    X(FAIL, 32, 'k', ' ', 0xf, 'b', 0, 0, 0, 'e') \
    X(END, 33, '-', ' ', 0x0, ' ', 0, 0, 0, 'e') \
    X(FORK, 34, 'n', ' ', 0x0, ' ', 1, 1, 0, 'm') \
    X(MAP, 35, 'k', ' ', 0xff, 'b', 1, 1, 0, 'm') \
    X(QUERY, 36, 'c', 'Q', 0x0, ' ', 1, 1, 0, ' ') \
    X(FRAME, 37, 'n', ' ', 0x0, ' ', 0, 0, 0, 'c')

#define TSME_EXPRESSIONS(X) \
    X(EVAL, 64, 't', ' ', 0x0, 'p', 0, 1, 'v') \
    X(BODY, 65, 'n', ' ', 0x0, ' ', 0, 0, 'c') \
    X(RETURN, 66, '-', ' ', 0x0, ' ', 1, 0, 'e') \
    X(GET, 67, 'l', ' ', 0x0, ' ', 0, 1, ' ') \
    X(SET, 68, 'l', ' ', 0x0, ' ', 1, 0, ' ') \
    X(NONE, 69, '-', ' ', 0x0, ' ', 0, 1, ' ') \
    X(CLOSURE, 70, 't', ' ', 0x0, ' ', 0, 1, ' ') \
    X(FUNC, 71, 'f', ' ', 0x0, ' ', 0, 1, ' ') \
    X(REGEX, 72, 'c', 'B', 0x0, ' ', 0, 1, ' ') \
    X(HOLE, 73, '-', ' ', 0x0, ' ', 0, 1, ' ') \
    X(PARTIAL, 74, 'n', ' ', 0x0, 'n', 1, 1, ' ') \
    X(INVOKE, 75, 'n', ' ', 0x0, 'n', 1, 1, 'v') \
    X(IS, 76, 'k', ' ', 0xff, ' ', 1, 1, ' ') \
    X(MINUS, 77, '-', ' ', 0x0, ' ', 1, 1, ' ') \
    X(OPERATE, 78, 'k', ' ', 0x7fff, ' ', 2, 1, ' ') \
    X(NAME, 79, 'c', 'T', 0x0, ' ', 1, 1, ' ') \
    X(WILD, 80, 'k', ' ', 0x3, ' ', 1, 1, ' ') \
    X(AT, 81, 'z', ' ', 0x0, ' ', 1, 1, ' ') \
    X(EACH, 82, '-', ' ', 0x0, ' ', 1, 0, ' ') \
    X(NEXT, 83, 't', ' ', 0x0, ' ', 0, 1, 'b') \
    X(POSITION, 84, 'i', ' ', 0x0, ' ', 0, 1, ' ') \
    X(BUILD, 85, 'k', ' ', 0xf, ' ', 0, 0, ' ') \
    X(ADD, 86, 'i', ' ', 0x0, ' ', 1, 0, ' ') \
    X(SPREAD, 87, 'i', ' ', 0x0, ' ', 1, 0, ' ') \
    X(KEEP, 88, 'i', ' ', 0x0, ' ', 2, 0, ' ') \
    X(MEMBER, 89, 'i', ' ', 0x0, ' ', 2, 0, ' ') \
    X(GROUP, 90, 'i', ' ', 0x0, ' ', 2, 0, ' ') \
    X(DONE, 91, 'k', ' ', 0xffff, ' ', 0, 1, ' ') \
    X(SORT, 92, '-', ' ', 0x0, ' ', 1, 0, ' ') \
    X(STEP, 93, 't', ' ', 0x0, ' ', 0, 2, 'b') \
    X(ANSWER, 94, '-', ' ', 0x0, ' ', 1, 0, ' ') \
    X(TUPLE, 95, 'n', ' ', 0x0, 'n', 0, 1, ' ') \
    X(UNTUPLE, 96, 'n', ' ', 0x0, ' ', 1, 0, ' ') \
    X(CLONE, 97, '-', ' ', 0x0, ' ', 1, 1, ' ') \
    X(UPDATE, 98, '-', ' ', 0x0, ' ', 2, 0, ' ') \
    X(REMOVE, 99, '-', ' ', 0x0, ' ', 2, 0, ' ') \
    X(LEVEL, 100, 'n', ' ', 0x0, ' ', 0, 0, ' ') \
    X(SIGNED, 101, 'c', 'T', 0x0, ' ', 1, 1, ' ') \
    X(EXPECT, 102, 'k', ' ', 0xff, ' ', 1, 1, ' ') \
    X(ITEM, 103, 'c', 'I', 0x0, ' ', 1, 1, ' ') \
    X(FAULT, 104, 'c', 'T', 0x0, ' ', 0, 0, 'e') \
    X(ORDER, 105, 'n', ' ', 0x0, ' ', 1, 1, ' ')
// clang-format on

#endif
