// The trace: what belongs to an event is found where the engine has it at that moment.
//
// Of an error that comes up it is told which value it is about, and what was on the operand
// stack. An instruction that fails leaves the stack as it found it, so both follow from the
// instruction: how many values it had taken by then, and which of them it could not take.

#include "tsme_trace.h"

#if TSME_TRACE

#include "tsme_call.h"
#include "tsme_expr.h"
#include "tsme_frames.h"
#include "tsme_ops.h"
#include "tsme_sink.h"

// What failed, and what is known of it.
struct tsme_failure {
    uint32_t op;
    uint32_t operand;
    uint32_t left;         // values that stay on the stack
    const tsme_ref *value; // what it is about, or null
};

void tsme_watch(struct tsme *t,
                int (*see)(void *context, struct tsme *t, const struct tsme_event *event),
                void *context, uint32_t kinds)
{
    t->see = see;
    t->watcher = context;
    t->kinds = see ? kinds : 0;
}

int tsme_tell(struct tsme *t, uint32_t kind, uint32_t frame, uint32_t number)
{
    if (!tsme_sees(t, kind)) {
        return TSME_OK;
    }
    const struct tsme_event event = {(uint8_t)kind, frame, tsme_frame_of(t, frame)->pc, number};
    return t->see(t->watcher, t, &event) ? TSME_ERR_CALL : TSME_OK; // calls: the caller
}

/// Errors ///

// The options of a TASK or MAP below `sp`, the last one first: the first that is none. What is
// left of the stack is above none of those looked at.
static bool tsme_bad_option(const struct tsme *t, const tsme_ref **sp, bool pushed, uint32_t kind,
                            struct tsme_failure *failure)
{
    int64_t n;
    if (!pushed) {
        return false;
    }
    const tsme_ref *option = --*sp;
    if (tsme_integer(option->at, &n) && tsme_is_option(n, kind)) {
        return false;
    }
    failure->value = option;
    failure->left = (uint32_t)(option - t->stack);
    return true;
}

// MAP: its options and its items are looked at from the top.
static void tsme_failed_map(const struct tsme *t, struct tsme_failure *failure)
{
    const tsme_ref *sp = t->failed;
    uint32_t flags = failure->operand;
    if (tsme_bad_option(t, &sp, flags & 4, TSME_PERCENTAGE, failure) ||
        tsme_bad_option(t, &sp, flags & 2, TSME_COUNT, failure)) {
        return;
    }
    failure->value = --sp;
    failure->left = (uint32_t)(sp - t->stack);
    if (t->raised == TSME_NO_TIME) {
        (void)tsme_bad_option(t, &sp, flags & 1, TSME_MOST, failure);
    }
}

// What an instruction that failed had taken, and could not take.
static void tsme_failed_op(const struct tsme *t, struct tsme_failure *failure)
{
    const tsme_ref *sp = t->failed;
    uint32_t count = 1;
    failure->value = sp - 1;
    switch (failure->op) {
    case TSME_OP_FIELD: failure->value = &t->frame->slots[0]; return;
    case TSME_OP_LOAD: failure->value = 0; return;
    case TSME_OP_INDEX:
    case TSME_OP_EXPECT: return;
    case TSME_OP_QUERY: failure->value = t->raised == TSME_NO_PATH ? failure->value : 0; return;
    case TSME_OP_PUT: failure->value = t->raised == TSME_RESULT_PATH ? failure->value : 0; break;
    case TSME_OP_OBJECT:
        count = tsme_list_of(&t->program, failure->operand).left;
        failure->value = 0;
        break;
    case TSME_OP_ARRAY:
        count = failure->operand;
        failure->value = 0;
        break;
    case TSME_OP_CALL:
        count = tsme_arity(failure->operand);
        failure->value = 0;
        break;
    case TSME_OP_EVAL: // what its body is given
        count = tsme_body_given(&t->program, failure->operand);
        failure->value = 0;
        break;
    case TSME_OP_TASK:
        sp -= 2;
        if (!tsme_bad_option(t, &sp, failure->operand & 2, TSME_HEARTBEAT, failure)) {
            (void)tsme_bad_option(t, &sp, failure->operand & 1, TSME_TIMEOUT, failure);
        }
        return;
    case TSME_OP_MAP: tsme_failed_map(t, failure); return;
    default: break; // KEY, LIMIT, WAIT
    }
    failure->left -= count;
}

static struct tsme_failure tsme_failure_of(const struct tsme *t)
{
    const uint8_t *code = t->program.code + 2 * t->frame->pc - 2;
    struct tsme_failure failure = {code[0], code[1], (uint32_t)(t->failed - t->stack), 0};
    if (t->failed_op == TSME_FAILED_JOIN) { // not an instruction: the outputs of children
        failure.op = TSME_OP_EXT;
        failure.value = t->raised == TSME_TOO_LARGE ? t->failed - 1 : 0;
    } else {
        if (t->frame->pc > 1 && code[-2] == TSME_OP_EXT) {
            failure.operand |= (uint32_t)code[-1] << 8;
        }
        tsme_failed_op(t, &failure);
    }
    return failure;
}

