// The numbers of the instructions (SPEC 2.2) and of what their operands mean.

#ifndef TSME_OPS_H
#define TSME_OPS_H

enum {
    TSME_EXT = 0,
    TSME_CONST = 1,
    TSME_INT = 2,
    TSME_LOAD = 3,
    TSME_STORE = 4,
    TSME_PICK = 5,
    TSME_DROP = 6,
    TSME_FIELD = 7,
    TSME_KEY = 8,
    TSME_INDEX = 9,
    TSME_KEYQ = 10,
    TSME_INDEXQ = 11,
    TSME_MAKE_OBJECT = 12,
    TSME_MAKE_ARRAY = 13,
    TSME_PUT = 14,
    TSME_CALL = 15,
    TSME_CONTEXT = 16,
    TSME_ENTER = 17,
    TSME_JUMP = 18,
    TSME_IF = 19,
    TSME_UNLESS = 20,
    TSME_COMPARE = 21,
    TSME_TEST = 22,
    TSME_END = 33,
    TSME_OPS = 37,
};

enum { TSME_MATH_ADD = 1 };

// COMPARE: type * 8 + relation.
enum { TSME_COMPARE_TEXT = 0, TSME_COMPARE_NUMBER = 1, TSME_COMPARE_BOOLEAN = 2 };
enum {
    TSME_EQUAL = 0,
    TSME_LESS = 1,
    TSME_GREATER = 2,
    TSME_LESS_EQUAL = 3,
    TSME_GREATER_EQUAL = 4,
};

enum {
    TSME_IS_PRESENT = 0,
    TSME_IS_NULL = 1,
    TSME_IS_STRING = 2,
    TSME_IS_NUMERIC = 3,
    TSME_IS_BOOLEAN = 4,
    TSME_IS_TIMESTAMP = 5,
};

#endif
