// 64-bit arithmetic by words of 32 bits.
//
// Compilers for small chips turn `*`, `/` and `%` of 64 bits into calls of a library that a
// native module cannot link to everywhere. All of it that the engine needs is here, and is
// needed seldom: for random numbers, delays, times and percentages.

#ifndef TSME_MATH_H
#define TSME_MATH_H

#include <stdint.h>

// a * b, all of it.
uint64_t tsme_times_words(uint32_t a, uint32_t b);

// a * b modulo 2^64.
uint64_t tsme_times(uint64_t a, uint64_t b);

// n / by, and in `rest` what is left; `by` is 1 .. 2^31.
uint64_t tsme_divide(uint64_t n, uint32_t by, uint32_t *rest);

#endif
