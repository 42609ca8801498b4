// A checkpoint: the whole live state as bytes (SPEC 5).
//
// It is counted and written by the same functions, so that a bound is never another number than
// what is written. Of values nothing is copied but the bytes that they have in the arena.

#include "tsme_frames.h"
#include "tsme_sink.h"

/// Joins ///

// The outputs: what is there, and a byte for each child that has not ended. The first run has
// the head of the whole array before it.
static void tsme_sink_outputs(struct tsme_sink *sink, const struct tsme_join *join)
{
    uint32_t next = 0;
    if (!join->runs || join->run[0].first) {
        tsme_sink_head(sink, TSME_ARRAY, join->count);
    }
    for (uint32_t i = 0; i < join->runs; i++) {
        const struct tsme_run *run = &join->run[i];
        TSME_ASSERT(run->first >= next && run->count);
        for (; next < run->first; next++) {
            tsme_sink_byte(sink, TSME_MISSING);
        }
        tsme_sink_bytes(sink, run->at, run->size);
        next += run->count;
    }
    for (; next < join->count; next++) {
        tsme_sink_byte(sink, TSME_MISSING);
    }
}

// The items of a MAP: an array, or of an object its names and behind them its values.
static void tsme_sink_items(struct tsme_sink *sink, tsme_ref *items)
{
    if (!items->at || *items->at >> 5 == TSME_ARRAY) {
        tsme_sink_value(sink, items, TSME_NULL);
        return;
    }
    const uint8_t *first = items->at;
    uint32_t count = tsme_head(&first);
    tsme_sink_head(sink, TSME_ARRAY, 2 * count);
    for (uint32_t pass = 0; pass < 2; pass++) {
        const uint8_t *name = first;
        for (uint32_t i = 0; i < count; i++) {
            const uint8_t *value = tsme_skip_text(name);
            const uint8_t *next = tsme_skip(value);
            const uint8_t *from = pass ? value : name;
            tsme_sink_bytes(sink, from, (uint32_t)((pass ? next : value) - from));
            name = next;
        }
    }
}

static void tsme_sink_join(struct tsme_sink *sink, struct tsme_join *join)
{
    bool map = join->items.at != 0;
    tsme_sink_head(sink, TSME_ARRAY, 5u + map + join->tolerant);
    tsme_sink_outputs(sink, join);
    tsme_sink_head(sink, TSME_UINT, join->left);
    tsme_sink_head(sink, TSME_UINT, join->next);
    tsme_sink_head(sink, TSME_UINT, join->entry);
    tsme_sink_items(sink, &join->items);
    if (map) {
        tsme_sink_head(sink, TSME_UINT, join->most);
    }
    if (join->tolerant) {
        tsme_sink_head(sink, TSME_UINT, join->failures);
    }
}

/// Frames ///

static void tsme_sink_numbers(const struct tsme *t, struct tsme_sink *sink,
                              const struct tsme_frame *f)
{
    if (f->parent == TSME_NO_PARENT) {
        tsme_sink_byte(sink, TSME_NULL);
    } else {
        tsme_sink_head(sink, TSME_UINT, f->parent);
    }
    tsme_sink_head(sink, TSME_UINT, f->pc);
    tsme_sink_head(sink, TSME_UINT, f->entry);
    tsme_sink_head(sink, TSME_UINT, f->handler);
    tsme_sink_head(sink, TSME_UINT, f->state);
    tsme_sink_uint(sink, t->state.now - f->entered);
    if (f->waits == TSME_ON_CHILDREN) {
        tsme_sink_byte(sink, TSME_NEGATIVE << 5); // -1
    } else {
        tsme_sink_head(sink, TSME_UINT, f->action ? f->action->id : 0);
    }
}

void tsme_sink_frame(const struct tsme *t, struct tsme_sink *sink, struct tsme_frame *f)
{
    bool tree = f->parent != TSME_NO_PARENT || f->join;
    tsme_sink_head(sink, TSME_ARRAY, tree ? 13 : 11);
    tsme_sink_numbers(t, sink, f);
    tsme_sink_head(sink, TSME_ARRAY, t->program.counters);
    for (uint32_t i = 0; i < t->program.counters; i++) {
        tsme_sink_head(sink, TSME_UINT, tsme_counters(f)[i]);
    }
    tsme_sink_value(sink, &f->error, TSME_NULL);
    tsme_sink_value(sink, &f->cause, TSME_NULL);
    tsme_sink_head(sink, TSME_ARRAY, f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        tsme_sink_value(sink, &f->slots[i], TSME_MISSING);
    }
    if (!tree) {
        return;
    }
    if (f->parent == TSME_NO_PARENT) {
        tsme_sink_byte(sink, TSME_NULL);
    } else {
        tsme_sink_head(sink, TSME_UINT, f->index);
    }
    if (f->join) {
        tsme_sink_join(sink, f->join);
    } else {
        tsme_sink_byte(sink, TSME_NULL);
    }
}

// The client's part: all frames by number, null for what is free.
static void tsme_sink_frames(const struct tsme *t, struct tsme_sink *sink)
{
    tsme_sink_head(sink, TSME_ARRAY, t->state.frames);
    for (uint32_t number = 0; number < t->state.frames; number++) {
        struct tsme_frame *f = tsme_frame_of(t, number);
        if (f) {
            tsme_sink_frame(t, sink, f);
        } else {
            tsme_sink_byte(sink, TSME_NULL);
        }
    }
}

/// All of it ///

uint32_t tsme_checkpoint(struct tsme *t, uint8_t *out, uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    struct tsme_origin *origin = &t->origin;
    tsme_sink_head(&sink, TSME_ARRAY, 15);
    tsme_sink_byte(&sink, origin->behaviour);
    tsme_sink_head(&sink, TSME_UINT, t->state.steps);
    tsme_sink_uint(&sink, origin->execution);
    tsme_sink_byte(&sink, t->state.status);
    tsme_sink_uint(&sink, t->state.now);
    tsme_sink_head(&sink, TSME_UINT, t->state.next_id);
    tsme_sink_uint(&sink, t->state.rng);
    tsme_sink_head(&sink, TSME_UINT, t->state.digest);
    tsme_sink_integer(&sink, (int64_t)(t->state.now - origin->start));
    tsme_sink_value(&sink, &origin->input, TSME_NULL);
    tsme_sink_value(&sink, &origin->context, TSME_NULL);
    tsme_sink_pending(t, &sink, t->state.now);
    tsme_sink_result(t, &sink);
    tsme_sink_head(&sink, TSME_BYTES, sizeof origin->digest);
    tsme_sink_bytes(&sink, origin->digest, sizeof origin->digest);
    if (tsme_running(t)) {
        tsme_sink_frames(t, &sink);
    } else {
        tsme_sink_byte(&sink, TSME_NULL);
    }
    return sink.size;
}
