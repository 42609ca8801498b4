// What a step's digest covers (SPEC 3.4).
//
// The digest is one CRC over everything the step changed, seeded with the digest before it,
// so it stands for the whole history and still costs only what changed. What is not a value
// anyway is written to a small buffer that goes into the CRC when it is full.

#include "tsme_frames.h"

#include <string.h>

// Bytes of a frame up to its counters, at most.
enum { TSME_FRAME_HEAD = 1 + 5 + 6 * 3 + TSME_HEAD_MAX + 5 + 4 };

enum { TSME_FEW_BYTES = 16 };

struct tsme_out {
    uint32_t crc;
    uint32_t size;  // bytes in `bytes`
    uint32_t total; // bytes that are in the CRC
    uint8_t bytes[96];
};

static void tsme_flush(struct tsme_out *out)
{
    out->crc = tsme_crc(out->crc, out->bytes, out->size);
    out->total += out->size;
    out->size = 0;
}

// Room for `size` bytes in the buffer.
static uint8_t *tsme_room(struct tsme_out *out, uint32_t size)
{
    if (out->size + size > sizeof out->bytes) {
        tsme_flush(out);
    }
    return out->bytes + out->size;
}

static inline void tsme_put_byte(struct tsme_out *out, uint32_t byte)
{
    if (out->size == sizeof out->bytes) {
        tsme_flush(out);
    }
    out->bytes[out->size++] = (uint8_t)byte;
}

static void tsme_put_head(struct tsme_out *out, uint8_t major, uint32_t n)
{
    if (n < 24) {
        tsme_put_byte(out, (uint32_t)major << 5 | n);
        return;
    }
    uint8_t *at = tsme_room(out, 5);
    out->size += (uint32_t)(tsme_write_head(at, major, n) - at);
}

static void tsme_put_uint(struct tsme_out *out, uint64_t n)
{
    if (n < 24) {
        tsme_put_byte(out, (uint32_t)n);
        return;
    }
    uint8_t *at = tsme_room(out, TSME_HEAD_MAX);
    out->size += (uint32_t)(tsme_write_uint(at, n) - at);
}

// A time, or null.
static void tsme_put_time(struct tsme_out *out, uint64_t ms)
{
    if (ms == TSME_NEVER) {
        tsme_put_byte(out, TSME_NULL);
    } else {
        tsme_put_uint(out, ms);
    }
}

// Few bytes go through the buffer, which costs less than to begin a CRC of them.
static void tsme_put_bytes(struct tsme_out *out, const uint8_t *at, uint32_t size)
{
    if (size <= TSME_FEW_BYTES) {
        uint8_t *to = tsme_room(out, size);
        out->size += size;
        for (; size; size--) {
            *to++ = *at++;
        }
        return;
    }
    tsme_flush(out);
    out->crc = tsme_crc(out->crc, at, size);
    out->total += size;
}

// A value; null where `at` is.
static void tsme_put_value(struct tsme_out *out, tsme_ref *value)
{
    if (!value->at) {
        tsme_put_byte(out, TSME_NULL);
    } else {
        tsme_put_bytes(out, value->at, tsme_size(value));
    }
}

/// Actions ///

static void tsme_put_action(const struct tsme *t, struct tsme_out *out, uint32_t number)
{
    struct tsme_action *action = tsme_frame_of(t, number)->action;
    bool task = action->kind == TSME_TASK_ACTION;
    tsme_put_head(out, TSME_ARRAY, task ? 9 : 4);
    tsme_put_uint(out, action->id);
    tsme_put_byte(out, action->kind);
    tsme_put_head(out, TSME_UINT, number);
    tsme_put_time(out, action->due);
    if (task) {
        tsme_put_value(out, &action->resource);
        tsme_put_value(out, &action->payload);
        tsme_put_uint(out, action->heartbeat);
        tsme_put_byte(out, action->started);
        tsme_put_time(out, action->deadline);
    }
}

