// Frames by number: beginning, changing, keeping and undoing them.
//
// A step never changes a frame that was there when it began. It changes a copy, and the
// table knows both until the step is durable: to undo it is to put the old ones back.

#include "tsme_frames.h"

#include <stddef.h>
#include <string.h>

// The lowest number that is free. 0 never is.
uint32_t tsme_vacant(const struct tsme *t)
{
    uint32_t number = 0;
    const uint32_t *used = t->marks + TSME_USED;
    for (; number < t->table->room; number += 32, used += TSME_SETS) {
        if (~*used) {
            return number + (uint32_t)__builtin_ctz(~*used);
        }
    }
    return number;
}

/// The table ///

uint32_t tsme_table_size(uint32_t room)
{
    uint32_t marks = (room + 31) / 32 * TSME_SETS * (uint32_t)sizeof(uint32_t);
    return (uint32_t)(sizeof(struct tsme_table) + room * sizeof(struct tsme_place)) + marks;
}

static struct tsme_table *tsme_take_table(struct tsme *t, uint32_t room)
{
    struct tsme_table *table = tsme_take_block(t, tsme_table_size(room));
    memset(table, 0, tsme_table_size(room));
    table->room = room;
    t->marks = tsme_marks_of(table);
    return table;
}

// An empty table with so much room, for which nothing moves.
int tsme_new_table(struct tsme *t, uint32_t room)
{
    int err = tsme_free(t, tsme_table_size(room));
    if (!err) {
        t->table = tsme_take_table(t, room);
    }
    return err;
}

// An empty table: before the first execution, nothing is in the arena.
int tsme_begin_frames(struct tsme *t)
{
    return tsme_new_table(t, t->program.needs & (TSME_NEEDS_PARALLEL | TSME_NEEDS_MAP) ? 8 : 1);
}

// Makes room for number `number`.
static int tsme_grow(struct tsme *t, uint32_t number)
{
    if (number < t->table->room) {
        return TSME_OK;
    }
    uint32_t room = t->table->room < 32 ? 2 * t->table->room : t->table->room + 16;
    if (number >= TSME_FRAMES_MAX) {
        return tsme_limit(t, TSME_STATE_BYTES, UINT32_MAX);
    }
    int err = tsme_reserve_block(t, t->sp, tsme_table_size(room));
    if (err) {
        return err;
    }
    struct tsme_table *old = t->table;
    const uint32_t *marks = tsme_marks_of(old);
    struct tsme_table *table = tsme_take_table(t, room);
    memcpy(table->places, old->places, old->room * sizeof old->places[0]);
    memcpy(t->marks, marks, (old->room + 31) / 32 * TSME_SETS * sizeof *marks);
    t->table = table;
    TSME_ASSERT(number < room);
    return TSME_OK;
}

/// Frames ///

// Whole words, which are faster to copy.
uint32_t tsme_frame_size(const struct tsme *t, uint32_t slots)
{
    uint32_t counters = t->program.counters * (uint32_t)sizeof(uint32_t);
    uint32_t fixed = (uint32_t)offsetof(struct tsme_frame, slots);
    return (fixed + slots * (uint32_t)sizeof(tsme_ref) + counters + slots + 3) & ~3u;
}

// Says that a frame can run, or what it waits for.
void tsme_wait(struct tsme *t, uint32_t number, uint8_t waits)
{
    tsme_frame_of(t, number)->waits = waits;
    if (waits == TSME_CAN_RUN) {
        tsme_mark(t, TSME_READY, number);
    } else {
        tsme_unmark(t, TSME_READY, number);
    }
}

// A new frame with the lowest free number: `slots` variables without a value, but for slot
// 0, which is held[TSME_HELD_VALUE].
int tsme_new_frame(struct tsme *t, uint32_t slots, uint32_t *number)
{
    uint32_t place = tsme_vacant(t);
    int err = tsme_limit(t, TSME_STATE_BYTES, place * TSME_FRAME_LEAST);
    if (!err) {
        err = tsme_grow(t, place);
    }
    uint32_t size = tsme_frame_size(t, slots);
    bool again = t->spare && t->spare->count == slots; // as growing may have collected it
    if (!err && !again) {
        err = tsme_reserve_block(t, t->sp, size);
    }
    if (err) {
        return err;
    }
    struct tsme_frame *f = again ? t->spare : tsme_take_block(t, size);
    t->spare = again ? 0 : t->spare;
    memset(f, 0, size);
    f->parent = TSME_NO_PARENT;
    f->count = (uint16_t)slots;
    f->slots[0] = t->held[TSME_HELD_VALUE];
    tsme_dirty(t, f)[0] = TSME_REPLACED;
    t->table->places[place].now = f;
    if (place >= t->state.frames) {
        t->state.frames = place + 1;
    }
    tsme_mark(t, TSME_USED, place);
    tsme_mark(t, TSME_READY, place);
    tsme_mark(t, TSME_TOUCHED, place);
    t->state.bound += TSME_FRAME_NEW + slots;
    *number = place;
    return TSME_OK;
}

