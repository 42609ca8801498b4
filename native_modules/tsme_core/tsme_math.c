// 64-bit arithmetic by words of 32 bits: as one does it on paper.

#include "tsme_math.h"

// a * b, by halves of 16 bits, whose products have 32.
uint64_t tsme_times_words(uint32_t a, uint32_t b)
{
    uint32_t low = (a & 0xFFFF) * (b & 0xFFFF);
    uint32_t high = (a >> 16) * (b >> 16);
    uint32_t cross = (a >> 16) * (b & 0xFFFF);
    uint32_t other = (a & 0xFFFF) * (b >> 16);
    uint32_t middle = (low >> 16) + (cross & 0xFFFF) + (other & 0xFFFF);
    high += (cross >> 16) + (other >> 16) + (middle >> 16);
    return (uint64_t)high << 32 | (middle << 16) | (low & 0xFFFF);
}

uint64_t tsme_times(uint64_t a, uint64_t b)
{
    uint32_t a_low = (uint32_t)a;
    uint32_t b_low = (uint32_t)b;
    uint32_t high = (uint32_t)(a >> 32) * b_low + a_low * (uint32_t)(b >> 32);
    return tsme_times_words(a_low, b_low) + ((uint64_t)high << 32);
}

uint64_t tsme_divide(uint64_t n, uint32_t by, uint32_t *rest)
{
    uint32_t high = (uint32_t)(n >> 32);
    uint32_t low = (uint32_t)n;
    uint32_t left = 0; // below `by`, so that a bit more still fits
    for (uint32_t i = 0; i < 64; i++) {
        left = left << 1 | high >> 31;
        high = high << 1 | low >> 31;
        low <<= 1;
        if (left >= by) {
            left -= by;
            low |= 1;
        }
    }
    *rest = left;
    return (uint64_t)high << 32 | low;
}
