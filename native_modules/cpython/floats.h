// Binary64 in CBOR: the shortest of three formats that keeps it, as values/numbers.py has it.

#ifndef TSME_FLOATS_H
#define TSME_FLOATS_H

#include <stdint.h>
#include <string.h>

// The bits of a binary64 as those of a format with so many bits of fraction and exponent, or -1
// if that does not have it.
static inline int64_t narrowed(uint64_t bits, int fraction, int exponent)
{
    uint64_t sign = bits >> 63 << (fraction + exponent), m = bits & ((1ull << 52) - 1);
    int bias = (1 << (exponent - 1)) - 1, e = (int)(bits >> 52 & 0x7FF);
    if (!e && !m) {
        return (int64_t)sign;
    }
    e += bias - 1023;
    int drop = 52 - fraction;
    if (e < 1) { // it would be subnormal there
        drop += 1 - e;
        m |= 1ull << 52;
        e = 0;
    }
    if (e >= (1 << exponent) - 1 || drop > 52 || m & ((1ull << drop) - 1)) {
        return -1;
    }
    return (int64_t)(sign | (uint64_t)e << fraction | m >> drop);
}

// Writes the item of a number to `to`. Gives its size in bytes, 3, 5 or 9; 0 for an infinity and
// for what is no number.
static inline int float_encoded(double d, uint8_t to[9])
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    if ((bits >> 52 & 0x7FF) == 0x7FF) {
        return 0;
    }
    int64_t n = -1;
    int width = 2;
    if (bits << 1 == 0 || bits >> 52 & 0x7FF) { // no narrower format has a subnormal one
        n = narrowed(bits, 10, 5);
        if (n < 0) {
            width = 4;
            n = narrowed(bits, 23, 8);
        }
    }
    to[0] = width == 2 ? 0xF9 : 0xFA;
    if (n < 0) {
        width = 8;
        n = (int64_t)bits;
        to[0] = 0xFB;
    }
    for (int k = 0; k < width; k++) {
        to[1 + k] = (uint8_t)((uint64_t)n >> 8 * (width - 1 - k));
    }
    return 1 + width;
}

#endif
