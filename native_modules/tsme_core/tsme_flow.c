// The instructions that decide what a frame waits for and where its errors go (SPEC 2.2,
// 2.9, 3.2).

#include "tsme_frames.h"
#include "tsme_math.h"
#include "tsme_number.h"
#include "tsme_ops.h"
#include "tsme_rng.h"
#include "tsme_time.h"
#include "tsme_trace.h"

#include <string.h>

enum { TSME_MOST_SECONDS = 2147483647, TSME_MOST_OPTION = 99999999, TSME_BILLION = 1000000000 };

// The cause of a States.Timeout for want of a heartbeat.
const char tsme_silent[] = "\x78\x19no heartbeat came in time";
const char tsme_timeout[] = "\x6eStates.Timeout";

/// Waiting ///

// LIMIT: the value may be digits, for AWS takes these too.
static bool tsme_limit_number(const uint8_t *at, int64_t *n)
{
    if (*at >> 5 != TSME_TEXT) {
        return tsme_integer(at, n);
    }
    uint32_t size = tsme_head(&at);
    *n = 0;
    for (uint32_t i = 0; i < size; i++) {
        if (size > 8 || at[i] < '0' || at[i] > '9') {
            return false;
        }
        *n = *n * 10 + at[i] - '0';
    }
    return size > 0;
}

// Whether `n` is in the range of an option.
bool tsme_is_option(int64_t n, uint32_t kind)
{
    return n >= (kind <= TSME_HEARTBEAT) &&
           n <= (kind == TSME_PERCENTAGE ? TSME_WHOLE : TSME_MOST_OPTION);
}

bool tsme_is_percentage(const struct tsme_number *number)
{
    const struct tsme_number all = {100, 0, false, true};
    return (!number->negative || number->mantissa == 0) && tsme_compare_numbers(number, &all) <= 0;
}

tsme_ref *tsme_op_limit(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int64_t n;
    bool good;
    struct tsme_number number;
    if (operand == TSME_PERCENTAGE && tsme_number(sp[-1].at, &number)) {
        good = tsme_is_percentage(&number);
        n = good ? tsme_millionths(&number) : 0;
    } else {
        good = tsme_limit_number(sp[-1].at, &n);
        if (good && operand == TSME_PERCENTAGE) {
            good = n <= 100;
            n *= TSME_WHOLE / 100;
        }
    }
    t->error =
        good && tsme_is_option(n, operand) ? tsme_reserve(t, sp, TSME_HEAD_MAX) : TSME_NO_TIME;
    if (t->error) {
        return 0;
    }
    sp[-1] = (tsme_ref){t->top, 0, 0};
    t->top = tsme_write_head(t->top, TSME_UINT, (uint32_t)n);
    return sp;
}

// The option `kind`, on top of the stack if it was pushed. False: it is none.
static bool tsme_option(tsme_ref **sp, bool pushed, uint32_t kind, uint32_t *option)
{
    int64_t n = 0;
    if (pushed && (!tsme_integer((--*sp)->at, &n) || !tsme_is_option(n, kind))) {
        return false;
    }
    *option = (uint32_t)n;
    return true;
}

// .. [timeout] [heartbeat] payload resource
static int tsme_task(struct tsme *t, tsme_ref *sp, uint32_t flags)
{
    const tsme_ref *payload = sp - 2;
    uint32_t heartbeat;
    uint32_t timeout;
    sp -= 2;
    if (!tsme_option(&sp, flags & 2, TSME_HEARTBEAT, &heartbeat) ||
        !tsme_option(&sp, flags & 1, TSME_TIMEOUT, &timeout)) {
        return TSME_NO_TIME;
    }
    t->held[TSME_HELD_VALUE] = payload[0];
    t->held[TSME_HELD_CAUSE] = payload[1];
    int err = tsme_new_action(t, TSME_TASK_ACTION, TSME_NEVER);
    if (err) {
        return err;
    }
    struct tsme_action *action = t->frame->action;
    action->payload = t->held[TSME_HELD_VALUE];
    action->resource = t->held[TSME_HELD_CAUSE];
    action->deadline = timeout ? t->state.now + 1000u * (uint64_t)timeout : TSME_NEVER;
    action->heartbeat = 1000u * (uint64_t)heartbeat;
    tsme_beat(t, action);
    return TSME_OK;
}

