// Bytes from outside: is this a value of SPEC section 1? Everything else in the engine
// trusts what has passed here, and reads it without looking for the end.
//
// No recursion: the containers that are open are a list of their own, so the C stack a
// check takes is known, whatever the value.

#include "tsme_number.h"
#include "tsme_value.h"

#include <string.h>

// Steps over a head; refuses forms that are not the shortest and lengths of 4 GiB.
int tsme_check_head(const uint8_t **at, const uint8_t *end, uint8_t *major, uint64_t *n)
{
    const uint8_t *p = *at;
    if (p >= end) {
        return TSME_ERR_FORMAT;
    }
    *major = (uint8_t)(*p >> 5);
    uint32_t info = *p++ & 31u;
    *n = info;
    if (info >= 24) {
        static const uint32_t least_high[4] = {0, 0, 0, 1};
        static const uint32_t least_low[4] = {24, 0x100, 0x10000, 0};
        if (info > 27 || (uint32_t)(end - p) < 1u << (info - 24)) {
            return TSME_ERR_FORMAT;
        }
        *n = 0;
        for (uint32_t bytes = 1u << (info - 24); bytes; bytes--) {
            *n = *n << 8 | *p++;
        }
        if (*major != TSME_SIMPLE &&
            *n < ((uint64_t)least_high[info - 24] << 32 | least_low[info - 24])) {
            return TSME_ERR_FORMAT;
        }
    }
    *at = p;
    return TSME_OK;
}

static bool tsme_is_utf8(const uint8_t *at, uint32_t size)
{
    while (size) {
        uint32_t first = *at++;
        size--;
        if (first < 0x80) {
            continue;
        }
        uint32_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        if (first < 0xC2 || first > 0xF4 || size < more) {
            return false;
        }
        uint32_t code = first & (0x3Fu >> more);
        for (uint32_t i = 0; i < more; i++, at++, size--) {
            if ((*at & 0xC0) != 0x80) {
                return false;
            }
            code = code << 6 | (*at & 0x3Fu);
        }
        static const uint32_t least[3] = {0x80, 0x800, 0x10000};
        if (code < least[more - 1] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
            return false;
        }
    }
    return true;
}

// Whether the name at `name` stands among the members from `first` on already.
static bool tsme_is_repeated(const uint8_t *first, const uint8_t *name, uint32_t size)
{
    while (first < name) {
        const uint8_t *value = tsme_skip(first);
        if ((uint32_t)(value - first) == size && memcmp(first, name, size) == 0) {
            return true;
        }
        first = tsme_skip(value);
    }
    return false;
}

enum { TSME_FEW = 16 }; // members that are compared with each other

// Whether the members of an object have different names, all of it being well-formed. Where
// there are more than a few, a table in `scratch` finds those that may be the same; without
// room for it each is compared with all before it.
static bool tsme_are_different(const uint8_t *first, uint32_t count, struct tsme_part scratch)
{
    uint32_t *table = (uint32_t *)(((uintptr_t)scratch.at + 3) & ~(uintptr_t)3);
    uint32_t slots = 32;
    while (slots < 2 * count) {
        slots *= 2;
    }
    bool room = scratch.size >= (slots + 1) * sizeof *table;
    if (room) {
        memset(table, 0, slots * sizeof *table);
    }
    const uint8_t *name = first;
    for (; count; count--) {
        const uint8_t *value = tsme_skip_text(name);
        uint32_t size = (uint32_t)(value - name);
        if (!room && tsme_is_repeated(first, name, size)) {
            return false;
        }
        uint32_t slot = 2166136261; // FNV-1a
        for (uint32_t i = 0; room && i < size; i++) {
            slot = (slot ^ name[i]) * 16777619;
        }
        for (; room && table[slot & (slots - 1)]; slot++) {
            if (memcmp(first + table[slot & (slots - 1)] - 1, name, size) == 0) {
                return false; // its head says how long it is, so no other one begins like it
            }
        }
        if (room) {
            table[slot & (slots - 1)] = (uint32_t)(name - first) + 1;
        }
        name = tsme_skip(value);
    }
    return true;
}

// One head of a value and, of a text, its bytes. What is inside a container follows.
static int tsme_check_item(const uint8_t **at, const uint8_t *end, uint8_t *major, uint64_t *n)
{
    const uint8_t *start = *at;
    int err = tsme_check_head(at, end, major, n);
    if (err) {
        return err;
    }
    switch (*major) {
    case TSME_UINT:
    case TSME_NEGATIVE: return *n <= INT64_MAX ? TSME_OK : TSME_ERR_FORMAT;
    case TSME_TEXT:
        if (*n > (uint64_t)(end - *at) || !tsme_is_utf8(*at, (uint32_t)*n)) {
            return TSME_ERR_FORMAT;
        }
        *at += *n;
        return TSME_OK;
    case TSME_ARRAY:
    case TSME_OBJECT: return *n <= (uint64_t)(end - *at) ? TSME_OK : TSME_ERR_FORMAT;
    case TSME_SIMPLE:
        if (*start >= TSME_FLOAT16 && *start <= TSME_FLOAT64) {
            return tsme_is_float(start) ? TSME_OK : TSME_ERR_FORMAT;
        }
        return *start >= TSME_FALSE && *start <= TSME_NULL ? TSME_OK : TSME_ERR_FORMAT;
    default: return TSME_ERR_FORMAT;
    }
}

int32_t tsme_check(const uint8_t *start, const uint8_t *end, struct tsme_part scratch)
{
    struct {
        const uint8_t *first; // an object's first name, null for an array
        uint32_t left;        // items to come, two a member
        uint32_t count;       // of an object, its members
    } open[TSME_DEPTH_MAX];
    uint32_t depth = 0;
    const uint8_t *at = start;
    do {
        const uint8_t *item = at;
        uint8_t major;
        uint64_t n;
        int err = tsme_check_item(&at, end, &major, &n);
        if (err) {
            return err;
        }
        if (depth && open[depth - 1].first && open[depth - 1].left % 2 == 0 &&
            (major != TSME_TEXT ||
             (open[depth - 1].count <= TSME_FEW &&
              tsme_is_repeated(open[depth - 1].first, item, (uint32_t)(at - item))))) {
            return TSME_ERR_FORMAT;
        }
        if (major == TSME_ARRAY || major == TSME_OBJECT) {
            if (depth == TSME_DEPTH_MAX) {
                return TSME_ERR_LIMIT;
            }
            open[depth].first = major == TSME_OBJECT ? at : 0;
            open[depth].left = (uint32_t)n << (major == TSME_OBJECT);
            open[depth].count = (uint32_t)n;
            depth++;
        } else if (depth) {
            open[depth - 1].left--;
        }
        while (depth && open[depth - 1].left == 0) {
            depth--;
            if (open[depth].first && open[depth].count > TSME_FEW &&
                !tsme_are_different(open[depth].first, open[depth].count, scratch)) {
                return TSME_ERR_FORMAT;
            }
            if (depth) {
                open[depth - 1].left--;
            }
        }
    } while (depth);
    return (int32_t)(at - start);
}
