// Operators of expressions (SPEC 2.16) but for arithmetic: comparisons, `in`, `..`; IS.

#include "tsme_equal.h"
#include "tsme_frames.h"
#include "tsme_machine.h"
#include "tsme_native.h"

#include <string.h>

// What it costs to go through values.
static int tsme_count_through(struct tsme *t, tsme_ref *first, uint32_t count)
{
    uint32_t work = 0;
    for (; count; count--) {
        uint32_t size;
        int err = tsme_weigh(t, first++, &size);
        if (err) {
            return err;
        }
        work += size;
    }
    return tsme_count_read(t, work);
}

tsme_ref *tsme_op_is(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const uint8_t *at = sp[-1].at;
    bool is = false;
    int err = TSME_OK;
    switch (operand) {
    case 0: is = tsme_is_nothing(at); break;
    case 1: is = tsme_is_function(at); break;
    case 2: is = tsme_is_array(at); break;
    case 3: is = tsme_is_number(at) && !tsme_is_nan_at(at); break;
    case 4: is = *at >> 5 == TSME_TEXT; break;
    case 5: is = *at >> 5 == TSME_OBJECT; break;
    case 6:
        if (tsme_is_array(at)) {
            err = tsme_count_through(t, sp - 1, 1);
        }
        if (!err) {
            err = tsme_truth(t, at, true, &is);
        }
        break;
    default: is = *at == TSME_TRUE || *at == TSME_FALSE; break;
    }
    sp[-1] = tsme_boolean(is);
    return err ? tsme_failed(t, err) : sp;
}

/// Comparisons ///

static bool tsme_is_ordered(const uint8_t *at)
{
    return tsme_is_number(at) || *at >> 5 == TSME_TEXT;
}

// < <= > >=, from 8 on.
static int tsme_order(struct tsme *t, tsme_ref *args, uint32_t k, tsme_ref *result)
{
    const uint8_t *a = args[0].at;
    const uint8_t *b = args[1].at;
    int order;
    if ((!tsme_is_nothing(a) && !tsme_is_ordered(a)) ||
        (!tsme_is_nothing(b) && !tsme_is_ordered(b))) {
        return tsme_raise(t, TSME_CODE("T2010"));
    }
    *result = tsme_nothing;
    if (tsme_is_nothing(a) || tsme_is_nothing(b)) {
        return TSME_OK;
    }
    if ((*a >> 5 == TSME_TEXT) != (*b >> 5 == TSME_TEXT)) {
        return tsme_raise(t, TSME_CODE("T2009"));
    }
    *result = tsme_boolean(false);
    if (*a >> 5 == TSME_TEXT) {
        order = tsme_compare_units(a, b);
    } else {
        struct tsme_number m;
        struct tsme_number n;
        (void)tsme_number(a, &m);
        (void)tsme_number(b, &n);
        if (tsme_is_nan_at(a) || tsme_is_nan_at(b)) {
            return TSME_OK;
        }
        order = tsme_compare_numbers(&m, &n);
    }
    bool less = k < 10 ? order < 0 : order > 0;
    *result = tsme_boolean(less || (k & 1 && order == 0));
    return *a >> 5 == TSME_TEXT ? tsme_count_through(t, args, 2) : TSME_OK;
}

static bool tsme_both_scalars(const tsme_ref *args)
{
    return !tsme_is_container(args[0].at) && !tsme_is_container(args[1].at);
}

// Functions are equal to themselves alone, which bytes do not tell.
static bool tsme_may_hold_functions(const struct tsme *t, const uint8_t *at)
{
    return *at >> 5 == TSME_TAG || (t->evaluation->held && tsme_is_container(at)) ||
           tsme_mark_of(at) >= TSME_MARK_TUPLE;
}

static int tsme_equals(struct tsme *t, tsme_ref *args, tsme_ref *sp, bool *equal)
{
    *equal = false;
    if (tsme_is_nothing(args[0].at) || tsme_is_nothing(args[1].at)) {
        return TSME_ANSWERED;
    }
    if (tsme_may_hold_functions(t, args[0].at) || tsme_may_hold_functions(t, args[1].at)) {
        return TSME_ELSEWHERE;
    }
    int err = tsme_count_through(t, args, 2);
    if (!err) {
        err = tsme_reserve(t, sp, tsme_equal_room());
    }
    if (!err) {
        const struct tsme_part left = {t->top, (uint32_t)(t->end - t->top)};
        bool nan =
            tsme_both_scalars(args) && tsme_is_number(args[0].at) && tsme_is_nan_at(args[0].at);
        *equal = !nan && tsme_equal(args[0].at, args[1].at, left);
    }
    return err;
}