// A task has begun, or a heartbeat came: when its time is up.
void tsme_beat(const struct tsme *t, struct tsme_action *action)
{
    uint64_t beat = action->heartbeat ? t->state.now + action->heartbeat : TSME_NEVER;
    action->due = beat < action->deadline ? beat : action->deadline;
}

// WAIT: until so many seconds are over, or until a time.
static int tsme_wait_until(struct tsme *t, const tsme_ref *value, uint32_t kind)
{
    int64_t n;
    uint64_t due;
    struct tsme_time time;
    if (kind == TSME_WAIT_SECONDS) {
        if (!tsme_integer(value->at, &n) || n < 0 || n > TSME_MOST_SECONDS) {
            return TSME_NO_TIME;
        }
        due = t->state.now + 1000u * (uint64_t)n;
    } else {
        if (!tsme_timestamp(value->at, &time)) {
            return TSME_NO_TIME;
        }
        n = tsme_milliseconds(&time);
        due = n < 0 ? 0 : (uint64_t)n;
        if (due > t->state.now && due - t->state.now > 1000u * (uint64_t)TSME_MOST_SECONDS) {
            return TSME_NO_TIME;
        }
    }
    return due <= t->state.now ? TSME_GOES_ON : tsme_new_action(t, TSME_TIMER_ACTION, due);
}

// .. [MaxConcurrency] items [ToleratedFailureCount] [ToleratedFailurePercentage]
static int tsme_begin_map(struct tsme *t, tsme_ref *sp, uint32_t flags)
{
    uint32_t share;
    uint32_t failures;
    uint32_t most;
    if (!tsme_option(&sp, flags & 4, TSME_PERCENTAGE, &share) ||
        !tsme_option(&sp, flags & 2, TSME_COUNT, &failures)) {
        return TSME_NO_TIME;
    }
    const uint8_t *items = (--sp)->at;
    t->held[TSME_HELD_VALUE] = *sp;
    if (*items >> 5 != TSME_ARRAY && *items >> 5 != TSME_OBJECT) {
        return TSME_NO_ITEMS;
    }
    uint32_t count = tsme_head(&items);
    if (count > t->program.items) {
        return TSME_TOO_MANY;
    }
    if (!tsme_option(&sp, flags & 1, TSME_MOST, &most)) {
        return TSME_NO_TIME;
    }
    uint32_t rest;
    share = (uint32_t)tsme_divide(tsme_times(share, count), TSME_WHOLE, &rest);
    if (!(flags & 2) || (flags & 4 && share < failures)) {
        failures = share;
    }
    return tsme_map(t, most, failures, flags > 1);
}

/// Errors ///

// What a retrier or catcher names: texts, and the numbers of Retry's wildcards.
static bool tsme_is_caught(const struct tsme_frame *f, struct tsme_list names)
{
    bool late = tsme_is_text(&f->error, tsme_timeout);
    bool done = tsme_is_text(&f->error, "\x70TSME.Interrupted") ||
                tsme_is_text(&f->error, "\x78\x18States.DataLimitExceeded");
    bool silent = late && tsme_is_text(&f->cause, tsme_silent);
    while (names.left) {
        tsme_ref name = {tsme_list_next(&names), 0, 0};
        if (*name.at >> 5 != TSME_TEXT) {
            if (!done && (*name.at == 0 || !late)) {
                return true;
            }
        } else if (tsme_is_text(&name, "\x6aStates.ALL") ||
                   (!late && tsme_is_text(&name, "\x71States.TaskFailed")) ||
                   (silent && tsme_is_text(&name, "\x77States.HeartbeatTimeout")) ||
                   (f->error.at && tsme_is_text(&f->error, (const char *)name.at))) {
            return true;
        }
    }
    return false;
}

