// Numbers: reading and writing IEEE 754, comparing, rounding.

#include "tsme_number.h"

enum {
    TSME_FRACTION_BITS = 52,
    TSME_BIAS = 1023,
    TSME_INFINITE = 0x7FF, // the exponent of what is no number
};

#define TSME_FRACTION ((UINT64_C(1) << TSME_FRACTION_BITS) - 1)

static uint64_t tsme_big_endian(const uint8_t *at, uint32_t bytes)
{
    uint64_t n = 0;
    while (bytes--) {
        n = n << 8 | *at++;
    }
    return n;
}

/// The three widths ///

// The binary64 of a binary16 (10, 5) or a binary32 (23, 8): bits of fraction and exponent.
static uint64_t tsme_widen(uint32_t n, uint32_t fraction_bits, uint32_t exponent_bits)
{
    uint64_t sign = n >> (fraction_bits + exponent_bits);
    uint32_t most = (1u << exponent_bits) - 1;
    uint32_t bias = most >> 1;
    uint32_t exponent = n >> fraction_bits & most;
    uint32_t fraction = n & ((1u << fraction_bits) - 1);
    if (exponent == most) {
        exponent = TSME_INFINITE;
    } else if (exponent) {
        exponent += TSME_BIAS - bias;
    } else if (fraction) { // below the normal ones, which binary64 has more of
        exponent = TSME_BIAS + 1 - bias;
        while (!(fraction >> fraction_bits)) {
            fraction <<= 1;
            exponent--;
        }
        fraction &= (1u << fraction_bits) - 1;
    }
    return sign << 63 | (uint64_t)exponent << TSME_FRACTION_BITS |
           (uint64_t)fraction << (TSME_FRACTION_BITS - fraction_bits);
}

uint64_t tsme_float_bits(const uint8_t *at)
{
    switch (*at) {
    case TSME_FLOAT16: return tsme_widen((uint32_t)tsme_big_endian(at + 1, 2), 10, 5);
    case TSME_FLOAT32: return tsme_widen((uint32_t)tsme_big_endian(at + 1, 4), 23, 8);
    default: return tsme_big_endian(at + 1, 8);
    }
}

// Whether a narrower float keeps a binary64 that is not 0, and its bits if it does.
static bool tsme_narrow(uint64_t bits, uint32_t fraction_bits, uint32_t exponent_bits,
                        uint32_t *narrow)
{
    int32_t bias = (1 << (exponent_bits - 1)) - 1;
    int32_t exponent = (int32_t)(bits >> TSME_FRACTION_BITS & TSME_INFINITE) - TSME_BIAS;
    uint64_t fraction = bits & TSME_FRACTION;
    uint32_t sign = (uint32_t)(bits >> 63) << (fraction_bits + exponent_bits);
    uint32_t lost = TSME_FRACTION_BITS - fraction_bits; // bits that have no room
    uint32_t field = 0;
    if (exponent > bias) {
        return false;
    }
    if (exponent >= 1 - bias) {
        field = (uint32_t)(exponent + bias) << fraction_bits;
    } else {
        uint32_t below = (uint32_t)(1 - bias - exponent);
        if (below > fraction_bits) {
            return false;
        }
        lost += below;
        fraction |= TSME_FRACTION + 1;
    }
    *narrow = sign | field | (uint32_t)(fraction >> lost);
    return (fraction & ((UINT64_C(1) << lost) - 1)) == 0;
}

// Bytes behind the first of the shortest encoding, and what they are.
static uint32_t tsme_shortest(uint64_t bits, uint64_t *short_bits)
{
    uint32_t narrow;
    *short_bits = bits;
    if (bits << 1 == 0) {
        *short_bits = bits >> 48;
        return 2;
    }
    if (tsme_narrow(bits, 10, 5, &narrow)) {
        *short_bits = narrow;
        return 2;
    }
    if (tsme_narrow(bits, 23, 8, &narrow)) {
        *short_bits = narrow;
        return 4;
    }
    return 8;
}

uint8_t *tsme_write_float(uint8_t *to, uint64_t bits)
{
    uint64_t n;
    uint32_t bytes = tsme_shortest(bits, &n);
    *to++ = bytes == 2 ? TSME_FLOAT16 : bytes == 4 ? TSME_FLOAT32 : TSME_FLOAT64;
    for (uint32_t shift = 8 * bytes; shift; shift -= 8) {
        *to++ = (uint8_t)(n >> (shift - 8));
    }
    return to;
}

bool tsme_is_float(const uint8_t *at)
{
    uint64_t bits = tsme_float_bits(at);
    uint64_t n;
    return (bits >> TSME_FRACTION_BITS & TSME_INFINITE) != TSME_INFINITE &&
           tsme_shortest(bits, &n) == 2u << (*at - TSME_FLOAT16);
}

