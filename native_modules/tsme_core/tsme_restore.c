// A checkpoint read back (SPEC 5).
//
// Its bytes come from a journal, which has a CRC, and yet nothing here relies on them: what is
// read is checked before it is used, nothing behind the end is looked at, and a frame that no
// step could have left is refused (tsme_places.c). All of it is copied into the arena once, and
// frames refer to that copy, the outputs of a join too, which stand there as they do in a run.
// Nothing may be collected before the frames are whole: what has to fit are the bytes and
// the frames. The next collection leaves of the copy what is referred to.

#include "tsme_places.h"

#include <string.h>

// What is still to be read.
struct tsme_source {
    const uint8_t *at;
    const uint8_t *end;
};

/// Items ///

static bool tsme_read_head(struct tsme_source *from, uint8_t major, uint32_t most, uint32_t *n)
{
    uint8_t got;
    uint64_t number;
    if (tsme_check_head(&from->at, from->end, &got, &number) || got != major || number > most) {
        return false;
    }
    *n = (uint32_t)number;
    return true;
}

static bool tsme_read_number(struct tsme_source *from, uint64_t *n)
{
    uint8_t major;
    return !tsme_check_head(&from->at, from->end, &major, n) && major == TSME_UINT;
}

// A number below 2^16, as most of a frame's are.
static bool tsme_read_short(struct tsme_source *from, uint16_t *n)
{
    uint32_t number;
    bool good = tsme_read_head(from, TSME_UINT, UINT16_MAX, &number);
    *n = good ? (uint16_t)number : 0;
    return good;
}

// An integer of either sign, from -2^62 to 2^62.
static bool tsme_read_integer(struct tsme_source *from, int64_t *n)
{
    uint8_t major;
    uint64_t number;
    if (tsme_check_head(&from->at, from->end, &major, &number) || major > TSME_NEGATIVE ||
        number >> 62) {
        return false;
    }
    *n = major == TSME_NEGATIVE ? -1 - (int64_t)number : (int64_t)number;
    return true;
}

// Whether the next byte is this one, which then is read.
static bool tsme_read_byte(struct tsme_source *from, uint32_t byte)
{
    bool good = from->at < from->end && *from->at == byte;
    from->at += good;
    return good;
}

// A time as a difference to `now`, or null.
static bool tsme_read_time(struct tsme_source *from, uint64_t now, uint64_t *ms)
{
    int64_t more = 0;
    if (tsme_read_byte(from, TSME_NULL)) {
        *ms = TSME_NEVER;
        return true;
    }
    bool good = tsme_read_integer(from, &more);
    *ms = now + (uint64_t)more;
    return good;
}

// A value; `at` is null for the byte `none`.
static bool tsme_read_value(struct tsme *t, struct tsme_source *from, uint32_t none,
                            tsme_ref *value)
{
    *value = (tsme_ref){0, 0, 0};
    if (tsme_read_byte(from, none)) {
        return true;
    }
    const struct tsme_part scratch = {t->top, (uint32_t)(t->end - t->top)};
    int32_t size = tsme_check(from->at, from->end, scratch);
    if (size < 0) {
        return false;
    }
    *value = tsme_sized(from->at, (uint32_t)size);
    from->at += size;
    return true;
}

/// Joins ///

// The outputs: their runs, which `join` has room for, or, if it is null, how many there are.
static bool tsme_read_outputs(struct tsme *t, struct tsme_source *from, uint32_t count,
                              struct tsme_join *join, uint32_t *runs, uint32_t *there)
{
    const uint8_t *head = from->at;
    uint32_t n;
    *runs = *there = 0;
    if (!tsme_read_head(from, TSME_ARRAY, count, &n)) {
        return false;
    }
    bool goes_on = false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = from->at;
        tsme_ref output;
        if (!tsme_read_value(t, from, TSME_MISSING, &output)) {
            return false;
        }
        if (output.at && join) {
            struct tsme_run *run = &join->run[*runs - goes_on];
            if (!goes_on) { // the first one has the head of all before it
                *run = (struct tsme_run){(uint8_t *)(uintptr_t)(i ? at : head), i, 0, 0, 0};
            }
            run->count++;
            run->size = run->room = (uint32_t)(from->at - run->at);
        }
        *runs += output.at && !goes_on;
        *there += output.at != 0;
        goes_on = output.at != 0;
    }
    return true;
}