tsme_ref *tsme_op_caught(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    bool holds = tsme_is_caught(t->frame, tsme_list_of(&t->program, operand));
    *sp = (tsme_ref){&tsme_simple[holds], 0, 0};
    return sp + 1;
}

// Error and cause of a frame as a handler sees them.
static void tsme_handled(const struct tsme_frame *f, tsme_ref *both)
{
    static const uint8_t empty[] = {TSME_TEXT << 5};
    both[0] = f->error.at ? f->error : tsme_null;
    both[1] = f->cause.at ? f->cause : tsme_null;
    if (*both[0].at != TSME_NULL &&
        (*both[1].at == TSME_NULL ||
         (tsme_is_text(both, tsme_timeout) && tsme_is_text(both + 1, tsme_silent)))) {
        both[1] = (tsme_ref){empty, 0, 0};
    }
}

// {"Error": .., "Cause": ..}
tsme_ref *tsme_op_error(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)operand;
    tsme_ref both[2]; // not on the stack, which has room for one
    tsme_handled(t->frame, both);
    uint32_t sizes[2] = {tsme_size(both), tsme_size(both + 1)};
    int err = tsme_reserve(t, sp, sizes[0] + sizes[1] + 16);
    tsme_handled(t->frame, both);
    if (!tsme_fits(both, 1) || !tsme_fits(both + 1, 1)) {
        err = TSME_ERR_LIMIT; // a name or a cause that is no text, and this deep: no value here
    }
    if (err) {
        t->error = err;
        return 0;
    }
    static const uint8_t names[2][8] = {"\xA2\x65"
                                        "Error",
                                        "\x65"
                                        "Cause"};
    uint8_t *to = t->top;
    memcpy(to, names[0], 7);
    memcpy(to + 7, both[0].at, sizes[0]);
    memcpy(to + 7 + sizes[0], names[1], 6);
    memcpy(to + 13 + sizes[0], both[1].at, sizes[1]);
    sp[0] = (tsme_ref){to, 0, 0};
    t->top = to + 13 + sizes[0] + sizes[1];
    return sp + 1;
}

// An error of the frame that runs, by an instruction: its own handler does not take it at
// once, but when this frame comes next.
static int tsme_fail_frame(struct tsme *t, uint32_t kind)
{
    bool here = false;
    t->sp = t->stack;
    uint32_t number = t->number;
    int err = tsme_tell(t, kind, number, 0);
    tsme_note_error(t, 0);
    if (!err) {
        err = tsme_raised(t, number, &here);
    }
    if (!err && here) {
        t->ready = (int32_t)number;
    }
    return err;
}

static int tsme_fail_with(struct tsme *t, const tsme_ref *sp, uint32_t operand)
{
    t->held[TSME_HELD_CAUSE] = operand & 2 ? *--sp : tsme_null;
    t->held[TSME_HELD_ERROR] = operand & 1 ? *--sp : tsme_null;
    return tsme_fail_frame(t, TSME_SEES_FAIL);
}

static int tsme_raise_again(struct tsme *t)
{
    t->held[TSME_HELD_ERROR] = t->frame->error.at ? t->frame->error : tsme_null;
    t->held[TSME_HELD_CAUSE] = t->frame->cause.at ? t->frame->cause : tsme_null;
    return tsme_fail_frame(t, TSME_SEES_RAISE);
}

// A number of billionths: a whole part, and what is behind the point.
struct tsme_rate {
    uint64_t whole;
    uint64_t part;
};

