// Calls of functions in expressions (SPEC 2.16).
//
// A function is called with its arguments behind it on the stack. A closure becomes a body, which
// runs; a native function leaves its result there; one that is made of others is taken apart.
// So that it can be, it and its arguments get a body of their own, and whoever called waits.

#include "tsme_frames.h"
#include "tsme_machine.h"
#include "tsme_ops.h"

#include <string.h>

enum {
    TSME_CLOSURES_AT_FIRST = 8,
    TSME_CLOSURES_MOST = 0x8000,
    TSME_AT_MOST = 256, // of INVOKE's operand
    TSME_MADE_OF_OTHERS = 255,
};

/// Bodies ///

// A body under the others, of which `sp` belongs to the one that waits then. It has neither
// locals nor operands.
int tsme_new_body(struct tsme *t, tsme_ref *sp)
{
    struct tsme_evaluation *e = t->evaluation;
    uint32_t size = (uint32_t)(sizeof(struct tsme_body) +
                               (t->program.stack + TSME_SPARE_OPERANDS) * sizeof(tsme_ref));
    size = (size + 7) & ~7u;
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return err;
    }
    t->end -= size;
    struct tsme_body *body = (struct tsme_body *)(void *)t->end;
    *body = (struct tsme_body){.caller = e->body, .size = size};
    body->sp = body->stack;
    if (e->body) {
        e->body->sp = sp;
        body->base = e->body->base;
        e->waits++;
    }
    e->body = body;
    return TSME_OK;
}

// The body that runs is over.
static void tsme_drop_body(struct tsme *t)
{
    struct tsme_evaluation *e = t->evaluation;
    t->end += e->body->size;
    e->body = e->body->caller;
    e->waits--;
}

// The body at `at` of the code begins in `e->body`, with these arguments, which may lie on its
// own stack. `closure`: its number, or -1.
static int tsme_begin(struct tsme *t, tsme_ref *args, uint32_t count, uint32_t at, int32_t closure)
{
    struct tsme_evaluation *e = t->evaluation;
    const uint8_t *code = t->program.code + 2 * at;
    bool wide = *code == TSME_OP_EXT;
    uint32_t locals = code[wide ? 3 : 1];
    uint32_t taken = wide ? code[1] : 0;
    uint32_t size = (uint32_t)(sizeof *e->body->env + locals * sizeof *args);
    int err = tsme_reserve_block(t, e->body->sp, size);
    if (err) {
        return err;
    }
    struct tsme_env *env = tsme_take_block(t, size);
    env->around = 0;
    env->count = locals;
    env->round = 0;
    env->values[0] = tsme_nothing;
    if (closure >= 0) {
        env->around = e->closures[closure].env;
        env->values[0] = e->closures[closure].context;
    }
    for (uint32_t i = 1; i < locals; i++) {
        env->values[i] = i <= taken && i <= count ? args[i - 1] : tsme_nothing;
    }
    e->body->env = env;
    e->body->sp = e->body->stack;
    e->body->ip = code + (wide ? 4 : 2);
    return TSME_OK;
}

int tsme_begin_body(struct tsme *t, tsme_ref *args, uint32_t count, uint32_t at)
{
    return tsme_begin(t, args, count, at, -1);
}

// A closure is called, in the body that is the newest.
static int tsme_enter(struct tsme *t, tsme_ref *args, uint32_t count, const uint8_t *function)
{
    struct tsme_evaluation *e = t->evaluation;
    uint32_t number = tsme_function_number(function);
    if (e->body->base > TSME_LEVELS || e->waits >= TSME_LEVELS) {
        return tsme_raise(t, TSME_CODE("D1011"));
    }
    return tsme_begin(t, args, count, e->closures[number].body, (int32_t)number);
}

/// Results and arguments ///

// How many arguments a function takes, for those that give as many as it does.
static uint32_t tsme_takes(const struct tsme *t, const uint8_t *at)
{
#if TSME_ALL_NATIVES
    uint32_t mark = tsme_mark_of(at);
    if (mark == TSME_MARK_PARTIAL) {
        uint32_t holes = 0;
        uint32_t count = tsme_head(&at);
        for (; count; count--, at = tsme_skip(at)) {
            holes += *at == TSME_FUNCTION && tsme_function_kind(at) == TSME_HOLE;
        }
        return holes;
    }
    if (mark == TSME_MARK_COMPOSED) {
        return 1;
    }
#endif
    uint32_t number = tsme_function_number(at);
    switch (tsme_function_kind(at)) {
    case TSME_CLOSURE: {
        const uint8_t *code = t->program.code + 2 * t->evaluation->closures[number].body;
        return *code == TSME_OP_EXT ? code[1] : 0;
    }
    case TSME_NATIVE: return tsme_native_arity(number);
    case TSME_MATCHER: return 2;
    default: return 0;
    }
}

