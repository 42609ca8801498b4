// Intrinsic functions on arrays (SPEC 2.6).
//
// What is an item of an argument, or some of them in a row, is not taken apart: its bytes are the
// result, or are copied as they are.

#include "tsme_call.h"
#include "tsme_equal.h"
#include "tsme_frames.h"
#include "tsme_functions.h"
#include "tsme_number.h"

#include <string.h>

enum { TSME_RANGE_MOST = 1000 }; // items of ArrayRange

bool tsme_rounded(const uint8_t *at, int64_t *integer)
{
    struct tsme_number number;
    return tsme_number(at, &number) && tsme_round_number(&number, integer);
}

int tsme_give_integer(struct tsme *t, tsme_ref *args, tsme_ref *sp, int64_t n)
{
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (!err) {
        uint8_t *to = tsme_write_integer(t->top, n);
        tsme_built(args, t->top, to, 0);
        t->top = to;
    }
    return err;
}

void tsme_give_built(struct tsme *t, tsme_ref *args, uint8_t major, uint32_t count, uint8_t *end,
                     uint32_t depth)
{
    uint8_t head[TSME_HEAD_MAX];
    uint32_t size = (uint32_t)(tsme_write_head(head, major, count) - head);
    uint8_t *at = t->top + TSME_HEAD_MAX - size;
    memcpy(at, head, size);
    tsme_built(args, at, end, depth);
    t->top = end;
}

static bool tsme_is_array(const tsme_ref *ref)
{
    return *ref->at >> 5 == TSME_ARRAY;
}

static void tsme_give_part(tsme_ref *args, const uint8_t *at)
{
    args[0] = (tsme_ref){at, 0, 0};
}

/// Items ///

int tsme_array_length(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    if (!tsme_is_array(args)) {
        return TSME_INTRINSIC;
    }
    return tsme_give_integer(t, args, sp, tsme_head(&at));
}

int tsme_array_get_item(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    (void)t;
    (void)sp;
    const uint8_t *at = args[0].at;
    int64_t index;
    if (!tsme_is_array(args) || !tsme_an_integer(args[1].at, &index) || index < 0 ||
        index >= tsme_head(&at)) {
        return TSME_INTRINSIC;
    }
    tsme_give_part(args, tsme_item(args[0].at, (int32_t)index));
    return TSME_OK;
}

// Item: counted from the end too, and null where there is none.
int tsme_item_or_null(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    (void)t;
    (void)sp;
    int64_t index;
    if (!tsme_integer(args[1].at, &index)) {
        return TSME_INTRINSIC;
    }
    if (!tsme_is_array(args)) {
        return TSME_NO_PATH;
    }
    const uint8_t *item =
        index == (int32_t)index ? tsme_item(args[0].at, (int32_t)index) : (const uint8_t *)0;
    tsme_give_part(args, item ? item : &tsme_simple[TSME_NULL - TSME_FALSE]);
    return TSME_OK;
}

/// Building ///

// first, first + step, .. as long as it is not beyond last. How many they are and how many bytes;
// written if there is a place for them.
static uint32_t tsme_range(const int64_t *given, uint8_t *to, uint32_t *count)
{
    int64_t n = given[0];
    int64_t last = given[1];
    int64_t step = given[2];
    uint32_t size = 0;
    *count = 0;
    while ((step > 0 ? n <= last : n >= last) && *count <= TSME_RANGE_MOST) {
        uint8_t item[TSME_HEAD_MAX];
        uint32_t bytes = (uint32_t)(tsme_write_integer(item, n) - item);
        if (to) {
            memcpy(to + size, item, bytes);
        }
        size += bytes;
        ++*count;
        if (step > 0 ? n > INT64_MAX - step : n < INT64_MIN - step) {
            break;
        }
        n += step;
    }
    return size;
}

int tsme_array_range(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    int64_t given[3];
    for (uint32_t i = 0; i < 3; i++) {
        if (!tsme_an_integer(args[i].at, &given[i])) {
            return TSME_INTRINSIC;
        }
    }
    uint32_t count;
    uint32_t size = given[2] ? tsme_range(given, 0, &count) : 0;
    if (!given[2] || count > TSME_RANGE_MOST) {
        return TSME_INTRINSIC;
    }
    int err = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (!err) {
        uint8_t *to = t->top + TSME_HEAD_MAX;
        to += tsme_range(given, to, &count);
        tsme_give_built(t, args, TSME_ARRAY, count, to, 1);
    }
    return err;
}