// Puts the names and the values of an object together, which stand apart.
static bool tsme_weave(struct tsme *t, tsme_ref *items, uint32_t count)
{
    const uint8_t *name = items->at;
    (void)tsme_head(&name);
    const uint8_t *value = name;
    for (uint32_t i = 0; i < count; i++) {
        if (*value >> 5 != TSME_TEXT) {
            return false;
        }
        value = tsme_skip(value);
    }
    if (tsme_free(t, items->size + TSME_HEAD_MAX)) {
        return false;
    }
    uint8_t *to = tsme_write_head(t->top, TSME_OBJECT, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *next = tsme_skip(name);
        memcpy(to, name, (uint32_t)(next - name));
        to += next - name;
        name = next;
        next = tsme_skip(value);
        memcpy(to, value, (uint32_t)(next - value));
        to += next - value;
        value = next;
    }
    const struct tsme_part scratch = {to, (uint32_t)(t->end - to)};
    *items = tsme_sized(t->top, (uint32_t)(to - t->top));
    bool good = tsme_check(items->at, to, scratch) == (int32_t)items->size;
    t->top = to;
    return good;
}

// The items of a MAP for `count` children: an array, or an object's names and its values.
static bool tsme_read_items(struct tsme *t, struct tsme_source *from, struct tsme_join *join)
{
    if (!tsme_read_value(t, from, TSME_NULL, &join->items) || !join->items.at ||
        *join->items.at >> 5 != TSME_ARRAY) {
        return false;
    }
    const uint8_t *body = join->items.at;
    uint32_t count = tsme_head(&body);
    if (count != join->count) {
        return join->count && count == 2 * join->count && tsme_weave(t, &join->items, join->count);
    }
    return true;
}

// The offset of item `index` in the items.
static uint32_t tsme_item_at(const struct tsme_join *join, uint32_t index)
{
    const uint8_t *at = join->items.at;
    uint32_t each = 1u + (*at >> 5 == TSME_OBJECT);
    (void)tsme_head(&at);
    for (uint32_t i = 0; i < index * each; i++) {
        at = tsme_skip(at);
    }
    return (uint32_t)(at - join->items.at);
}

// What stands behind the outputs.
static bool tsme_read_rest(struct tsme *t, struct tsme_source *from, struct tsme_join *join,
                           uint32_t count)
{
    uint32_t entry;
    if (!tsme_read_head(from, TSME_UINT, join->count, &join->left) ||
        !tsme_read_head(from, TSME_UINT, join->count, &join->next) ||
        !tsme_read_head(from, TSME_UINT, UINT16_MAX, &entry)) {
        return false;
    }
    join->entry = (uint16_t)entry;
    if (count == 5) { // of a FORK
        return tsme_read_byte(from, TSME_NULL) && join->next == join->count && join->count;
    }
    if (!tsme_read_items(t, from, join) ||
        !tsme_read_head(from, TSME_UINT, UINT32_MAX, &join->most) || join->most == 0) {
        return false;
    }
    join->cursor = tsme_item_at(join, join->next);
    join->tolerant = count == 7;
    return count == 6 || tsme_read_head(from, TSME_UINT, UINT32_MAX, &join->failures);
}

static bool tsme_read_join(struct tsme *t, struct tsme_source *from, struct tsme_frame *f)
{
    uint32_t count;
    uint32_t runs;
    uint32_t there;
    if (tsme_read_byte(from, TSME_NULL)) {
        return f->waits != TSME_ON_CHILDREN;
    }
    if (!tsme_read_head(from, TSME_ARRAY, 7, &count) || count < 5) {
        return false;
    }
    struct tsme_source again = *from;
    uint32_t children;
    if (!tsme_read_head(&again, TSME_ARRAY, (uint32_t)(from->end - from->at), &children)) {
        return false;
    }
    again = *from;
    if (!tsme_read_outputs(t, from, children, 0, &runs, &there) || runs > UINT16_MAX - 2) {
        return false;
    }
    uint32_t size = (uint32_t)(sizeof(struct tsme_join) + (runs + 2) * sizeof(struct tsme_run));
    if (tsme_free(t, size)) {
        return false;
    }
    struct tsme_join *join = f->join = tsme_take_block(t, size);
    memset(join, 0, size);
    join->count = children;
    join->runs = (uint16_t)runs;
    join->room = (uint16_t)(runs + 2);
    (void)tsme_read_outputs(t, &again, children, join, &runs, &there);
    if (!tsme_read_rest(t, from, join, count)) {
        return false;
    }
    const struct tsme_run *last = join->runs ? &join->run[join->runs - 1] : 0;
    return there == join->count - join->left && join->next >= there &&
           (!last || last->first + last->count <= join->next) &&
           (f->waits == TSME_ON_CHILDREN ? join->left != 0
                                         : f->waits == TSME_CAN_RUN && join->left == 0);
}

