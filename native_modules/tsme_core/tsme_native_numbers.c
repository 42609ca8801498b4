// Native functions on numbers (SPEC 2.16).

#include "tsme_binary64.h"
#include "tsme_native.h"

#if TSME_ALL_NATIVES

/// Of one number ///

int tsme_native_whole(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    uint64_t bits = tsme_bits_of(args[0].at);
    if (!tsme_is_finite(bits)) {
        return TSME_ELSEWHERE;
    }
    if (function == TSME_N_ABS) {
        return tsme_give_bits(t, args, sp, bits & ~TSME_SIGN);
    }
    if (!tsme_is_nothing(args[1].at)) {
        return TSME_ELSEWHERE; // rounded to digits
    }
    int64_t whole;
    uint32_t way = function == TSME_N_FLOOR  ? TSME_DOWN
                   : function == TSME_N_CEIL ? TSME_UP
                                             : TSME_EVEN;
    return tsme_to_whole(bits, way, &whole) ? tsme_give_integer(t, args, sp, whole)
                                            : tsme_give_bits(t, args, sp, bits);
}

// Of a number, a boolean, or a text of at most 9 digits.
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
    int32_t n = 0;
    at += negative;
    left -= negative;
    if (!left || left > 9) {
        return TSME_ELSEWHERE;
    }
    for (; left; left--, at++) {
        if (*at < '0' || *at > '9') {
            return TSME_ELSEWHERE;
        }
        n = n * 10 + (*at & 15);
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

#endif
