// The numbers of the instructions (SPEC 2.2) and of what their operands mean.

#ifndef TSME_OPS_H
#define TSME_OPS_H

#include "../natives.h"
#include "../opcodes.h"

// TSME_OP_EXT .. TSME_OP_QUERY, and how many there are.
#define TSME_NUMBER(name, number, ...) TSME_OP_##name = number,
#define TSME_ONE(...)                  +1
enum { TSME_INSTRUCTIONS(TSME_NUMBER) TSME_OPS = 0 TSME_INSTRUCTIONS(TSME_ONE) };
// Those of expressions, from TSME_INNER_FIRST on.
enum { TSME_EXPRESSIONS(TSME_NUMBER) TSME_INNER_OPS = 0 TSME_EXPRESSIONS(TSME_ONE) };
enum { TSME_INNER_FIRST = TSME_OP_EVAL };

// Native functions.
enum { TSME_NATIVE_COUNT = 0 TSME_NATIVES(TSME_ONE) };

enum { TSME_WAIT_SECONDS = 0, TSME_WAIT_TIME = 1 };

// Options of TASK and MAP (SPEC 2.15), by the kinds of LIMIT.
enum {
    TSME_TIMEOUT = 0,
    TSME_HEARTBEAT = 1,
    TSME_MOST = 2,
    TSME_COUNT = 3,
    TSME_PERCENTAGE = 4,
};
enum { TSME_WHOLE = 1000000 }; // 100 %

// Parts of the context object (SPEC 2.7).
enum {
    TSME_CONTEXT_ID = 0,
    TSME_CONTEXT_NAME = 1,
    TSME_CONTEXT_INPUT = 2,
    TSME_CONTEXT_START = 3,
    TSME_CONTEXT_ROLE = 4,
    TSME_CONTEXT_ENTERED = 5,
    TSME_CONTEXT_RETRIES = 6,
    TSME_CONTEXT_TOKEN = 7,
    TSME_CONTEXT_MACHINE = 8,
    TSME_CONTEXT_MACHINE_NAME = 9,
    TSME_CONTEXT_REDRIVES = 10,
    TSME_CONTEXT_INDEX = 11,
    TSME_CONTEXT_VALUE = 12,
    TSME_CONTEXT_ITEM = 13,
};

// COMPARE: type * 8 + relation.
enum {
    TSME_COMPARE_TEXT = 0,
    TSME_COMPARE_NUMBER = 1,
    TSME_COMPARE_BOOLEAN = 2,
    TSME_COMPARE_TIME = 3,
};
enum {
    TSME_EQUAL = 0,
    TSME_LESS = 1,
    TSME_GREATER = 2,
    TSME_LESS_EQUAL = 3,
    TSME_GREATER_EQUAL = 4,
    TSME_MATCHES = 5,
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
