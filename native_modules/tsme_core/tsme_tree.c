// Frames with children: FORK, MAP, and how a child's end or error reaches its parent (SPEC
// 2.11).
//
// Nothing here recurses, and nothing runs a frame: what a child's end does to its parent is
// noted (`ready`) and done by the loop over the frames, when the child is gone.

#include "tsme_frames.h"
#include "tsme_ops.h"
#include "tsme_trace.h"

#include <string.h>

/// Beginning ///

// What comes behind an entry: a FRAME, which says how many slots a child has, and a JUMP.
static uint32_t tsme_behind(const struct tsme *t, uint32_t entry)
{
    return entry + (t->program.code[2 * entry + 2] == TSME_OP_EXT ? 3 : 2);
}

// A child of frame `number` with the input held[TSME_HELD_VALUE].
static int tsme_spawn(struct tsme *t, uint32_t number, uint32_t index, uint32_t entry,
                      uint32_t *child)
{
    int err = tsme_new_frame(t, t->program.code[2 * entry + 1], child);
    if (err) {
        return err;
    }
    struct tsme_frame *f = tsme_frame_of(t, *child);
    f->parent = (uint16_t)number;
    f->index = index;
    f->pc = (uint16_t)(entry + 1);
    f->entered = tsme_frame_of(t, number)->entered; // until it enters a state of its own
    return tsme_tell(t, TSME_SEES_SPAWN, *child, index);
}

// FORK: children of the frame that runs, all with the input held[TSME_HELD_VALUE].
int tsme_fork(struct tsme *t, uint32_t count)
{
    int err = tsme_new_join(t, t->number, false, count);
    if (err) {
        return err;
    }
    t->frame->join->next = count;
    tsme_wait(t, t->number, TSME_ON_CHILDREN);
    err = tsme_tell(t, TSME_SEES_FORK, t->number, count);
    for (uint32_t index = 0; !err && index < count; index++) {
        uint32_t child;
        err = tsme_spawn(t, t->number, index, t->frame->pc, &child);
        if (err) {
            return err;
        }
        t->frame->pc = (uint16_t)tsme_behind(t, t->frame->pc);
    }
    return err;
}

// Starts the next items of a MAP, as many as may be under way. `force`: one of them whatever
// its number.
static int tsme_start_items(struct tsme *t, uint32_t number, bool force)
{
    for (;;) {
        const struct tsme_join *join = tsme_frame_of(t, number)->join;
        if (join->next == join->count || tsme_under_way(join) >= join->most ||
            (!force && tsme_vacant(t) >= TSME_PLACES)) {
            return TSME_OK;
        }
        int err = tsme_own_join(t, number);
        uint32_t offset = 0;
        uint32_t child;
        uint32_t index = tsme_frame_of(t, number)->join->next;
        if (!err) {
            err = tsme_next_item(t, number, &offset);
        }
        if (!err) {
            err = tsme_spawn(t, number, index, tsme_frame_of(t, number)->join->entry, &child);
        }
        if (err) {
            return err;
        }
        tsme_frame_of(t, child)->item = offset;
        force = false;
    }
}

// MAP of the frame that runs over the items held[TSME_HELD_VALUE], an array or an object.
int tsme_map(struct tsme *t, uint32_t most, uint32_t failures, bool tolerant)
{
    const uint8_t *at = t->held[TSME_HELD_VALUE].at;
    uint32_t count = tsme_head(&at);
    int err = tsme_tell(t, TSME_SEES_MAP, t->number, count);
    if (!err) {
        err = tsme_new_join(t, t->number, true, count);
    }
    if (err) {
        return err;
    }
    struct tsme_join *join = t->frame->join;
    join->entry = t->frame->pc;
    join->most = most ? most : TSME_AT_ONCE;
    join->tolerant = tolerant;
    join->failures = failures;
    t->frame->pc = (uint16_t)tsme_behind(t, join->entry);
    t->state.bound += count;
    if (count == 0) {
        t->ready = (int32_t)t->number;
        return TSME_OK;
    }
    tsme_wait(t, t->number, TSME_ON_CHILDREN);
    return tsme_start_items(t, t->number, false);
}

/// Waiting for a number ///

static bool tsme_is_hungry(const struct tsme_frame *f)
{
    const struct tsme_join *join = f->join;
    return join && join->next < join->count && tsme_under_way(join) < join->most;
}