// Whether an action of a number's frame before the step is not pending any more, or one of
// its frame now is new or changed. Its id, or 0.
static uint32_t tsme_is_gone(const struct tsme *t, const struct tsme_place *place)
{
    const struct tsme_action *before = place->before ? place->before->action : 0;
    const struct tsme_action *now = place->now ? place->now->action : 0;
    bool stays = t->state.status == TSME_RUNNING && now && before && now->id == before->id;
    return before && !stays ? before->id : 0;
}

static uint32_t tsme_is_changed(const struct tsme *t, const struct tsme_place *place)
{
    const struct tsme_action *before = place->before ? place->before->action : 0;
    const struct tsme_action *now = place->now ? place->now->action : 0;
    return t->state.status == TSME_RUNNING && now && now != before ? now->id : 0;
}

typedef uint32_t (*tsme_choice)(const struct tsme *t, const struct tsme_place *place);

// How many numbers have an action that is chosen, and which has the lowest id above `*id`. At
// the end of an execution all that were pending are gone, whoever took part.
static uint32_t tsme_choose(const struct tsme *t, tsme_choice choice, uint32_t *id,
                            uint32_t *number)
{
    if (t->state.frames == 1) {
        *number = 0;
        // calls: tsme_is_gone tsme_is_changed
        *id = choice(t, t->table->places);
        return *id != 0;
    }
    uint32_t set = t->state.status == TSME_RUNNING ? TSME_TOUCHED : TSME_USED;
    uint32_t count = 0;
    uint32_t lowest = UINT32_MAX;
    for (int32_t n = 0; n < (int32_t)t->state.frames; n++) {
        if (set == TSME_TOUCHED && (n = tsme_lowest(t, set, (uint32_t)n)) < 0) {
            break;
        }
        // calls: tsme_is_gone tsme_is_changed
        uint32_t one = choice(t, &t->table->places[n]);
        if (one > *id) {
            count++;
            if (one < lowest) {
                lowest = one;
                *number = (uint32_t)n;
            }
        }
    }
    *id = lowest;
    return count;
}

static void tsme_put_gone(const struct tsme *t, struct tsme_out *out)
{
    uint32_t id = 0;
    uint32_t number;
    uint32_t count = tsme_choose(t, tsme_is_gone, &id, &number);
    bool timer = t->before.due != TSME_NEVER && t->state.status != TSME_RUNNING;
    tsme_put_head(out, TSME_ARRAY, count + timer);
    if (timer) {
        tsme_put_byte(out, 1); // the first action there is
    }
    for (; count; count--) {
        tsme_put_uint(out, id);
        if (count > 1) {
            (void)tsme_choose(t, tsme_is_gone, &id, &number);
        }
    }
}

static void tsme_put_changed(const struct tsme *t, struct tsme_out *out)
{
    uint32_t id = 0;
    uint32_t number = 0;
    uint32_t count = tsme_choose(t, tsme_is_changed, &id, &number);
    bool timer = t->state.due != t->before.due && t->state.status == TSME_RUNNING;
    tsme_put_head(out, TSME_ARRAY, count + timer);
    if (timer) {
        tsme_put_head(out, TSME_ARRAY, 4);
        tsme_put_byte(out, 1);
        tsme_put_byte(out, TSME_TIMER_ACTION);
        tsme_put_byte(out, TSME_NULL);
        tsme_put_time(out, t->state.due);
    }
    for (; count; count--) {
        tsme_put_action(t, out, number);
        if (count > 1) {
            (void)tsme_choose(t, tsme_is_changed, &id, &number);
        }
    }
}

/// Frames ///

static void tsme_put_ends(struct tsme_out *out, struct tsme_ends *ends)
{
    for (uint32_t i = 0; i < ends->count; i++) {
        struct tsme_end *end = &ends->end[i];
        tsme_put_byte(out, TSME_ARRAY << 5 | 2);
        tsme_put_head(out, TSME_UINT, end->number);
        tsme_put_head(out, TSME_UINT, end->index);
        if (end->output.at) {
            tsme_put_value(out, &end->output);
        } else {
            tsme_put_byte(out, TSME_MISSING);
        }
    }
}

