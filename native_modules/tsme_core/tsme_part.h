// Bytes that lie together: what records are handed over in, so that nobody has to copy them
// into one piece first.

#ifndef TSME_PART_H
#define TSME_PART_H

#include <stdint.h>

struct tsme_part {
    const uint8_t *at;
    uint32_t size; // bytes
};

#endif
