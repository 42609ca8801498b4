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
    for (uint32_t word = 0; word < TSME_FRAMES_MAX / 32; word++) {
        uint32_t free = ~t->marks[TSME_USED][word];
        if (free) {
            return word * 32 + (uint32_t)__builtin_ctz(free);
        }
    }
    return TSME_FRAMES_MAX;
}

/// The table ///

static uint32_t tsme_table_size(uint32_t room)
{
    return (uint32_t)(sizeof(struct tsme_table) + room * sizeof(struct tsme_place));
}

static struct tsme_table *tsme_take_table(struct tsme *t, uint32_t room)
{
    struct tsme_table *table = tsme_take_block(t, tsme_table_size(room));
    memset(table, 0, tsme_table_size(room));
    table->room = room;
    return table;
}

// An empty table: before the first execution, nothing is in the arena.
int tsme_begin_frames(struct tsme *t)
{
    uint32_t room = t->program.children ? 8 : 1;
    if ((uint32_t)(t->end - t->top) < tsme_table_size(room)) {
        return TSME_ERR_MEMORY;
    }
    t->table = tsme_take_table(t, room);
    return TSME_OK;
}

// Makes room for number `number`.
static int tsme_grow(struct tsme *t, uint32_t number)
{
    if (number < t->table->room) {
        return TSME_OK;
    }
    uint32_t room = t->table->room < 32 ? 2 * t->table->room : t->table->room + 16;
    if (number == TSME_FRAMES_MAX) {
        return TSME_ERR_LIMIT;
    }
    int err = tsme_reserve_block(t, t->sp, tsme_table_size(room));
    if (err) {
        return err;
    }
    struct tsme_table *old = t->table;
    struct tsme_table *table = tsme_take_table(t, room);
    memcpy(table->places, old->places, old->room * sizeof old->places[0]);
    t->table = table;
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
    int err = tsme_grow(t, place);
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
    *number = place;
    return TSME_OK;
}

// Makes sure that the frame is one that this step may change.
int tsme_own(struct tsme *t, uint32_t number)
{
    struct tsme_place *place = &t->table->places[number];
    if (place->now != place->before) {
        return TSME_OK;
    }
    uint32_t size = tsme_frame_size(t, place->now->count);
    int err = tsme_reserve_block(t, t->sp, size);
    if (err) {
        return err;
    }
    place = &t->table->places[number];
    struct tsme_frame *f = tsme_take_block(t, size);
    memcpy(f, place->before, size);
    f->puts = 0;
    memset(tsme_dirty(t, f), TSME_CLEAN, f->count);
    place->now = f;
    tsme_mark(t, TSME_TOUCHED, number);
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
    memset(action, 0, sizeof *action);
    action->kind = kind;
    action->due = due;
    action->deadline = TSME_NEVER;
    action->id = t->state.next_id++;
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

/// The end of a step ///

// What the step has made is what the next one begins with.
void tsme_keep(struct tsme *t)
{
    struct tsme_place *places = t->table->places;
    for (uint32_t word = 0; word * 32 < t->state.frames; word++, places += 32) {
        for (uint32_t bits = t->marks[TSME_TOUCHED][word]; bits; bits &= bits - 1) {
            struct tsme_place *place = &places[__builtin_ctz(bits)];
            place->before = place->now;
        }
        t->marks[TSME_TOUCHED][word] = 0;
    }
}

// It has not happened.
void tsme_revert(struct tsme *t)
{
    memset(t->marks, 0, sizeof t->marks);
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
