// Sorters of expressions (SPEC 2.16): a merge sort that asks its caller which of two comes first.
//
// It halves the array, the smaller half first, down to one item, and then takes from two sorted
// halves. What it has to come back to is on a list of its own, so that it can stop at each pair.

#include "tsme_number.h"
#include "tsme_frames.h"
#include "tsme_machine.h"

#include <string.h>

#if TSME_ALL_NATIVES

// A part of the items: from `low` to before `high`; `middle` is 0 until it is halved.
struct tsme_part_of {
    uint32_t low;
    uint32_t high;
    uint32_t middle;
};

// Behind it lie the parts to come back to, then the places of the items in `value`, in the order
// so far, then as much room for what is merged.
struct tsme_sorter {
    tsme_ref value;
    uint32_t count;
    uint32_t todo;   // parts
    uint32_t rooms;  // .. that there is room for
    uint32_t merged; // items
    uint32_t left;   // the two to compare
    uint32_t right;
    bool merging; // the last part is under way
    bool asked;   // somebody was given the two
    bool second;  // .. and says that the second comes first
    struct tsme_part_of part[];
};

static uint32_t *tsme_places_of(struct tsme_sorter *by)
{
    return (uint32_t *)(void *)(by->part + by->rooms);
}

tsme_ref *tsme_op_sort(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)operand;
    const uint8_t *at = sp[-1].at;
    bool array = tsme_is_array(at);
    uint32_t count = array ? tsme_head(&at) : !tsme_is_nothing(at);
    int err = count > 255 ? tsme_burn(t, count >> 8) : TSME_OK;
    uint32_t rooms = 3;
    for (uint32_t n = count; n; n >>= 1) {
        rooms += 2;
    }
    uint32_t size = (uint32_t)(sizeof(struct tsme_sorter) + rooms * sizeof(struct tsme_part_of));
    size += 2 * count * (uint32_t)sizeof(uint32_t);
    if (!err) {
        err = count > TSME_MEMORY_MAX / 16 ? tsme_reserve(t, sp, TSME_MEMORY_MAX)
                                           : tsme_reserve_block(t, sp, size);
    }
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_sorter *by = tsme_take_block(t, size);
    memset(by, 0, sizeof *by);
    by->value = sp[-1];
    tsme_note_nested(t->evaluation, sp[-1].at); // an item alone will be in an array
    by->count = count;
    by->rooms = rooms;
    by->todo = 1;
    by->part[0] = (struct tsme_part_of){0, count, 0};
    at = sp[-1].at;
    if (array) {
        (void)tsme_head(&at);
    }
    for (uint32_t i = 0; i < count; i++, at = tsme_skip(at)) {
        tsme_places_of(by)[i] = (uint32_t)(at - sp[-1].at);
    }
    sp[-1] = tsme_thing(by, size, TSME_SORTER);
    return sp;
}

static struct tsme_sorter *tsme_sorter_at(const tsme_ref *item)
{
    TSME_ASSERT(item->depth == TSME_SORTER);
    return (struct tsme_sorter *)(uintptr_t)item->at;
}

// Takes the one of the two that comes first. The last answer holds, and none is no.
static void tsme_take_first(struct tsme_sorter *by)
{
    uint32_t *items = tsme_places_of(by);
    if (by->asked) {
        TSME_ASSERT(by->merging && by->merged < by->count);
        items[by->count + by->merged++] = items[by->second ? by->right++ : by->left++];
    }
    by->asked = true;
    by->second = false;
}

// Goes on to the next two items to compare; false: all is sorted.
static bool tsme_next_pair_of(struct tsme_sorter *by)
{
    uint32_t *items = tsme_places_of(by);
    while (by->todo) {
        struct tsme_part_of part = by->part[by->todo - 1];
        if (!part.middle) {
            by->todo--;
            if (part.high - part.low > 1) {
                part.middle = part.low + (part.high - part.low) / 2;
                TSME_ASSERT(by->todo + 3 <= by->rooms);
                by->part[by->todo++] = part;
                by->part[by->todo++] = (struct tsme_part_of){part.middle, part.high, 0};
                by->part[by->todo++] = (struct tsme_part_of){part.low, part.middle, 0};
            }
            continue;
        }
        if (!by->merging) {
            by->merging = true;
            by->merged = 0;
            by->left = part.low;
            by->right = part.middle;
        }
        if (by->left < part.middle && by->right < part.high) {
            return true;
        }
        // What is left of either half is in order already.
        uint32_t rest = part.middle - by->left;
        memmove(items + part.high - rest, items + by->left, rest * sizeof *items);
        memcpy(items + part.low, items + by->count, by->merged * sizeof *items);
        by->merging = false;
        by->todo--;
    }
    return false;
}

// The items in their order, as an array in the place of the sorter.
static tsme_ref *tsme_sorted(struct tsme *t, tsme_ref *sp)
{
    uint32_t size = tsme_size(&tsme_sorter_at(sp - 1)->value);
    int err = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (err) {
        return tsme_failed(t, err);
    }
    struct tsme_sorter *by = tsme_sorter_at(sp - 1);
    const uint32_t *places = tsme_places_of(by);
    uint8_t *to = tsme_write_head(t->top, TSME_ARRAY, by->count);
    for (uint32_t i = 0; i < by->count; i++) {
        const uint8_t *at = by->value.at + places[i];
        uint32_t bytes = (uint32_t)(tsme_skip(at) - at);
        memcpy(to, at, bytes);
        to += bytes;
    }
    sp[-1] = tsme_sized(t->top, (uint32_t)(to - t->top));
    t->top = to;
    return sp;
}

tsme_ref *tsme_op_step(struct tsme *t, tsme_ref *sp, bool *over)
{
    struct tsme_sorter *by = tsme_sorter_at(sp - 1);
    tsme_take_first(by);
    *over = !tsme_next_pair_of(by);
    if (*over) {
        return tsme_sorted(t, sp);
    }
    const uint32_t *places = tsme_places_of(by);
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *at = by->value.at + places[i ? by->right : by->left];
        *sp++ = tsme_sized(at, (uint32_t)(tsme_skip(at) - at));
    }
    return sp;
}

// Whether the answer says that the second comes first.
static bool tsme_says_yes(const uint8_t *at)
{
    if (tsme_is_number(at)) {
        struct tsme_number number;
        (void)tsme_number(at, &number);
        return number.mantissa && !tsme_is_nan_at(at);
    }
    return !tsme_is_nothing(at) && *at != TSME_NULL && *at != TSME_FALSE && *at != TSME_TEXT << 5;
}

tsme_ref *tsme_op_answer(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)t;
    (void)operand;
    tsme_sorter_at(sp - 2)->second = tsme_says_yes(sp[-1].at);
    return sp - 1;
}

#endif