int tsme_array_partition(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    int64_t n;
    if (!tsme_is_array(args) || !tsme_an_integer(args[1].at, &n) || n < 1) {
        return TSME_INTRINSIC;
    }
    uint32_t left = tsme_head(&at);
    uint32_t most = n < left ? (uint32_t)n : left;
    uint32_t count = 0;
    for (uint32_t items = left; items; items -= items < most ? items : most) {
        count++;
    }
    uint8_t head[TSME_HEAD_MAX];
    uint32_t heads = count * (uint32_t)(tsme_write_head(head, TSME_ARRAY, most) - head);
    int err = tsme_reserve(t, sp, tsme_size(args) + heads + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    at = args[0].at;
    (void)tsme_head(&at);
    uint8_t *to = t->top + TSME_HEAD_MAX;
    while (left) {
        uint32_t items = left < most ? left : most;
        const uint8_t *end = at;
        for (uint32_t i = 0; i < items; i++) {
            end = tsme_skip(end);
        }
        to = tsme_write_head(to, TSME_ARRAY, items);
        memcpy(to, at, (size_t)(end - at));
        to += end - at;
        at = end;
        left -= items;
    }
    tsme_give_built(t, args, TSME_ARRAY, count, to, tsme_depth_of(args) + 1);
    return TSME_OK;
}

// The items of arrays among the items take the place of those.
int tsme_flatten(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (!tsme_is_array(args)) {
        return TSME_INTRINSIC;
    }
    int err = tsme_reserve(t, sp, tsme_size(args) + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    const uint8_t *at = args[0].at;
    uint8_t *to = t->top + TSME_HEAD_MAX;
    uint32_t count = 0;
    for (uint32_t left = tsme_head(&at); left; left--) {
        const uint8_t *end = tsme_skip(at);
        count += *at >> 5 == TSME_ARRAY ? tsme_head(&at) : 1;
        memcpy(to, at, (size_t)(end - at));
        to += end - at;
        at = end;
    }
    tsme_give_built(t, args, TSME_ARRAY, count, to, tsme_depth_of(args));
    return TSME_OK;
}

/// Equal ones ///

static struct tsme_part tsme_behind(const struct tsme *t, uint8_t *at)
{
    return (struct tsme_part){at, (uint32_t)(t->end - at)};
}

int tsme_array_contains(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (!tsme_is_array(args)) {
        return TSME_INTRINSIC;
    }
    int err = tsme_reserve(t, sp, tsme_equal_room());
    if (err) {
        return err;
    }
    const uint8_t *at = args[0].at;
    bool found = false;
    for (uint32_t left = tsme_head(&at); left && !found; left--) {
        found = tsme_equal(at, args[1].at, tsme_behind(t, t->top));
        at = tsme_skip(at);
    }
    tsme_give_part(args, &tsme_simple[found]);
    return TSME_OK;
}

// A table of the items that were taken, by their hash.
struct tsme_taken {
    uint32_t *slots; // offsets in the array, + 1
    uint32_t count;  // of slots, a power of two
    const uint8_t *array;
};

// Whether an equal item was taken; if not, it is now.
static bool tsme_take_once(struct tsme_taken *taken, const uint8_t *item, struct tsme_part left)
{
    uint32_t slot = tsme_hash_value(item) & (taken->count - 1);
    while (taken->slots[slot]) {
        if (tsme_equal(item, taken->array + taken->slots[slot] - 1, left)) {
            return false;
        }
        slot = (slot + 1) & (taken->count - 1);
    }
    taken->slots[slot] = (uint32_t)(item - taken->array) + 1;
    return true;
}

int tsme_array_unique(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (!tsme_is_array(args)) {
        return TSME_INTRINSIC;
    }
    const uint8_t *at = args[0].at;
    uint32_t left = tsme_head(&at);
    uint32_t size = tsme_size(args) + TSME_HEAD_MAX;
    uint32_t slots = 4;
    while (slots < left + left / 2) {
        slots *= 2;
    }
    int err = tsme_reserve(t, sp, size + 4 + slots * 4 + tsme_equal_room());
    if (err) {
        return err;
    }
    uint8_t *table = (uint8_t *)(((uintptr_t)t->top + size + 3) & ~(uintptr_t)3);
    struct tsme_taken taken = {(uint32_t *)(void *)table, slots, args[0].at};
    memset(table, 0, slots * sizeof taken.slots[0]);
    struct tsme_part behind = tsme_behind(t, table + slots * sizeof taken.slots[0]);
    at = args[0].at;
    (void)tsme_head(&at);
    uint8_t *to = t->top + TSME_HEAD_MAX;
    uint32_t count = 0;
    for (; left; left--) {
        const uint8_t *end = tsme_skip(at);
        if (tsme_take_once(&taken, at, behind)) {
            memcpy(to, at, (size_t)(end - at));
            to += end - at;
            count++;
        }
        at = end;
    }
    tsme_give_built(t, args, TSME_ARRAY, count, to, tsme_depth_of(args));
    return TSME_OK;
}
