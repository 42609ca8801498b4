// Inside the engine: names of objects, and which values are equal as JSON is (SPEC 2.6).

#ifndef TSME_EQUAL_H
#define TSME_EQUAL_H

#include "tsme_part.h"

#include <stdbool.h>
#include <stdint.h>

// The names of an object, to be looked up. With more than a few of them a table finds them in
// whatever memory is left; without room for it one goes through them.
struct tsme_names {
    const uint8_t *object;
    const uint8_t *first; // name
    uint32_t *table;      // offsets from `first`, + 1; null: none
    uint32_t slots;       // of the table, a power of two
};

// `left` is free memory; what the table takes of it is gone.
void tsme_open_names(struct tsme_names *names, const uint8_t *object, struct tsme_part *left);

// The value of that name, or null.
const uint8_t *tsme_find_name(const struct tsme_names *names, const uint8_t *name);

// Whether two values are equal: 1 and 1.0 are, members of objects may be in any order. `left` is
// free memory, at least as many bytes as tsme_equal_room says.
uint32_t tsme_equal_room(void);
bool tsme_equal(const uint8_t *a, const uint8_t *b, struct tsme_part left);

// The same number for equal values.
uint32_t tsme_hash_value(const uint8_t *at);

#endif