// The body that is the newest is over, with the value in its stack[0]. True if what waits is a
// function, which then is to be called with it.
static bool tsme_give(struct tsme *t)
{
    struct tsme_evaluation *e = t->evaluation;
    tsme_ref value = e->body->stack[0];
    if (!e->body->caller) {
        e->body->sp = e->body->stack + 1;
        e->body->ip = 0;
        return false;
    }
    tsme_drop_body(t);
    *e->body->sp++ = value;
    return !e->body->env;
}

// A call as it stands in an expression takes a sequence of one item for that item, and one of
// nothing for nothing; who calls with as many arguments as there may be takes it as it is.
static void tsme_settle(tsme_ref *value)
{
    const uint8_t *at = value->at;
    if (tsme_mark_of(at) == TSME_MARK_SEQUENCE) {
        uint32_t count = tsme_head(&at);
        if (count < 2) {
            *value = count ? (tsme_ref){at, 0, 0} : tsme_nothing;
        }
    }
}

/// Functions that are made of others ///

#if TSME_ALL_NATIVES

// Takes a partial function apart, in place: the given arguments, and in the holes those that
// come. `args[-1]` is the function. They are `*count` then.
static void tsme_fill(tsme_ref *args, uint32_t *count)
{
    tsme_ref spare[TSME_SPARE_OPERANDS];
    const uint8_t *at = args[-1].at;
    uint32_t all = tsme_head(&at) - 1;
    uint32_t taken = 0;
    const uint8_t *f = at;
    // Those that come are few: what has more holes is left to others, before.
    for (uint32_t i = 0; i < *count && i < TSME_SPARE_OPERANDS; i++) {
        spare[i] = args[i];
    }
    uint32_t size = (uint32_t)(tsme_skip(at) - at);
    args[-1] = tsme_sized(f, size);
    at += size;
    for (uint32_t i = 0; i < all; i++) {
        size = (uint32_t)(tsme_skip(at) - at);
        args[i] = tsme_sized(at, size);
        if (*at == TSME_FUNCTION && tsme_function_kind(at) == TSME_HOLE) {
            args[i] = taken < *count ? spare[taken] : tsme_nothing;
            taken++;
        }
        at += size;
    }
    *count = all;
}

// A composition: its second function waits for what the first one gives, which is called in a
// body behind it with the same arguments.
static int tsme_compose(struct tsme *t, uint32_t count)
{
    struct tsme_evaluation *e = t->evaluation;
    if (e->waits >= TSME_LEVELS - 1) {
        return tsme_raise(t, TSME_CODE("D1011"));
    }
    struct tsme_body *first = e->body;
    int err = tsme_new_body(t, first->sp);
    if (err) {
        return err;
    }
    const uint8_t *at = first->stack[0].at + TSME_MARKED_HEAD;
    uint32_t size = (uint32_t)(tsme_skip(at) - at);
    memcpy(e->body->stack, first->stack, (count + 1) * sizeof(tsme_ref));
    e->body->stack[0] = tsme_sized(at, size);
    e->body->sp = e->body->stack + count + 1;
    at += size;
    first->stack[0] = tsme_sized(at, (uint32_t)(tsme_skip(at) - at));
    first->sp = first->stack + 1;
    first->env = 0;
    first->ip = 0;
    return TSME_OK;
}

// Calls the function that stands in the newest body's stack[0], its arguments behind it. `raw`:
// a sequence stays one.
static int tsme_reach(struct tsme *t, uint32_t count, bool raw)
{
    struct tsme_evaluation *e = t->evaluation;
    for (;;) {
        tsme_ref *stack = e->body->stack;
        const uint8_t *f = stack[0].at;
        uint32_t mark = tsme_mark_of(f);
        int err = TSME_OK;
        if (mark == TSME_MARK_PARTIAL) {
            if (count > TSME_SPARE_OPERANDS) {
                return TSME_ELSEWHERE;
            }
            tsme_fill(stack + 1, &count);
        } else if (mark == TSME_MARK_COMPOSED) {
            raw = false;
            err = tsme_compose(t, count);
        } else if (tsme_function_kind(f) == TSME_CLOSURE) {
            return tsme_enter(t, stack + 1, count, f);
        } else if (tsme_function_kind(f) == TSME_NATIVE) {
            err =
                tsme_native(t, tsme_function_number(f), stack + 1, stack + 1 + count, e->context);
            if (err) {
                return err;
            }
            stack[0] = stack[1];
            if (!raw && !e->handed) {
                tsme_settle(stack);
            }
            if (!tsme_give(t)) {
                return TSME_OK;
            }
            count = 1;
            e->context = tsme_null;
        } else {
            return TSME_ELSEWHERE; // a matcher
        }
        if (!err) {
            e->body->sp = e->body->stack + 1 + count;
            err = tsme_burn(t, 1);
        }
        if (err) {
            return err;
        }
    }
}