static uint32_t tsme_depth(const struct tsme *t, const struct tsme_frame *f)
{
    uint32_t depth = 0;
    for (; f->parent != TSME_NO_PARENT; f = tsme_frame_of(t, f->parent)) {
        depth++;
    }
    return depth;
}

// Numbers may be free again: to the MAPs that wait for one, the deepest first, which end
// soonest.
static int tsme_serve(struct tsme *t)
{
    while (t->state.frames >= TSME_PLACES && tsme_vacant(t) < TSME_PLACES) {
        int32_t first = -1;
        uint32_t deepest = 0;
        for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
            const struct tsme_frame *f = tsme_frame_of(t, (uint32_t)n);
            if (tsme_is_hungry(f) && (first < 0 || tsme_depth(t, f) > deepest)) {
                first = n;
                deepest = tsme_depth(t, f);
            }
        }
        if (first < 0) {
            return TSME_OK;
        }
        int err = tsme_start_items(t, (uint32_t)first, false);
        if (err) {
            return err;
        }
    }
    return TSME_OK;
}

// Nothing can run. If nothing will come from outside either, all wait for numbers that the
// others have: then one item of the last MAP that has none under way needs none.
int tsme_push(struct tsme *t, bool *pushed)
{
    int32_t last = -1;
    *pushed = false;
    if (t->state.frames < TSME_PLACES) {
        return TSME_OK;
    }
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        const struct tsme_frame *f = tsme_frame_of(t, (uint32_t)n);
        if (f->waits == TSME_ON_ACTION) {
            return TSME_OK;
        }
        if (f->join && tsme_under_way(f->join) == 0) {
            last = n;
        }
    }
    *pushed = last >= 0;
    return last < 0 ? TSME_OK : tsme_start_items(t, (uint32_t)last, true);
}

/// Ending ///

// Notes that a frame has ended with held[TSME_HELD_VALUE], or, not `there`, without an output.
static int tsme_note_end(struct tsme *t, uint32_t number, bool there)
{
    if (!t->ends) {
        int err = tsme_reserve_block(t, t->sp, sizeof *t->ends);
        if (err) {
            return err;
        }
        t->ends = tsme_take_block(t, sizeof *t->ends);
        memset(t->ends, 0, sizeof *t->ends);
    }
    if (t->ends->count == TSME_ENDS) {
        tsme_fold_ends(t->ends);
    }
    struct tsme_end *end = &t->ends->end[t->ends->count++];
    end->output = there ? t->held[TSME_HELD_VALUE] : (tsme_ref){0, 0, 0};
    end->index = tsme_frame_of(t, number)->index;
    end->number = number;
    return TSME_OK;
}

// A child is over with the output held[TSME_HELD_VALUE]: the next item starts, or the parent
// goes on.
static int tsme_leave_tree(struct tsme *t, uint32_t number)
{
    const struct tsme_frame *f = tsme_frame_of(t, number);
    uint32_t parent = f->parent;
    uint32_t index = f->index;
    if (t->left && !f->entry) { // no state of it counted, and there may be any number like it
        t->left--;
    }
    int err = tsme_note_end(t, number, true);
    if (!err) {
        tsme_drop(t, number);
        err = tsme_own_join(t, parent);
    }
    if (!err) {
        err = tsme_add_output(t, parent, index);
    }
    if (err) {
        return err;
    }
    if (--tsme_frame_of(t, parent)->join->left == 0) {
        tsme_wait(t, parent, TSME_CAN_RUN);
        t->ready = (int32_t)parent;
    } else if (t->state.frames < TSME_PLACES) {
        err = tsme_start_items(t, parent, false);
    }
    return err ? err : tsme_serve(t);
}

// The frame that runs, a child, has ended with the value of its slot 0.
int tsme_ended(struct tsme *t)
{
    t->held[TSME_HELD_VALUE] = t->frame->slots[0];
    int err = tsme_tell(t, TSME_SEES_BRANCH, t->number, 0);
    return err ? err : tsme_leave_tree(t, t->number);
}

