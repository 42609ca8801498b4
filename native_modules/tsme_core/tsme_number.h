// Numbers as SPEC 1 has them: integers of 64 bits, and IEEE binary64 in its shortest encoding.
//
// Nothing here uses a float of the compiler's. A binary64 is 64 bits: a sign, 11 bits of
// exponent, 52 of fraction; taken apart it is an integer times a power of two, and so is every
// integer. So all that a program asks of numbers is exact, and the same on each chip:
//
//     0.1  is  FB 3F B9 99 99 99 99 99 9A  is  7205759403792794 * 2^-56
//     1.5  is  F9 3E 00                    is  6755399441055744 * 2^-52
//     -3   is  22                          is  -3 * 2^0, and whole

#ifndef TSME_NUMBER_H
#define TSME_NUMBER_H

#include "tsme_value.h"

enum {
    TSME_FLOAT16 = 0xF9, // first bytes of the encodings
    TSME_FLOAT32 = 0xFA,
    TSME_FLOAT64 = 0xFB,
    TSME_FLOAT_MAX = 9,        // bytes of the longest
    TSME_EXPONENT_MIN = -1074, // of the smallest number, 1 * 2^-1074
};

// A number taken apart: its size is mantissa * 2^exponent.
struct tsme_number {
    uint64_t mantissa; // of an integer 0 .. 2^63; else 0 .. 2^53 - 1
    int32_t exponent;  // of an integer 0; else -1074 .. 971
    bool negative;     // of 0 as well: -0.0
    bool whole;        // an integer as such; 2.0 is none
};

// Whether the value is a number of either kind.
static inline bool tsme_is_number(const uint8_t *at)
{
    return *at < 0x40 || (*at >= TSME_FLOAT16 && *at <= TSME_FLOAT64);
}

// Takes the value apart; false if it is no number.
bool tsme_number(const uint8_t *at, struct tsme_number *number);

// Less than 0, 0 or greater than 0; exact for every pair. -0.0 equals 0.
int tsme_compare_numbers(const struct tsme_number *a, const struct tsme_number *b);

// The nearest integer, halves up (2.5 to 3, -2.5 to -2); false beyond 64 bits.
bool tsme_round_number(const struct tsme_number *number, int64_t *integer);

// The integer that it equals; false if there is none of 64 bits.
bool tsme_integral(const struct tsme_number *number, int64_t *integer);

// A number from 0 to 100 in millionths of the whole (SPEC 2.15).
uint32_t tsme_millionths(const struct tsme_number *percentage);

// The bits of a float's encoding as a binary64: FA 3F 80 00 00 is 3FF0000000000000.
uint64_t tsme_float_bits(const uint8_t *at);

// Writes the shortest encoding of a binary64, 3 to 9 bytes; one past it.
uint8_t *tsme_write_float(uint8_t *to, uint64_t bits);

// Whether the float encoded at `at`, all of whose bytes are there, is a value: it is finite,
// and nothing shorter says the same.
bool tsme_is_float(const uint8_t *at);

#endif
