// A step: what is taken in, and how it is taken back.

#include "tsme_frames.h"
#include "tsme_ops.h"

#include <string.h>

/// Inputs ///

// What an input's fields have, one after the other.
struct tsme_fields {
    const uint8_t *at;
    const uint8_t *end;
};

static int tsme_take_number(struct tsme_fields *fields, uint64_t *n)
{
    uint8_t major;
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

// The error and the cause of an input: null or texts.
static int tsme_take_error_fields(struct tsme *t, struct tsme_fields *fields)
{
    for (uint32_t held = TSME_HELD_ERROR; held <= TSME_HELD_CAUSE; held++) {
        int err = tsme_take_value(t, fields, held);
        if (err) {
            return err;
        }
    }
    return fields->at == fields->end ? TSME_OK : TSME_ERR_INPUT;
}

// *start*: execution, program digest, seed, input, context, behaviour.
static int tsme_start(struct tsme *t, const struct tsme_input *input, struct tsme_fields *fields)
{
    uint64_t n;
    if (t->state.started || tsme_take_number(fields, &n)) {
        return TSME_ERR_INPUT;
    }
    if (fields->end - fields->at < 9 || fields->at[0] != (TSME_BYTES << 5 | 8)) {
        return TSME_ERR_INPUT;
    }
    if (memcmp(fields->at + 1, t->program.digest, 8) != 0) {
        return TSME_ERR_DIGEST;
    }
    fields->at += 9;
    if (tsme_take_number(fields, &n)) {
        return TSME_ERR_INPUT;
    }
    uint32_t number;
    int err = tsme_take_value(t, fields, TSME_HELD_VALUE);
    if (!err) {
        err = tsme_new_frame(t, t->program.slots, &number);
    }
    if (err) {
        return err;
    }
    int32_t size = tsme_check(fields->at, fields->end, tsme_free_part(t));
    if (size < 0) {
        return size;
    }
    fields->at += size;
    if (tsme_take_number(fields, &n) || fields->at != fields->end) {
        return TSME_ERR_INPUT;
    }
    if (n != TSME_BEHAVIOUR) {
        t->refused = "behaviour";
        return TSME_ERR_UNSUPPORTED;
    }
    t->state.digest = tsme_crc(0, input->fields, input->fields_size);
    t->state.started = true;
    if (t->program.timeout) {
        t->state.due = t->state.now + 1000u * (uint64_t)t->program.timeout;
        t->state.next_id++;
        t->acted = true;
    }
    return TSME_OK;
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
    int err = tsme_raised(t, number, &here);
    return err || !here ? err : tsme_run(t, number, false);
}

// The timer of the whole execution.
static int tsme_time_out(struct tsme *t, const struct tsme_input *input)
{
    static const uint8_t empty = TSME_TEXT << 5;
    if (input->kind != TSME_INPUT_TIMER || t->state.now < t->state.due) {
        return TSME_ERR_INPUT;
    }
    t->held[TSME_HELD_ERROR] = (tsme_ref){(const uint8_t *)tsme_timeout, 0, 0};
    t->held[TSME_HELD_CAUSE] = (tsme_ref){&empty, 0, 0};
    t->state.due = TSME_NEVER;
    t->state.status = TSME_FAILED;
    return TSME_OK;
}

// An input that the frame `number` waits for.
static int tsme_resume(struct tsme *t, uint32_t number, const struct tsme_input *input,
                       struct tsme_fields *fields)
{
    static const uint8_t empty = TSME_TEXT << 5;
    int err = tsme_own(t, number);
    if (err) {
        return err;
    }
    const struct tsme_action action = *tsme_frame_of(t, number)->action;
    tsme_frame_of(t, number)->action = 0;
    t->acted = true;
    tsme_wait(t, number, TSME_CAN_RUN);
    if (input->kind == TSME_INPUT_SUCCEEDED) {
        err = tsme_take_value(t, fields, TSME_HELD_VALUE);
        if (!err && fields->at != fields->end) {
            err = TSME_ERR_INPUT;
        }
        return err ? err : tsme_run(t, number, true);
    }
    if (input->kind == TSME_INPUT_FAILED) {
        err = tsme_take_error_fields(t, fields);
        return err ? err : tsme_fail_task(t, number);
    }
    if (action.kind == TSME_TIMER_ACTION) {
        return tsme_run(t, number, false);
    }
    const uint8_t *cause = action.due == action.deadline ? &empty : (const uint8_t *)tsme_silent;
    t->held[TSME_HELD_ERROR] = (tsme_ref){(const uint8_t *)tsme_timeout, 0, 0};
    t->held[TSME_HELD_CAUSE] = (tsme_ref){cause, 0, 0};
    return tsme_fail_task(t, number);
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
        return fields->at == fields->end ? tsme_time_out(t, input) : TSME_ERR_INPUT;
    }
    int32_t number = tsme_waiting(t, id);
    if (number < 0) {
        return TSME_LATE;
    }
    struct tsme_action *action = tsme_frame_of(t, (uint32_t)number)->action;
    if (input->kind == TSME_INPUT_TIMER ? t->state.now < action->due || action->due == TSME_NEVER
                                        : action->kind != TSME_TASK_ACTION) {
        return TSME_ERR_INPUT;
    }
    t->quiet = input->kind == TSME_INPUT_HEARTBEAT || input->kind == TSME_INPUT_STARTED;
    if (!t->quiet) {
        return tsme_resume(t, (uint32_t)number, input, fields);
    }
    int err = tsme_own_action(t, (uint32_t)number);
    if (err) {
        return err;
    }
    action = tsme_frame_of(t, (uint32_t)number)->action;
    if (input->kind == TSME_INPUT_STARTED) {
        action->started = 1;
    } else {
        tsme_beat(t, action);
    }
    return fields->at == fields->end ? TSME_OK : TSME_ERR_INPUT;
}