// The next child of a frame, by number, from `from` on.
static int32_t tsme_child(struct tsme *t, uint32_t number, uint32_t from)
{
    int32_t n = (int32_t)from;
    while ((n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0 &&
           tsme_frame_of(t, (uint32_t)n)->parent != number) {
        n++;
    }
    return n;
}

// Everything below a frame stops; nothing of it is pending any more. Of the children of a
// frame the lowest first, and each after what is below it.
static int tsme_abort(struct tsme *t, uint32_t top)
{
    uint32_t number = top;
    uint32_t from = 1;
    for (;;) {
        int32_t child = tsme_child(t, number, from);
        if (child >= 0) {
            number = (uint32_t)child;
            from = 1;
            continue;
        }
        if (number == top) {
            return TSME_OK;
        }
        uint32_t parent = tsme_frame_of(t, number)->parent;
        int err = tsme_tell(t, TSME_SEES_ABORT, number, 0);
        if (!err) {
            err = tsme_note_end(t, number, false);
        }
        if (err) {
            return err;
        }
        tsme_drop(t, number);
        from = number + 1;
        number = parent;
    }
}

/// Errors ///

// A child that may fail: what it gives instead of an output.
static int tsme_write_failure(struct tsme *t)
{
    static const uint8_t parts[3][8] = {"\xA3\x65"
                                        "Error",
                                        "\x65"
                                        "Cause",
                                        "\x66"
                                        "Status"};
    static const uint8_t failed[] = "\x66"
                                    "FAILED";
    uint32_t sizes[2] = {tsme_size(&t->held[TSME_HELD_ERROR]),
                         tsme_size(&t->held[TSME_HELD_CAUSE])};
    int err = tsme_reserve(t, t->sp, sizes[0] + sizes[1] + 32);
    if (err) {
        return err;
    }
    uint8_t *to = t->top;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t size = i == 0 ? 7 : i == 1 ? 6 : 7;
        memcpy(to, parts[i], size);
        to += size;
        const uint8_t *value = i < 2 ? t->held[i].at : failed;
        size = i < 2 ? sizes[i] : sizeof failed - 1;
        memcpy(to, value, size);
        to += size;
    }
    t->held[TSME_HELD_VALUE] = (tsme_ref){t->top, 0, 0};
    t->top = to;
    return TSME_OK;
}

// The held error is that of frame `number`, which this step may change. `here`: the frame goes
// on at its handler.
static int tsme_take_error(struct tsme *t, uint32_t number, bool *here)
{
    struct tsme_frame *f = tsme_frame_of(t, number);
    *here = f->handler && !tsme_is_text(&t->held[TSME_HELD_ERROR], "\x6eStates.Runtime");
    if (*here) {
        f->pc = f->handler;
        f->handler = 0;
        f->error = t->held[TSME_HELD_ERROR];
        f->cause = t->held[TSME_HELD_CAUSE];
    }
    return TSME_OK;
}

// The held error is that of frame `number`, which this step may change: its handler takes it
// (`here`), its parent goes on without it, or it becomes the parent's, and so on.
int tsme_raised(struct tsme *t, uint32_t number, bool *here)
{
    int err = tsme_take_error(t, number, here);
    while (!err && !*here) {
        uint32_t parent = tsme_frame_of(t, number)->parent;
        if (parent == TSME_NO_PARENT) {
            t->state.status = TSME_FAILED;
            return TSME_OK;
        }
        err = tsme_own_join(t, parent);
        if (err) {
            return err;
        }
        struct tsme_join *join = tsme_frame_of(t, parent)->join;
        bool tolerated = join->tolerant && join->failures;
        if (join->tolerant) {
            err =
                tsme_tell_failed(t, tolerated ? TSME_SEES_TOLERATED : TSME_SEES_EXCEEDED, number);
        }
        if (!err && tolerated) {
            join->failures--;
            err = tsme_write_failure(t);
            return err ? err : tsme_leave_tree(t, number);
        }
        if (join->tolerant) {
            tsme_set_error(t, TSME_EXCEEDED);
            tsme_note_error(t, TSME_EXCEEDED);
        }
        err = err ? err : tsme_abort(t, parent);
        if (err) {
            return err;
        }
        number = parent;
        tsme_frame_of(t, number)->join = 0;
        tsme_wait(t, number, TSME_CAN_RUN);
        err = tsme_tell_failed(t, TSME_SEES_PASSED, number);
        err = err ? err : tsme_take_error(t, number, here);
        if (*here) {
            *here = false; // it goes on, but not as what ran
            t->ready = (int32_t)number;
            return err ? err : tsme_serve(t);
        }
    }
    return err;
}
