// QUERY: what a path selects that may name more than one place (SPEC 2.12).
//
// Each segment gives, for a value, one value after the other; so a path is a row of iterators,
// one a segment, and a value that comes out of the last one is selected. To go back is to ask the
// iterator before for its next. Nothing is kept but where each iterator is: the values lie where
// they are, and what is selected goes straight into the array that is the result. If that has no
// room the query only counts on, and is made again when there is.
//
// `$.a[*].b` over {"a": [{"b": 1}, {"b": 2}]}: "a" gives the array, null its two items, "b" of
// the first 1 and, after going back, of the second 2.

#include "tsme_query.h"
#include "tsme_call.h"
#include "tsme_frames.h"

#include <string.h>

// A segment on the way through a value.
struct tsme_level {
    const uint8_t *segment;
    const uint8_t *at;    // the next value, or the name before it; null: none is there
    const uint8_t *value; // of [1, ..]: what the items are of
    const uint8_t *next;  // .. the next of its integers
    uint32_t index;       // .. the number of that at `at`
    uint32_t left;        // values to come, or for `true` to look at
    uint32_t looked;      // values this segment has looked at
    uint8_t kind;
    bool named; // a name stands before each value
};

// How a level gives its values.
enum { TSME_ONE = 0, TSME_EACH = 1, TSME_WITHIN = 2, TSME_CHOSEN = 3, TSME_FILTERED = 4 };

// The array that the result is, or only its size.
struct tsme_result {
    uint8_t *to;    // where it begins, behind room for the longest head
    uint32_t size;  // bytes of the items
    uint32_t count; // items
};

enum { TSME_RESULT_HEAD = 5 };

// Counts values that a segment looks at; false if they are too many.
bool tsme_looked(struct tsme_query *q, uint32_t n)
{
    if (n > q->left) {
        q->error = TSME_TOO_LARGE;
        return false;
    }
    q->left -= n;
    return true;
}

/// The result ///

static void tsme_put_bytes(struct tsme_query *q, struct tsme_result *result, const uint8_t *from,
                           uint32_t size)
{
    if (result->to && (uint32_t)(q->end - result->to) - TSME_RESULT_HEAD < result->size + size) {
        q->free = result->to; // from here on it is only counted
        result->to = 0;
    }
    if (result->to) {
        memcpy(result->to + TSME_RESULT_HEAD + result->size, from, size);
        q->free += size;
    }
    result->size += size;
    if (result->size > q->engine->program.largest) {
        q->error = TSME_TOO_LARGE;
    }
}

static void tsme_put_value(struct tsme_query *q, struct tsme_result *result, const uint8_t *at)
{
    tsme_put_bytes(q, result, at, (uint32_t)(tsme_skip(at) - at));
    result->count++;
}

// [2, ..]: an object of some members. `all`: it has to have all of them.
static void tsme_pick(struct tsme_query *q, struct tsme_result *result, const uint8_t *segment,
                      const uint8_t *v, bool all)
{
    uint32_t names = tsme_head(&segment) - 1;
    const uint8_t *name = tsme_skip(segment);
    const uint8_t *first = name;
    uint32_t found = 0;
    for (uint32_t i = 0; i < names; i++, name = tsme_skip(name)) {
        found += tsme_member(v, name) != 0;
    }
    if (all && found < names) {
        return;
    }
    uint8_t head[TSME_HEAD_MAX];
    uint8_t *end = tsme_write_head(head, TSME_OBJECT, found);
    tsme_put_bytes(q, result, head, (uint32_t)(end - head));
    name = first;
    for (uint32_t i = 0; i < names && !q->error; i++) {
        const uint8_t *next = tsme_skip(name);
        const uint8_t *value = tsme_member(v, name);
        if (value) {
            tsme_put_bytes(q, result, name, (uint32_t)(next - name));
            tsme_put_bytes(q, result, value, (uint32_t)(tsme_skip(value) - value));
        }
        name = next;
    }
    result->count++;
}

/// Segments ///

// An end of a slice: null, or counted from the end; what is beyond the array is cut off.
static uint32_t tsme_slice_end(const uint8_t *at, uint32_t count, uint32_t missing)
{
    int64_t n;
    if (!tsme_integer(at, &n)) {
        return missing;
    }
    n = n < 0 ? n + count : n;
    return n < 0 ? 0 : n > count ? count : (uint32_t)n;
}

static void tsme_begin_slice(struct tsme_query *q, struct tsme_level *level, const uint8_t *v)
{
    const uint8_t *ends = level->segment + 2; // behind the head and the 0
    uint32_t count = tsme_head(&v);
    uint32_t start = tsme_slice_end(ends, count, 0);
    uint32_t stop = tsme_slice_end(tsme_skip(ends), count, count);
    if (start < stop && tsme_looked(q, stop - start)) {
        for (uint32_t i = 0; i < start; i++) {
            v = tsme_skip(v);
        }
        level->at = v;
        level->left = stop - start;
        level->kind = TSME_EACH;
    }
}

