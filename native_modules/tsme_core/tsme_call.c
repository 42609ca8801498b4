// CALL: intrinsic functions (SPEC 2.6), those of the core and those that its caller has, and
// what values that are made cost (SPEC 2.3).
//
// A function finds its arguments on the operand stack, the first at `args`, and leaves its result
// in the place of the first. Those that the caller has get them as CBOR, in the arena, and write
// the result behind them: what does not fit says how long it is, and is asked for again when
// there is room. Nobody but the core draws random numbers, so to ask twice changes nothing.

#include "tsme_call.h"
#include "tsme_frames.h"
#include "tsme_functions.h"

#include <string.h>

enum { TSME_READS = 0x80 }; // of a function: it goes through its arguments

static const uint8_t tsme_arities[TSME_FUNCTIONS] = {
    2,
    2,
    0,
    2,
    2 | TSME_READS,
    3,
    2,
    1,
    1,
    1 | TSME_READS,
    2 | TSME_READS,
    3,
    1 | TSME_READS,
    1,
    3,
    2 | TSME_READS,
    1 | TSME_READS,
    3 | TSME_READS,
    4,
    3,
    1,
    2,
    1,
};

uint32_t tsme_arity(uint32_t function)
{
    return tsme_arities[function] & ~(uint32_t)TSME_READS;
}

const char *tsme_foreign(uint32_t function)
{
    switch (function) {
    case TSME_FORMAT: return "Format";
    case TSME_BASE64_ENCODE: return "Base64Encode";
    case TSME_BASE64_DECODE: return "Base64Decode";
    case TSME_HASH: return "Hash";
    case TSME_STRING_TO_JSON: return "StringToJson";
    case TSME_JSON_TO_STRING: return "JsonToString";
    case TSME_ITEMS_OF: return "Items";
    case TSME_BATCH: return "Batch";
    default: return 0;
    }
}

/// What it costs ///

// Counts what an operation went through, `work` bytes or values, and the `size` of what it made,
// 0 if that counts for nothing.
int tsme_spend(struct tsme *t, uint32_t work, uint32_t size)
{
    return work < 256 ? TSME_OK : tsme_spend_all(t, work, size);
}

// Bytes that the state may still make.
uint32_t tsme_makes(const struct tsme *t)
{
    uint32_t before = t->counted != t->left ? t->made : t->made_before;
    return t->program.step_bytes - (t->made - before);
}

// The same where the work is counted in another way than what was made.
int tsme_spend_all(struct tsme *t, uint32_t work, uint32_t size)
{
    if (t->counted != t->left) {
        t->made_before = t->made; // another state has begun since
    }
    if (size > 255) {
        t->made += size;
    }
    uint32_t spent = work / 256;
    t->beyond += spent > t->left ? spent - t->left : 0;
    t->left -= spent < t->left ? spent : t->left;
    if (t->made >= t->program.step_bytes) {
        t->left = 0;
    }
    t->counted = t->left;
    if (t->made - t->made_before > t->program.step_bytes) {
        t->counted = UINT32_MAX;
        return TSME_TOO_MUCH;
    }
    return tsme_limit(t, TSME_WORK, t->beyond);
}

// A value that was made: whether it is small enough, by itself and with what else its state made
// and went through, `work` besides.
int tsme_account(struct tsme *t, tsme_ref *made, uint32_t work)
{
    if (!tsme_is_container(made->at) && *made->at >> 5 != TSME_TEXT) {
        return tsme_spend(t, work, 0);
    }
    uint32_t size = tsme_size(made);
    if (size > t->program.largest || !tsme_fits(made, 0)) {
        return TSME_TOO_LARGE;
    }
    return tsme_spend(t, work + size, size);
}

/// Functions of the caller ///

// Asks the caller once, with `room` bytes for the result.
static int tsme_ask(struct tsme *t, struct tsme_call *call, const tsme_ref *args, uint32_t room)
{
    uint8_t *to = t->top;
    uint32_t arity = tsme_arity(call->function);
    for (uint32_t i = 0; i < arity; i++) {
        memcpy(to, args[i].at, args[i].size);
        to += args[i].size;
    }
    call->args = t->top;
    call->out = to;
    call->room = room;
    call->size = 0;
    return t->config.call(t->config.context, call); // calls: the caller
}

