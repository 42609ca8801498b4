// Native functions and operators of expressions by themselves, for tests in Python: each call has
// an engine of its own, of which only the arena and an evaluation are there.

#include "../tsme_frames.h"
#include "../tsme_machine.h"

#include <stdlib.h>
#include <string.h>

enum { BARE_MEMORY = 1 << 17, BARE_OPERATORS = 1000, BARE_STACK = 250 };

static int bare_operate(struct tsme *t, uint32_t k, tsme_ref *sp)
{
    switch (k) {
    case 5: return tsme_concatenate(t, t->stack, sp);
    case 6: return tsme_negate(t, t->stack, sp);
    default: return tsme_arithmetic(t, k, t->stack, sp);
    }
}

// Calls a native function, or from 1000 on an operator (OPERATE 0 to 5, 6 for MINUS), with the
// values that are encoded at `args`. Its result, or the cause of error 13, goes to `out`; gives
// the error.
int bare_native(uint32_t function, const uint8_t *args, uint32_t size, uint32_t count,
                const uint8_t *context, uint8_t *out, uint32_t *out_size)
{
    struct tsme t = {.config = {.memory_size = BARE_MEMORY}};
    struct tsme_evaluation e = {.fuel = TSME_FUEL, .makes = UINT32_MAX, .nested = true};
    t.config.memory = malloc(BARE_MEMORY);
    t.program.stack = BARE_STACK;
    t.program.largest = 262144;
    int err = tsme_lay_out(&t);
    if (!err) {
        err = tsme_begin_frames(&t);
    }
    if (!err) {
        t.evaluation = &e;
        memcpy(t.top, args, size);
        const uint8_t *at = t.top;
        tsme_ref *sp = t.stack;
        for (t.top += size; count; count--) {
            *sp++ = (tsme_ref){at, 0, 0};
            at = tsme_skip(at);
        }
        const tsme_ref here = {context, 0, 0};
        err = function < BARE_OPERATORS ? tsme_native(&t, function, t.stack, sp, here)
                                        : bare_operate(&t, function - BARE_OPERATORS, sp);
        tsme_ref *made = err ? &t.held[TSME_HELD_CAUSE] : t.stack;
        *out_size = err && err != TSME_QUERY_ERROR ? 0 : tsme_size(made);
        memcpy(out, made->at, *out_size);
    }
    free(t.config.memory);
    return err;
}
