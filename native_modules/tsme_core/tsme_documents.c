// Intrinsic functions on objects, and Batch (SPEC 2.6).

#include "tsme_assert.h"
#include "tsme_equal.h"
#include "tsme_frames.h"
#include "tsme_functions.h"
#include "tsme_text.h"

#include <string.h>

static uint8_t *tsme_add(uint8_t *to, const void *from, uint32_t size)
{
    memcpy(to, from, size);
    return to + size;
}

/// JsonMerge ///

// The members of a, with the values of b for those that b has too; then the others of b.
int tsme_json_merge(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (*args[0].at >> 5 != TSME_OBJECT || *args[1].at >> 5 != TSME_OBJECT ||
        *args[2].at != TSME_FALSE) {
        return TSME_INTRINSIC;
    }
    uint32_t size = tsme_size(&args[0]) + tsme_size(&args[1]) + TSME_HEAD_MAX;
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return err;
    }
    uint8_t *to = t->top + TSME_HEAD_MAX;
    uint32_t count = 0;
    for (uint32_t i = 0; i < 2; i++) {
        struct tsme_part behind = {t->top + size, (uint32_t)(t->end - t->top) - size};
        struct tsme_names others;
        tsme_open_names(&others, args[1 - i].at, &behind);
        const uint8_t *name = args[i].at;
        for (uint32_t left = tsme_head(&name); left; left--) {
            const uint8_t *value = tsme_skip_text(name);
            const uint8_t *end = tsme_skip(value);
            const uint8_t *other = tsme_find_name(&others, name);
            if (i == 0 || !other) {
                const uint8_t *from = other ? other : value;
                to = tsme_add(to, name, (uint32_t)(value - name));
                to = tsme_add(to, from, (uint32_t)((other ? tsme_skip(other) : end) - from));
                count++;
            }
            name = end;
        }
    }
    uint32_t a = tsme_depth_of(&args[0]);
    uint32_t b = tsme_depth_of(&args[1]);
    tsme_give_built(t, args, TSME_OBJECT, count, to, a > b ? a : b);
    return TSME_OK;
}

/// Lists ///

// Nothing, null, or an object of arrays of texts.
static bool tsme_is_lists(const uint8_t *at)
{
    if (!at || *at == TSME_NULL) {
        return true;
    }
    if (*at >> 5 != TSME_OBJECT) {
        return false;
    }
    for (uint32_t members = tsme_head(&at); members; members--) {
        at = tsme_skip_text(at);
        if (*at >> 5 != TSME_ARRAY) {
            return false;
        }
        for (uint32_t texts = tsme_head(&at); texts; texts--) {
            if (*at >> 5 != TSME_TEXT) {
                return false;
            }
            at = tsme_skip_text(at);
        }
    }
    return true;
}

int tsme_lists(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    (void)t;
    (void)sp;
    static const uint8_t headers[] = "\x67"
                                     "Headers";
    static const uint8_t parameters[] = "\x6f"
                                        "QueryParameters";
    bool good = tsme_is_lists(tsme_member(args[0].at, headers)) &&
                tsme_is_lists(tsme_member(args[0].at, parameters));
    return good ? TSME_OK : TSME_NO_TASK;
}

/// Batch ///

// A natural number, or a text of 1 to 8 digits.
static bool tsme_is_natural(const uint8_t *at, int64_t *n)
{
    if (*at >> 5 != TSME_TEXT) {
        return tsme_integer(at, n) && *n >= 0;
    }
    uint32_t size = tsme_head(&at);
    *n = 0;
    for (uint32_t i = 0; i < size && size < 9; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
        *n = (*n << 3) + (*n << 1) + (at[i] & 15);
    }
    return size && size < 9;
}

static const uint8_t tsme_shared_name[] = "\x6a"
                                          "BatchInput";
static const uint8_t tsme_items_name[] = "\x65"
                                         "Items";
static const uint8_t tsme_key_name[] = "\xa2\x63"
                                       "Key";
static const uint8_t tsme_value_name[] = "\x65"
                                         "Value";
enum { TSME_KEY_BYTES = 5, TSME_NAME_BYTES = 6, TSME_SHARED_BYTES = 11 };

// The head of a batch of so many items, behind the BatchInput if there is one.
static uint8_t *tsme_begin_batch(uint8_t *to, const tsme_ref *shared, uint32_t items)
{
    bool any = *shared->at != TSME_NULL;
    to = tsme_write_head(to, TSME_OBJECT, 1u + any);
    if (any) {
        to = tsme_add(to, tsme_shared_name, TSME_SHARED_BYTES);
        to = tsme_add(to, shared->at, shared->size);
    }
    to = tsme_add(to, tsme_items_name, TSME_NAME_BYTES);
    return tsme_write_head(to, TSME_ARRAY, items);
}

// An item of an array, or for a member of an object its name and value.
static uint8_t *tsme_add_item(uint8_t *to, const uint8_t **at, bool named)
{
    const uint8_t *value = *at;
    if (named) {
        value = tsme_skip_text(*at);
        to = tsme_add(to, tsme_key_name, TSME_KEY_BYTES);
        to = tsme_add(to, *at, (uint32_t)(value - *at));
        to = tsme_add(to, tsme_value_name, TSME_NAME_BYTES);
    }
    *at = tsme_skip(value);
    return tsme_add(to, value, (uint32_t)(*at - value));
}

