// Actions as the caller is told of them (SPEC 3.2): what a step has begun or emitted, in order;
// what is pending; whose time comes first.
//
// The frame that waits has its action, and nobody keeps a list of them: whoever wants the next
// one by id goes through the frames. What a step emits is a chain, the newest first, and each
// knows between which tracked ones it stands, by the id that the next one would have got.

#include "tsme_frames.h"
#include "tsme_sink.h"

// The pending action of a frame with the lowest id from `id` on, and the frame's number; null
// if there is none.
static struct tsme_action *tsme_from(const struct tsme *t, uint32_t id, uint32_t *frame)
{
    struct tsme_action *first = 0;
    if (!tsme_running(t)) {
        return 0;
    }
    for (int32_t n = 0; (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0; n++) {
        struct tsme_action *action = tsme_frame_of(t, (uint32_t)n)->action;
        if (action && action->id >= id && (!first || action->id < first->id)) {
            first = action;
            *frame = (uint32_t)n;
        }
    }
    return first;
}

static void tsme_list(struct tsme_action *action, uint32_t frame, struct tsme_listed *listed)
{
    bool task = action->kind == TSME_TASK_ACTION;
    *listed = (struct tsme_listed){
        .due = action->due,
        .deadline = action->deadline,
        .heartbeat = action->heartbeat,
        .resource = task ? action->resource.at : 0,
        .payload = task ? action->payload.at : 0,
        .resource_size = task ? tsme_size(&action->resource) : 0,
        .payload_size = task ? tsme_size(&action->payload) : 0,
        .id = action->id,
        .frame = frame,
        .kind = action->kind,
        .started = action->started,
    };
}

// The timer of the whole execution, which no frame has.
static bool tsme_list_timeout(const struct tsme *t, struct tsme_listed *listed)
{
    if (!tsme_running(t) || t->state.due == TSME_NEVER) {
        return false;
    }
    *listed = (struct tsme_listed){.due = t->state.due,
                                   .deadline = TSME_NEVER,
                                   .id = 1,
                                   .frame = TSME_NO_FRAME,
                                   .kind = TSME_TIMER_ACTION};
    return true;
}

// The pending action with the lowest id from `id` on.
static bool tsme_list_from(struct tsme *t, uint32_t id, struct tsme_listed *listed)
{
    uint32_t frame;
    if (id <= 1 && tsme_list_timeout(t, listed)) {
        return true;
    }
    struct tsme_action *action = tsme_from(t, id, &frame);
    if (action) {
        tsme_list(action, frame, listed);
    }
    return action != 0;
}

bool tsme_next_pending(struct tsme *t, struct tsme_seek *seek, struct tsme_listed *action)
{
    if (!tsme_list_from(t, seek->id + 1, action)) {
        return false;
    }
    seek->id = action->id;
    return true;
}

// The untracked action that `emits` others of this step come before; null if there is none.
static struct tsme_emit *tsme_emitted(const struct tsme *t, uint32_t emits)
{
    uint32_t count = 0;
    for (struct tsme_emit *emit = t->emits; emit; emit = emit->before) {
        count++;
    }
    struct tsme_emit *emit = t->emits;
    for (; emit && count > emits + 1; count--) {
        emit = emit->before;
    }
    return count > emits ? emit : 0;
}

bool tsme_next_action(struct tsme *t, struct tsme_seek *seek, struct tsme_listed *action)
{
    struct tsme_emit *emit = tsme_emitted(t, seek->emits);
    uint32_t from = seek->id >= t->first ? seek->id + 1 : t->first;
    bool tracked = tsme_list_from(t, from, action);
    if (tracked && (!emit || action->id < emit->id)) {
        seek->id = action->id;
        return true;
    }
    if (!emit) {
        return false;
    }
    seek->emits++;
    *action = (struct tsme_listed){.due = TSME_NEVER,
                                   .deadline = TSME_NEVER,
                                   .payload = emit->payload.at,
                                   .payload_size = tsme_size(&emit->payload),
                                   .frame = TSME_NO_FRAME,
                                   .kind = emit->kind};
    return true;
}

bool tsme_next_due(struct tsme *t, struct tsme_listed *listed)
{
    struct tsme_action *first = 0;
    uint32_t frame = 0;
    bool any = tsme_list_timeout(t, listed);
    uint64_t due = any ? listed->due : TSME_NEVER;
    uint32_t id = any ? 1 : UINT32_MAX;
    for (int32_t n = 0; tsme_running(t) && (n = tsme_lowest(t, TSME_USED, (uint32_t)n)) >= 0;
         n++) {
        struct tsme_action *action = tsme_frame_of(t, (uint32_t)n)->action;
        if (action && action->due != TSME_NEVER &&
            (action->due < due || (action->due == due && action->id < id))) {
            first = action;
            due = action->due;
            id = action->id;
            frame = (uint32_t)n;
        }
    }
    if (first) {
        tsme_list(first, frame, listed);
    }
    return any || first;
}

uint32_t tsme_attempt(const struct tsme *t, uint32_t frame)
{
    uint32_t tries = 1;
    struct tsme_frame *f = frame < t->state.frames ? tsme_frame_of(t, frame) : 0;
    for (uint32_t i = 0; f && i < t->program.counters; i++) {
        tries += tsme_counters(f)[i];
    }
    return tries;
}

uint32_t tsme_state_of(const struct tsme *t, uint32_t frame)
{
    const struct tsme_frame *f = frame < t->state.frames ? tsme_frame_of(t, frame) : 0;
    return f ? f->state : 0;
}

/// As CBOR ///

// A time less `now`, or null.
static void tsme_sink_time(struct tsme_sink *sink, uint64_t ms, uint64_t now)
{
    if (ms == TSME_NEVER) {
        tsme_sink_byte(sink, TSME_NULL);
    } else {
        tsme_sink_integer(sink, (int64_t)(ms - now));
    }
}

static void tsme_sink_text(struct tsme_sink *sink, const uint8_t *at, uint32_t size)
{
    if (at) {
        tsme_sink_bytes(sink, at, size);
    } else {
        tsme_sink_byte(sink, TSME_NULL);
    }
}

static void tsme_sink_action(struct tsme_sink *sink, const struct tsme_listed *action,
                             uint64_t now)
{
    bool task = action->kind == TSME_TASK_ACTION;
    tsme_sink_head(sink, TSME_ARRAY, task ? 9 : 4);
    tsme_sink_uint(sink, action->id);
    tsme_sink_byte(sink, action->kind);
    if (action->frame == TSME_NO_FRAME) {
        tsme_sink_byte(sink, TSME_NULL);
    } else {
        tsme_sink_uint(sink, action->frame);
    }
    tsme_sink_time(sink, action->due, now);
    if (task) {
        tsme_sink_text(sink, action->resource, action->resource_size);
        tsme_sink_text(sink, action->payload, action->payload_size);
        tsme_sink_uint(sink, action->heartbeat);
        tsme_sink_byte(sink, action->started);
        tsme_sink_time(sink, action->deadline, now);
    }
}

void tsme_sink_task(struct tsme_sink *sink, struct tsme_action *action, uint32_t frame)
{
    struct tsme_listed listed;
    tsme_list(action, frame, &listed);
    tsme_sink_action(sink, &listed, 0);
}

void tsme_sink_pending(struct tsme *t, struct tsme_sink *sink, uint64_t now)
{
    struct tsme_seek seek = {0, 0};
    struct tsme_listed action;
    uint32_t count = 0;
    while (tsme_next_pending(t, &seek, &action)) {
        count++;
    }
    tsme_sink_head(sink, TSME_ARRAY, count);
    seek.id = 0;
    while (tsme_next_pending(t, &seek, &action)) {
        tsme_sink_action(sink, &action, now);
    }
}

uint32_t tsme_write_pending(struct tsme *t, uint8_t *out, uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    tsme_sink_pending(t, &sink, 0);
    return sink.size;
}

uint32_t tsme_write_actions(struct tsme *t, uint8_t *out, uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    struct tsme_seek seek = {0, 0};
    struct tsme_listed action;
    uint32_t count = 0;
    while (tsme_next_action(t, &seek, &action)) {
        count++;
    }
    tsme_sink_head(&sink, TSME_ARRAY, count);
    seek = (struct tsme_seek){0, 0};
    while (tsme_next_action(t, &seek, &action)) {
        if (action.id) {
            tsme_sink_action(&sink, &action, 0);
            continue;
        }
        tsme_sink_head(&sink, TSME_ARRAY, 3);
        tsme_sink_byte(&sink, 0);
        tsme_sink_byte(&sink, action.kind);
        tsme_sink_bytes(&sink, action.payload, action.payload_size);
    }
    return sink.size;
}

void tsme_sink_result(struct tsme *t, struct tsme_sink *sink)
{
    struct tsme_origin *origin = &t->origin;
    if (t->state.status == TSME_FAILED || t->state.status == TSME_STOPPED) {
        tsme_sink_head(sink, TSME_ARRAY, 2);
        tsme_sink_value(sink, &origin->result[0], TSME_NULL);
        tsme_sink_value(sink, &origin->result[1], TSME_NULL);
    } else {
        tsme_sink_value(sink, &origin->result[0], TSME_NULL);
    }
}

uint32_t tsme_write_result(struct tsme *t, uint8_t *out, uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    tsme_sink_result(t, &sink);
    return sink.size;
}