// Asks for what the caller has, with the bytes that sp[-1] refers to as arguments. The answer
// lies at `call->out`, which is the top of the arena; nobody has looked at it. Gives what the
// caller gives.
int tsme_ask_with(struct tsme *t, tsme_ref *sp, struct tsme_call *call)
{
    uint32_t room = TSME_HEAD_MAX;
    for (uint32_t tries = 0; tries < 2; tries++) {
        int err = tsme_reserve(t, sp, room);
        if (err) {
            return err;
        }
        call->args = sp[-1].at;
        call->args_size = sp[-1].size;
        call->out = t->top;
        call->room = (uint32_t)(t->end - t->top);
        call->size = 0;
        err = t->config.call(t->config.context, call); // calls: the caller
        if (err || call->size <= call->room) {
            return err;
        }
        room = call->size;
        if (room > 2 * t->program.largest + 64) {
            return TSME_TOO_LARGE;
        }
    }
    return TSME_ERR_CALL;
}

// Two texts, the name and the cause of an error; the first one has `size` bytes.
static int tsme_take_raised(struct tsme *t, const struct tsme_call *call, uint32_t size)
{
    const uint8_t *cause = call->out + size;
    const uint8_t *end = call->out + call->size;
    const struct tsme_part none = {0, 0};
    int32_t rest = tsme_check(cause, end, none);
    if (*call->out >> 5 != TSME_TEXT || rest < 0 || *cause >> 5 != TSME_TEXT ||
        cause + rest != end) {
        return TSME_ERR_CALL;
    }
    t->held[TSME_HELD_ERROR] = tsme_sized(call->out, size);
    t->held[TSME_HELD_CAUSE] = tsme_sized(cause, (uint32_t)rest);
    t->top = call->out + call->size;
    return TSME_RAISED;
}

// The result, which nobody has looked at: one value, or two texts.
static int tsme_take_result(struct tsme *t, const struct tsme_call *call, tsme_ref *result)
{
    uint8_t *end = call->out + call->size;
    const struct tsme_part scratch = {end, call->room - call->size};
    int32_t size = tsme_check(call->out, end, scratch);
    if (size == TSME_ERR_LIMIT) {
        return TSME_TOO_LARGE; // too deep
    }
    if (size < 0) {
        return TSME_ERR_CALL;
    }
    if ((uint32_t)size < call->size) {
        return tsme_take_raised(t, call, (uint32_t)size);
    }
    *result = tsme_sized(call->out, call->size);
    t->top = end;
    return TSME_OK;
}