// How items are put together.
struct tsme_batches {
    int64_t most;   // items of one, 0: any number
    int64_t bytes;  // of its JSON text, 0: any number
    uint32_t empty; // bytes of one without items but for the last bracket
    bool named;     // they are members of an object
};

// Bytes of JSON text that an item takes with its comma; false: there is a float in it.
static bool tsme_item_bytes(const struct tsme_batches *all, const uint8_t *at, uint32_t *bytes)
{
    enum { AROUND = sizeof "{'Key':,'Value':}" - 1 };
    struct tsme_writer out = {0, 1};
    bool whole = true;
    if (all->named) {
        out.size += AROUND;
        whole = tsme_write_json(&out, at, TSME_JSON);
        at = tsme_skip_text(at);
    }
    whole = whole && tsme_write_json(&out, at, TSME_JSON);
    *bytes = out.size;
    return whole;
}

// How many of the items from *at on, there are `left`, are the next batch; steps over them.
// 0: there is a float in one.
static uint32_t tsme_next_batch(const struct tsme_batches *all, const uint8_t **at, uint32_t left)
{
    uint32_t items = 0;
    int64_t used = all->empty;
    while (left-- && (!all->most || items < all->most)) {
        uint32_t bytes = 0;
        if (all->bytes && !tsme_item_bytes(all, *at, &bytes)) {
            return 0;
        }
        used += bytes;
        if (items && all->bytes && used > all->bytes) {
            break;
        }
        *at = tsme_skip(all->named ? tsme_skip_text(*at) : *at);
        items++;
    }
    return items;
}

// What the arguments say; an error, or TSME_RAISED for a float whose digits count.
static int tsme_take_batches(const tsme_ref *args, struct tsme_batches *all)
{
    enum { NO_INPUT = sizeof "{'Items':[]" - 1, INPUT = sizeof "'BatchInput':," - 1 };
    if (!tsme_is_container(args[0].at)) {
        return TSME_NO_ITEMS;
    }
    if (!tsme_is_natural(args[1].at, &all->most) || !tsme_is_natural(args[2].at, &all->bytes)) {
        return TSME_NO_TIME;
    }
    all->named = *args[0].at >> 5 == TSME_OBJECT;
    struct tsme_writer out = {0, NO_INPUT};
    if (*args[3].at != TSME_NULL) {
        out.size += INPUT;
        if (all->bytes && !tsme_write_json(&out, args[3].at, false)) {
            return TSME_RAISED;
        }
    }
    all->empty = out.size;
    return TSME_OK;
}

// How many batches there are, and how many bytes they take as items.
static int tsme_count_batches(const struct tsme *t, const struct tsme_batches *all, tsme_ref *args,
                              uint32_t *count, uint32_t *bytes)
{
    const uint8_t *at = args[0].at;
    uint32_t around = 1 + TSME_NAME_BYTES;
    around += *args[3].at == TSME_NULL ? 0 : TSME_SHARED_BYTES + tsme_size(&args[3]);
    *count = *bytes = 0;
    for (uint32_t left = tsme_head(&at); left; ++*count) {
        const uint8_t *from = at;
        uint32_t items = tsme_next_batch(all, &at, left);
        if (!items) {
            return TSME_RAISED;
        }
        uint8_t head[TSME_HEAD_MAX];
        *bytes += around + (uint32_t)(tsme_write_head(head, TSME_ARRAY, items) - head);
        *bytes += all->named ? items * (TSME_KEY_BYTES + TSME_NAME_BYTES) : 0;
        *bytes += (uint32_t)(at - from);
        if (*bytes > t->program.largest) {
            return TSME_TOO_LARGE;
        }
        left -= items;
    }
    return TSME_OK;
}

int tsme_batch(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    struct tsme_batches all = {0, 0, 0, false};
    uint32_t count = 0;
    uint32_t bytes = 0;
    int err = tsme_take_batches(args, &all);
    if (!err) {
        err = tsme_count_batches(t, &all, args, &count, &bytes);
    }
    if (!err) {
        err = tsme_reserve(t, sp, bytes + TSME_HEAD_MAX);
    }
    if (err) {
        return err;
    }
    const uint8_t *at = args[0].at;
    uint8_t *to = t->top + TSME_HEAD_MAX;
    for (uint32_t left = tsme_head(&at); left;) {
        const uint8_t *next = at;
        uint32_t items = tsme_next_batch(&all, &next, left);
        to = tsme_begin_batch(to, &args[3], items);
        for (uint32_t i = 0; i < items; i++) {
            to = tsme_add_item(to, &at, all.named);
        }
        left -= items;
    }
    TSME_ASSERT((uint32_t)(to - t->top) == bytes + TSME_HEAD_MAX);
    tsme_give_built(t, args, TSME_ARRAY, count, to, 0xFF);
    return TSME_OK;
}
