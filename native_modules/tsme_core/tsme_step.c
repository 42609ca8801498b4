// A step: what is taken in, and how it is taken back.

#include "tsme_frames.h"
#include "tsme_ops.h"
#include "tsme_rng.h"
#include "tsme_trace.h"

#include <string.h>

/// Inputs ///

// What an input's fields have, one after the other.
struct tsme_fields {
    const uint8_t *at;
    const uint8_t *end;
    bool fails; // the bound is an error, that of the state (SPEC 3.1); it is held
};

static int tsme_take_number(struct tsme_fields *fields, uint64_t *n)
{
    uint8_t major;
    if (fields->at < fields->end && *fields->at < 24) {
        *n = *fields->at++;
        return TSME_OK;
    }
    int err = tsme_check_head(&fields->at, fields->end, &major, n);
    return err || major != TSME_UINT ? TSME_ERR_INPUT : TSME_OK;
}

// What is free of the arena.
static struct tsme_part tsme_free_part(const struct tsme *t)
{
    return (struct tsme_part){t->top, (uint32_t)(t->end - t->top)};
}

// Copies a value into the arena.
static int tsme_take_value(struct tsme *t, struct tsme_fields *fields, uint32_t held)
{
    int32_t size = tsme_check(fields->at, fields->end, tsme_free_part(t));
    int err = size < 0 ? size : tsme_reserve(t, t->sp, (uint32_t)size);
    if (!err) {
        memcpy(t->top, fields->at, (uint32_t)size);
        t->held[held] = tsme_sized(t->top, (uint32_t)size);
        t->top += size;
        fields->at += size;
    }
    return err;
}

// The bound behind an input's fields, if it has one: how many transitions the step has, or the
// error of the state that cannot be made.
static int tsme_take_bound(struct tsme *t, struct tsme_fields *fields)
{
    uint8_t major;
    uint64_t n;
    if (fields->at == fields->end) {
        return TSME_OK;
    }
    int err = tsme_check_head(&fields->at, fields->end, &major, &n);
    if (err || (major != TSME_ARRAY && major != TSME_UINT) || n > UINT16_MAX) {
        return TSME_ERR_INPUT;
    }
    t->most = t->left = (uint32_t)n;
    if (major == TSME_ARRAY) {
        t->most = t->left = 1;
        fields->fails = true;
        err = n == 2 ? tsme_take_value(t, fields, TSME_HELD_ERROR) : TSME_ERR_INPUT;
        if (!err) {
            err = tsme_take_value(t, fields, TSME_HELD_CAUSE);
        }
    }
    return err || fields->at == fields->end ? err : TSME_ERR_INPUT;
}

// The error and the cause of an input: null or texts.
static int tsme_take_error_fields(struct tsme *t, struct tsme_fields *fields)
{
    for (uint32_t held = TSME_HELD_ERROR; held <= TSME_HELD_CAUSE; held++) {
        int err = tsme_take_value(t, fields, held);
        if (err) {
            return err;
        }
    }
    return TSME_OK;
}

// The origin of before, so that a *start* can be undone.
static int tsme_keep_origin(struct tsme *t)
{
    int err = tsme_reserve_block(t, t->sp, sizeof t->origin);
    if (!err) {
        t->begun = tsme_take_block(t, sizeof t->origin);
        *t->begun = t->origin;
        memset(&t->origin, 0, sizeof t->origin);
    }
    return err;
}

// Execution, program digest, seed.
static int tsme_take_names(struct tsme *t, struct tsme_fields *fields)
{
    uint64_t seed;
    struct tsme_origin *origin = &t->origin;
    if (tsme_take_number(fields, &origin->execution) || fields->end - fields->at < 9 ||
        fields->at[0] != (TSME_BYTES << 5 | sizeof origin->digest)) {
        return TSME_ERR_INPUT;
    }
    memcpy(origin->digest, fields->at + 1, sizeof origin->digest);
    if (memcmp(origin->digest, t->program.digest, sizeof origin->digest) != 0) {
        return TSME_ERR_DIGEST;
    }
    fields->at += 1 + sizeof origin->digest;
    if (tsme_take_number(fields, &seed)) {
        return TSME_ERR_INPUT;
    }
    t->state.rng = tsme_advance(seed); // a small seed's first draw would be 0
    return TSME_OK;
}