// Calls a function that the caller has.
static int tsme_call_out(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    if (!t->config.call) {
        t->refused = tsme_foreign(function);
        return TSME_ERR_UNSUPPORTED;
    }
    struct tsme_call call = {.function = function};
    for (tsme_ref *r = args; r < sp; r++) {
        call.args_size += tsme_size(r);
    }
    int err = tsme_reserve(t, sp, call.args_size + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    err = tsme_ask(t, &call, args, (uint32_t)(t->end - t->top) - call.args_size);
    if (!err && call.size > call.room) {
        uint32_t room = call.size;
        if (room > TSME_HEAD_MAX && room > t->program.largest) {
            return TSME_TOO_LARGE; // and so no number
        }
        int none = tsme_reserve(t, sp, call.args_size + room);
        if (none) {
            return none;
        }
        err = tsme_ask(t, &call, args, (uint32_t)(t->end - t->top) - call.args_size);
        if (call.size > call.room) {
            return TSME_ERR_CALL;
        }
    }
    if (err == TSME_OK) {
        return tsme_take_result(t, &call, args);
    }
    // Of the errors of the workflow those that a function may have.
    return err > 0 && (err > TSME_NO_TASK || !(0x5CA >> err & 1)) ? TSME_ERR_CALL : err;
}

/// Functions of the core ///

// Whether the value is a natural number of at most 16 bits, as most are, and which.
static inline bool tsme_is_small(const uint8_t *at, uint32_t *n)
{
    *n = *at;
    if (*n == 24) {
        *n = at[1];
    } else if (*n == 25) {
        *n = (uint32_t)at[1] << 8 | at[2];
    } else {
        return *n < 24;
    }
    return true;
}

// Of two small numbers.
static tsme_ref *tsme_add_small(struct tsme *t, tsme_ref *sp, uint32_t sum)
{
    int err = tsme_reserve(t, sp - 2, TSME_HEAD_MAX);
    if (err) {
        t->error = err;
        return 0;
    }
    uint8_t *to = tsme_write_head(t->top, TSME_UINT, sum);
    tsme_built(sp - 2, t->top, to, 0);
    t->top = to;
    return sp - 1;
}

// AWS takes integers of 32 bits.
static tsme_ref *tsme_math_add(struct tsme *t, tsme_ref *sp)
{
    int64_t a;
    int64_t b;
    int err = TSME_INTRINSIC;
    if (tsme_an_integer(sp[-2].at, &a) && tsme_an_integer(sp[-1].at, &b) && a == (int32_t)a &&
        b == (int32_t)b) {
        err = tsme_reserve(t, sp - 2, TSME_HEAD_MAX);
    }
    if (err) {
        t->error = err;
        return 0;
    }
    uint8_t *to = tsme_write_integer(t->top, a + b);
    tsme_built(sp - 2, t->top, to, 0);
    t->top = to;
    return sp - 1;
}

// Those that the core has but for numbers that are no integers, and texts that are no JSON: then
// TSME_RAISED.
static int tsme_call_text(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_FORMAT: return tsme_format(t, args, sp);
    case TSME_JSON_TO_STRING: return tsme_json_to_string(t, args, sp);
    case TSME_BATCH: return tsme_batch(t, args, sp);
    case TSME_STRING_TO_JSON: return tsme_string_to_json(t, args, sp);
    default: return TSME_RAISED;
    }
}

static int tsme_call_function(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_UUID: return tsme_uuid(t, args, sp);
    case TSME_ARRAY_PARTITION: return tsme_array_partition(t, args, sp);
    case TSME_ARRAY_CONTAINS: return tsme_array_contains(t, args, sp);
    case TSME_ARRAY_RANGE: return tsme_array_range(t, args, sp);
    case TSME_ARRAY_GET_ITEM: return tsme_array_get_item(t, args, sp);
    case TSME_ARRAY_LENGTH: return tsme_array_length(t, args, sp);
    case TSME_JSON_MERGE: return tsme_json_merge(t, args, sp);
    case TSME_MATH_RANDOM: return tsme_math_random(t, args, sp);
    case TSME_STRING_SPLIT: return tsme_string_split(t, args, sp);
    case TSME_ARRAY_UNIQUE: return tsme_array_unique(t, args, sp);
    case TSME_MAP_RUN: return tsme_map_run(t, args, sp);
    case TSME_FLATTEN: return tsme_flatten(t, args, sp);
    case TSME_ITEM: return tsme_item_or_null(t, args, sp);
    case TSME_LISTS: return tsme_lists(t, args, sp);
    default: break;
    }
    int err = tsme_call_text(t, function, args, sp);
    return err == TSME_RAISED ? tsme_call_out(t, function, args, sp) : err;
}

tsme_ref *tsme_op_call(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    uint32_t a;
    uint32_t b;
    if (operand == TSME_MATH_ADD) {
        return tsme_is_small(sp[-2].at, &a) && tsme_is_small(sp[-1].at, &b)
                   ? tsme_add_small(t, sp, a + b)
                   : tsme_math_add(t, sp);
    }
    tsme_ref *args = sp - tsme_arity(operand);
    uint32_t work = 0;
    if (tsme_arities[operand] & TSME_READS) {
        for (tsme_ref *r = args; r < sp; r++) {
            work += tsme_size(r);
        }
    }
    t->error = tsme_call_function(t, operand, args, sp);
    if (!t->error) {
        t->error = tsme_account(t, args, work);
    }
    return t->error ? 0 : args + 1;
}