// Function and arguments, `count` + 1 items at `from`, go to a body of their own; `tail`: which
// takes the place of the one that runs.
static int tsme_open_call(struct tsme *t, tsme_ref *from, uint32_t count, bool tail)
{
    struct tsme_evaluation *e = t->evaluation;
    if (!tail) {
        int err = tsme_new_body(t, from + count + 1);
        if (err) {
            return err;
        }
        e->body->caller->sp = from;
    }
    memmove(e->body->stack, from, (count + 1) * sizeof *from);
    e->body->sp = e->body->stack + count + 1;
    return TSME_OK;
}

// What is called is made of others, or a matcher: it gets a body of its own.
static int tsme_reach_apart(struct tsme *t, tsme_ref *f, uint32_t count, bool tail,
                            uint32_t operand)
{
    int err = tsme_open_call(t, f, count, tail);
    if (err) {
        return err;
    }
    t->evaluation->body->base += tail ? 0 : operand >> 9;
    return tsme_reach(t, count, operand & TSME_AT_MOST);
}

// A function has got what it waited for.
static int tsme_go_on(struct tsme *t)
{
    t->evaluation->context = tsme_null;
    int err = tsme_burn(t, 1);
    return err ? err : tsme_reach(t, 1, false);
}

// OPERATE ~>
int tsme_pipe(struct tsme *t, tsme_ref *sp)
{
    struct tsme_evaluation *e = t->evaluation;
    tsme_ref value = sp[-2];
    if (!tsme_is_function(sp[-1].at)) {
        return tsme_raise(t, TSME_CODE("T2006"));
    }
    if (tsme_is_function(value.at)) {
        e->body->sp = tsme_pack(t, sp, 2, TSME_MARK_COMPOSED);
        return e->body->sp ? TSME_OK : t->error;
    }
    int err = tsme_burn(t, 1);
    sp[-2] = sp[-1];
    sp[-1] = value;
    if (!err) {
        err = tsme_open_call(t, sp - 2, 1, false);
    }
    e->context = tsme_null;
    return err ? err : tsme_reach(t, 1, false);
}

// The last `count` items as one marked array.
tsme_ref *tsme_pack(struct tsme *t, tsme_ref *sp, uint32_t count, uint32_t mark)
{
    uint32_t size = TSME_MARKED_HEAD;
    tsme_ref *first = sp - count;
    for (tsme_ref *r = first; r < sp; r++) {
        size += tsme_size(r);
        t->evaluation->held |= tsme_is_function(r->at);
    }
    t->evaluation->nested = true;
    if (size > t->program.largest + TSME_MARKED_HEAD) {
        return tsme_failed(t, TSME_ELSEWHERE); // to Python these are references
    }
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return tsme_failed(t, err);
    }
    uint8_t *to = tsme_write_marked(t->top, mark, count);
    for (tsme_ref *r = first; r < sp; r++) {
        memcpy(to, r->at, r->size);
        to += r->size;
    }
    *first = tsme_sized(t->top, size);
    t->top = to;
    return first + 1;
}

tsme_ref *tsme_op_partial(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    if (!tsme_is_function(sp[-(int32_t)operand - 1].at)) {
        return tsme_failed(t, tsme_raise(t, TSME_CODE("T1008")));
    }
    return tsme_pack(t, sp, operand + 1, TSME_MARK_PARTIAL);
}

#else

static int tsme_reach_apart(struct tsme *t, tsme_ref *f, uint32_t count, bool tail,
                            uint32_t operand)
{
    (void)t;
    (void)f;
    (void)count;
    (void)tail;
    (void)operand;
    return TSME_ELSEWHERE;
}

static int tsme_go_on(struct tsme *t)
{
    (void)t;
    return TSME_OK;
}

int tsme_pipe(struct tsme *t, tsme_ref *sp)
{
    (void)t;
    (void)sp;
    return TSME_ELSEWHERE;
}

#endif

/// Instructions ///

