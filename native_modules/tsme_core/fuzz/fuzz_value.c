// A target of libFuzzer: bytes from outside that are to be a CBOR value. tsme_check refuses them,
// or says how long the value is; then everything that walks through values agrees with it, and
// no byte behind the value is looked at.

#include "../tsme_value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

// Goes through a value, item by item; the list of what is open is its own.
static void walk(const uint8_t *at, const uint8_t *end)
{
    uint32_t left[TSME_DEPTH_MAX + 1] = {1};
    uint32_t depth = 0;
    while (depth || left[0]) {
        if (!left[depth]) {
            depth--;
            continue;
        }
        left[depth]--;
        must(at < end);
        uint8_t major = (uint8_t)(*at >> 5);
        int64_t number;
        must(tsme_integer(at, &number) == (major <= TSME_NEGATIVE));
        if (major == TSME_ARRAY || major == TSME_OBJECT) {
            const uint8_t *first = at;
            uint32_t count = tsme_head(&at);
            if (major == TSME_OBJECT && count) {
                must(tsme_member(first, at) == tsme_skip(at)); // the first name names the first
            } else if (count) {
                must(tsme_item(first, 0) == at);
                must(tsme_item(first, -(int32_t)count) == at);
                must(!tsme_item(first, (int32_t)count));
            }
            must(depth < TSME_DEPTH_MAX);
            left[++depth] = major == TSME_OBJECT ? 2 * count : count;
        } else {
            at = tsme_skip(at);
        }
    }
    must(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) {
        return 0;
    }
    // The first byte is how much memory there is for looking for names that come twice.
    uint32_t room = 16u * data[0];
    uint32_t given = (uint32_t)size - 1;
    uint8_t *scratch = malloc(room + 1);
    uint8_t *copy = malloc(given + 1);
    memcpy(copy, data + 1, given);
    uint8_t *end = copy + given;
    int32_t found = tsme_check(copy, end, (struct tsme_part){scratch, room});
    must(found != 0 && (found < 0 || (uint32_t)found <= given));
    if (found > 0) {
        uint8_t *value = malloc((size_t)found); // nothing may be read behind it
        memcpy(value, copy, (size_t)found);
        must(tsme_check(value, value + found, (struct tsme_part){scratch, room}) == found);
        must(tsme_check(value, value + found - 1, (struct tsme_part){scratch, room}) < 0);
        tsme_ref ref = {value, 0, 0};
        must(tsme_size(&ref) == (uint32_t)found);
        must(tsme_fits(&ref, 0));
        must(tsme_skip(value) == value + found);
        walk(value, value + found);
        free(value);
    }
    free(copy);
    free(scratch);
    return 0;
}
