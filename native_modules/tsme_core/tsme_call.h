// Inside the engine: intrinsic functions (SPEC 2.6), and what values that are made cost.

#ifndef TSME_CALL_H
#define TSME_CALL_H

#include "tsme_value.h"

// Numbers of functions (SPEC 2.6).
enum {
    TSME_FORMAT = 0,
    TSME_MATH_ADD = 1,
    TSME_UUID = 2,
    TSME_ARRAY_PARTITION = 3,
    TSME_ARRAY_CONTAINS = 4,
    TSME_ARRAY_RANGE = 5,
    TSME_ARRAY_GET_ITEM = 6,
    TSME_ARRAY_LENGTH = 7,
    TSME_BASE64_ENCODE = 8,
    TSME_BASE64_DECODE = 9,
    TSME_HASH = 10,
    TSME_JSON_MERGE = 11,
    TSME_STRING_TO_JSON = 12,
    TSME_JSON_TO_STRING = 13,
    TSME_MATH_RANDOM = 14,
    TSME_STRING_SPLIT = 15,
    TSME_ARRAY_UNIQUE = 16,
    TSME_ITEMS_OF = 17,
    TSME_BATCH = 18,
    TSME_MAP_RUN = 19,
    TSME_FLATTEN = 20,
    TSME_ITEM = 21,
    TSME_LISTS = 22,
    TSME_FUNCTIONS = 23, // how many there are
};

// How many arguments a function takes.
uint32_t tsme_arity(uint32_t function);

// The name of a function for which the core needs its caller, or null.
const char *tsme_foreign(uint32_t function);

tsme_ref *tsme_op_call(struct tsme *t, tsme_ref *sp, uint32_t operand);
int tsme_account(struct tsme *t, tsme_ref *made, uint32_t work);
int tsme_spend(struct tsme *t, uint32_t work, uint32_t size);
int tsme_spend_all(struct tsme *t, uint32_t work, uint32_t size);
uint32_t tsme_makes(const struct tsme *t);
int tsme_ask_with(struct tsme *t, tsme_ref *sp, struct tsme_call *call);

#endif
