// Arithmetic of binary64, by integers of 64 bits.
//
// Each operation gives an exact mantissa of up to 64 bits, whose last bit is also set if anything
// but zeros would follow ("sticky"); tsme_nearest rounds it, once. Two bits more than the result
// keeps and a sticky one are enough for that.

#include "tsme_binary64.h"

#include "tsme_math.h"

#if TSME_ALL_NATIVES

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

// The product of mantissas, times 2^-42, the last bit sticky: by shifting and adding, which takes
// longer than four products of words and less code. What is added has ten zeros at its end, so
// that it leaves that bit alone.
static uint64_t tsme_product(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (a <<= TSME_SPARE; b; b >>= 1) {
        product = tsme_move_down(product, 1) + (b & 1 ? a : 0);
    }
    return product;
}

// Long division by so many bits: the quotient's last 64; in `a` what is left, moved up by one.
static uint64_t tsme_quotient(uint64_t *a, uint64_t b, int32_t bits)
{
    uint64_t quotient = 0;
    for (; bits; bits--) {
        quotient <<= 1;
        if (*a >= b) {
            *a -= b;
            quotient |= 1;
        }
        *a <<= 1;
    }
    return quotient;
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
    int32_t exponent = x.exponent - y.exponent;
    if (operation == TSME_MULTIPLY) {
        return tsme_nearest(negative, tsme_product(x.mantissa, y.mantissa),
                            x.exponent + y.exponent + 42);
    }
    if (!y.mantissa) {
        return operation == TSME_REMAINDER || !x.mantissa
                   ? TSME_NAN
                   : TSME_INFINITY | (negative ? TSME_SIGN : 0);
    }
    if (operation == TSME_DIVIDE) {
        uint64_t quotient = tsme_quotient(&x.mantissa, y.mantissa, 63);
        return tsme_nearest(negative, quotient | (x.mantissa != 0), exponent - 62);
    }
    if (exponent < 0) {
        return a;
    }
    (void)tsme_quotient(&x.mantissa, y.mantissa, exponent + 1);
    return tsme_nearest(x.negative, x.mantissa, y.exponent - 1);
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

bool tsme_to_whole(uint64_t bits, uint32_t way, int64_t *whole)
{
    struct tsme_operand n = tsme_take_apart(bits);
    if (n.exponent > 0) {
        return false;
    }
    uint64_t m = 0;
    uint64_t rest = n.mantissa; // in 2^64ths, of the smallest numbers more than that
    if (n.exponent > -64) {
        rest = n.exponent ? n.mantissa << (64 + n.exponent) : 0;
        m = n.mantissa >> -n.exponent;
    } else if (way == TSME_EVEN) {
        rest = 0;
    }
    if (way == TSME_EVEN) {
        m += rest > TSME_SIGN || (rest == TSME_SIGN && (m & 1));
    } else {
        m += rest && n.negative == (way == TSME_DOWN);
    }
    *whole = n.negative ? -(int64_t)m : (int64_t)m;
    return way != TSME_AS_IT_IS || !rest;
}

uint8_t *tsme_write_binary64(uint8_t *to, uint64_t bits)
{
    int64_t whole;
    return tsme_to_whole(bits, TSME_AS_IT_IS, &whole) ? tsme_write_integer(to, whole)
                                                      : tsme_write_float(to, bits);
}

#endif