// All values in a container, for null or, of an array, a filter.
static void tsme_begin_each(struct tsme_query *q, struct tsme_level *level, const uint8_t *v,
                            uint8_t kind)
{
    level->named = *v >> 5 == TSME_OBJECT;
    uint32_t count = tsme_head(&v);
    if (tsme_looked(q, count)) {
        level->at = v;
        level->left = count;
        level->kind = kind;
    }
}

static void tsme_begin_array(struct tsme_query *q, struct tsme_level *level, const uint8_t *v,
                             uint32_t kind, bool deep)
{
    const uint8_t *segment = level->segment;
    uint32_t count = tsme_head(&segment);
    if (kind == TSME_FILTER && *v >> 5 == TSME_OBJECT) {
        level->at = v; // it takes an object for itself, not for its members
        level->left = 1;
        level->kind = TSME_FILTERED;
    } else if (*v >> 5 != TSME_ARRAY) {
        return;
    } else if (kind == TSME_FILTER && !deep) {
        tsme_begin_each(q, level, v, TSME_FILTERED);
    } else if (kind == TSME_SLICE) {
        tsme_begin_slice(q, level, v);
    } else if (kind == TSME_SEVERAL && tsme_looked(q, count - 1)) {
        level->value = v;
        level->at = 0;
        level->next = segment + 1;
        level->left = count - 1;
        level->kind = TSME_CHOSEN;
    }
}

// Takes a segment to a value. `deep`: the segment before it is `true`.
static void tsme_begin_level(struct tsme_query *q, struct tsme_level *level, const uint8_t *v,
                             bool deep, struct tsme_result *result)
{
    const uint8_t *segment = level->segment;
    int64_t index;
    level->left = 0;
    level->named = false;
    level->kind = TSME_ONE;
    q->left = q->engine->program.largest - level->looked;
    if (!tsme_looked(q, 1)) {
        return;
    }
    if (*segment >> 5 == TSME_TEXT) {
        level->at = tsme_member(v, segment);
        level->left = level->at != 0;
    } else if (tsme_integer(segment, &index)) {
        level->at = tsme_item(v, (int32_t)index);
        level->left = level->at != 0;
    } else if (*segment == TSME_NULL) {
        if (tsme_is_container(v)) {
            tsme_begin_each(q, level, v, TSME_EACH);
        }
    } else if (*segment == TSME_TRUE) {
        level->at = v;
        level->left = 1;
        level->kind = TSME_WITHIN;
    } else {
        const uint8_t *kind = segment;
        (void)tsme_head(&kind);
        if (*kind != TSME_PICKED) {
            tsme_begin_array(q, level, v, *kind, deep);
        } else if (*v >> 5 == TSME_OBJECT) {
            tsme_pick(q, result, segment, v, deep);
        }
    }
    level->looked = q->engine->program.largest - q->left;
}

// `true`: the next array or object on the way through all bytes of a value. Names are no
// containers, so what is a name need not be known.
static const uint8_t *tsme_next_within(struct tsme_query *q, struct tsme_level *level)
{
    while (level->left) {
        const uint8_t *v = level->at;
        level->left--;
        if (!tsme_is_container(v)) {
            level->at = tsme_skip(v);
            continue;
        }
        uint32_t count = tsme_head(&level->at);
        level->left += count << (*v >> 5 == TSME_OBJECT);
        return tsme_looked(q, count) ? v : 0;
    }
    return 0;
}

// [1, ..]: the next of the items. `at` is where the one before is, so those that ascend are
// found without beginning anew.
static const uint8_t *tsme_next_chosen(struct tsme_level *level)
{
    while (level->left) {
        int64_t index = 0;
        (void)tsme_integer(level->next, &index);
        level->next = tsme_skip(level->next);
        level->left--;
        const uint8_t *first = level->value;
        uint32_t count = tsme_head(&first);
        index = index < 0 ? index + count : index;
        if (index < 0 || index >= count) {
            continue;
        }
        if (!level->at || (uint32_t)index < level->index) {
            level->at = first;
            level->index = 0;
        }
        for (; level->index < (uint32_t)index; level->index++) {
            level->at = tsme_skip(level->at);
        }
        return level->at;
    }
    return 0;
}

// The next value of a level, or null.
static const uint8_t *tsme_next_value(struct tsme_query *q, struct tsme_level *level)
{
    const uint8_t *found = 0;
    q->left = q->engine->program.largest - level->looked;
    if (level->kind == TSME_WITHIN) {
        found = tsme_next_within(q, level);
    } else if (level->kind == TSME_CHOSEN) {
        found = tsme_next_chosen(level);
    } else {
        while (!found && level->left && !q->error) {
            const uint8_t *v = level->named ? tsme_skip_text(level->at) : level->at;
            level->at = --level->left ? tsme_skip(v) : 0;
            const uint8_t *term = level->segment + 2;
            bool takes =
                level->kind != TSME_FILTERED || (tsme_is_container(v) && tsme_holds(q, term, v));
            found = takes ? v : 0;
        }
    }
    level->looked = q->engine->program.largest - q->left;
    return q->error ? 0 : found;
}

