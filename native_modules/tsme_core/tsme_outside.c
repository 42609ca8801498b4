// Evaluations that the caller makes (docs/DESIGN.md says which): the Python machine has all of
// SPEC 2.16, and gives the same values, errors and costs.
//
// What an evaluation needs is not known before it is under way: slots of frames, parts of the
// context. So the caller is asked first with what EVAL gives, and may answer with the operands
// of LOAD and CONTEXT that it needs; then it is asked again, with these. An evaluation changes
// nothing but the generator of random numbers, so that to begin anew changes nothing at all.
//
// The generator's 64 bits go as an integer with a sign, which every value can be.
//
//   arguments   body, now, generator, bytes that may be made, how many values are given, these,
//               then for each operand asked for: the operand (of CONTEXT + 65536), its value
//   answer      0, fuel, bytes made, generator, the value
//               1, fuel, bytes made, generator, the cause of error 13
//               2, fuel, bytes made, generator, the number of another error
//               3, operands

#include "tsme_call.h"
#include "tsme_expr.h"
#include "tsme_frames.h"
#include "tsme_ops.h"

#include <string.h>

enum {
    TSME_ANSWER_VALUE = 0,
    TSME_ANSWER_CAUSE = 1,
    TSME_ANSWER_ERROR = 2,
    TSME_ANSWER_ASKS = 3,
    TSME_ASKED_CONTEXT = 0x10000,
    TSME_HEADS = 6 * TSME_HEAD_MAX, // bytes in front of the given values, at most
};

// Appends `size` bytes behind the arguments, which are the last that lie in the arena, sp[-1].
static int tsme_append_argument(struct tsme *t, tsme_ref *sp, const tsme_ref *value)
{
    tsme_ref *args = sp - 1;
    uint32_t size = value->size;
    int err = tsme_reserve(t, sp + 1, args->size + size);
    if (err) {
        return err;
    }
    if (args->at + args->size != t->top) { // a context was written behind them
        memcpy(t->top, args->at, args->size);
        args->at = t->top;
        t->top += args->size;
    }
    memcpy(t->top, value->at, size);
    t->top += size;
    *args = tsme_sized(args->at, args->size + size);
    return TSME_OK;
}

// The value of an operand that was asked for, at *sp.
static int tsme_fetch_asked(struct tsme *t, tsme_ref *sp, uint32_t asked)
{
    if (asked & TSME_ASKED_CONTEXT) {
        return tsme_op_context(t, sp, asked & 0xFFFF) ? TSME_OK : t->error;
    }
    *sp = tsme_outer(t, asked >> 8)->slots[asked & 255];
    if (!sp->at) {
        *sp = (tsme_ref){&tsme_simple[TSME_MISSING - TSME_FALSE], 0, 0};
    }
    return TSME_OK;
}

// Puts operand and value behind the arguments.
static int tsme_give_asked(struct tsme *t, tsme_ref *sp, uint32_t asked)
{
    uint8_t head[TSME_HEAD_MAX];
    tsme_ref operand = tsme_sized(head, (uint32_t)(tsme_write_uint(head, asked) - head));
    int err = tsme_append_argument(t, sp, &operand);
    if (!err) {
        err = tsme_fetch_asked(t, sp, asked);
    }
    if (!err) {
        (void)tsme_size(sp);
        err = tsme_append_argument(t, sp, sp);
    }
    return err;
}

// Whether the verifier knows that the operand is there for this frame.
static bool tsme_may_ask(const struct tsme *t, uint64_t asked)
{
    const struct tsme_frame *f = t->frame;
    uint32_t out = (uint32_t)asked >> 8 & 255;
    bool context = asked & TSME_ASKED_CONTEXT;
    for (; out && f->parent != TSME_NO_PARENT; out--) {
        f = tsme_frame_of(t, f->parent);
    }
    return asked < 2 * TSME_ASKED_CONTEXT && !out &&
           (context ? (asked & 255) <= TSME_CONTEXT_ITEM : (asked & 255) < f->count);
}

// What an answer begins with, and where its last item is.
struct tsme_answer {
    uint64_t numbers[4]; // what it is, fuel, bytes made, generator
    const uint8_t *at;
    const uint8_t *end;
};

static bool tsme_read_answer(const struct tsme_call *call, struct tsme_answer *answer)
{
    answer->at = call->out;
    answer->end = call->out + call->size;
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t major;
        uint64_t *n = &answer->numbers[i];
        bool generator = i == 3;
        if (tsme_check_head(&answer->at, answer->end, &major, n) ||
            (major != TSME_UINT && !(generator && major == TSME_NEGATIVE))) {
            return false;
        }
        *n = major == TSME_NEGATIVE ? ~*n : *n;
        if (answer->numbers[0] == TSME_ANSWER_ASKS) {
            return true;
        }
    }
    return answer->numbers[0] < TSME_ANSWER_ASKS && answer->numbers[1] <= TSME_FUEL &&
           answer->numbers[2] < 1u << 31;
}

