// Native functions of expressions: which there are, and who has them.
//
// Parameters and numbers come from natives.h, which is written from the table of the Python
// package. What is not here, as a function or in one, the core leaves to its caller, with the
// whole evaluation: TSME_ELSEWHERE.

#include "tsme_native.h"

#include <string.h>

#define TSME_FIRST_OF(name, number, parameters, arity) parameters,
#define TSME_ARITY(name, number, parameters, arity)    arity,

static const uint8_t tsme_parameters[] = {TSME_PARAMETERS};
static const uint8_t tsme_first_parameter[] = {TSME_NATIVES(TSME_FIRST_OF)};
static const uint8_t tsme_native_arities[] = {TSME_NATIVES(TSME_ARITY)};

uint32_t tsme_native_arity(uint32_t function)
{
    return tsme_native_arities[function];
}

static int tsme_run_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_N_SUM:
    case TSME_N_COUNT:
    case TSME_N_AVERAGE: return tsme_native_sum(t, function, args, sp);
    case TSME_N_MAX:
    case TSME_N_MIN: return tsme_native_extreme(function, args);
    case TSME_N_FLOOR:
    case TSME_N_CEIL:
    case TSME_N_ROUND:
    case TSME_N_ABS: return tsme_native_whole(t, function, args, sp);
    case TSME_N_NUMBER: return tsme_native_number(t, args, sp);
    case TSME_N_STRING:
        if (*args[1].at == TSME_TRUE) {
            return TSME_ELSEWHERE;
        }
        return *args[0].at >> 5 == TSME_TEXT ? TSME_OK
                                             : tsme_native_write(t, TSME_WRITES_STRING, args, sp);
    case TSME_N_LOWERCASE: return tsme_native_write(t, TSME_WRITES_LOWER, args, sp);
    case TSME_N_UPPERCASE: return tsme_native_write(t, TSME_WRITES_UPPER, args, sp);
    case TSME_N_TRIM: return tsme_native_write(t, TSME_WRITES_TRIMMED, args, sp);
    case TSME_N_JOIN: return tsme_native_write(t, TSME_WRITES_JOINED, args, sp);
    case TSME_N_LENGTH: return tsme_native_length(t, args, sp);
    case TSME_N_SUBSTRING: return tsme_native_substring(t, args, sp);
    case TSME_N_SUBSTRING_BEFORE:
    case TSME_N_SUBSTRING_AFTER:
    case TSME_N_CONTAINS: return tsme_native_find(t, function, args, sp);
    case TSME_N_SPLIT: return tsme_native_split(t, args, sp);
    default: return tsme_native_data(t, function, args, sp);
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
