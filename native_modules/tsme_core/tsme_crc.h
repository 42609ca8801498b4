// The CRC-32 of digests and records.

#ifndef TSME_CRC_H
#define TSME_CRC_H

#include <stdint.h>

// Goes on from `seed`, as zlib's does; 0 begins.
uint32_t tsme_crc(uint32_t seed, const uint8_t *data, uint32_t size);

// The CRC of what `first` is that of, followed by `size` bytes that `second` is that of.
uint32_t tsme_crc_combine(uint32_t first, uint32_t second, uint32_t size);

#endif
