// Arithmetic of binary64, by integers of 64 bits.
//
// Each operation gives an exact mantissa of up to 64 bits, whose last bit is also set if anything
// but zeros would follow ("sticky"); tsme_nearest rounds it, once. Two bits more than the result
// keeps and a sticky one are enough for that.

#include "tsme_binary64.h"

#include "tsme_math.h"

enum {
    TSME_MANTISSA_BITS = 53,
    TSME_SPARE = 10,    // bits that a mantissa is moved up, so that a sum of two has 64
    TSME_LOWEST = 1086, // of a mantissa with its highest bit at 63, field minus exponent
};

#define TSME_HIDDEN (UINT64_C(1) << (TSME_MANTISSA_BITS - 1))

// A finite number as mantissa * 2^exponent, the mantissa of 53 bits, 0 only for 0.
struct tsme_operand {
    uint64_t mantissa;
    int32_t exponent;
    bool negative;
};

static struct tsme_operand tsme_take_apart(uint64_t bits)
{
    int32_t field = (int32_t)(bits >> (TSME_MANTISSA_BITS - 1)) & 0x7FF;
    struct tsme_operand n = {bits & (TSME_HIDDEN - 1), field - 1075, bits >> 63};
    if (field) {
        n.mantissa |= TSME_HIDDEN;
    } else if (n.mantissa) {
        n.exponent++;
        while (n.mantissa < TSME_HIDDEN) {
            n.mantissa <<= 1;
            n.exponent--;
        }
    }
    return n;
}

// Moved down, what is lost in the last bit.
static uint64_t tsme_move_down(uint64_t m, uint32_t by)
{
    if (by > 63) {
        return m != 0;
    }
    return m >> by | ((m & ((UINT64_C(1) << by) - 1)) != 0);
}

uint64_t tsme_nearest(bool negative, uint64_t mantissa, int32_t exponent)
{
    uint64_t sign = negative ? TSME_SIGN : 0;
    if (!mantissa) {
        return sign;
    }
    while (!(mantissa >> 63)) {
        mantissa <<= 1;
        exponent--;
    }
    int32_t field = exponent + TSME_LOWEST;
    if (field >= 0x7FF) {
        return sign | TSME_INFINITY;
    }
    if (field < 1) { // fewer bits are left
        mantissa = tsme_move_down(mantissa, (uint32_t)(1 - field));
        field = 1;
    }
    uint64_t n = mantissa >> 11;
    uint32_t rest = (uint32_t)mantissa & 0x7FF;
    n += rest > 0x400 || (rest == 0x400 && (n & 1));
    // The hidden bit adds one to the field, and so does a carry.
    return sign | (((uint64_t)(uint32_t)(field - 1) << (TSME_MANTISSA_BITS - 1)) + n);
}

static uint64_t tsme_sum(struct tsme_operand a, struct tsme_operand b)
{
    if (!a.mantissa || (b.mantissa && a.exponent < b.exponent)) {
        struct tsme_operand other = a;
        a = b;
        b = other;
    }
    if (!b.mantissa) { // and perhaps a
        return tsme_nearest(a.mantissa ? a.negative : a.negative & b.negative, a.mantissa,
                            a.exponent);
    }
    uint64_t m = a.mantissa << TSME_SPARE;
    uint64_t n = tsme_move_down(b.mantissa << TSME_SPARE, (uint32_t)(a.exponent - b.exponent));
    bool negative = a.negative;
    if (a.negative == b.negative) {
        m += n;
    } else if (m > n) {
        m -= n;
    } else {
        negative = n > m && b.negative;
        m = n - m;
    }
    return tsme_nearest(negative, m, a.exponent - TSME_SPARE);
}

// The upper 64 bits of the product, below them sticky.
static uint64_t tsme_product(uint64_t a, uint64_t b)
{
    uint32_t a_high = (uint32_t)(a >> 32);
    uint32_t b_high = (uint32_t)(b >> 32);
    uint64_t low = tsme_times_words((uint32_t)a, (uint32_t)b);
    uint64_t cross = tsme_times_words(a_high, (uint32_t)b);
    uint64_t other = tsme_times_words((uint32_t)a, b_high);
    uint64_t middle = (low >> 32) + (uint32_t)cross + (uint32_t)other;
    uint64_t high = tsme_times_words(a_high, b_high) + (cross >> 32) + (other >> 32);
    return (high + (middle >> 32)) | (((uint32_t)low | (uint32_t)middle) != 0);
}