static int tsme_take_input(struct tsme *t, const struct tsme_input *input)
{
    struct tsme_fields fields = {input->fields, input->fields + input->fields_size};
    if (input->kind == TSME_INPUT_START) {
        return tsme_start(t, input, &fields);
    }
    if (!t->state.started || t->state.status != TSME_RUNNING) {
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
        return tsme_take_error_fields(t, &fields);
    case TSME_INPUT_SLEEP: t->quiet = true; return input->fields_size ? TSME_ERR_INPUT : TSME_OK;
    case TSME_INPUT_CONTINUE:
        return input->fields_size || !tsme_runnable(t) ? TSME_ERR_INPUT : TSME_OK;
    case TSME_INPUT_MIGRATE: t->refused = "migrate"; return TSME_ERR_UNSUPPORTED;
    default: return TSME_ERR_INPUT;
    }
}

const struct tsme_action *tsme_pending(const struct tsme *t, uint32_t id, uint32_t *frame)
{
    const struct tsme_action *first = 0;
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        const struct tsme_action *action = tsme_frame_of(t, (uint32_t)n)->action;
        if (action && action->id >= id && (!first || action->id < first->id)) {
            first = action;
            *frame = (uint32_t)n;
        }
    }
    return first;
}

/// The step ///

// What stands in the record before the input's fields (SPEC 4.2): digest, kind, dt.
static void tsme_write_record(struct tsme *t, const struct tsme_input *input, uint64_t dt)
{
    uint8_t *to = t->record_head;
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        *to++ = (uint8_t)(t->state.digest >> shift);
    }
    *to++ = input->kind;
    to = tsme_write_small(to, dt);
    t->record[0] = (struct tsme_part){t->record_head, (uint32_t)(to - t->record_head)};
    t->record[1] = (struct tsme_part){input->fields, input->fields_size};
    t->records = 1 + (input->fields_size != 0);
}

int tsme_make(struct tsme *t, const struct tsme_input *input)
{
    if (t->making || t->state.status != TSME_RUNNING) {
        return TSME_ERR_INPUT;
    }
    t->before = t->state;
    t->making = true;
    t->state.now = input->now > t->before.now ? input->now : t->before.now;
    t->ready = -1;
    t->ends = 0;
    t->frame = t->spare = 0;
    t->quiet = t->acted = false;
    t->left = t->program.budget;
    t->made = t->beyond = 0;

    int err = tsme_take_input(t, input);
    if (!err && !t->quiet) {
        err = tsme_run_all(t);
    }
    if (err) {
        tsme_undo(t);
        return err;
    }
    t->acted |= t->state.status != TSME_RUNNING;
    t->transitions = t->program.budget - t->left;
    uint64_t dt = t->state.now - t->before.now;
    t->state.digest = tsme_delta(t, dt);
    t->state.steps++;
    tsme_write_record(t, input, dt);
    return TSME_OK;
}

void tsme_adopt(struct tsme *t)
{
    t->ends = 0;
    t->frame = 0;
    t->making = false;
    tsme_keep(t);
}

void tsme_undo(struct tsme *t)
{
    t->ends = 0;
    t->frame = 0;
    t->making = false;
    t->state = t->before;
    tsme_revert(t);
}
