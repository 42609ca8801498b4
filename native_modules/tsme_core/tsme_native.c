// Native functions of expressions: which there are, and who has them.
//
// Parameters and numbers come from natives.h, which is written from the table of the Python
// package. What is not here, as a function or in one, the core leaves to its caller, with the
// whole evaluation: TSME_ELSEWHERE.

#include "tsme_binary64.h"
#include "tsme_machine.h"
#include "tsme_native.h"

#include <string.h>

#if TSME_ALL_NATIVES

#define TSME_FIRST_OF(name, number, parameters, arity) parameters,
#define TSME_ARITY(name, number, parameters, arity)    arity,

static const uint8_t tsme_parameters[] = {TSME_PARAMETERS};
static const uint8_t tsme_first_parameter[] = {TSME_NATIVES(TSME_FIRST_OF)};
static const uint8_t tsme_native_arities[] = {TSME_NATIVES(TSME_ARITY)};

uint32_t tsme_native_arity(uint32_t function)
{
    return tsme_native_arities[function];
}

static int tsme_native_sum(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    uint32_t count = tsme_is_nothing(at) ? 0 : tsme_head(&at);
    uint64_t sum = 0;
    if (function == TSME_N_COUNT) {
        return tsme_give_integer(t, args, sp, count);
    }
    for (uint32_t left = count; left; left--) {
        uint64_t bits = tsme_bits_of(at);
        if (!tsme_is_finite(bits) || !tsme_is_finite(sum)) {
            return TSME_ELSEWHERE;
        }
        sum = tsme_compute(TSME_ADD, sum, bits);
        at = tsme_skip(at);
    }
    if (function == TSME_N_AVERAGE) {
        if (!count) {
            args[0] = tsme_nothing;
            return TSME_OK;
        }
        if (!tsme_is_finite(sum)) {
            return TSME_ELSEWHERE;
        }
        sum = tsme_compute(TSME_DIVIDE, sum, tsme_nearest(false, count, 0));
    }
    return tsme_give_bits(t, args, sp, sum);
}

static int tsme_native_truth(struct tsme *t, tsme_ref *args, bool no)
{
    bool holds;
    int err = tsme_truth(t, args[0].at, false, &holds);
    args[0] = (tsme_ref){&tsme_simple[holds != no], 0, 0};
    return err;
}

static int tsme_run_more(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_N_MAX:
    case TSME_N_MIN: return tsme_native_extreme(function, args);
    case TSME_N_FLOOR:
    case TSME_N_CEIL:
    case TSME_N_ROUND:
    case TSME_N_ABS: return tsme_native_whole(t, function, args, sp);
    case TSME_N_NUMBER: return tsme_native_number(t, args, sp);
    case TSME_N_LOWERCASE:
    case TSME_N_UPPERCASE:
    case TSME_N_TRIM:
    case TSME_N_JOIN: return tsme_give_written(t, args, sp, function);
    case TSME_N_LENGTH: return tsme_native_length(t, args, sp);
    case TSME_N_SUBSTRING: return tsme_native_substring(t, args, sp);
    case TSME_N_SUBSTRING_BEFORE:
    case TSME_N_SUBSTRING_AFTER:
    case TSME_N_CONTAINS: return tsme_native_find(t, function, args, sp);
    case TSME_N_SPLIT: return tsme_native_split(t, args, sp);
    default: return tsme_native_data(t, function, args, sp);
    }
}

static int tsme_run_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_N_SUM:
    case TSME_N_COUNT:
    case TSME_N_AVERAGE: return tsme_native_sum(t, function, args, sp);
    case TSME_N_BOOLEAN:
    case TSME_N_NOT: return tsme_native_truth(t, args, function == TSME_N_NOT);
    case TSME_N_EXISTS:
        args[0] = (tsme_ref){&tsme_simple[!tsme_is_nothing(args[0].at)], 0, 0};
        return TSME_OK;
    case TSME_N_STRING:
        if (*args[1].at == TSME_TRUE) {
            return TSME_ELSEWHERE;
        }
        return *args[0].at >> 5 == TSME_TEXT ? TSME_OK
                                             : tsme_give_written(t, args, sp, TSME_WRITES_STRING);
    default: return tsme_run_more(t, function, args, sp);
    }
}

// Whether a function gives nothing if its first argument is nothing.
static bool tsme_needs_first(uint32_t function)
{
    return function != TSME_N_COUNT && function != TSME_N_EXISTS && function != TSME_N_APPEND &&
           function != TSME_N_KEYS && function <= TSME_N_PARTITION && function != TSME_N_RANDOM &&
           function != TSME_N_ASSERT && function != TSME_N_ERROR && function != TSME_N_ZIP;
}

int tsme_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp, tsme_ref context)
{
    int err = tsme_fit(t, tsme_parameters + tsme_first_parameter[function], args, sp, context);
    uint32_t work = 0;
    t->evaluation->handed = false;
    sp = args + TSME_NATIVE_ARGUMENTS;
    for (tsme_ref *r = args; !err && r < sp; r++) {
        uint32_t size;
        err = tsme_weigh(t, r, &size);
        work += err ? 0 : size;
    }
    if (err) {
        return err;
    }
    if (!tsme_needs_first(function) || !tsme_is_nothing(args[0].at)) {
        err = tsme_run_native(t, function, args, sp);
    }
    return err ? err : tsme_count_native(t, work, args);
}

#endif