/// What programs ask ///

bool tsme_number(const uint8_t *at, struct tsme_number *number)
{
    int64_t integer;
    if (tsme_integer(at, &integer)) {
        number->negative = integer < 0;
        number->mantissa = number->negative ? 0 - (uint64_t)integer : (uint64_t)integer;
        number->exponent = 0;
        number->whole = true;
        return true;
    }
    if (!tsme_is_number(at)) {
        return false;
    }
    uint64_t bits = tsme_float_bits(at);
    uint32_t exponent = (uint32_t)(bits >> TSME_FRACTION_BITS) & TSME_INFINITE;
    number->negative = bits >> 63;
    number->mantissa = bits & TSME_FRACTION;
    if (exponent) {
        number->mantissa |= TSME_FRACTION + 1;
    }
    number->exponent = (int32_t)(exponent ? exponent : 1) - TSME_BIAS - TSME_FRACTION_BITS;
    number->whole = false;
    return true;
}

// The highest bit of the mantissa at its place, so that of two numbers the exponents tell first.
static struct tsme_number tsme_normal(struct tsme_number number)
{
    while (!(number.mantissa >> 63)) {
        number.mantissa <<= 1;
        number.exponent--;
    }
    return number;
}

int tsme_compare_numbers(const struct tsme_number *a, const struct tsme_number *b)
{
    if (!a->mantissa || !b->mantissa || a->negative != b->negative) {
        int a_sign = a->mantissa ? 1 - 2 * a->negative : 0;
        int b_sign = b->mantissa ? 1 - 2 * b->negative : 0;
        return a_sign - b_sign;
    }
    struct tsme_number m = *a;
    struct tsme_number n = *b;
    if (m.exponent != n.exponent) {
        m = tsme_normal(m);
        n = tsme_normal(n);
    }
    int order = m.exponent != n.exponent ? (m.exponent < n.exponent ? -1 : 1)
                                         : (m.mantissa > n.mantissa) - (m.mantissa < n.mantissa);
    return m.negative ? -order : order;
}

// The integer with this sign and size; false beyond 64 bits.
static bool tsme_signed(bool negative, uint64_t size, int64_t *integer)
{
    if (size > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *integer = !negative ? (int64_t)size : size ? -1 - (int64_t)(size - 1) : 0;
    return true;
}

// A size that is no smaller than its integers of 64 bits are wide, or too large for them.
static bool tsme_shifted(const struct tsme_number *number, int64_t *integer)
{
    if (number->mantissa &&
        (number->exponent > 63 ||
         number->mantissa << number->exponent >> number->exponent != number->mantissa)) {
        return false;
    }
    uint64_t size = number->mantissa ? number->mantissa << number->exponent : 0;
    return tsme_signed(number->negative, size, integer);
}

bool tsme_round_number(const struct tsme_number *number, int64_t *integer)
{
    if (number->exponent >= 0) {
        return tsme_shifted(number, integer);
    }
    uint32_t by = (uint32_t)-number->exponent;
    if (by > 54) { // below one half, for the mantissa has 53 bits
        *integer = 0;
        return true;
    }
    uint64_t half = UINT64_C(1) << (by - 1);
    // Toward +infinity from the middle: of a negative number the smaller size.
    uint64_t size = (number->mantissa + half - number->negative) >> by;
    return tsme_signed(number->negative, size, integer);
}

bool tsme_integral(const struct tsme_number *number, int64_t *integer)
{
    if (number->exponent >= 0) {
        return tsme_shifted(number, integer);
    }
    uint32_t by = (uint32_t)-number->exponent;
    if (by > 63 || number->mantissa & ((UINT64_C(1) << by) - 1)) {
        *integer = 0;
        return number->mantissa == 0;
    }
    return tsme_signed(number->negative, number->mantissa >> by, integer);
}

uint32_t tsme_millionths(const struct tsme_number *percentage)
{
    enum { PLACES = 40 }; // it is cut to multiples of 2^-40, so that 64 bits are enough
    if (percentage->whole) {
        return (uint32_t)percentage->mantissa * 10000;
    }
    int32_t exponent = percentage->exponent + PLACES;
    uint64_t n = percentage->mantissa;
    if (exponent <= -64) {
        n = 0;
    } else {
        n = exponent > 0 ? n << exponent : n >> -exponent;
    }
    // times 10,000, by its bits
    n = (n << 13) + (n << 10) + (n << 9) + (n << 8) + (n << 4);
    return (uint32_t)((n + (UINT64_C(1) << (PLACES - 1))) >> PLACES);
}