// Input, context, behaviour. The input is held.
static int tsme_take_origin(struct tsme *t, struct tsme_fields *fields)
{
    uint64_t behaviour = 0;
    struct tsme_origin *origin = &t->origin;
    int err = tsme_take_value(t, fields, TSME_HELD_ERROR);
    if (!err) {
        err = tsme_take_value(t, fields, TSME_HELD_VALUE);
    }
    if (err) {
        return err;
    }
    origin->context = t->held[TSME_HELD_VALUE];
    if (!tsme_is_context(origin->context.at, false)) {
        return TSME_ERR_INPUT;
    }
    t->held[TSME_HELD_VALUE] = t->held[TSME_HELD_ERROR];
    if (*origin->context.at == TSME_NULL) {
        origin->context.at = 0;
    }
    if (t->program.needs & TSME_NEEDS_INPUT) {
        origin->input = t->held[TSME_HELD_VALUE];
    }
    if (fields->at != fields->end && tsme_take_number(fields, &behaviour)) {
        return TSME_ERR_INPUT;
    }
    if (behaviour != TSME_BEHAVIOUR) {
        t->refused = "behaviour";
        return TSME_ERR_UNSUPPORTED;
    }
    origin->behaviour = TSME_BEHAVIOUR;
    return tsme_take_bound(t, fields);
}

// *start*: everything of the execution before it is forgotten.
static int tsme_start(struct tsme *t, const struct tsme_input *input, struct tsme_fields *fields)
{
    if (tsme_running(t)) {
        return TSME_ERR_INPUT;
    }
    int err = tsme_keep_origin(t);
    if (err) {
        return err;
    }
    TSME_ASSERT(t->state.frames == 0 && t->state.due == TSME_NEVER);
    t->origin.start = t->state.now = input->now;
    t->state.status = TSME_RUNNING;
    t->state.steps = 0;
    t->state.next_id = t->first = 1;
    t->state.bound = TSME_BOUND_START + 6 + TSME_HEAD_MAX + input->fields_size;
    t->state.digest = tsme_crc(0, input->fields, input->fields_size);
    err = tsme_take_names(t, fields);
    if (!err) {
        err = tsme_take_origin(t, fields);
    }
    uint32_t number = 0;
    if (!err) {
        err = tsme_new_frame(t, t->program.slots, &number);
    }
    if (!err && t->program.timeout) {
        t->state.due = t->state.now + 1000u * (uint64_t)t->program.timeout;
        t->state.next_id++;
        t->acted = true;
    }
    return err;
}

// The frame that waits for an action, or -1.
static int32_t tsme_waiting(const struct tsme *t, uint64_t id)
{
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        const struct tsme_action *action = tsme_frame_of(t, (uint32_t)n)->action;
        if (action && action->id == id) {
            return n;
        }
    }
    return -1;
}

// The action's time is up, or the task has failed: the held error is that of its frame.
static int tsme_fail_task(struct tsme *t, uint32_t number)
{
    bool here = false;
    t->number = number;
    t->frame = tsme_frame_of(t, number);
    tsme_note_error(t, 0);
    int err = tsme_raised(t, number, &here);
    return err || !here ? err : tsme_run(t, number, false);
}

// The timer of the whole execution.
static int tsme_time_out(struct tsme *t, const struct tsme_input *input)
{
    static const uint8_t empty = TSME_TEXT << 5;
    if (input->kind != TSME_INPUT_TIMER || input->now < t->state.due) {
        return TSME_ERR_INPUT;
    }
    t->held[TSME_HELD_ERROR] = (tsme_ref){(const uint8_t *)tsme_timeout, 0, 0};
    t->held[TSME_HELD_CAUSE] = (tsme_ref){&empty, 0, 0};
    t->state.due = TSME_NEVER;
    t->state.status = TSME_FAILED;
    return TSME_OK;
}

// The input of the frame's action, which is over: the result of a task, what came in place of
// one, or the time.
static int tsme_take_outcome(struct tsme *t, const struct tsme_input *input,
                             struct tsme_fields *fields, const struct tsme_action *action)
{
    static const uint8_t empty = TSME_TEXT << 5;
    int err = TSME_OK;
    if (input->kind == TSME_INPUT_FAILED) {
        err = tsme_take_error_fields(t, fields);
    } else if (input->kind == TSME_INPUT_SUCCEEDED) {
        err = tsme_take_value(t, fields, TSME_HELD_VALUE);
    } else if (action->kind == TSME_TASK_ACTION) {
        const uint8_t *silent = (const uint8_t *)tsme_silent;
        const uint8_t *cause = action->due == action->deadline ? &empty : silent;
        t->held[TSME_HELD_ERROR] = (tsme_ref){(const uint8_t *)tsme_timeout, 0, 0};
        t->held[TSME_HELD_CAUSE] = (tsme_ref){cause, 0, 0};
    }
    return err;
}

