// SHA-256 (FIPS 180-4), standing in for the one a platform has.

#include "tsme_sha256.h"

#include <string.h>

static const uint32_t tsme_sha256_k[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static uint32_t tsme_sha256_rotate(uint32_t x, uint32_t n)
{
    return x >> n | x << (32 - n);
}

static void tsme_sha256_block(uint32_t state[8], const uint8_t *data)
{
    uint32_t w[64];
    uint32_t v[8];
    for (uint32_t i = 0; i < 16; i++, data += 4) {
        w[i] =
            (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    }
    for (uint32_t i = 16; i < 64; i++) {
        uint32_t a = w[i - 15];
        uint32_t b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] +
               (tsme_sha256_rotate(a, 7) ^ tsme_sha256_rotate(a, 18) ^ a >> 3) +
               (tsme_sha256_rotate(b, 17) ^ tsme_sha256_rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof v);
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t e = v[4];
        uint32_t a = v[0];
        uint32_t x =
            v[7] +
            (tsme_sha256_rotate(e, 6) ^ tsme_sha256_rotate(e, 11) ^ tsme_sha256_rotate(e, 25)) +
            ((e & v[5]) ^ (~e & v[6])) + tsme_sha256_k[i] + w[i];
        uint32_t y =
            (tsme_sha256_rotate(a, 2) ^ tsme_sha256_rotate(a, 13) ^ tsme_sha256_rotate(a, 22)) +
            ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += x;
        v[0] = x + y;
    }
    for (uint32_t i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void tsme_sha256(const uint8_t *data, uint32_t size, uint8_t digest[32])
{
    uint32_t state[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                         0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
    uint8_t last[128] = {0};
    uint32_t left = size;
    for (; left >= 64; left -= 64, data += 64) {
        tsme_sha256_block(state, data);
    }
    memcpy(last, data, left);
    last[left] = 0x80;
    uint32_t end = left < 56 ? 64 : 128;
    for (uint32_t i = 0; i < 5; i++) {
        last[end - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    }
    for (uint32_t i = 0; i < end; i += 64) {
        tsme_sha256_block(state, last + i);
    }
    for (uint32_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}