#if TSME_ALL_NATIVES
// `in`: scalars by value. Which containers are the same the core does not know.
static int tsme_within(struct tsme *t, const tsme_ref *args, bool *within)
{
    const uint8_t *a = args[0].at;
    const uint8_t *b = args[1].at;
    *within = false;
    if (tsme_is_nothing(a) || tsme_is_nothing(b)) {
        return TSME_OK;
    }
    if (tsme_is_container(a) || *a >> 5 == TSME_TAG) {
        return TSME_ELSEWHERE;
    }
    uint32_t count = tsme_is_array(b) ? tsme_head(&b) : 1;
    bool number = tsme_is_number(a);
    bool nan = number && tsme_is_nan_at(a);
    struct tsme_number m;
    struct tsme_number n;
    (void)(number && tsme_number(a, &m));
    uint32_t size = (uint32_t)(tsme_skip(a) - a);
    for (uint32_t i = 0; i < count && !*within; i++) {
        const uint8_t *end = tsme_skip(b);
        if (number) {
            *within = !nan && tsme_number(b, &n) && !tsme_is_nan_at(b) &&
                      tsme_compare_numbers(&m, &n) == 0;
        } else {
            *within = (uint32_t)(end - b) == size && !memcmp(a, b, size);
        }
        b = end;
    }
    return count > 255 ? tsme_burn(t, count >> 8) : TSME_OK;
}

/// .. ///

// A whole number of less than 2^53.
static int tsme_whole(struct tsme *t, const uint8_t *at, const uint8_t *code, int64_t *n)
{
    const int64_t most = INT64_C(1) << 53;
    struct tsme_number number;
    *n = 0;
    if (tsme_is_nothing(at)) {
        return TSME_OK;
    }
    if (!tsme_number(at, &number) || tsme_is_unbounded(at)) {
        return tsme_raise(t, code);
    }
    if (!tsme_integral(&number, n)) {
        return number.exponent >= 0 ? TSME_ELSEWHERE : tsme_raise(t, code);
    }
    return *n > -most && *n < most ? TSME_OK : TSME_ELSEWHERE;
}

static int tsme_range(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    int64_t first;
    int64_t last;
    int err = tsme_whole(t, args[0].at, TSME_CODE("T2003"), &first);
    if (!err) {
        err = tsme_whole(t, args[1].at, TSME_CODE("T2004"), &last);
    }
    if (err) {
        return err;
    }
    if (tsme_is_nothing(args[0].at) || tsme_is_nothing(args[1].at) || first > last) {
        args[0] = tsme_nothing;
        return TSME_OK;
    }
    if (last - first >= 10000000) {
        return tsme_raise(t, TSME_CODE("D2014"));
    }
    uint32_t count = (uint32_t)(last - first) + 1;
    if (count > t->program.largest) {
        return tsme_raise(t, TSME_CODE("D2015"));
    }
    err = count > 255 ? tsme_count_size(t, count) : TSME_OK;
    // Those of less than 2^32 have at most five bytes.
    uint32_t each = last >> 32 || first >> 32 ? TSME_HEAD_MAX : 5;
    if (!err) {
        err = tsme_reserve(t, sp, TSME_MARKED_HEAD + each * count);
    }
    if (err) {
        return err;
    }
    uint8_t *to = tsme_write_marked(t->top, TSME_MARK_SEQUENCE, count);
    for (; first <= last; first++) {
        to = tsme_write_integer(to, first);
    }
    args[0] = tsme_sized(t->top, (uint32_t)(to - t->top));
    t->top = to;
    return TSME_OK;
}

#endif

/// OPERATE ///

// Both are natural numbers of 16 bits, as most are; which result is true of an order.
static bool tsme_operate_small(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint32_t k)
{
    uint32_t a;
    uint32_t b;
    if (!tsme_short(args[0].at, &a) || !tsme_short(args[1].at, &b)) {
        return false;
    }
    bool is;
    switch (k) {
    case 0:
    case 1:
        t->error = tsme_reserve(t, sp, TSME_HEAD_MAX);
        if (!t->error) {
            int64_t n = k ? (int64_t)a - b : (int64_t)a + b;
            args[0] = (tsme_ref){t->top, 0, 0};
            t->top = tsme_write_integer(t->top, n);
        }
        return true;
    case 6: is = a == b; break;
    case 7: is = a != b; break;
    case 8: is = a < b; break;
    case 9: is = a <= b; break;
    case 10: is = a > b; break;
    case 11: is = a >= b; break;
    default: return false;
    }
    args[0] = tsme_boolean(is);
    t->error = TSME_OK;
    return true;
}

tsme_ref *tsme_op_operate(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    tsme_ref *args = sp - 2;
    tsme_ref result;
    bool is;
    int err;
    if (tsme_operate_small(t, args, sp, operand)) {
        return t->error ? 0 : sp - 1;
    }
    switch (operand) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: err = tsme_arithmetic(t, operand, args, sp); break;
    case 5: err = tsme_concatenate(t, args, sp); break;
    case 6:
    case 7:
        err = tsme_equals(t, args, sp, &is);
        args[0] = tsme_boolean(is != (operand == 7 && err != TSME_ANSWERED));
        err = err == TSME_ANSWERED ? TSME_OK : err;
        break;
#if TSME_ALL_NATIVES
    case 12:
        err = tsme_within(t, args, &is);
        args[0] = tsme_boolean(is);
        break;
    case 13: err = tsme_range(t, args, sp); break;
#else
    case 12:
    case 13: return tsme_failed(t, TSME_ELSEWHERE);
#endif
    default:
        err = tsme_order(t, args, operand, &result);
        args[0] = result;
        break;
    }
    return err ? tsme_failed(t, err) : sp - 1;
}