// An input that the frame `number` waits for.
static int tsme_resume(struct tsme *t, uint32_t number, const struct tsme_input *input,
                       struct tsme_fields *fields)
{
    int err = tsme_own(t, number);
    if (err) {
        return err;
    }
    const struct tsme_action action = *tsme_frame_of(t, number)->action;
    tsme_frame_of(t, number)->action = 0;
    t->acted = true;
    tsme_wait(t, number, TSME_CAN_RUN);
    err = tsme_take_outcome(t, input, fields, &action);
    uint32_t kind = input->kind; // as the frame sees it: a task whose time is up has failed
    if (kind == TSME_INPUT_TIMER && action.kind == TSME_TASK_ACTION) {
        kind = TSME_INPUT_FAILED;
    }
    if (!err) {
        err = tsme_tell(t, TSME_SEES_RESUME, number, kind);
    }
    if (!err) {
        err = tsme_take_bound(t, fields);
    }
    if (err) {
        return err;
    }
    if (fields->fails) {
        return tsme_fail_state(t, number, false);
    }
    return kind == TSME_INPUT_FAILED ? tsme_fail_task(t, number)
                                     : tsme_run(t, number, kind == TSME_INPUT_SUCCEEDED);
}

// *heartbeat*, *started*: the frame goes on waiting.
static int tsme_touch_action(struct tsme *t, uint32_t number, const struct tsme_input *input,
                             struct tsme_fields *fields)
{
    int err = tsme_own_action(t, number);
    if (err) {
        return err;
    }
    struct tsme_action *action = tsme_frame_of(t, number)->action;
    if (input->kind == TSME_INPUT_STARTED) {
        action->started = 1;
    } else {
        tsme_beat(t, action);
    }
    return tsme_take_bound(t, fields);
}

// An input that names an action.
static int tsme_take_action(struct tsme *t, const struct tsme_input *input,
                            struct tsme_fields *fields)
{
    uint64_t id;
    if (tsme_take_number(fields, &id)) {
        return TSME_ERR_INPUT;
    }
    if (id == 1 && t->state.due != TSME_NEVER) {
        int err = tsme_time_out(t, input);
        return err || fields->at == fields->end ? err : TSME_ERR_INPUT;
    }
    int32_t number = tsme_waiting(t, id);
    if (number < 0) {
        return TSME_LATE;
    }
    const struct tsme_action *action = tsme_frame_of(t, (uint32_t)number)->action;
    if (input->kind == TSME_INPUT_TIMER ? input->now < action->due || action->due == TSME_NEVER
                                        : action->kind != TSME_TASK_ACTION) {
        return TSME_ERR_INPUT;
    }
    t->quiet = input->kind == TSME_INPUT_HEARTBEAT || input->kind == TSME_INPUT_STARTED;
    return t->quiet ? tsme_touch_action(t, (uint32_t)number, input, fields)
                    : tsme_resume(t, (uint32_t)number, input, fields);
}

// *continue*, with the bound that it may have. Of a step without one, frames run anyway.
static int tsme_go_on(struct tsme *t, struct tsme_fields *fields)
{
    int32_t number = tsme_first_of(t, TSME_READY);
    int err = number < 0 ? TSME_ERR_INPUT : tsme_take_bound(t, fields);
    if (err) {
        return err;
    }
    return fields->fails ? tsme_fail_state(t, (uint32_t)number, true)
                         : tsme_run(t, (uint32_t)number, false);
}

static int tsme_take_input(struct tsme *t, const struct tsme_input *input)
{
    int err;
    struct tsme_fields fields = {input->fields, input->fields + input->fields_size, false};
    if (input->kind == TSME_INPUT_START) {
        return tsme_start(t, input, &fields);
    }
    if (!tsme_running(t)) {
        return TSME_ERR_INPUT;
    }
    switch (input->kind) {
    case TSME_INPUT_SUCCEEDED:
    case TSME_INPUT_FAILED:
    case TSME_INPUT_HEARTBEAT:
    case TSME_INPUT_TIMER:
    case TSME_INPUT_STARTED: return tsme_take_action(t, input, &fields);
    case TSME_INPUT_STOP:
        t->state.status = TSME_STOPPED;
        err = tsme_take_error_fields(t, &fields);
        return err ? err : tsme_take_bound(t, &fields);
    case TSME_INPUT_SLEEP: t->quiet = true; return tsme_take_bound(t, &fields);
    case TSME_INPUT_CONTINUE: return tsme_go_on(t, &fields);
    case TSME_INPUT_MIGRATE: t->refused = "migrate"; return TSME_ERR_UNSUPPORTED;
    default: return TSME_ERR_INPUT;
    }
}