// Takes what it ends with: the result, at `result`, or an error.
static int tsme_take_answer(struct tsme *t, struct tsme_call *call, struct tsme_answer *answer,
                            tsme_ref *result)
{
    const struct tsme_part scratch = {call->out + call->size, call->room - call->size};
    int32_t size = tsme_check(answer->at, answer->end, scratch);
    int64_t number;
    if (size < 0 || answer->at + size != answer->end) {
        return TSME_ERR_CALL;
    }
    t->random = t->random || t->state.rng != answer->numbers[3];
    t->state.rng = answer->numbers[3];
    t->top = call->out + call->size;
    int err = tsme_spend_all(t, (uint32_t)answer->numbers[1], (uint32_t)answer->numbers[2]);
    if (err) {
        return err;
    }
    switch (answer->numbers[0]) {
    case TSME_ANSWER_VALUE: *result = tsme_sized(answer->at, (uint32_t)size); return TSME_OK;
    case TSME_ANSWER_CAUSE:
        return *answer->at >> 5 == TSME_TEXT
                   ? tsme_raise_text(t, tsme_sized(answer->at, (uint32_t)size))
                   : TSME_ERR_CALL;
    default:
        return tsme_integer(answer->at, &number) && number > 0 && number < TSME_QUERY_ERROR
                   ? (int)number
                   : TSME_ERR_CALL;
    }
}

// Puts together what is given; one item more is on the stack then, these bytes.
static int tsme_give(struct tsme *t, tsme_ref *sp, uint32_t body, uint32_t given)
{
    uint32_t size = TSME_HEADS;
    for (uint32_t i = 1; i <= given; i++) {
        size += tsme_size(sp - i);
    }
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return err;
    }
    uint8_t *to = tsme_write_uint(t->top, body);
    to = tsme_write_uint(to, t->state.now);
    to = tsme_write_integer(to, (int64_t)t->state.rng);
    to = tsme_write_uint(to, tsme_makes(t));
    to = tsme_write_uint(to, given);
    for (uint32_t i = given; i; i--) {
        memcpy(to, sp[-(int32_t)i].at, sp[-(int32_t)i].size);
        to += sp[-(int32_t)i].size;
    }
    *sp = tsme_sized(t->top, (uint32_t)(to - t->top));
    t->top = to;
    return TSME_OK;
}

// Puts all that was asked for, *asks*, behind the arguments: sp[-1], and asks are sp[-2].
static int tsme_give_all(struct tsme *t, tsme_ref *sp)
{
    for (uint32_t offset = 0; offset < sp[-2].size;) {
        const uint8_t *at = sp[-2].at + offset;
        uint8_t major;
        uint64_t asked;
        if (tsme_check_head(&at, sp[-2].at + sp[-2].size, &major, &asked) || major != TSME_UINT ||
            !tsme_may_ask(t, asked)) {
            return TSME_ERR_CALL;
        }
        offset = (uint32_t)(at - sp[-2].at);
        int err = tsme_give_asked(t, sp, (uint32_t)asked);
        if (err) {
            return err;
        }
    }
    return TSME_OK;
}

// Asks; what comes may be what is asked for in turn, if that is `first`.
static int tsme_ask_for(struct tsme *t, tsme_ref *sp, struct tsme_call *call,
                        struct tsme_answer *answer, bool first)
{
    int err = tsme_ask_with(t, sp, call);
    if (err) {
        return err < 0 || err == TSME_TOO_LARGE ? err : TSME_ERR_CALL;
    }
    bool good = tsme_read_answer(call, answer);
    return good && (first || answer->numbers[0] != TSME_ANSWER_ASKS) ? TSME_OK : TSME_ERR_CALL;
}

int tsme_evaluate_outside(struct tsme *t, tsme_ref *sp, uint32_t body, uint32_t given)
{
    if (!t->config.call) {
        t->refused = "EVAL";
        return TSME_ERR_UNSUPPORTED;
    }
    struct tsme_call call = {.function = TSME_EVALUATE};
    struct tsme_answer answer = {{0}, 0, 0};
    tsme_ref *result = sp - given;
    int err = tsme_give(t, sp++, body, given);
    if (!err) {
        err = tsme_ask_for(t, sp, &call, &answer, true);
    }
    if (!err && answer.numbers[0] == TSME_ANSWER_ASKS) {
        sp[0] = sp[-1]; // the arguments
        sp[-1] = tsme_sized(answer.at, (uint32_t)(answer.end - answer.at));
        t->top = call.out + call.size;
        *++sp = tsme_nothing; // what was there may be stale, and is seen to when room is made
        err = tsme_give_all(t, sp);
        if (!err) {
            err = tsme_ask_for(t, sp, &call, &answer, false);
        }
    }
    return err ? err : tsme_take_answer(t, &call, &answer, result);
}
