// Arithmetic as IEEE 754 has it, on the 64 bits of a binary64: exactly rounded, ties to even.
//
//     0.1 + 0.2  is  3FB999999999999A + 3FC999999999999A  =  3FD3333333333334
//
// What a chip's own floats would give depends on the chip and on the compiler's library; this
// does not. Infinities and NaN are among the results, as JSONata's expressions have them inside
// (SPEC 2.16).

#ifndef TSME_BINARY64_H
#define TSME_BINARY64_H

#include "tsme_number.h"

// As OPERATE numbers them. The remainder has the sign of the dividend.
enum {
    TSME_ADD = 0,
    TSME_SUBTRACT = 1,
    TSME_MULTIPLY = 2,
    TSME_DIVIDE = 3,
    TSME_REMAINDER = 4,
};

#define TSME_SIGN     (UINT64_C(1) << 63)
#define TSME_INFINITY UINT64_C(0x7FF0000000000000)
#define TSME_NAN      UINT64_C(0x7FF8000000000000)

// Whether the bits are those of a finite number.
static inline bool tsme_is_finite(uint64_t bits)
{
    return (bits & TSME_INFINITY) != TSME_INFINITY;
}

static inline bool tsme_is_nan(uint64_t bits)
{
    return (bits & ~TSME_SIGN) > TSME_INFINITY;
}

// a + b, a - b, a * b, a / b, a % b, of finite numbers.
uint64_t tsme_compute(uint32_t operation, uint64_t a, uint64_t b);

// The binary64 nearest to mantissa * 2^exponent; an infinity if that is too large.
uint64_t tsme_nearest(bool negative, uint64_t mantissa, int32_t exponent);

// The binary64 nearest to a number, which `at` must be.
uint64_t tsme_bits_of(const uint8_t *at);

// The integer below, above, or nearest to a number, halves to the even one; false from 2^53 on,
// and with TSME_AS_IT_IS also if it is not whole.
enum { TSME_DOWN = 0, TSME_UP = 1, TSME_EVEN = 2, TSME_AS_IT_IS = 3 };
bool tsme_to_whole(uint64_t bits, uint32_t way, int64_t *whole);

// Writes a number as SPEC 2.16 has it, 1 to 9 bytes: whole and of less than 2^53 as an integer.
// One past it.
uint8_t *tsme_write_binary64(uint8_t *to, uint64_t bits);

#endif
