// Inside the engine: intrinsic functions (SPEC 2.6), and what values that are made cost.

#ifndef TSME_CALL_H
#define TSME_CALL_H

#include "tsme_value.h"

// Numbers of functions that the engine names.
enum {
    TSME_FORMAT = 0,
    TSME_MATH_ADD = 1,
    TSME_UUID = 2,
    TSME_BASE64_ENCODE = 8,
    TSME_BASE64_DECODE = 9,
    TSME_HASH = 10,
    TSME_STRING_TO_JSON = 12,
    TSME_JSON_TO_STRING = 13,
    TSME_MATH_RANDOM = 14,
    TSME_ITEMS_OF = 17,
    TSME_FUNCTIONS = 23, // how many there are
};

// How many arguments a function takes.
uint32_t tsme_arity(uint32_t function);

// The name of a function that the core does not have, or null: it has it.
const char *tsme_foreign(uint32_t function);

// Whether it draws random numbers, which are in the core's state.
static inline bool tsme_draws(uint32_t function)
{
    return function == TSME_UUID || function == TSME_MATH_RANDOM;
}

tsme_ref *tsme_op_call(struct tsme *t, tsme_ref *sp, uint32_t operand);
int tsme_account(struct tsme *t, tsme_ref *made, uint32_t work);
int tsme_spend(struct tsme *t, uint32_t work, uint32_t size);

#endif
