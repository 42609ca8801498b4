// SHA-256 of bytes in memory.

#ifndef TSME_SHA256_H
#define TSME_SHA256_H

#include <stdint.h>

void tsme_sha256(const uint8_t *data, uint32_t size, uint8_t digest[32]);

#endif
