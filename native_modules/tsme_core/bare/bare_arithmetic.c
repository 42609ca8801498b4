// Arithmetic by itself, for machines of other widths and byte orders: reads operations with what
// must come of them, and says which is the first that gives something else.
//
//   bare_arithmetic FILE     each: the operation (1 byte), two operands and the result (8 bytes
//                            each, the high byte first); 5 and more: the integer that the first
//                            becomes, or it itself

#include "../tsme_binary64.h"

#include <stdio.h>

enum { TSME_WAYS = 5 }; // behind the operations

static uint64_t bare_bits(const uint8_t *at)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < 8; i++) {
        n = n << 8 | at[i];
    }
    return n;
}

static uint64_t bare_made(const uint8_t *one)
{
    uint64_t a = bare_bits(one + 1);
    if (*one < TSME_WAYS) {
        return tsme_compute(*one, a, bare_bits(one + 9));
    }
    int64_t whole;
    return tsme_to_whole(a, *one - TSME_WAYS, &whole) ? (uint64_t)whole : a;
}

int main(int count, char **names)
{
    uint8_t one[25];
    unsigned long done = 0;
    FILE *in = count > 1 ? fopen(names[1], "rb") : 0;
    if (!in) {
        return 2;
    }
    for (; fread(one, sizeof one, 1, in) == 1; done++) {
        if (bare_made(one) != bare_bits(one + 17)) {
            printf("%lu: operation %u\n", done, *one);
            return 1;
        }
    }
    printf("%lu\n", done);
    return 0;
}