/// Frames ///

// What stands before the counters. `item` keeps the id of the action that the frame waits for
// until that is read.
static bool tsme_read_numbers(const struct tsme *t, struct tsme_source *from, struct tsme_frame *f)
{
    uint64_t ago;
    f->parent = TSME_NO_PARENT;
    if (!tsme_read_byte(from, TSME_NULL) && !tsme_read_short(from, &f->parent)) {
        return false;
    }
    if (!tsme_read_short(from, &f->pc) || !tsme_read_short(from, &f->entry) ||
        !tsme_read_short(from, &f->handler) || !tsme_read_short(from, &f->state) ||
        !tsme_read_number(from, &ago) || ago > t->state.now) {
        return false;
    }
    f->entered = t->state.now - ago;
    if (tsme_read_byte(from, TSME_NEGATIVE << 5)) {
        f->waits = TSME_ON_CHILDREN;
        return true;
    }
    bool good = tsme_read_head(from, TSME_UINT, UINT32_MAX, &f->item);
    f->waits = good && f->item ? TSME_ON_ACTION : TSME_CAN_RUN;
    return good;
}

// The counters, error and cause, slots.
static bool tsme_read_data(struct tsme *t, struct tsme_source *from, const struct tsme_frame *head,
                           struct tsme_frame **frame)
{
    struct tsme_source counters = *from;
    struct tsme_frame given = *head;
    uint32_t n;
    uint32_t count;
    if (!tsme_read_head(from, TSME_ARRAY, t->program.counters, &n) || n != t->program.counters) {
        return false;
    }
    for (uint32_t i = 0; i < t->program.counters; i++) {
        if (!tsme_read_head(from, TSME_UINT, UINT32_MAX, &n)) {
            return false;
        }
    }
    if (!tsme_read_value(t, from, TSME_NULL, &given.error) ||
        !tsme_read_value(t, from, TSME_NULL, &given.cause) ||
        !tsme_read_head(from, TSME_ARRAY, TSME_SLOTS_MAX, &count) || count == 0 ||
        tsme_free(t, tsme_frame_size(t, count))) {
        return false;
    }
    struct tsme_frame *f = *frame = tsme_take_block(t, tsme_frame_size(t, count));
    memset(f, 0, tsme_frame_size(t, count));
    *f = given;
    f->count = (uint16_t)count;
    (void)tsme_read_head(&counters, TSME_ARRAY, UINT32_MAX, &n);
    for (uint32_t i = 0; i < t->program.counters; i++) {
        (void)tsme_read_head(&counters, TSME_UINT, UINT32_MAX, &tsme_counters(f)[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!tsme_read_value(t, from, TSME_MISSING, &f->slots[i])) {
            return false;
        }
    }
    return f->slots[0].at != 0;
}

static bool tsme_read_frame(struct tsme *t, struct tsme_source *from, uint32_t number)
{
    struct tsme_frame head;
    uint32_t count;
    memset(&head, 0, sizeof head);
    if (!tsme_read_head(from, TSME_ARRAY, 13, &count) || (count != 11 && count != 13) ||
        !tsme_read_numbers(t, from, &head) ||
        !tsme_read_data(t, from, &head, &t->table->places[number].now)) {
        return false;
    }
    struct tsme_frame *f = tsme_frame_of(t, number);
    if (count == 11) {
        return f->parent == TSME_NO_PARENT && f->waits != TSME_ON_CHILDREN;
    }
    if (f->parent == TSME_NO_PARENT) {
        return tsme_read_byte(from, TSME_NULL) && tsme_read_join(t, from, f) && f->join;
    }
    return tsme_read_head(from, TSME_UINT, UINT32_MAX, &f->index) && tsme_read_join(t, from, f);
}

static bool tsme_read_frames(struct tsme *t, struct tsme_source *from)
{
    uint32_t count;
    if (!tsme_read_head(from, TSME_ARRAY, TSME_FRAMES_MAX, &count) || count == 0 ||
        count > (uint32_t)(from->end - from->at) || tsme_new_table(t, count)) {
        return false;
    }
    t->state.frames = count;
    for (uint32_t number = 0; number < count; number++) {
        if (tsme_read_byte(from, TSME_NULL)) {
            continue;
        }
        if (!tsme_read_frame(t, from, number)) {
            return false;
        }
        tsme_mark(t, TSME_USED, number);
        if (tsme_frame_of(t, number)->waits == TSME_CAN_RUN) {
            tsme_mark(t, TSME_READY, number);
        }
    }
    return tsme_frame_of(t, 0) != 0;
}

/// The tree ///

// Whether child `index` of a join has ended.
static bool tsme_is_over(const struct tsme_join *join, uint32_t index)
{
    for (uint32_t i = 0; i < join->runs; i++) {
        if (index - join->run[i].first < join->run[i].count) {
            return true;
        }
    }
    return false;
}

// Whether a frame is a child that its parent waits for, and the only one with this index; all
// frames above it end at frame 0.
static bool tsme_is_child(const struct tsme *t, uint32_t number)
{
    const struct tsme_frame *f = tsme_frame_of(t, number);
    if (f->parent == TSME_NO_PARENT || number == 0) {
        return f->parent == TSME_NO_PARENT && number == 0;
    }
    const struct tsme_frame *above = f;
    for (uint32_t n = 0; above->parent != TSME_NO_PARENT; n++) {
        if (above->parent >= t->state.frames || n == t->state.frames) {
            return false;
        }
        above = tsme_frame_of(t, above->parent);
        if (!above || above->waits != TSME_ON_CHILDREN) {
            return false;
        }
    }
    const struct tsme_join *join = tsme_frame_of(t, f->parent)->join;
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0 && (uint32_t)n < number;
         n++) {
        const struct tsme_frame *other = tsme_frame_of(t, (uint32_t)n);
        if (other->parent == f->parent && other->index == f->index) {
            return false;
        }
    }
    return above == tsme_frame_of(t, 0) && f->index < join->next && !tsme_is_over(join, f->index);
}

