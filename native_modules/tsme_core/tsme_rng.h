// Random numbers (SPEC 3.3): PCG-XSH-RR 64/32.
//
// Nothing is drawn from the chip. An execution's generator begins with the seed that its
// *start* brings, and its state is part of the execution's state, so that whoever runs the
// same inputs again draws the same numbers.

#ifndef TSME_RNG_H
#define TSME_RNG_H

#include <stdint.h>

struct tsme;

// The state behind `state`; the first one of a seed.
uint64_t tsme_advance(uint64_t state);

// Draws from a generator: 32 bits. The second is that of the execution.
uint32_t tsme_draw_from(uint64_t *state);
uint32_t tsme_draw(struct tsme *t);

// A number from 0 to n - 1 for a draw; n is 1 .. 2^63.
uint64_t tsme_below(uint32_t draw, uint64_t n);

#endif