// A copy of a frame of which nothing is written yet. Its fixed part is copied as a structure,
// which processors do in a few instructions.
static void tsme_copy_frame(const struct tsme *t, struct tsme_frame *f, struct tsme_frame *from)
{
    *f = *from;
    f->puts = 0;
    uint8_t *dirty = tsme_dirty(t, f);
    for (uint32_t i = 0; i < from->count; i++) {
        f->slots[i] = from->slots[i];
        dirty[i] = TSME_CLEAN;
    }
    for (uint32_t i = 0; i < t->program.counters; i++) {
        tsme_counters(f)[i] = tsme_counters(from)[i];
    }
}

// A frame that this step has not touched yet becomes one that it may change.
int tsme_take_frame(struct tsme *t, uint32_t number)
{
    struct tsme_place *place = &t->table->places[number];
    TSME_ASSERT(place->now && place->now == place->before);
    uint32_t size = tsme_frame_size(t, place->now->count);
    int err = tsme_reserve_block(t, t->sp, size);
    if (err) {
        return err;
    }
    place = &t->table->places[number];
    struct tsme_frame *f = tsme_take_block(t, size);
    tsme_copy_frame(t, f, place->before);
    place->now = f;
    tsme_mark(t, TSME_TOUCHED, number);
    TSME_ASSERT(f->count == place->before->count && f->waits == place->before->waits);
    return TSME_OK;
}

// A frame that is over; its number is free.
void tsme_drop(struct tsme *t, uint32_t number)
{
    struct tsme_place *place = &t->table->places[number];
    if (number == t->number) {
        t->frame = 0;
    }
    t->acted |= place->now->action != 0;
    t->spare = place->now == place->before ? t->spare : place->now;
    place->now = 0;
    tsme_unmark(t, TSME_USED, number);
    tsme_unmark(t, TSME_READY, number);
    tsme_mark(t, TSME_TOUCHED, number);
}

// The frame that is `out` parents around the one that runs.
struct tsme_frame *tsme_outer(const struct tsme *t, uint32_t out)
{
    struct tsme_frame *f = t->frame;
    for (; out; out--) {
        f = tsme_frame_of(t, f->parent);
    }
    return f;
}

/// Actions ///

// A new action of the frame that runs, without resource and payload.
int tsme_new_action(struct tsme *t, uint8_t kind, uint64_t due)
{
    int err = tsme_reserve_block(t, t->sp, sizeof(struct tsme_action));
    if (err) {
        return err;
    }
    struct tsme_action *action = tsme_take_block(t, sizeof *action);
    action->due = due;
    action->deadline = TSME_NEVER;
    action->heartbeat = 0;
    action->resource.at = action->payload.at = 0;
    action->id = t->state.next_id++;
    action->kind = kind;
    action->started = action->round = 0;
    t->frame->action = action;
    t->acted = true;
    tsme_wait(t, t->number, TSME_ON_ACTION);
    return TSME_OK;
}

// A copy of the frame's action that may be changed.
int tsme_own_action(struct tsme *t, uint32_t number)
{
    int err = tsme_own(t, number);
    if (!err) {
        err = tsme_reserve_block(t, t->sp, sizeof(struct tsme_action));
    }
    if (!err) {
        struct tsme_action *copy = tsme_take_block(t, sizeof *copy);
        struct tsme_frame *f = tsme_frame_of(t, number);
        *copy = *f->action;
        f->action = copy;
        t->acted = true;
    }
    return err;
}

// An untracked action, whose payload is on top of the stack.
int tsme_emit(struct tsme *t, tsme_ref *sp, uint8_t kind)
{
    int err = tsme_reserve_block(t, sp, sizeof(struct tsme_emit));
    if (err) {
        return err;
    }
    struct tsme_emit *emit = tsme_take_block(t, sizeof *emit);
    *emit = (struct tsme_emit){t->emits, sp[-1], t->state.next_id, kind};
    t->emits = emit;
    return TSME_OK;
}

/// The end of a step ///

// What the step has made is what the next one begins with.
void tsme_keep(struct tsme *t)
{
    struct tsme_place *places = t->table->places;
    if (t->state.frames == 1) {
        places->before = places->now;
        t->marks[TSME_TOUCHED] = 0;
        return;
    }
    for (uint32_t word = 0; word * 32 < t->state.frames; word++, places += 32) {
        uint32_t *touched = &t->marks[word * TSME_SETS + TSME_TOUCHED];
        for (uint32_t bits = *touched; bits; bits &= bits - 1) {
            struct tsme_place *place = &places[__builtin_ctz(bits)];
            place->before = place->now;
        }
        *touched = 0;
    }
}

// The execution is over: nothing of its frames is left.
void tsme_clear_frames(struct tsme *t)
{
    uint32_t room = t->table->room;
    memset(t->table, 0, tsme_table_size(room));
    t->table->room = room;
    t->state.frames = 0;
    t->state.due = TSME_NEVER;
}

// It has not happened.
void tsme_revert(struct tsme *t)
{
    memset(t->marks, 0, (t->table->room + 31) / 32 * TSME_SETS * sizeof *t->marks);
    for (uint32_t i = 0; i < t->table->room; i++) {
        struct tsme_frame *f = t->table->places[i].now = t->table->places[i].before;
        if (f) {
            tsme_mark(t, TSME_USED, i);
            if (f->waits == TSME_CAN_RUN) {
                tsme_mark(t, TSME_READY, i);
            }
        }
    }
}
