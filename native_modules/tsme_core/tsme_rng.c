// Random numbers: the generator of SPEC 3.3.

#include "tsme_rng.h"

#include "tsme.h"
#include "tsme_math.h"

#define TSME_FACTOR    UINT64_C(6364136223846793005)
#define TSME_INCREMENT UINT64_C(1442695040888963407)

uint64_t tsme_advance(uint64_t state)
{
    return tsme_times(state, TSME_FACTOR) + TSME_INCREMENT;
}

uint32_t tsme_draw_from(uint64_t *state)
{
    uint64_t x = *state;
    uint32_t n = (uint32_t)((x >> 18 ^ x) >> 27);
    uint32_t turn = (uint32_t)(x >> 59);
    *state = tsme_advance(x);
    return n >> turn | n << (-turn & 31);
}

uint32_t tsme_draw(struct tsme *t)
{
    t->random = true;
    return tsme_draw_from(&t->state.rng);
}

// draw * n >> 32, where the product may have more than 64 bits.
uint64_t tsme_below(uint32_t draw, uint64_t n)
{
    return tsme_times(draw, n >> 32) + (tsme_times(draw, (uint32_t)n) >> 32);
}