/// The path ///

// Goes through the value; `levels` have the path's segments.
static void tsme_walk(struct tsme_query *q, struct tsme_level *levels, uint32_t count,
                      struct tsme_result *result)
{
    uint32_t i = 0;
    tsme_begin_level(q, levels, q->root, false, result);
    while (!q->error) {
        const uint8_t *v = tsme_next_value(q, &levels[i]);
        if (!v) {
            if (i == 0) {
                return;
            }
            i--;
        } else if (i + 1 == count) {
            tsme_put_value(q, result, v);
        } else {
            i++;
            tsme_begin_level(q, &levels[i], v, *levels[i - 1].segment == TSME_TRUE, result);
        }
    }
}

// The levels of a path, in a block for which there is room.
static struct tsme_level *tsme_levels(struct tsme *t, const uint8_t *segment, uint32_t count)
{
    struct tsme_level *levels = tsme_take_block(t, count * (uint32_t)sizeof *levels);
    memset(levels, 0, count * sizeof *levels);
    for (uint32_t i = 0; i < count; i++) {
        levels[i].segment = segment;
        segment = tsme_skip(segment);
    }
    return levels;
}

// One way through, with the memory that is free. Where that is too little `wants` says how much
// it would take.
static int tsme_try(struct tsme *t, struct tsme_query *q, tsme_ref *sp, const uint8_t *path,
                    struct tsme_result *result)
{
    uint32_t count = tsme_head(&path);
    struct tsme_level *levels = tsme_levels(t, path, count);
    memset(q, 0, sizeof *q);
    q->engine = t;
    q->root = sp[-1].at;
    q->start = t->top;
    q->free = t->top + TSME_RESULT_HEAD;
    q->end = t->end - (uintptr_t)t->end % sizeof(struct tsme_known);
    q->known = (struct tsme_known *)(void *)q->end;
    *result = (struct tsme_result){t->top, 0, 0};
    tsme_walk(q, levels, count, result);
    for (uint32_t i = 0; i < count; i++) {
        q->work += levels[i].looked;
    }
    if (q->error == TSME_OK && !result->to) {
        q->error = TSME_ERR_MEMORY;
        q->wants = result->size + TSME_RESULT_HEAD;
    }
    return q->error;
}

// What was selected takes the place of the value it was selected in.
static int tsme_take_selected(struct tsme *t, tsme_ref *value, const struct tsme_result *result,
                              bool alone)
{
    uint32_t depth = value->size && value->depth <= TSME_DEPTH_MAX ? value->depth + 1u : 0xFF;
    uint8_t *items = result->to + TSME_RESULT_HEAD;
    t->top = items + result->size;
    if (alone && !result->count) {
        return TSME_NO_PATH;
    }
    if (alone) {
        tsme_built(value, items, t->top, depth);
        return TSME_OK;
    }
    uint8_t head[TSME_RESULT_HEAD];
    uint32_t size = (uint32_t)(tsme_write_head(head, TSME_ARRAY, result->count) - head);
    memcpy(items - size, head, size);
    tsme_built(value, items - size, t->top, depth);
    return TSME_OK;
}

tsme_ref *tsme_op_query(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    struct tsme_query q = {0};
    struct tsme_result result;
    const uint8_t *path = tsme_const(&t->program, operand);
    const uint8_t *first = path;
    uint32_t count = tsme_head(&first);
    int err = TSME_ERR_MEMORY;
    for (uint32_t tries = 0; err == TSME_ERR_MEMORY && tries < 4; tries++) {
        uint32_t size = count * (uint32_t)sizeof(struct tsme_level) + TSME_RESULT_HEAD + q.wants;
        size += (uint32_t)sizeof(struct tsme_known); // what tsme_try cuts off the end
        err = tsme_reserve_block(t, sp, size);
        if (err) {
            break;
        }
        err = tsme_try(t, &q, sp, path, &result);
    }
    if (!err) {
        // One [2, ..] names one place, so it gives that value.
        bool alone = count == 1 && *first >> 5 == TSME_ARRAY;
        (void)tsme_head(&first);
        alone = alone && *first == TSME_PICKED;
        const tsme_ref value = sp[-1];
        err = tsme_take_selected(t, sp - 1, &result, alone);
        if (!err) {
            err = tsme_account(t, sp - 1, q.work);
        }
        sp[-1] = err ? value : sp[-1]; // an error leaves the stack as it was
    }
    t->error = err;
    return err ? 0 : sp;
}