// a * b, rounded down to billionths, at most TSME_MOST_SECONDS.
static struct tsme_rate tsme_product(struct tsme_rate a, struct tsme_rate b)
{
    uint32_t rest;
    uint64_t part = tsme_times(a.whole, b.part) + tsme_times(a.part, b.whole) +
                    tsme_divide(tsme_times(a.part, b.part), TSME_BILLION, &rest);
    struct tsme_rate product;
    product.whole = tsme_times(a.whole, b.whole) + tsme_divide(part, TSME_BILLION, &rest);
    product.part = rest;
    if (product.whole >= TSME_MOST_SECONDS) {
        product = (struct tsme_rate){TSME_MOST_SECONDS, 0};
    }
    return product;
}

// The n-th delay in ms, n from 0: interval * rate^n s, at most `longest` s (SPEC 2.9).
static uint64_t tsme_delay(uint64_t interval, struct tsme_rate rate, uint32_t n, uint64_t longest)
{
    struct tsme_rate power = {1, 0};
    while (n) {
        if (n & 1) {
            power = tsme_product(power, rate);
        }
        n >>= 1;
        if (n) {
            rate = tsme_product(rate, rate);
        }
    }
    uint64_t whole = tsme_times(interval, power.whole);
    uint64_t most = tsme_times(1000, longest);
    if (whole >= longest) {
        return most;
    }
    uint32_t rest;
    uint64_t delay =
        tsme_times(1000, whole) + tsme_divide(tsme_times(interval, power.part), 1000000, &rest);
    return delay < most ? delay : most;
}

// RETRY: counter, interval, attempts, whole and billionths of the rate, longest, jitter.
// Installing has checked them.
static int tsme_retry(struct tsme *t, uint32_t operand)
{
    uint64_t given[7];
    const uint8_t *at = tsme_const(&t->program, operand) + 1;
    for (uint32_t i = 0; i < 7; i++) {
        int64_t n = 0;
        (void)tsme_integer(at, &n);
        given[i] = (uint64_t)n;
        at = tsme_skip(at);
    }
    struct tsme_frame *f = t->frame;
    if (!f->entry) {
        return TSME_ERR_CODE; // a child without a state has nowhere to go back to
    }
    uint32_t n = tsme_counters(f)[given[0]];
    if (n >= given[2]) {
        return TSME_GOES_ON;
    }
    tsme_counters(f)[given[0]] = n + 1;
    struct tsme_rate rate = {given[3], given[4]};
    uint64_t longest = given[5] ? given[5] : TSME_MOST_SECONDS;
    uint64_t delay = tsme_delay(given[1], rate, n, longest);
    if (given[6]) {
        delay = tsme_below(tsme_draw(t), delay + 1);
    }
    f->pc = f->entry;
    return tsme_new_action(t, TSME_TIMER_ACTION, t->state.now + delay);
}

/// All of them ///

// Gives TSME_OK if the frame waits or has ended, TSME_GOES_ON, or an error.
int tsme_flow(struct tsme *t, tsme_ref *sp, uint32_t op, uint32_t operand)
{
    int err;
    t->sp = t->stack;
    switch (op) {
    case TSME_OP_TASK:
        err = tsme_task(t, sp, operand);
        return err ? err : tsme_tell(t, TSME_SEES_TASK, t->number, t->frame->action->id);
    case TSME_OP_WAIT: return tsme_wait_until(t, sp - 1, operand);
    case TSME_OP_RETRY: return tsme_retry(t, operand);
    case TSME_OP_RAISE: return tsme_raise_again(t);
    case TSME_OP_FAIL: return tsme_fail_with(t, sp, operand);
    case TSME_OP_FORK: t->held[TSME_HELD_VALUE] = sp[-1]; return tsme_fork(t, operand);
    case TSME_OP_MAP: return tsme_begin_map(t, sp, operand);
    default: // END
        err = tsme_tell(t, TSME_SEES_END, t->number, 0);
        if (err) {
            return err;
        }
        if (t->frame->parent != TSME_NO_PARENT) {
            return tsme_ended(t);
        }
        t->held[TSME_HELD_VALUE] = t->frame->slots[0];
        t->state.status = TSME_SUCCEEDED;
        return TSME_OK;
    }
}
