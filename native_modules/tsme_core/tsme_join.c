// What a frame with children waits for: the items that are still to come, and the outputs
// that are there.
//
// Outputs are kept as what they become in the end, the encoding of one array. As children
// may end in any order, there are runs of outputs, with gaps where somebody is under way; so
// there are never more runs than children at a time, and whoever ends finds its place without
// going through what is there. A run has some room behind it, which no one else refers to:
// what an undone step wrote there is written over.

#include "tsme_frames.h"

#include <string.h>

enum { TSME_RUNS = 2 }; // a new join has room for so many

static uint32_t tsme_join_size(uint32_t room)
{
    return (uint32_t)(sizeof(struct tsme_join) + room * sizeof(struct tsme_run));
}

// Children that are under way.
uint32_t tsme_under_way(const struct tsme_join *join)
{
    return join->next - (join->count - join->left);
}

// A join for `count` children of a frame that this step may change. The items are those in
// held[TSME_HELD_VALUE], or there are none.
int tsme_new_join(struct tsme *t, uint32_t number, bool items, uint32_t count)
{
    int err = tsme_reserve_block(t, t->sp, tsme_join_size(TSME_RUNS));
    if (err) {
        return err;
    }
    struct tsme_join *join = tsme_take_block(t, tsme_join_size(TSME_RUNS));
    memset(join, 0, sizeof *join);
    if (items) {
        join->items = t->held[TSME_HELD_VALUE];
        const uint8_t *body = join->items.at;
        (void)tsme_head(&body);
        join->cursor = (uint32_t)(body - join->items.at);
    }
    join->count = join->left = count;
    join->room = TSME_RUNS;
    join->fresh = true;
    tsme_frame_of(t, number)->join = join;
    return TSME_OK;
}

// Makes sure that the frame's join is one that this step may change, with room for one run
// more.
int tsme_own_join(struct tsme *t, uint32_t number)
{
    int err = tsme_own(t, number);
    if (err) {
        return err;
    }
    const struct tsme_place *place = &t->table->places[number];
    const struct tsme_join *join = place->now->join;
    bool shared = place->before && place->before->join == join;
    if (!shared && join->runs < join->room) {
        return TSME_OK;
    }
    uint32_t room = join->runs + TSME_RUNS;
    err = tsme_reserve_block(t, t->sp, tsme_join_size(room));
    if (err) {
        return err;
    }
    struct tsme_join *copy = tsme_take_block(t, tsme_join_size(room));
    struct tsme_frame *f = tsme_frame_of(t, number);
    memcpy(copy, f->join, tsme_join_size(f->join->runs));
    copy->room = (uint16_t)room;
    f->join = copy;
    return TSME_OK;
}

/// Outputs ///