// Whether all frames together are a tree, and each join waits for as many as there are.
static bool tsme_is_tree(struct tsme *t)
{
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        struct tsme_frame *f = tsme_frame_of(t, (uint32_t)n);
        if (!tsme_is_child(t, (uint32_t)n)) {
            return false;
        }
        if (f->parent != TSME_NO_PARENT) {
            const struct tsme_join *join = tsme_frame_of(t, f->parent)->join;
            f->item = join->items.at ? tsme_item_at(join, f->index) : 0;
        }
        uint32_t children = 0;
        for (uint32_t c = 0; f->join && c < t->state.frames; c++) {
            children += tsme_frame_of(t, c) && tsme_frame_of(t, c)->parent == n;
        }
        if (f->join && children != tsme_under_way(f->join)) {
            return false;
        }
    }
    return true;
}

// Whether each frame may stand where it does. The bits lie where a collection has its own, or
// in free memory, whichever is more.
static int tsme_check_places(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    uint32_t size = (p->code_count + 31) / 32 * (uint32_t)sizeof(uint32_t);
    uint8_t *behind = t->arena + (t->config.memory_size & ~7u);
    struct tsme_places places = {p, t->live, UINT32_MAX};
    if (size > (uint32_t)(behind - (uint8_t *)t->live)) {
        int err = tsme_free(t, size);
        if (err) {
            return err;
        }
        places.bits = (uint32_t *)(void *)(t->arena + (((uint32_t)(t->top - t->arena) + 7) & ~7u));
    }
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        const struct tsme_frame *f = tsme_frame_of(t, (uint32_t)n);
        uint32_t slots = p->slots;
        uint32_t first = 0;
        if (n) {
            const struct tsme_frame *parent = tsme_frame_of(t, f->parent);
            first = tsme_entry_before(p, parent->pc, parent->join);
            if (!first) {
                return TSME_ERR_FORMAT;
            }
            first = tsme_entry_of(p, first, parent->join, f->index);
            slots = p->code[2 * first + 1];
            first++;
        }
        if (f->count != slots || !tsme_may_stand(&places, f, first)) {
            return TSME_ERR_FORMAT;
        }
    }
    return TSME_OK;
}