// a / b of mantissas of 53 bits, times 2^62, the last bit sticky.
static uint64_t tsme_quotient(uint64_t a, uint64_t b)
{
    uint64_t q = 0;
    for (uint32_t i = 0; i < 63; i++) {
        q <<= 1;
        if (a >= b) {
            a -= b;
            q |= 1;
        }
        a <<= 1;
    }
    return q | (a != 0);
}

static uint64_t tsme_rest(struct tsme_operand a, struct tsme_operand b)
{
    if (a.exponent < b.exponent) {
        return tsme_nearest(a.negative, a.mantissa, a.exponent);
    }
    uint64_t m = a.mantissa;
    for (int32_t i = a.exponent - b.exponent;; i--) {
        if (m >= b.mantissa) {
            m -= b.mantissa;
        }
        if (!i) {
            return tsme_nearest(a.negative, m, b.exponent);
        }
        m <<= 1;
    }
}

uint64_t tsme_compute(uint32_t operation, uint64_t a, uint64_t b)
{
    if (operation == TSME_SUBTRACT) {
        b ^= TSME_SIGN;
    }
    TSME_ASSERT(tsme_is_finite(a) && tsme_is_finite(b));
    struct tsme_operand x = tsme_take_apart(a);
    struct tsme_operand y = tsme_take_apart(b);
    bool negative = x.negative != y.negative;
    if (operation <= TSME_SUBTRACT) {
        return tsme_sum(x, y);
    }
    if (operation == TSME_MULTIPLY) {
        return tsme_nearest(negative, tsme_product(x.mantissa << TSME_SPARE, y.mantissa << 11),
                            x.exponent + y.exponent + 43);
    }
    if (!y.mantissa) {
        return operation == TSME_REMAINDER || !x.mantissa
                   ? TSME_NAN
                   : TSME_INFINITY | (negative ? TSME_SIGN : 0);
    }
    if (operation == TSME_REMAINDER) {
        return tsme_rest(x, y);
    }
    return tsme_nearest(negative, tsme_quotient(x.mantissa, y.mantissa),
                        x.exponent - y.exponent - 62);
}

uint64_t tsme_bits_of(const uint8_t *at)
{
    struct tsme_number n;
    if (*at >= TSME_FLOAT16) {
        return tsme_float_bits(at);
    }
    (void)tsme_number(at, &n);
    return tsme_nearest(n.negative, n.mantissa, 0);
}

/// Whole numbers ///

// The integer part toward 0, and the rest in 2^64ths, the last bit sticky; false if all of it is
// whole already, or no finite number.
static bool tsme_split(uint64_t bits, uint64_t *whole, uint64_t *rest)
{
    struct tsme_operand n = tsme_take_apart(bits);
    if (n.exponent >= 0 || !n.mantissa) {
        return false;
    }
    uint32_t by = (uint32_t)-n.exponent;
    *whole = by < 64 ? n.mantissa >> by : 0;
    *rest = by < 64 ? n.mantissa << (64 - by) : 1;
    return true;
}

uint64_t tsme_floor(uint64_t bits)
{
    uint64_t whole;
    uint64_t rest;
    if (!tsme_split(bits, &whole, &rest)) {
        return bits;
    }
    bool negative = bits >> 63;
    return tsme_nearest(negative, whole + (negative && rest), 0);
}

uint64_t tsme_round_even(uint64_t bits)
{
    uint64_t whole;
    uint64_t rest;
    if (!tsme_split(bits, &whole, &rest)) {
        return bits;
    }
    whole += rest > TSME_SIGN || (rest == TSME_SIGN && (whole & 1));
    return tsme_nearest(bits >> 63, whole, 0);
}

uint8_t *tsme_write_binary64(uint8_t *to, uint64_t bits)
{
    uint64_t whole = 0;
    uint64_t rest = 0;
    struct tsme_operand n = tsme_take_apart(bits);
    if (n.exponent > 0 || (tsme_split(bits, &whole, &rest) && rest)) {
        return tsme_write_float(to, bits);
    }
    whole = n.exponent ? whole : n.mantissa;
    return tsme_write_integer(to, n.negative ? -(int64_t)whole : (int64_t)whole);
}