// The runs between which an output comes: the last one that begins before it is that below
// `k`.
static uint32_t tsme_find_run(const struct tsme_join *join, uint32_t index)
{
    uint32_t low = 0;
    uint32_t high = join->runs;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (join->run[middle].first < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t tsme_size_of_head(uint32_t n)
{
    return n < 24 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : 5;
}

static uint8_t *tsme_copy(uint8_t *to, const void *from, uint32_t size)
{
    memcpy(to, from, size);
    return to + size;
}

// Writes what stands between two runs: the output, with what it continues before it and what
// continues it behind it. Gives the run of all of it; `room`: bytes of a new place, 0 if the
// output goes where `left` ends.
static struct tsme_run tsme_write_run(struct tsme *t, const struct tsme_join *join, uint32_t index,
                                      const struct tsme_run *left, const struct tsme_run *right,
                                      uint32_t room)
{
    const tsme_ref *value = &t->held[TSME_HELD_VALUE];
    struct tsme_run run = {0, index, 1, 0, room};
    uint8_t *to;
    if (room == 0) {
        run = *left;
        run.count++;
        to = run.at + run.size;
    } else {
        run.at = to = t->top;
        t->top += room;
        if (left) {
            run.first = left->first;
            run.count += left->count;
            to = tsme_copy(to, left->at, left->size);
        } else if (index == 0) {
            to = tsme_write_head(to, TSME_ARRAY, join->count);
        }
    }
    to = tsme_copy(to, value->at, value->size);
    if (right) {
        run.count += right->count;
        to = tsme_copy(to, right->at, right->size);
    }
    run.size = (uint32_t)(to - run.at);
    return run;
}

// Puts held[TSME_HELD_VALUE] to the outputs of frame `number`, whose join this step may
// change, as that of child `index`.
int tsme_add_output(struct tsme *t, uint32_t number, uint32_t index)
{
    struct tsme_join *join = tsme_frame_of(t, number)->join;
    uint32_t k = tsme_find_run(join, index);
    bool left = k && join->run[k - 1].first + join->run[k - 1].count == index;
    bool right = k < join->runs && join->run[k].first == index + 1;
    uint32_t more = tsme_size(&t->held[TSME_HELD_VALUE]) + (right ? join->run[k].size : 0);
    uint32_t have = left ? join->run[k - 1].size : index == 0 ? tsme_size_of_head(join->count) : 0;
    uint32_t room = 0;
    if (!left || join->run[k - 1].room - have < more) {
        // Room for an eighth more, as long as there are some to come.
        uint32_t slack = index + 1 == join->count ? 0 : (have + more) / 8 + 16;
        room = have + more + slack;
        if (tsme_reserve(t, t->sp, room)) {
            room = have + more;
            int err = tsme_reserve(t, t->sp, room);
            if (err) {
                return err;
            }
        }
        join = tsme_frame_of(t, number)->join;
    }
    struct tsme_run *at = &join->run[k];
    struct tsme_run run = tsme_write_run(t, join, index, left ? at - 1 : 0, right ? at : 0, room);
    if (left && right) {
        memmove(at, at + 1, (join->runs - k - 1) * sizeof *at);
        join->runs--;
    } else if (!left && !right) {
        memmove(at + 1, at, (join->runs - k) * sizeof *at);
        join->runs++;
    }
    *(left ? at - 1 : at) = run;
    return TSME_OK;
}

// The array of all outputs, once they are there.
tsme_ref tsme_outputs(const struct tsme_join *join)
{
    static const uint8_t none = TSME_ARRAY << 5;
    return (tsme_ref){join->count ? join->run[0].at : &none, 0, 0};
}

/// Items ///

static const uint8_t tsme_key[] = "\x63Key";
static const uint8_t tsme_value[] = "\x65Value";
static const uint8_t tsme_index[] = "\x65Index";

// Writes an object of an item: with its index, if that is asked for, and its name, if the
// items are an object.
static uint8_t *tsme_write_item(uint8_t *to, const struct tsme_join *join, uint32_t offset,
                                const uint32_t *index)
{
    const uint8_t *at = join->items.at + offset;
    bool named = *join->items.at >> 5 == TSME_OBJECT;
    to = tsme_write_head(to, TSME_OBJECT, 1u + named + (index != 0));
    if (index) {
        to = tsme_copy(to, tsme_index, sizeof tsme_index - 1);
        to = tsme_write_head(to, TSME_UINT, *index);
    }
    if (named) {
        const uint8_t *name = at;
        at = tsme_skip_text(at);
        to = tsme_copy(to, tsme_key, sizeof tsme_key - 1);
        to = tsme_copy(to, name, (uint32_t)(at - name));
    }
    to = tsme_copy(to, tsme_value, sizeof tsme_value - 1);
    return tsme_copy(to, at, (uint32_t)(tsme_skip(at) - at));
}

// Bytes that tsme_write_item writes at most.
static uint32_t tsme_item_size(const struct tsme_join *join, uint32_t offset)
{
    const uint8_t *at = join->items.at + offset;
    const uint8_t *end = tsme_skip(*join->items.at >> 5 == TSME_OBJECT ? tsme_skip_text(at) : at);
    return (uint32_t)(end - at) + 32;
}

// Takes the next item of frame `number`, whose join this step may change: it goes to
// held[TSME_HELD_VALUE].
int tsme_next_item(struct tsme *t, uint32_t number, uint32_t *offset)
{
    struct tsme_join *join = tsme_frame_of(t, number)->join;
    const uint8_t *at = join->items.at + join->cursor;
    *offset = join->cursor;
    if (*join->items.at >> 5 != TSME_OBJECT) {
        const uint8_t *end = tsme_skip(at);
        t->held[TSME_HELD_VALUE] = tsme_sized(at, (uint32_t)(end - at));
        join->cursor = (uint32_t)(end - join->items.at);
    } else {
        int err = tsme_reserve(t, t->sp, tsme_item_size(join, join->cursor));
        if (err) {
            return err;
        }
        join = tsme_frame_of(t, number)->join;
        at = tsme_skip_text(join->items.at + join->cursor);
        t->held[TSME_HELD_VALUE] = (tsme_ref){t->top, 0, 0};
        t->top = tsme_write_item(t->top, join, join->cursor, 0);
        join->cursor = (uint32_t)(tsme_skip(at) - join->items.at);
    }
    join->next++;
    return TSME_OK;
}

// Pushes what frame `f` is the item of: the item's value, or `whole`, with its index and
// name; null if there is none.
int tsme_push_item(struct tsme *t, tsme_ref *sp, const struct tsme_frame *f, bool whole)
{
    const struct tsme_join *join =
        f->parent == TSME_NO_PARENT ? 0 : tsme_frame_of(t, f->parent)->join;
    *sp = (tsme_ref){&tsme_simple[TSME_NULL - TSME_FALSE], 0, 0};
    if (!join || !join->items.at) {
        return TSME_OK;
    }
    uint32_t offset = f->item;
    uint32_t index = f->index;
    uint32_t parent = f->parent;
    if (!whole) {
        const uint8_t *at = join->items.at + offset;
        *sp = (tsme_ref){*join->items.at >> 5 == TSME_OBJECT ? tsme_skip_text(at) : at, 0, 0};
        return TSME_OK;
    }
    int err = tsme_reserve(t, sp, tsme_item_size(join, offset));
    if (err) {
        return err;
    }
    *sp = (tsme_ref){t->top, 0, 0};
    t->top = tsme_write_item(t->top, tsme_frame_of(t, parent)->join, offset, &index);
    return TSME_OK;
}