/// The step ///

// What stands in the record before the input's fields (SPEC 4.2): digest, kind, dt.
static void tsme_write_record(struct tsme *t, const struct tsme_input *input, uint64_t dt)
{
    uint8_t *to = t->record_head;
    to[0] = (uint8_t)t->state.digest;
    to[1] = (uint8_t)(t->state.digest >> 8);
    to[2] = (uint8_t)(t->state.digest >> 16);
    to[3] = (uint8_t)(t->state.digest >> 24);
    to[4] = input->kind;
    to += 5;
    to = tsme_write_small(to, dt);
    TSME_ASSERT(to <= t->record_head + sizeof t->record_head);
    t->record[0] = (struct tsme_part){t->record_head, (uint32_t)(to - t->record_head)};
    t->record[1] = (struct tsme_part){input->fields, input->fields_size};
    t->records = (uint8_t)(1 + (input->fields_size != 0));
}

// Nothing of the step that comes is there yet.
static void tsme_begin_step(struct tsme *t, const struct tsme_input *input)
{
    t->before = t->state;
    t->making = true;
    t->state.now = input->now > t->before.now ? input->now : t->before.now;
    t->first = t->state.next_id;
    t->limit.name = TSME_LIMITS;
    t->ready = -1;
    t->ends = 0;
    t->emits = 0;
    t->begun = 0;
    t->frame = t->spare = 0;
    t->quiet = t->acted = t->random = false;
    t->most = t->left = t->program.budget;
    t->made = t->beyond = 0;
}

// The execution is over: what is held is what it ended with.
static void tsme_set_result(struct tsme *t)
{
    t->acted = true;
    if (t->state.status == TSME_SUCCEEDED) {
        t->origin.result[0] = t->held[TSME_HELD_VALUE];
    } else {
        t->origin.result[0] = t->held[TSME_HELD_ERROR];
        t->origin.result[1] = t->held[TSME_HELD_CAUSE];
    }
}

// Whether a checkpoint of the state has too many bytes. The bound is cheap and never too small;
// beyond a limit the bytes themselves are counted.
static int tsme_check_bound(struct tsme *t)
{
    if (t->state.bound <= tsme_most(t, TSME_STATE_BYTES) &&
        t->state.bound <= tsme_most(t, TSME_RECORD_BYTES)) {
        return TSME_OK;
    }
    t->state.bound = tsme_checkpoint(t, 0, 0);
    int err = tsme_limit(t, TSME_RECORD_BYTES, t->state.bound);
    return err ? err : tsme_limit(t, TSME_STATE_BYTES, t->state.bound);
}

int tsme_make(struct tsme *t, const struct tsme_input *input)
{
    if (t->making) {
        return TSME_ERR_INPUT;
    }
    tsme_begin_step(t, input);
    int err = tsme_take_input(t, input);
    if (!err && !t->quiet) {
        err = tsme_run_all(t);
    }
    t->transitions = t->most - t->left;
    if (!err) {
        uint64_t dt = t->state.now - (t->begun ? 0 : t->before.now);
        if (t->state.status != TSME_RUNNING) {
            tsme_set_result(t);
        }
        t->state.digest = tsme_delta(t, dt);
        t->state.steps++;
        tsme_write_record(t, input, dt);
        err = tsme_check_bound(t);
    }
    if (err) {
        tsme_undo(t);
    }
    TSME_ASSERT(t->making == !err);
    return err;
}

// The step is over: what only it has referred to may go.
static void tsme_let_go(struct tsme *t)
{
    for (uint32_t i = 0; i < TSME_HELD; i++) {
        t->held[i].at = 0;
    }
    t->ends = 0;
    t->frame = 0;
    t->begun = 0;
    t->making = false;
}

void tsme_adopt(struct tsme *t)
{
    TSME_ASSERT(t->making);
    tsme_let_go(t);
    if (t->state.status == TSME_RUNNING) {
        tsme_keep(t);
    } else {
        tsme_clear_frames(t);
    }
}

void tsme_undo(struct tsme *t)
{
    TSME_ASSERT(t->making);
    if (t->begun) {
        t->origin = *t->begun;
    } else if (t->before.status == TSME_RUNNING) { // what has ended before keeps its result
        memset(t->origin.result, 0, sizeof t->origin.result);
    }
    t->emits = 0;
    tsme_let_go(t);
    t->state = t->before;
    t->first = t->state.next_id;
    tsme_revert(t);
}
