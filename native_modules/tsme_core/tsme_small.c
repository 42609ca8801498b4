// What expressions compute in builds without TSME_ALL_NATIVES: with integers below 2^53, and the
// native functions that need no more. All else is left to the caller, with the whole evaluation.

#include "tsme_machine.h"
#include "tsme_math.h"
#include "tsme_native.h"

#if !TSME_ALL_NATIVES

enum { TSME_ADDS = 0, TSME_SUBTRACTS = 1, TSME_MULTIPLIES = 2 };

static bool tsme_is_exact(int64_t n)
{
    return n < INT64_C(1) << 53 && n > -(INT64_C(1) << 53);
}

// An integer that is given if it is below 2^53.
static int tsme_give_exact(struct tsme *t, tsme_ref *args, tsme_ref *sp, int64_t n)
{
    return tsme_is_exact(n) ? tsme_give_integer(t, args, sp, n) : TSME_ELSEWHERE;
}

// An operand, of nothing 0; `code` is raised for what is no number.
static int tsme_take_integer(struct tsme *t, const uint8_t *at, const uint8_t *code, int64_t *n)
{
    *n = 0;
    if (tsme_is_nothing(at) || (tsme_integer(at, n) && tsme_is_exact(*n))) {
        return TSME_OK;
    }
    return tsme_is_number(at) ? TSME_ELSEWHERE : tsme_raise(t, code);
}

int tsme_arithmetic(struct tsme *t, uint32_t k, tsme_ref *args, tsme_ref *sp)
{
    int64_t m;
    int64_t n;
    int err = tsme_take_integer(t, args[0].at, TSME_CODE("T2001"), &m);
    if (!err) {
        err = tsme_take_integer(t, args[1].at, TSME_CODE("T2002"), &n);
    }
    if (err) {
        return err;
    }
    if (tsme_is_nothing(args[0].at) || tsme_is_nothing(args[1].at)) {
        args[0] = tsme_nothing;
        return TSME_OK;
    }
    switch (k) {
    case TSME_ADDS: return tsme_give_exact(t, args, sp, m + n);
    case TSME_SUBTRACTS: return tsme_give_exact(t, args, sp, m - n);
    case TSME_MULTIPLIES:
        if (m == (int32_t)m && n == (int32_t)n) {
            return tsme_give_exact(t, args, sp, (int64_t)tsme_times((uint64_t)m, (uint64_t)n));
        }
        return TSME_ELSEWHERE;
    default: return TSME_ELSEWHERE;
    }
}

int tsme_negate(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    int64_t n;
    int err = tsme_take_integer(t, args[0].at, TSME_CODE("D1002"), &n);
    return err || tsme_is_nothing(args[0].at) ? err : tsme_give_integer(t, args, sp, -n);
}

/// Native functions ///

uint32_t tsme_native_arity(uint32_t function)
{
    (void)function;
    return 1; // of those that there are
}

// $count and $sum of an array.
static int tsme_small_sum(struct tsme *t, tsme_ref *args, tsme_ref *sp, bool sums)
{
    const uint8_t *at = args[0].at;
    if (!tsme_is_array(at)) {
        return TSME_ELSEWHERE;
    }
    int64_t sum = tsme_head(&at);
    if (sums) {
        uint32_t left = (uint32_t)sum;
        for (sum = 0; left; left--) {
            int64_t n;
            if (!tsme_integer(at, &n) || !tsme_is_exact(n) || !tsme_is_exact(sum)) {
                return TSME_ELSEWHERE;
            }
            sum += n;
            at = tsme_skip(at);
        }
    }
    return tsme_give_exact(t, args, sp, sum);
}

static int tsme_small_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    bool holds = !tsme_is_nothing(at);
    int err = TSME_OK;
    if (function == TSME_N_COUNT || function == TSME_N_SUM) {
        return tsme_small_sum(t, args, sp, function == TSME_N_SUM);
    }
    if (function == TSME_N_STRING) {
        return !holds || *at >> 5 == TSME_TEXT
                   ? TSME_OK
                   : tsme_give_written(t, args, sp, TSME_WRITES_STRING);
    }
    if (function == TSME_N_BOOLEAN || function == TSME_N_NOT) {
        if (!holds) {
            return TSME_OK;
        }
        err = tsme_truth(t, at, false, &holds);
        holds = holds != (function == TSME_N_NOT);
    } else if (function != TSME_N_EXISTS) {
        return TSME_ELSEWHERE;
    }
    args[0] = tsme_boolean(holds);
    return err;
}

int tsme_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp, tsme_ref context)
{
    uint32_t work;
    (void)context;
    t->evaluation->handed = false;
    if (sp != args + 1) {
        return TSME_ELSEWHERE;
    }
    int err = tsme_weigh(t, args, &work);
    if (!err) {
        err = tsme_small_native(t, function, args, sp);
    }
    return err ? err : tsme_count_native(t, work, args);
}

#endif
