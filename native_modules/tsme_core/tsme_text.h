// Inside the engine: values as text (SPEC 2.6, JsonToString and Format).

#ifndef TSME_TEXT_H
#define TSME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

// Where text goes; with `to` null it is only counted.
struct tsme_writer {
    uint8_t *to;   // the next byte, or null
    uint32_t size; // bytes so far
};

void tsme_write_bytes(struct tsme_writer *out, const void *from, uint32_t size);

enum { TSME_DECIMAL_MAX = 20 }; // bytes of an integer in decimal, with its sign

// Writes an integer in decimal; one past it.
uint8_t *tsme_write_in_decimal(uint8_t *to, int64_t n);

// How values are written: as JSON without spaces; as Format shows them, {k=1, l=[a b, null]}; as
// $string does, floats with 15 digits and functions as "".
enum { TSME_JSON = 0, TSME_PLAIN = 1, TSME_STRING = 2 };

// Writes a value. False if there is a float in it whose digits the core leaves to its caller: with
// TSME_STRING those below 1e-6, from 1e15 on and those that are none.
bool tsme_write_json(struct tsme_writer *out, const uint8_t *at, uint32_t style);

#endif