// Puts the ends that are kept into the CRC of all so far. What comes before them in the delta is
// only known when the step is over, so it begins at 0 and is combined with it then.
void tsme_fold_ends(struct tsme_ends *ends)
{
    struct tsme_out out;
    out.crc = ends->crc;
    out.size = 0;
    out.total = 0;
    tsme_put_ends(&out, ends);
    tsme_flush(&out);
    ends->crc = out.crc;
    ends->size += out.total;
    ends->count = 0;
}

// The items of a MAP: an array, or of an object its names and behind them its values.
static void tsme_put_items(struct tsme_out *out, tsme_ref *items)
{
    if (!items->at || *items->at >> 5 == TSME_ARRAY) {
        tsme_put_value(out, items);
        return;
    }
    const uint8_t *first = items->at;
    uint32_t count = tsme_head(&first);
    tsme_put_head(out, TSME_ARRAY, 2 * count);
    for (uint32_t pass = 0; pass < 2; pass++) {
        const uint8_t *name = first;
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *value = tsme_skip_text(name);
            const uint8_t *next = tsme_skip(value);
            if (pass == 0) {
                tsme_put_bytes(out, name, (uint32_t)(value - name));
            } else {
                tsme_put_bytes(out, value, (uint32_t)(next - value));
            }
            name = next;
        }
    }
}

static void tsme_put_join(struct tsme_out *out, struct tsme_join *join)
{
    bool map = join->items.at != 0;
    uint32_t count = join->fresh ? 4u + map : 2;
    tsme_put_head(out, TSME_ARRAY, count + join->tolerant);
    tsme_put_head(out, TSME_UINT, join->left);
    tsme_put_head(out, TSME_UINT, join->next);
    if (join->fresh) {
        tsme_put_head(out, TSME_UINT, join->entry);
        tsme_put_items(out, &join->items);
        if (map) {
            tsme_put_head(out, TSME_UINT, join->most);
        }
    }
    if (join->tolerant) {
        tsme_put_head(out, TSME_UINT, join->failures);
    }
    join->fresh = false;
}

static uint8_t *tsme_write_parent(uint8_t *to, const struct tsme_frame *f)
{
    if (f->parent == TSME_NO_PARENT) {
        *to = TSME_NULL;
        return to + 1;
    }
    return tsme_write_short(to, f->parent);
}

// What a frame is but for its join and slots.
static void tsme_put_frame(const struct tsme *t, struct tsme_out *out, struct tsme_frame *f,
                           uint32_t number)
{
    bool tree = f->parent != TSME_NO_PARENT || f->join;
    uint8_t *to = tsme_room(out, TSME_FRAME_HEAD);
    *to++ = (uint8_t)(TSME_ARRAY << 5 | (tree ? 13 : 11));
    to = tsme_write_short(to, number);
    to = tsme_write_parent(to, f);
    to = tsme_write_short(to, f->pc);
    to = tsme_write_short(to, f->entry);
    to = tsme_write_short(to, f->handler);
    to = tsme_write_short(to, f->state);
    to = tsme_write_small(to, t->state.now - f->entered);
    if (f->waits == TSME_ON_CHILDREN) {
        *to++ = TSME_NEGATIVE << 5; // -1
    } else {
        to = tsme_write_short(to, f->action ? f->action->id : 0);
    }
    if (t->program.counters || f->error.at || f->cause.at) {
        to = tsme_write_head(to, TSME_ARRAY, t->program.counters);
        out->size = (uint32_t)(to - out->bytes);
        for (uint32_t i = 0; i < t->program.counters; i++) {
            tsme_put_head(out, TSME_UINT, tsme_counters(f)[i]);
        }
        tsme_put_value(out, &f->error);
        tsme_put_value(out, &f->cause);
    } else {
        *to++ = TSME_ARRAY << 5;
        *to++ = TSME_NULL;
        *to++ = TSME_NULL;
        out->size = (uint32_t)(to - out->bytes);
    }
    if (!tree) {
        return;
    }
    if (f->parent == TSME_NO_PARENT) {
        tsme_put_byte(out, TSME_NULL);
    } else {
        tsme_put_head(out, TSME_UINT, f->index);
    }
    if (f->join) {
        tsme_put_join(out, f->join);
    } else {
        tsme_put_byte(out, TSME_NULL);
    }
}