// The values that an instruction has taken, in an array or, with names, an object.
static void tsme_sink_taken(const struct tsme *t, struct tsme_sink *sink,
                            const struct tsme_failure *failure)
{
    uint32_t count = (uint32_t)(t->failed - t->stack) - failure->left;
    struct tsme_list names = {0};
    if (failure->op == TSME_OP_OBJECT) {
        names = tsme_list_of(&t->program, failure->operand);
    }
    bool call = failure->op == TSME_OP_CALL;
    tsme_sink_head(sink, names.program ? TSME_OBJECT : TSME_ARRAY, count + call);
    if (call) {
        tsme_sink_head(sink, TSME_UINT, failure->operand);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (names.program) {
            const uint8_t *name = tsme_list_next(&names);
            tsme_sink_bytes(sink, name, names.size);
        }
        tsme_sink_value(sink, &t->stack[failure->left + i], TSME_NULL);
    }
}

static void tsme_sink_held(struct tsme *t, struct tsme_sink *sink)
{
    tsme_sink_value(sink, &t->held[TSME_HELD_ERROR], TSME_NULL);
    tsme_sink_value(sink, &t->held[TSME_HELD_CAUSE], TSME_NULL);
}

// [name, cause, value, stack]
static void tsme_sink_error(struct tsme *t, struct tsme_sink *sink)
{
    tsme_sink_head(sink, TSME_ARRAY, 4);
    tsme_sink_held(t, sink);
    if (t->failed_op == TSME_FAILED_STATE) {
        tsme_sink_byte(sink, TSME_NULL);
        tsme_sink_head(sink, TSME_ARRAY, 0);
        return;
    }
    struct tsme_failure failure = tsme_failure_of(t);
    bool made = failure.op == TSME_OP_OBJECT || failure.op == TSME_OP_ARRAY;
    if (failure.value) {
        tsme_ref value = *failure.value;
        tsme_sink_value(sink, &value, TSME_NULL);
    } else if (failure.op == TSME_OP_CALL || (made && t->raised == TSME_TOO_LARGE)) {
        tsme_sink_taken(t, sink, &failure);
    } else {
        tsme_sink_byte(sink, TSME_NULL);
    }
    tsme_sink_head(sink, TSME_ARRAY, failure.left);
    for (uint32_t i = 0; i < failure.left; i++) {
        tsme_sink_value(sink, &t->stack[i], TSME_MISSING);
    }
}

/// Events ///

// [action, a, b]
static void tsme_sink_resume(struct tsme *t, struct tsme_sink *sink,
                             const struct tsme_event *event)
{
    tsme_sink_head(sink, TSME_ARRAY, 3);
    tsme_sink_task(sink, t->table->places[event->frame].before->action, event->frame);
    if (event->number == TSME_INPUT_FAILED) {
        tsme_sink_held(t, sink);
        return;
    }
    tsme_ref none = {0, 0, 0};
    tsme_sink_value(sink,
                    event->number == TSME_INPUT_SUCCEEDED ? &t->held[TSME_HELD_VALUE] : &none,
                    TSME_NULL);
    tsme_sink_byte(sink, TSME_NULL);
}

uint32_t tsme_event_data(struct tsme *t, const struct tsme_event *event, uint8_t *out,
                         uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    struct tsme_frame *f = tsme_frame_of(t, event->frame);
    switch (event->kind) {
    case TSME_SEES_ASSIGN: tsme_sink_value(&sink, &f->slots[event->number], TSME_MISSING); break;
    case TSME_SEES_TASK: tsme_sink_task(&sink, f->action, event->frame); break;
    case TSME_SEES_RESUME: tsme_sink_resume(t, &sink, event); break;
    case TSME_SEES_ERROR: tsme_sink_error(t, &sink); break;
    case TSME_SEES_MAP: tsme_sink_value(&sink, &t->held[TSME_HELD_VALUE], TSME_NULL); break;
    case TSME_SEES_FAIL:
    case TSME_SEES_TOLERATED:
    case TSME_SEES_EXCEEDED:
    case TSME_SEES_PASSED:
        tsme_sink_head(&sink, TSME_ARRAY, 2);
        tsme_sink_held(t, &sink);
        break;
    default: break;
    }
    return sink.size;
}

uint32_t tsme_event_frame(struct tsme *t, uint32_t number, uint8_t *out, uint32_t room)
{
    struct tsme_sink sink = {out, room, 0};
    if (number < t->state.frames && tsme_frame_of(t, number)) {
        tsme_sink_frame(t, &sink, tsme_frame_of(t, number));
    }
    return sink.size;
}

#else
// Not an empty file.
extern const int tsme_no_trace;
const int tsme_no_trace = 0;
#endif