/// Actions ///

static bool tsme_read_action(struct tsme *t, struct tsme_source *from, struct tsme_action *action,
                             uint32_t *frame)
{
    uint32_t count;
    uint32_t kind;
    memset(action, 0, sizeof *action);
    *frame = TSME_NO_FRAME;
    if (!tsme_read_head(from, TSME_ARRAY, 9, &count) ||
        !tsme_read_head(from, TSME_UINT, UINT32_MAX, &action->id) ||
        !tsme_read_head(from, TSME_UINT, TSME_TIMER_ACTION, &kind) ||
        (!tsme_read_byte(from, TSME_NULL) &&
         !tsme_read_head(from, TSME_UINT, TSME_FRAMES_MAX, frame)) ||
        !tsme_read_time(from, t->state.now, &action->due)) {
        return false;
    }
    action->kind = (uint8_t)kind;
    action->deadline = TSME_NEVER;
    if (kind == TSME_TIMER_ACTION) {
        return count == 4 && action->due != TSME_NEVER;
    }
    uint32_t started;
    bool good = count == 9 && tsme_read_value(t, from, TSME_MISSING, &action->resource) &&
                tsme_read_value(t, from, TSME_MISSING, &action->payload) && action->resource.at &&
                *action->resource.at >> 5 == TSME_TEXT && action->payload.at &&
                tsme_read_number(from, &action->heartbeat) &&
                tsme_read_head(from, TSME_UINT, 1, &started) &&
                tsme_read_time(from, t->state.now, &action->deadline);
    action->started = good && started;
    return good;
}