static void tsme_put_paths(struct tsme *t, struct tsme_out *out, struct tsme_frame *f)
{
    for (uint32_t i = 0; i < f->puts->count; i++) {
        struct tsme_list path = tsme_list_of(&t->program, f->puts->paths[i]);
        const uint8_t *at = tsme_path(f->slots[0].at, path);
        while (path.left) { // names may be new, and are not in the delta
            (void)tsme_list_next(&path);
            t->state.bound += path.size + TSME_HEAD_MAX;
        }
        tsme_put_byte(out, TSME_ARRAY << 5 | 2);
        tsme_put_byte(out, 0);
        tsme_put_head(out, TSME_UINT, f->puts->paths[i]);
        if (at) {
            tsme_put_bytes(out, at, (uint32_t)(tsme_skip(at) - at));
        } else {
            tsme_put_byte(out, TSME_MISSING);
        }
    }
}

static void tsme_put_slots(struct tsme *t, struct tsme_out *out, struct tsme_frame *f)
{
    const uint8_t *dirty = tsme_dirty(t, f);
    for (uint32_t i = 0; i < f->count; i++) {
        if (dirty[i] == TSME_PUT_ONLY) {
            tsme_put_paths(t, out, f);
        } else if (dirty[i]) {
            tsme_put_head(out, TSME_UINT, i);
            tsme_put_value(out, &f->slots[i]);
        }
    }
}

static void tsme_put_touched(struct tsme *t, struct tsme_out *out)
{
    if (t->state.frames == 1) {
        struct tsme_frame *f = tsme_frame_of(t, 0);
        tsme_put_frame(t, out, f, 0);
        tsme_put_slots(t, out, f);
        return;
    }
    for (uint32_t word = 0; word * 32 < t->state.frames; word++) {
        uint32_t bits = t->marks[word * TSME_SETS + TSME_TOUCHED];
        for (; bits; bits &= bits - 1) {
            uint32_t number = word * 32 + (uint32_t)__builtin_ctz(bits);
            struct tsme_frame *f = tsme_frame_of(t, number);
            if (f) {
                tsme_put_frame(t, out, f, number);
                tsme_put_slots(t, out, f);
            }
        }
    }
}

// What the step changed but for frames and what it ended with.
static void tsme_put_step(const struct tsme *t, struct tsme_out *out, uint64_t dt)
{
    uint8_t *to = out->bytes;
    *to++ = t->state.status;
    to = tsme_write_small(to, dt);
    to = tsme_write_short(to, t->state.next_id);
    if (t->random) {
        to = tsme_write_uint(to, t->state.rng);
    } else {
        *to++ = TSME_NULL;
    }
    if (t->acted) {
        out->size = (uint32_t)(to - out->bytes);
        tsme_put_gone(t, out);
        tsme_put_changed(t, out);
    } else {
        *to++ = TSME_ARRAY << 5;
        *to++ = TSME_ARRAY << 5;
        out->size = (uint32_t)(to - out->bytes);
    }
}

// The digest of the step that has just run. Its checkpoint has at most so many bytes more than
// the one before as the delta has.
uint32_t tsme_delta(struct tsme *t, uint64_t dt)
{
    struct tsme_out out;
    out.crc = t->state.digest;
    out.total = 0;
    tsme_put_step(t, &out, dt);
    if (t->state.status == TSME_SUCCEEDED) {
        tsme_put_value(&out, &t->held[TSME_HELD_VALUE]);
    } else if (t->state.status != TSME_RUNNING) {
        tsme_put_byte(&out, TSME_ARRAY << 5 | 2);
        tsme_put_value(&out, &t->held[TSME_HELD_ERROR]);
        tsme_put_value(&out, &t->held[TSME_HELD_CAUSE]);
    } else if (!t->quiet) {
        if (t->ends) {
            tsme_flush(&out);
            out.crc = tsme_crc_combine(out.crc, t->ends->crc, t->ends->size);
            out.total += t->ends->size;
            tsme_put_ends(&out, t->ends);
        }
        tsme_put_touched(t, &out);
    }
    tsme_flush(&out);
    t->state.bound += out.total;
    return out.crc;
}
