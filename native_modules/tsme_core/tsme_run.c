// Running frames: which one comes next, and what becomes of an error (SPEC 2.1, 2.9).

#include "tsme_call.h"
#include "tsme_frames.h"
#include "tsme_trace.h"

#include <string.h>

// Encoded texts: name and cause of each error that the engine makes.
static const char *const tsme_errors[][2] = {
    [TSME_NO_PATH] = {"\x6eStates.Runtime", "\x74"
                                            "a path names nothing"},
    [TSME_RESULT_PATH] = {"\x78\x1dStates.ResultPathMatchFailure",
                          "\x78\x22ResultPath cannot be written there"},
    [TSME_INTRINSIC] = {"\x77States.IntrinsicFailure",
                        "\x78\x2f"
                        "an intrinsic function cannot take its arguments"},
    [TSME_NO_VARIABLE] = {"\x6eStates.Runtime", "\x77"
                                                "a variable has no value"},
    [TSME_NO_TIME] = {"\x6eStates.Runtime",
                      "\x78\x2fseconds or a timestamp is none, or too far away"},
    [TSME_TOO_LARGE] = {"\x78\x18States.DataLimitExceeded",
                        "\x78\x2a"
                        "a value is larger or deeper than the limit"},
    [TSME_NO_ITEMS] = {"\x6eStates.Runtime", "\x78\x1fthe items of a Map are no array"},
    [TSME_EXCEEDED] = {"\x78\x26States.ExceedToleratedFailureThreshold",
                       "\x78\x36The specified tolerated failure threshold was exceeded"},
    [TSME_NO_TASK] = {"\x6eStates.Runtime", "\x78\x2e"
                                            "a task cannot be started with these Parameters"},
    [TSME_TOO_MUCH] = {"\x78\x18States.DataLimitExceeded",
                       "\x78\x32"
                       "a state makes values of more bytes than step_bytes"},
    [TSME_TOO_MANY] = {"\x78\x18States.DataLimitExceeded",
                       "\x78\x31the items of a Map are more than its limit, items"},
    [TSME_QUERY_ERROR] = {"\x78\x1bStates.QueryEvaluationError", 0},
};

void tsme_set_error(struct tsme *t, int error)
{
    for (uint32_t i = 0; i < (error == TSME_QUERY_ERROR ? 1u : 2u); i++) {
        t->held[TSME_HELD_ERROR + i] = (tsme_ref){(const uint8_t *)tsme_errors[error][i], 0, 0};
    }
}

// Whether a value is the text `encoded`.
bool tsme_is_text(const tsme_ref *ref, const char *encoded)
{
    const uint8_t *text = (const uint8_t *)encoded;
    uint32_t size = (uint32_t)(tsme_skip(text) - text);
    return ref->at && memcmp(ref->at, text, 1) == 0 &&
           (uint32_t)(tsme_skip(ref->at) - ref->at) == size && memcmp(ref->at, text, size) == 0;
}

// Runs `t->frame` until it waits or has ended, from where it is. On its stack is
// held[TSME_HELD_VALUE], if that is its `result`.
static int tsme_run_frame(struct tsme *t, bool result)
{
    tsme_ref *sp = t->stack;
    t->counted = UINT32_MAX;
    if (result) {
        *sp++ = t->held[TSME_HELD_VALUE];
    }
    for (;;) {
        int err = TSME_OK;
        if (t->frame->join) { // its children are over
            *sp++ = tsme_outputs(t->frame->join);
            t->frame->join = 0;
            tsme_note_stack(t, sp, TSME_FAILED_JOIN);
            err = tsme_account(t, sp - 1, 0);
        }
        if (!err) {
            err = tsme_loop(t, sp);
        }
        t->sp = t->stack;
        if (err <= 0) {
            return err;
        }
        bool here = false;
        if (err != TSME_RAISED) {
            tsme_set_error(t, err);
        }
        err = err == TSME_RAISED ? 0 : err;
        tsme_note_error(t, (uint32_t)err);
        err = tsme_tell(t, TSME_SEES_ERROR, t->number, (uint32_t)err);
        if (!err) {
            err = tsme_raised(t, t->number, &here);
        }
        if (err || !here) {
            return err;
        }
        sp = t->stack;
    }
}

// The same for a frame by its number, which then is one that this step may change.
int tsme_run(struct tsme *t, uint32_t number, bool result)
{
    int err = tsme_own(t, number);
    if (err) {
        return err;
    }
    t->number = number;
    t->frame = tsme_frame_of(t, number);
    return tsme_run_frame(t, result);
}

bool tsme_runnable(const struct tsme *t)
{
    return t->state.status == TSME_RUNNING && tsme_first_of(t, TSME_READY) >= 0;
}

// First what a child's end or an error set going again, then the lowest frame that can run.
int tsme_run_all(struct tsme *t)
{
    while (t->state.status == TSME_RUNNING) {
        if (!t->left && t->state.frames < TSME_PLACES) {
            break;
        }
        int32_t number = t->ready >= 0 ? t->ready : tsme_first_of(t, TSME_READY);
        if (number < 0) {
            bool pushed;
            int err = tsme_push(t, &pushed);
            if (err || !pushed) {
                return err;
            }
            continue;
        }
        if (!t->left) {
            break;
        }
        t->ready = -1;
        int err = tsme_run(t, (uint32_t)number, false);
        if (err) {
            return err;
        }
    }
    return TSME_OK;
}