// The pending actions, which come before the frames: passed over, `there` false; or given to the
// frames that wait for them.
static bool tsme_read_actions(struct tsme *t, struct tsme_source *from, bool there)
{
    uint32_t count;
    uint32_t last = 0;
    if (!tsme_read_head(from, TSME_ARRAY, UINT32_MAX, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tsme_action action;
        uint32_t number;
        if (!tsme_read_action(t, from, &action, &number) || action.id <= last ||
            action.id >= t->state.next_id) {
            return false;
        }
        last = action.id;
        if (!there) {
            continue;
        }
        if (number == TSME_NO_FRAME) {
            t->state.due = action.due;
            if (action.id != 1 || action.kind != TSME_TIMER_ACTION) {
                return false;
            }
            continue;
        }
        struct tsme_frame *f = number < t->state.frames ? tsme_frame_of(t, number) : 0;
        if (!f || f->waits != TSME_ON_ACTION || f->item != action.id ||
            tsme_free(t, sizeof action)) {
            return false;
        }
        f->action = tsme_take_block(t, sizeof action);
        *f->action = action;
    }
    for (uint32_t n = 0; there && n < t->state.frames; n++) {
        struct tsme_frame *f = tsme_frame_of(t, n);
        if (f && f->waits == TSME_ON_ACTION && !f->action) {
            return false;
        }
    }
    return true;
}

/// All of it ///

// What stands before the actions.
static bool tsme_read_state(struct tsme *t, struct tsme_source *from)
{
    struct tsme_state *state = &t->state;
    struct tsme_origin *origin = &t->origin;
    int64_t age;
    uint32_t count;
    uint32_t behaviour = 0;
    uint32_t status;
    if (!tsme_read_head(from, TSME_ARRAY, 15, &count) || count < 14 ||
        (count == 15 && !tsme_read_head(from, TSME_UINT, UINT8_MAX, &behaviour)) ||
        !tsme_read_head(from, TSME_UINT, UINT32_MAX, &state->steps) ||
        !tsme_read_number(from, &origin->execution) ||
        !tsme_read_head(from, TSME_UINT, TSME_STOPPED, &status) ||
        !tsme_read_number(from, &state->now) || state->now >> 62 ||
        !tsme_read_head(from, TSME_UINT, UINT32_MAX, &state->next_id) ||
        !tsme_read_number(from, &state->rng) ||
        !tsme_read_head(from, TSME_UINT, UINT32_MAX, &state->digest) ||
        !tsme_read_integer(from, &age)) {
        return false;
    }
    state->status = (uint8_t)status;
    origin->behaviour = (uint8_t)behaviour;
    origin->start = state->now - (uint64_t)age;
    return tsme_read_value(t, from, TSME_NULL, &origin->input) &&
           tsme_read_value(t, from, TSME_NULL, &origin->context) &&
           (!origin->context.at || tsme_is_context(origin->context.at, true));
}

// What an execution has ended with, or null.
static bool tsme_read_result(struct tsme *t, struct tsme_source *from)
{
    tsme_ref *result = t->origin.result;
    uint32_t count;
    if (t->state.status == TSME_RUNNING) {
        return tsme_read_byte(from, TSME_NULL);
    }
    if (t->state.status == TSME_SUCCEEDED) {
        return tsme_read_value(t, from, TSME_MISSING, result) && result->at;
    }
    return tsme_read_head(from, TSME_ARRAY, 2, &count) && count == 2 &&
           tsme_read_value(t, from, TSME_NULL, &result[0]) &&
           tsme_read_value(t, from, TSME_NULL, &result[1]);
}

// The frames of an execution under way; `actions` are those that are pending.
static int tsme_read_client(struct tsme *t, struct tsme_source *from, struct tsme_source *actions)
{
    if (!tsme_running(t)) {
        return TSME_ERR_FORMAT;
    }
    if (memcmp(t->origin.digest, t->program.digest, sizeof t->origin.digest) != 0) {
        return TSME_ERR_DIGEST;
    }
    if (t->origin.behaviour != TSME_BEHAVIOUR) {
        t->refused = "behaviour";
        return TSME_ERR_UNSUPPORTED;
    }
    if (!tsme_read_frames(t, from) || !tsme_read_actions(t, actions, true) || !tsme_is_tree(t)) {
        return t->limit.name == TSME_ARENA_BYTES ? TSME_ERR_MEMORY : TSME_ERR_FORMAT;
    }
    int err = tsme_check_places(t);
    for (uint32_t n = 0; !err && n < t->state.frames; n++) {
        t->table->places[n].before = t->table->places[n].now;
    }
    return err;
}

static int tsme_read_checkpoint(struct tsme *t, struct tsme_source *from)
{
    uint32_t size;
    if (!tsme_read_state(t, from)) {
        return TSME_ERR_FORMAT;
    }
    struct tsme_source actions = *from;
    if (!tsme_read_actions(t, from, false) || !tsme_read_result(t, from) ||
        !tsme_read_head(from, TSME_BYTES, sizeof t->origin.digest, &size) ||
        size != sizeof t->origin.digest || (uint32_t)(from->end - from->at) <= size) {
        return TSME_ERR_FORMAT;
    }
    memcpy(t->origin.digest, from->at, size);
    from->at += size;
    int err = TSME_OK;
    if (!tsme_read_byte(from, TSME_NULL)) {
        err = tsme_read_client(t, from, &actions);
    } else if (t->state.status == TSME_RUNNING || *actions.at != TSME_ARRAY << 5) {
        err = TSME_ERR_FORMAT;
    }
    return err || from->at == from->end ? err : TSME_ERR_FORMAT;
}

int tsme_restore(struct tsme *t, const uint8_t *body, uint32_t size)
{
    if (t->making) {
        return TSME_ERR_INPUT;
    }
    int err = tsme_reset(t);
    if (!err) {
        err = tsme_free(t, size);
    }
    if (!err) {
        struct tsme_source from = {t->top, t->top + size};
        memcpy(t->top, body, size);
        t->top += size;
        err = tsme_read_checkpoint(t, &from);
    }
    if (err) {
        const struct tsme_limit limit = t->limit;
        (void)tsme_reset(t);
        t->limit = limit;
    } else {
        t->state.bound = size;
    }
    TSME_ASSERT(err || t->state.status != TSME_RUNNING || t->table->places[0].now);
    return err;
}
