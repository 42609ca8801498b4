// Times as texts: RFC 3339, read and written.

#ifndef TSME_TIME_H
#define TSME_TIME_H

#include <stdbool.h>
#include <stdint.h>

// A time that a text names. Two of them compare by seconds, then by digits.
struct tsme_time {
    int64_t seconds;       // since 1970
    const uint8_t *digits; // of the fraction of a second, in the text, ..
    uint32_t count;        // .. without zeros at the end
};

enum { TSME_TIME_MAX = 36 }; // bytes of a time written, its head included

// Reads the text encoded at `at`; false if it is no timestamp (SPEC 2.8). Any other value is
// none either.
bool tsme_timestamp(const uint8_t *at, struct tsme_time *time);

// Less than 0, 0 or greater than 0.
int tsme_compare_times(const struct tsme_time *a, const struct tsme_time *b);

// Milliseconds since 1970, rounded up, so that nothing that waits for a time is early.
int64_t tsme_milliseconds(const struct tsme_time *time);

// Writes ms since 1970 as an encoded text such as 2023-01-01T00:00:00.000Z; one past it.
uint8_t *tsme_write_time(uint8_t *to, uint64_t ms);

// Writes a number in decimal, with zeros in front up to `least` digits; one past it.
enum { TSME_DECIMAL_MAX = 20 };
uint8_t *tsme_write_decimal(uint8_t *to, uint64_t n, uint32_t least);

#endif
