// A state that cannot be made fails (SPEC 3.1): for want of room, or because what the caller
// lends has broken. Its code runs up to where it says who handles errors, and nothing else does
// in this step.

#include "tsme_frames.h"
#include "tsme_ops.h"
#include "tsme_trace.h"

// The instruction at `*pc`, which then is that of the next one.
static uint32_t tsme_fetch(const struct tsme *t, uint32_t *pc, uint32_t *operand)
{
    const uint8_t *code = t->program.code + 2 * *pc;
    uint32_t high = 0;
    if (code[0] == TSME_OP_EXT) {
        high = (uint32_t)code[1] << 8;
        code += 2;
        ++*pc;
    }
    ++*pc;
    *operand = high | code[1];
    return code[0];
}

// Begins a state as ENTER does, but counts nothing.
static void tsme_begin_state(struct tsme *t, struct tsme_frame *f, uint32_t state, uint32_t body)
{
    f->state = (uint16_t)state;
    f->entered = t->state.now;
    f->pc = f->entry = (uint16_t)body;
    f->handler = 0;
    f->error.at = f->cause.at = 0;
    for (uint32_t i = 0; i < t->program.counters; i++) {
        tsme_counters(f)[i] = 0;
    }
}

// The state that frame `number` is in, or, if it `enters` one, that state, has the held error.
// The jumps before an ENTER go forward, so there is an end to them.
int tsme_fail_state(struct tsme *t, uint32_t number, bool enters)
{
    bool here;
    int err = tsme_own(t, number);
    if (err) {
        return err;
    }
    struct tsme_frame *f = tsme_frame_of(t, number);
    bool joined = f->join != 0;
    TSME_ASSERT(f->waits == TSME_CAN_RUN);
    f->join = 0;
    while (!joined && (enters || f->pc == f->entry)) {
        uint32_t next = f->pc;
        uint32_t operand;
        uint32_t op = tsme_fetch(t, &next, &operand);
        if (op == TSME_OP_JUMP && enters) {
            f->pc = (uint16_t)operand;
        } else if (op == TSME_OP_ENTER && enters) {
            enters = false;
            tsme_begin_state(t, f, operand, next);
            err = tsme_tell(t, TSME_SEES_ENTER, number, operand);
            if (err) {
                return err;
            }
        } else {
            if (op == TSME_OP_CATCH && f->pc == f->entry) {
                f->handler = (uint16_t)operand;
            }
            break;
        }
    }
    t->left = 0;
    t->number = number;
    t->frame = f;
    tsme_note_error(t, 0);
    tsme_note_stack(t, t->stack, TSME_FAILED_STATE);
    err = tsme_tell(t, TSME_SEES_ERROR, number, 0);
    err = err ? err : tsme_raised(t, number, &here);
    t->frame = 0;
    return err;
}

bool tsme_entering(const struct tsme *t)
{
    int32_t number = tsme_runnable(t) ? tsme_lowest(t, TSME_READY, 0) : -1;
    uint32_t operand;
    uint32_t pc = number < 0 ? 0 : tsme_frame_of(t, (uint32_t)number)->pc;
    return number >= 0 && tsme_fetch(t, &pc, &operand) == TSME_OP_ENTER;
}