int tsme_invoke(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    struct tsme_evaluation *e = t->evaluation;
    struct tsme_body *body = e->body;
    uint32_t count = operand & 255;
    bool raw = operand & TSME_AT_MOST; // and no context
    tsme_ref *f = sp - count - 1;
    if (!tsme_is_function(f->at)) {
        return tsme_raise(t, TSME_CODE("T1006"));
    }
    int err = tsme_burn(t, 1);
    if (err) {
        return err;
    }
    if (raw) {
        uint32_t takes = tsme_takes(t, f->at);
        count = count < takes ? count : takes;
    }
    sp = f + 1 + count;
    uint32_t kind = *f->at == TSME_FUNCTION ? tsme_function_kind(f->at) : TSME_MADE_OF_OTHERS;
    bool tail = *body->ip == TSME_OP_RETURN;
    tsme_ref context = raw ? tsme_null : body->env->values[0];
    if (kind == TSME_NATIVE) {
        body->sp = f + 1;
        err = tsme_native(t, tsme_function_number(f->at), f + 1, sp, context);
        if (!err) {
            *f = f[1];
        }
        if (!err && !raw && !e->handed) {
            tsme_settle(f);
        }
        return err;
    }
    if (kind != TSME_CLOSURE) {
        e->context = context;
        return tsme_reach_apart(t, f, count, tail, operand);
    }
    body->sp = sp;
    if (!tail) {
        err = tsme_new_body(t, sp);
        if (err) {
            return err;
        }
        e->body->base += operand >> 9;
    }
    err = tsme_enter(t, f + 1, count, f->at);
    if (!tail) {
        body->sp = f;
    }
    return err;
}

int tsme_return(struct tsme *t, tsme_ref *sp)
{
    struct tsme_evaluation *e = t->evaluation;
    e->body->stack[0] = sp[-1];
    if (!tsme_give(t)) {
        return TSME_OK;
    }
    return tsme_go_on(t);
}

// Pushes a function; there is room for it.
static tsme_ref *tsme_push_function(struct tsme *t, tsme_ref *sp, uint32_t kind, uint32_t number)
{
    uint8_t *at = t->top;
    memset(at, 0, TSME_FUNCTION_SIZE);
    at[0] = TSME_FUNCTION;
    at[1] = (uint8_t)kind;
    at[3] = (uint8_t)(number >> 8);
    at[4] = (uint8_t)number;
    *sp = (tsme_ref){at, TSME_FUNCTION_SIZE, 0};
    t->top += TSME_FUNCTION_SIZE;
    return sp + 1;
}

// A function by its kind, in the upper half of the operand, and number.
tsme_ref *tsme_op_func(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int err = tsme_reserve(t, sp, TSME_FUNCTION_SIZE);
    return err ? tsme_failed(t, err) : tsme_push_function(t, sp, operand >> 16, operand & 0xFFFF);
}

// The lowest number that no closure has.
static uint32_t tsme_free_number(const struct tsme_evaluation *e)
{
    uint32_t n = 0;
    while (n < e->closure_count && e->closures[n].env) {
        n++;
    }
    return n;
}

// Makes sure of room for one closure more.
static int tsme_closure_room(struct tsme *t, tsme_ref *sp)
{
    struct tsme_evaluation *e = t->evaluation;
    uint32_t n = tsme_free_number(e);
    if (n < e->closure_room) {
        return TSME_OK;
    }
    if (n == TSME_CLOSURES_MOST) {
        return TSME_ELSEWHERE;
    }
    uint32_t size = (uint32_t)sizeof *e->closures;
    uint32_t room = n ? 2 * n : TSME_CLOSURES_AT_FIRST;
    int err = tsme_reserve_block(t, sp, room * size);
    if (err) {
        return err;
    }
    n = e->closure_count;
    struct tsme_closure *all = tsme_take_block(t, room * size);
    memset(all, 0, room * size);
    if (n) {
        memcpy(all, e->closures, n * size);
    }
    e->closures = all;
    e->closure_room = room;
    return TSME_OK;
}

tsme_ref *tsme_op_closure(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    struct tsme_evaluation *e = t->evaluation;
    int err = tsme_closure_room(t, sp);
    if (!err) {
        err = tsme_reserve(t, sp, TSME_FUNCTION_SIZE);
    }
    if (err) {
        return tsme_failed(t, err);
    }
    // Nothing is collected from here on until something refers to the number.
    uint32_t n = tsme_free_number(e);
    e->closure_count = n < e->closure_count ? e->closure_count : n + 1;
    e->closures[n] = (struct tsme_closure){
        .env = e->body->env, .context = e->body->env->values[0], .body = operand};
    return tsme_push_function(t, sp, TSME_CLOSURE, n);
}
