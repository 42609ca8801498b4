// Native functions on numbers, and the operators that compute (SPEC 2.16).
//
// Sums of small integers are sums of integers; all else goes through the bits of binary64.

#include "tsme_binary64.h"
#include "tsme_native.h"

static int tsme_give_bits(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint64_t bits)
{
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (!err) {
        uint8_t *to = tsme_write_binary64(t->top, bits);
        tsme_built(args, t->top, to, 0);
        t->top = to;
    }
    return err;
}

/// Operators ///

// Whether the value may be an operand, and its bits; `code` is raised for what is no number.
static int tsme_take_operand(struct tsme *t, const uint8_t *at, const uint8_t *code,
                             uint64_t *bits)
{
    *bits = 0;
    if (tsme_is_nothing(at)) {
        return TSME_OK;
    }
    if (tsme_is_number(at)) {
        *bits = tsme_bits_of(at);
        if (tsme_is_finite(*bits)) {
            return TSME_OK;
        }
        code = tsme_is_nan(*bits) ? code : TSME_CODE("D1001");
    }
    return tsme_raise(t, code);
}

int tsme_arithmetic(struct tsme *t, uint32_t k, tsme_ref *args, tsme_ref *sp)
{
    int64_t m;
    int64_t n;
    if (k <= TSME_SUBTRACT && tsme_integer(args[0].at, &m) && tsme_integer(args[1].at, &n) &&
        m == (int32_t)m && n == (int32_t)n) {
        return tsme_give_integer(t, args, sp, k == TSME_ADD ? m + n : m - n);
    }
    uint64_t a;
    uint64_t b;
    int err = tsme_take_operand(t, args[0].at, TSME_CODE("T2001"), &a);
    if (!err) {
        err = tsme_take_operand(t, args[1].at, TSME_CODE("T2002"), &b);
    }
    if (err) {
        return err;
    }
    if (tsme_is_nothing(args[0].at) || tsme_is_nothing(args[1].at)) {
        args[0] = tsme_nothing;
        return TSME_OK;
    }
    return tsme_give_bits(t, args, sp, tsme_compute(k, a, b));
}

int tsme_negate(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    uint64_t bits;
    int err = tsme_take_operand(t, args[0].at, TSME_CODE("D1002"), &bits);
    if (err || tsme_is_nothing(args[0].at)) {
        return err;
    }
    return tsme_give_bits(t, args, sp, bits ^ TSME_SIGN);
}

/// Of one number ///

int tsme_native_whole(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    uint64_t bits = tsme_bits_of(args[0].at);
    if (!tsme_is_finite(bits)) {
        return TSME_ELSEWHERE;
    }
    switch (function) {
    case TSME_N_FLOOR: bits = tsme_floor(bits); break;
    case TSME_N_CEIL: bits = tsme_floor(bits ^ TSME_SIGN) ^ TSME_SIGN; break;
    case TSME_N_ABS: bits &= ~TSME_SIGN; break;
    default:
        if (!tsme_is_nothing(args[1].at)) {
            return TSME_ELSEWHERE;
        }
        bits = tsme_round_even(bits);
    }
    return tsme_give_bits(t, args, sp, bits);
}

// Of a number, a boolean, or a text of at most 15 digits.
int tsme_native_number(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    if (tsme_is_number(at)) {
        return TSME_OK;
    }
    if (*at >> 5 != TSME_TEXT) {
        return tsme_give_integer(t, args, sp, *at == TSME_TRUE);
    }
    uint32_t left = tsme_head(&at);
    bool negative = left && *at == '-';
    int64_t n = 0;
    at += negative;
    left -= negative;
    if (!left || left > 15) {
        return TSME_ELSEWHERE;
    }
    for (; left; left--, at++) {
        if (*at < '0' || *at > '9') {
            return TSME_ELSEWHERE;
        }
        n = (n << 3) + (n << 1) + (*at & 15);
    }
    return tsme_give_integer(t, args, sp, negative ? -n : n);
}

/// Of an array of numbers ///

// The greatest or the least, as it stands there.
int tsme_native_extreme(uint32_t function, tsme_ref *args)
{
    const uint8_t *at = args[0].at;
    const uint8_t *best = tsme_nothing.at;
    for (uint32_t left = tsme_head(&at); left; left--) {
        struct tsme_number a;
        struct tsme_number b;
        (void)tsme_number(at, &a);
        if (!tsme_is_finite(tsme_bits_of(at))) {
            return TSME_ELSEWHERE;
        }
        int order = tsme_number(best, &b) ? tsme_compare_numbers(&a, &b) : 0;
        if (tsme_is_nothing(best) || (function == TSME_N_MAX ? order > 0 : order < 0)) {
            best = at;
        }
        at = tsme_skip(at);
    }
    args[0] = (tsme_ref){best, 0, 0};
    return TSME_OK;
}

int tsme_native_sum(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
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
